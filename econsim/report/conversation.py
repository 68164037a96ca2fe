"""Page of a run's transcript, which reads like a conversation; its script filters and folds, without any server."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from econsim.report.page import fill
from econsim.runs.transcripts import reasoning_of, transcript

if TYPE_CHECKING:
    from econsim.llm.transcript import Entry
    from econsim.runs.folder import Run

__all__ = ["conversation"]

_MOST = 2000  # questions on one page


def conversation(run: Run) -> str:
    """Return the page as HTML; of a long transcript, the first questions of the scenario's own policy.

    Raises:
        UserError: the run has no transcript.
    """
    everything = transcript(run)
    shown = list(islice(everything, _MOST))
    left_out = sum(1 for _ in everything)
    texts: dict[str, int] = {}
    content = [_exchange(entry, texts) for entry in shown]
    data = json.dumps({"texts": list(texts), "entries": content}, ensure_ascii=False)
    context = {
        "run": run.name,
        "shown": f"the first {len(shown):,} of {len(shown) + left_out:,}" if left_out else f"{len(shown):,}",
        "models": " and ".join(dict.fromkeys(entry.model for entry in shown)) or "a model",
        "left_out": "; econsim transcript prints and exports all of them" if left_out else "",
        "data": Markup(data.replace("<", "\\u003c")),
    }
    return fill("conversation.html", [], False, context)


def _exchange(entry: Entry, texts: dict[str, int]) -> dict[str, Any]:
    """Return an entry for the script of the page; long texts are numbered, so that each is sent once."""
    long = {name: texts.setdefault(getattr(entry, name), len(texts)) for name in ("system", "user", "persona")}
    part = f"{entry.policy}, {entry.response}" if entry.response else entry.policy
    speaker = " ".join([entry.role, *([] if entry.player is None else [str(entry.player)])])
    where = [f"step {entry.step}" if entry.step else "", entry.group, entry.purpose]
    where.append(f"episode {entry.episode}" if entry.episode else "")
    return long | {
        "part": part,
        "role": entry.role,
        "player": "" if entry.player is None else entry.player,
        "step": "" if entry.step is None else entry.step,
        "purpose": entry.purpose,
        "outcome": entry.outcome,
        "speaker": speaker or "question",
        "where": " · ".join(name for name in dict.fromkeys([*where, part]) if name and name != entry.role),
        "reply": entry.reply,
        "reasoning": entry.reasoning or ("" if entry.reply.lstrip().startswith("{") else reasoning_of(entry)),
        "value": json.dumps(entry.value, ensure_ascii=False),
        "reason": entry.reason,
    }
