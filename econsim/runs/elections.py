"""Elections of a run: those of the first episode of each score, in ``elections.json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.mechanisms.voting import Election
from econsim.storage.manifest import record_json

if TYPE_CHECKING:
    from econsim.runs.folder import Run
    from econsim.runs.scoring import Score

__all__ = ["ELECTIONS", "ScoredElections", "elections_of", "record_elections"]

ELECTIONS = "elections.json"
"""File name of the elections in the folder of a run."""


class ScoredElections(NamedTuple):
    """The elections under a policy with one set of followers and a training seed, in order of their steps."""

    policy: str
    response: str
    seed: int
    elections: tuple[Election, ...]


def record_elections(run: Run, scores: Iterable[Score]) -> None:
    """Write the elections of all scores into the folder of a run; there is no file if none was held."""
    content = [
        {**score.labels, "elections": [election._asdict() for election in score.elections]}
        for score in scores
        if score.elections
    ]
    if content:
        record_json(run.path, ELECTIONS, {"scores": content})


def elections_of(run: Run) -> list[ScoredElections]:
    """Return the elections of a run, empty if it held none.

    Raises:
        RunError: the file is damaged.
    """
    if not (run.path / ELECTIONS).is_file():
        return []
    return [
        ScoredElections(
            score["policy"], score["response"], score["seed"], tuple(_election(entry) for entry in score["elections"])
        )
        for score in run.read_json(ELECTIONS, {"scores": list})["scores"]
    ]


def _election(entry: dict[str, Any]) -> Election:
    return Election(**{name: _frozen(value) for name, value in entry.items()})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
