"""Protocols of learning: what fits agents, and where it reports.

A learner reports to a :class:`Recorder`, never to a folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from econsim.game import Agent, Game

__all__ = ["MEASURED", "Learner", "Recorder", "fit_all"]

MEASURED = "throughput/"
"""Names that begin so are of what was measured: they differ from run to run, all others are functions of the seed."""


class Recorder(Protocol):
    """Where a learner reports. The run folder implements it; tests may keep everything in memory."""

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Note one number of the metrics table."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how much of the work of this ``fit`` is done, in units of equal cost."""

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep what is needed to continue after ``step``: nested mappings of tensors, numbers and strings."""

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the newest checkpoint of this ``fit`` to continue from, or ``None`` to begin."""


class Learner(Protocol):
    """Fits agents to a game. Its parameters hold the budget; one seed gives one result."""

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents, by role, with those fitted that this learner is for."""


def fit_all(
    learner: Learner,
    game: Game[Any],
    casts: Sequence[Mapping[str, Agent]],
    seeds: Sequence[int],
    recorders: Sequence[Recorder],
) -> list[dict[str, Agent]]:
    """Fit the agents of several seeds: as one batch where the learner can (``fit_together``), else one by one."""
    together = getattr(learner, "fit_together", None)
    if together is not None:
        found: list[dict[str, Agent]] = together(game, casts, seeds, recorders)
        return found
    given = zip(casts, seeds, recorders, strict=True)
    return [learner.fit(game, agents, seed, recorder) for agents, seed, recorder in given]
