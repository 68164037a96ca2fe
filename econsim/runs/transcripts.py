"""Transcripts of runs: the questions to a language model and its replies, selected by whom and when they concern."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean
from econsim.llm.transcript import TRANSCRIPT, Entry, entries, values_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["CONVERSATION", "Selection", "as_mapping", "has_transcript", "reasoning_of", "transcript", "transcript_in"]

CONVERSATION = "transcript.html"
"""File name of the page that shows the transcript of a run, in its folder."""
_COLUMNS = {
    "role": "role",
    "player": "player",
    "step": "step",
    "purpose": "purpose",
    "outcome": "outcome",
    "policy": "json_extract(asker, '$[0]')",
    "group": "json_extract(asker, '$[3]')",
}
_THINKING = re.compile(r"<(think|thinking|reasoning)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Selection:
    """Which entries of a transcript are meant: those that agree with every field that is set.

    ``player`` counts from 0 in its role, ``step`` from 1. ``outcome``: clean, repaired or failed. ``group``: the label
    of the agent in a role with several agents.
    """

    role: str | None = None
    player: int | None = None
    step: int | None = None
    purpose: str | None = None
    outcome: str | None = None
    policy: str | None = None
    group: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are set."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in pairs if value is not None}

    @property
    def conditions(self) -> tuple[str, list[Any]]:
        """The selection as an SQL condition with its values."""
        return " AND ".join(f"{_COLUMNS[name]} = ?" for name in self.given) or "1", [*self.given.values()]


def transcript(run: Run, selection: Selection | None = None) -> Iterator[Entry]:
    """Yield the selected entries of a run's transcript, in the order in which they were asked.

    Raises:
        UserError: the run has no transcript, or no entry is selected although the transcript has some.
    """
    yield from _selected(_path(run), selection or Selection())


def transcript_in(folder: Path, selection: Selection | None = None) -> Iterator[Entry]:
    """Yield the selected entries of the transcript of a run, or of an audit or of interviews by their folder.

    Raises:
        UserError: it is neither a run nor a folder with a transcript, or as :func:`transcript`.
    """
    from econsim.runs.folder import open_run

    is_run = (folder / "scenario.yaml").is_file()
    if is_run or not (folder / TRANSCRIPT).is_file():
        return transcript(open_run(folder), selection)
    return _selected(folder / TRANSCRIPT, selection or Selection())


def _selected(path: Path, chosen: Selection) -> Iterator[Entry]:
    first = None
    for first in entries(path, *chosen.conditions):
        yield first
    if first is None and chosen.given:
        raise UserError(_nothing_found(path, chosen))


def has_transcript(run: Run) -> bool:
    """Return whether a run has a transcript."""
    return (run.path / TRANSCRIPT).is_file()


def as_mapping(entry: Entry) -> dict[str, Any]:
    """Return an entry as a mapping for export, with the reasoning of :func:`reasoning_of`."""
    return {**entry._asdict(), "reasoning": reasoning_of(entry)}


def reasoning_of(entry: Entry) -> str:
    """Return the model's reasoning: as the server stated it, or the part of the reply that holds it; may be empty."""
    if entry.reasoning:
        return entry.reasoning
    if thinking := _THINKING.search(entry.reply):
        return thinking[2].strip()
    try:
        reply = json.loads(entry.reply)
    except ValueError:
        return ""
    return str(reply.get("thought", "")) if isinstance(reply, dict) else ""


def _path(run: Run) -> Path:
    if not has_transcript(run):
        raise UserError(
            f"{run.path}: this run has no transcript: no agent asks a language model, llm.transcript is false, or the"
            f" run is older; a run with llm.mode=strict_replay llm.store={run.path} writes one without calls"
        )
    return run.path / TRANSCRIPT


def _nothing_found(path: Path, chosen: Selection) -> str:
    """Return a message that names the first field of which the transcript has no such value."""
    for name, value in chosen.given.items():
        known = values_of(path, _COLUMNS[name])
        if value not in known:
            hint = did_you_mean(value, known) if isinstance(value, str) else ""
            return f"{path.parent}: no question with {name} {value}; there are {_listed(known)}{hint}"
    wanted = ", ".join(f"{name} {value}" for name, value in chosen.given.items())
    return f"{path.parent}: no question with {wanted}"


def _listed(values: list[Any]) -> str:
    if len(values) > 1 and all(isinstance(value, int) for value in values):
        return f"{min(values)} to {max(values)}"
    return ", ".join(str(value) for value in values) or "none"
