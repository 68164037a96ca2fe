"""Agents that fit themselves while others learn: fitted anew to what the others have become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.game import Agent, Game
from econsim.learning import Recorder, SelfFitting


def self_fitting(agents: Mapping[str, Agent]) -> dict[str, SelfFitting]:
    """Return the agents that fit themselves, by role."""
    return {role: agent for role, agent in agents.items() if isinstance(agent, SelfFitting)}


def refit(game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder, step: int) -> None:
    """Fit every agent of :func:`self_fitting`, all others playing as they do when they are scored."""
    for role, agent in self_fitting(agents).items():
        reports = _LastReports()
        agent.fit(game, game.roles[role], agents, seed + step, reports)
        for (name, of_role), value in reports.last.items():
            recorder.log(name, value, step=step, role=of_role)


class _LastReports:
    """Keeps the last number of each name that a fit reports."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str], float] = {}

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Note one number in place of the one before."""
        self.last[name, role] = value

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say nothing: the fit is a small part of the training around it."""

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep nothing: an interrupted fit is repeated."""

    def restore(self) -> None:
        """Return ``None``: begin."""
