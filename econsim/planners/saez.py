"""Saez's optimal income tax: the formula, iterated with the workers' response to its fixed point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._announcing import announce, thresholds_of

__all__ = ["Parameters", "Saez"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
)


class Parameters(Model):
    """Parameters of the Saez planner."""

    elasticity: float | Literal["estimated"] = Field(0.4)
    """Elasticity of taxable income to the net-of-tax rate; ``estimated``: by regression on random flat taxes."""
    iterations: int = Field(60, ge=1, le=10_000)
    """Rounds of response and formula; one gives the formula at free-market incomes."""
    damping: float = Field(0.7, ge=0, lt=1)
    """Share of the old schedule kept in each round."""


class Saez:
    """Announces the schedule that the learner ``saez`` brought to its fixed point."""

    learner: ClassVar[str | None] = "saez"

    def __init__(self, parameters: Parameters) -> None:
        if not isinstance(parameters.elasticity, str) and parameters.elasticity <= 0:
            raise UserError(f"planner.elasticity: {parameters.elasticity:g} is not positive")
        self.parameters = parameters
        self.fitted: dict[str, Tensor] = {}

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the fitted rates ``[K]``; raises ``UserError`` before a fit."""
        thresholds_of(game, role, "saez")
        if "rates" not in self.fitted:
            raise UserError("planner: saez has not been fitted; econsim.run or econsim.training.saez does it")
        return self.fitted["rates"]

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return the fitted rates ``[K]`` and the elasticity used with its 95 % interval ``[3]``."""
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.fitted = dict(state)
