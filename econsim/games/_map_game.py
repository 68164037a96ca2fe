"""Games on a map: the parameters that they share, and the frame of their observations and steps.

``B`` environment copies, ``N`` players of the only role, ``F`` features, ``P`` cells.
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Game, Observation, State, Transition
from econsim.parameters import Model

__all__ = ["PLAYER", "MapGame", "MapParameters", "pooled"]

PLAYER = "player"


class MapParameters(Model):
    """Parameters of the players and the episodes of a game on a map."""

    players: int = Field(default=5, ge=1, le=64)
    """Number of players."""
    horizon: int = Field(default=300, ge=1)
    """Number of steps of an episode."""
    discount: float = Field(default=1.0, gt=0, le=1)
    """Weight of a reward relative to a reward one step earlier."""
    pooled_share: float = Field(default=0.0, ge=0, le=1)
    """Share of all rewards that is divided equally among the players: 0 for selfish players, 1 for a team."""


class MapGame(Game[State]):
    """A game of one role of players on a map, which is cut off after its horizon; subclasses define everything else.

    Args:
        parameters: its parameters.
        rows: the map, see :func:`econsim.games._grid.rows_of`.
        amounts: the names of the parameters that are tensors, next to ``pooled_share``.
    """

    clocked = True

    def __init__(self, parameters: MapParameters, rows: tuple[str, ...], amounts: tuple[str, ...] = ()) -> None:
        self.horizon, self.discount = parameters.horizon, parameters.discount
        self.height, self.width = len(rows), len(rows[0])
        self.parameters = {
            name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in (*amounts, "pooled_share")
        }

    def seen(self, features: Tensor, acting: Tensor, view: Tensor) -> dict[str, Observation]:
        """Return the observation of players who may choose any option, from features ``[B, N, F]`` and a view."""
        alive = torch.ones_like(acting)
        options: int = self.roles[PLAYER].action.mask_size  # type: ignore[union-attr]
        mask = alive[..., None].expand(-1, -1, options)
        return {PLAYER: Observation(features.to(self.dtype), alive, acting, mask, view)}

    def ended(self, after: Any, time: Tensor, earned: Tensor, finished: Tensor | None = None) -> Transition[State]:
        """Return a step to the state ``after`` in which players earn ``earned`` ``[B, N]``, of which a share is pooled.

        Args:
            after: the state after the step.
            time: steps that have passed, ``[B]``.
            earned: rewards before pooling.
            finished: ``[B]`` bool, copies that have reached an end before the horizon; None: there are none.
        """
        terminated = torch.zeros_like(time, dtype=torch.bool) if finished is None else finished
        rewards = pooled(earned.double(), self.parameters["pooled_share"]).to(self.dtype)
        return Transition(after, {PLAYER: rewards}, terminated, (time >= self.horizon) & ~terminated)


def pooled(rewards: Tensor, share: Tensor) -> Tensor:
    """Return rewards ``[B, N]`` of which a share, a scalar or ``[B]``, is divided equally among all players."""
    return rewards + share.reshape(-1, 1) * (rewards.mean(-1, keepdim=True) - rewards)
