"""Trains ``mind`` agents by a random walk; a checkpoint after every second step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from econsim import random
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import HasDefaultLearner, Recorder
from econsim.parameters import Model

__all__ = ["Parameters", "Walk"]


class Parameters(Model):
    """Parameters of the walk."""

    steps: int = 5
    """Steps."""


class Walk:
    """Every neural agent ends at the same place."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        return isinstance(agent, FittedAgent) and not isinstance(agent, HasDefaultLearner)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        restored = recorder.restore()
        first, place = (0, torch.zeros(1, dtype=torch.float64)) if restored is None else (
            restored[0], restored[1]["nested"]["place"])  # fmt: skip
        for step in range(first, self.parameters.steps):
            place = 0.5 * place + 0.5 * random.uniform(random.keys(seed, 1), step, "walk", (1,), torch.float64)[0]
            recorder.log("training/return", float(place), step=step, role="planner")
            recorder.progress(step + 1, self.parameters.steps)
            if step % 2:
                recorder.checkpoint(step + 1, {"nested": {"place": place}, "note": "walking", "count": step})
        for agent in agents.values():
            if self.fits(agent):
                agent.load_state_dict({"rate": place})  # type: ignore[attr-defined]
        return dict(agents)
