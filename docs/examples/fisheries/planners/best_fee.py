"""Best fee: a search for the leader's best constant action on a grid that narrows around the best point.

Each round evaluates evenly spaced values in one batch, under common random numbers, and the next round searches between
the neighbours of the best. A leader that sets several numbers sets the same value in each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.actions import real_instrument
from econsim.errors import UserError
from econsim.game import Agent, Game, Role
from econsim.leader_evaluation import values_of
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["BestFee", "Parameters"]


class Parameters(Model):
    """Budget of the search."""

    points: int = Field(11, ge=3)
    """Values that each round tries."""
    rounds: int = Field(4, ge=1)
    """Rounds; each narrows the range by a factor of ``(points - 1) / 2``."""
    episodes: int = Field(1, ge=1)
    """Episodes that evaluate each value; more than one where the game draws shocks."""


class BestFee(ConstantPolicy):
    """Announces the action with the highest mean return."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.best: Tensor | None = None

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Search while all other agents play as they are; raises ``UserError`` where the action has no bounds."""
        box, chosen = real_instrument(game, role, "planner: kind best_fee"), self.parameters
        low, high, exact = box.low, box.high, game.to(dtype=torch.float64)
        for number in range(chosen.rounds):
            fees = torch.linspace(low, high, chosen.points, dtype=torch.float64, device=game.device)
            actions = fees.reshape(-1, *[1] * len(box.shape)).expand(-1, *box.shape)
            values = values_of(exact, agents, role.name, actions, seed, chosen.episodes)
            best = int(values.argmax())
            self.best = fees[best]
            low, high = float(fees[max(best - 1, 0)]), float(fees[min(best + 1, len(fees) - 1)])
            recorder.log("best_fee/fee", float(fees[best]), step=number)
            recorder.log("best_fee/value", float(values[best]), step=number)
            recorder.progress(number + 1, chosen.rounds, "best fee")

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the best action ``[*shape]``; raises ``UserError`` before a fit."""
        if self.best is None:
            raise UserError("planner: best_fee is not fitted; econsim.run fits it, or its method fit")
        return self.best.expand(role.action.shape)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the best value, a scalar; empty before a fit."""
        return {} if self.best is None else {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.best = state.get("best")
