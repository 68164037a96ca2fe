"""Finds the rate of a ``tuned`` planner on a grid; says one thing about economics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch

from econsim import random
from econsim.errors import EconsimWarning
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.runs.evaluation import play
from run_toys.planners.tuned import Tuned

__all__ = ["Parameters", "Tune"]


class Parameters(Model):
    """None."""


class Tune:
    """Tries eleven rates."""

    def __init__(self, parameters: Parameters) -> None:
        pass

    def fits(self, agent: Agent) -> bool:
        return isinstance(agent, Tuned)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        warnings.warn(EconsimWarning("the grid is coarse"), stacklevel=1)
        planner: Any = agents["planner"]
        found = {}
        for step in range(11):
            planner.rate = torch.tensor([step / 10], dtype=torch.float64)
            found[step] = float(play(game, agents, random.keys(seed, 1)).accounts["welfare"][0])
            recorder.log("value", found[step], step=step)
            recorder.progress(step + 1, 11)
        planner.rate = torch.tensor([max(found, key=lambda step: found[step]) / 10], dtype=torch.float64)
        return dict(agents)
