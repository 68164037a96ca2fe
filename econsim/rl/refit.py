"""Repeated fits of self-fitting agents, such as search and formula planners, while other agents learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.game import Agent, Game
from econsim.learning import Recorder, SelfFitting


def self_fitting(agents: Mapping[str, Agent]) -> dict[str, SelfFitting]:
    """Return the self-fitting agents by role."""
    return {role: agent for role, agent in agents.items() if isinstance(agent, SelfFitting)}


def refit(game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder, step: int) -> None:
    """Fit every agent of :func:`self_fitting` while all others play as in an evaluation; log the last values."""
    for role, agent in self_fitting(agents).items():
        reports = _LastReports()
        agent.fit(game, game.roles[role], agents, seed + step, reports)
        for (name, of_role), value in reports.last.items():
            recorder.log(name, value, step=step, role=of_role)


class _LastReports:
    """Recorder that keeps the last value of each name that a fit reports."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str], float] = {}

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Replace the last value of a name."""
        self.last[name, role] = value

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Do nothing: the fit is a small part of the training."""

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Do nothing: an interrupted fit is repeated."""

    def restore(self) -> None:
        """Return ``None``: there is no checkpoint."""
