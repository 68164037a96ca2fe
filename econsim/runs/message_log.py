"""Log of decisions about messages: one JSON line each, written once however often a run is resumed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from econsim.errors import RunError

__all__ = ["DECISIONS", "DecisionLog"]

DECISIONS = "messages.jsonl"
"""File name of the log in the folder of a run."""


class DecisionLog:
    """An open log. A resumed run decides again what it had decided, and such lines are in the file already."""

    def __init__(self, path: Path) -> None:
        """Read the lines of the file ``path``; an incomplete last one is dropped."""
        self._path, self._known = path, set[str]()
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        self._known.update(whole.splitlines())
        if whole != text:
            path.write_text(whole, encoding="utf-8")

    def add(self, entry: Mapping[str, Any]) -> None:
        """Append one decision, unless the file has it.

        Raises:
            RunError: writing to disk failed.
        """
        line = json.dumps(entry)
        if line in self._known:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise RunError(f"{self._path}: cannot be written ({error}); free some disk space, then resume") from error
        self._known.add(line)
