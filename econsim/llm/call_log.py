"""Call log: one JSON line for each answered call, with its tokens, cost, latency and outcome.

It records the total spending of a run over all its sessions: a resumed run continues from its sums.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import IO, Any

from econsim.errors import RunError
from econsim.llm.budget import Cost
from econsim.llm.replies import Reading
from econsim.llm.requests import Reply
from econsim.llm.scheduling import Arrival

__all__ = ["Ledger", "label_of"]


def label_of(purpose: str, model: str) -> str:
    """Return the label under which questions are counted: the purpose, and the name of a model of ``llm.models``."""
    return f"{purpose} ({model})" if model else purpose


class Ledger:
    """An open call log; without a path it keeps the sums only.

    ``by_purpose``: the cost by label of questions; ``by_model``: the cost by name in ``llm.models``, without the model
    of the section ``llm``; both, and ``total``, over all sessions of a run. ``simulated``: the kinds of scripted models
    that answered calls, as their endpoints named them.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file ``path`` and add up its entries; an incomplete last line is dropped."""
        self.by_purpose: defaultdict[str, Cost] = defaultdict(Cost)
        self.by_model: defaultdict[str, Cost] = defaultdict(Cost)
        self.total = Cost()
        self.simulated: set[str] = set()
        self._file: IO[str] | None = None
        if path is not None:
            self._add_up(path)
            self._file = path.open("a", encoding="utf-8")

    def note(
        self, purpose: str, arrival: Arrival, reply: Reply, usd: float | None, reading: Reading, model: str = ""
    ) -> None:
        """Append one answered call; :meth:`flush` writes it to the file. ``model``: its name in ``llm.models``.

        The spending limits add the call to ``total`` and ``by_model``.
        """
        self.by_purpose[label_of(purpose, model)].add(reply, usd)
        label = reply.envelope.simulated
        self.simulated |= {label} if label else set()
        if self._file is None:
            return
        line = {
            "purpose": purpose,
            **({"llm": model} if model else {}),
            "model": arrival.request.model,
            "request": arrival.request.key.hex()[:16],
            "input_tokens": reply.input_tokens,
            "output_tokens": reply.output_tokens,
            "usd": usd,
            "seconds": round(arrival.seconds, 4),
            "attempts": arrival.attempts,
            "outcome": reading.outcome,
            **({"reason": reading.reason} if reading.reason else {}),
            **({"simulated": label} if label else {}),
        }
        self._file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Write buffered lines to the file."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add_up(self, path: Path) -> None:
        if not path.is_file():
            return
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                self._count(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(f"{path}:{number}: not a valid line of a call log; remove it to continue") from error
        if whole < len(content):
            with path.open("r+b") as file:
                file.truncate(whole)

    def _count(self, line: dict[str, Any]) -> None:
        reply, model = Reply("", line["input_tokens"], line["output_tokens"]), line.get("llm", "")
        self.by_purpose[label_of(line["purpose"], model)].add(reply, line["usd"])
        if model:
            self.by_model[model].add(reply, line["usd"])
        self.total.add(reply, line["usd"])
        self.simulated |= {line["simulated"]} if "simulated" in line else set()
