r"""Adaptive fishers: each changes its effort in proportion to what one more day at sea would earn.

A day at sea earns $m = (p - f) q X - c$. More effort also lowers the stock that is sustained, which costs a fisher
$(p - f) q^2 e_i K / g$ for each day; ``stock_effect`` $\sigma$ says how much of that loss fishers take into account:
$e_i' = e_i + a (m - \sigma (p - f) q^2 e_i K / g)$. They settle where the bracket is zero, at total effort
$N / (N + \sigma)$ of that under open access: the bionomic equilibrium for 0 (Smith 1968), the Nash equilibrium of
sustained yields for 1, and the maximum economic yield for the number of fishers.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from fisheries.economies.fishery import Fishery

__all__ = ["AdaptiveFisher", "Parameters"]

REFERENCES = (
    "@article{smith1968economics, title={Economics of Production from Natural Resources}, author={Smith, Vernon L.}, "
    "journal={American Economic Review}, volume={58}, number={3}, pages={409--431}, year={1968}}",
)
Memory = tuple[Fishery, list[int]]


class Parameters(Model):
    """Parameters of the adaptive fisher."""

    stock_effect: float = Field(0.0, ge=0)
    """Weight of the loss that a fisher's own effort causes to itself: 0 is open access, 1 the Nash equilibrium."""
    speed: float = Field(0.03, gt=0)
    """Effort added per season where a day earns as much as it costs, as a share of the season."""


class AdaptiveFisher:
    """Adjusts effort to the profit of a day at sea."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Remember the game and which features hold what; raises ``UserError`` for any game but a fishery."""
        if not isinstance(game, Fishery):
            raise UserError(f"agents.{role.name}: kind adaptive_fisher plays economy fishery only")
        return game, [role.features.index(name) for name in ("stock", "fee", "effort")]

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return effort in days at sea, ``[B, N]``."""
        game, columns = memory
        stock, fee, effort = (observation.features[..., column] for column in columns)  # relative, [B, N] each
        values, effort = game.values(), effort * game.season
        day = (1.0 - fee) * values["price"] * values["catchability"]  # money per tonne of stock
        loss = day * values["catchability"] * effort * values["capacity"] / values["growth_rate"]
        gain = day * stock * values["capacity"] - values["effort_cost"] - self.parameters.stock_effect * loss
        change = self.parameters.speed * game.season * gain / values["effort_cost"]
        return (effort + change).clamp(0.0, game.season), memory
