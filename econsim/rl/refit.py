"""Leaders that a formula or a search fits, while followers learn: fitted anew to what followers have become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from econsim import kinds
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import Recorder
from econsim.nn.agent import NeuralAgent


def formula_leaders(game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, FittedAgent]:
    """Return the leaders that a formula or a search fits."""
    leaders = ((name, agents[name]) for name, role in game.roles.items() if role.leads)
    return {
        name: cast(FittedAgent, agent)
        for name, agent in leaders
        if agent.learner is not None and not isinstance(agent, NeuralAgent)
    }


def refit(game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder, step: int) -> None:
    """Fit every leader of :func:`formula_leaders`, followers playing as they do when they are scored."""
    for agent in formula_leaders(game, agents).values():
        if agent.learner is not None:
            kind = kinds.load("training", agent.learner)
            reports = _Reports()
            kind.build(kind.parameters()).fit(game, agents, seed + step, reports)
            for (what, of), value in reports.last.items():
                recorder.log(what, value, step=step, role=of)


class _Reports:
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
