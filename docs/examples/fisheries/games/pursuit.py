"""Pursuit: a patrol chases a poacher along a coast, one cell a step each.

State
    The cell of each player ``[B]``, from 0 to ``cells - 1``, and time ``[B]``.

Actions
    Both players at once: move left, stay, or move right. Nobody can leave the coast: those moves are masked.

Observations
    The own cell and that of the other player, as shares of the coast.

Dynamics
    They start at opposite ends. The game ends by its own rule when both are in one cell or have changed places, else
    after ``steps`` steps.

Rewards
    The poacher gets 1 and the patrol -1 for each step after which it is still free: a zero-sum game.

Conservation
    Nothing is conserved, and the game keeps no accounts: what players are paid are their returns.

Calibration
    None.

Checks
    The mean return of random play equals that of the Markov chain of both cells, computed from its transition matrix.

References:
    Shapley (1953), *Stochastic Games*.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Parameters", "Pursuit"]


class Parameters(Model):
    """Parameters of the pursuit."""

    cells: int = Field(7, ge=2)
    """Cells of the coast."""
    steps: int = Field(50, ge=1)
    """Most steps of an episode."""


@tensors
class State:
    """Who is where."""

    time: Tensor  # [B] int64
    patrol: Tensor  # [B] int64, a cell
    poacher: Tensor  # [B] int64, a cell


class Pursuit(Game[State]):
    """A Markov game of two players; see the module's page."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters: Mapping[str, Tensor] = {}
        self.last_cell, self.horizon = parameters.cells - 1, parameters.steps
        self.roles = {name: _player(name) for name in ("patrol", "poacher")}

    def reset(self, key: Tensor) -> State:
        """Return both at opposite ends of the coast."""
        start = torch.zeros_like(key)
        return State(start, start, start + self.last_cell)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return both cells to each player, its own first, and the moves that stay on the coast."""
        return {
            "patrol": self._seen(state.patrol, state.poacher),
            "poacher": self._seen(state.poacher, state.patrol),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move both; end where the patrol has caught the poacher."""
        patrol, poacher = state.patrol + actions["patrol"][:, 0] - 1, state.poacher + actions["poacher"][:, 0] - 1
        caught = (patrol == poacher) | ((patrol == state.poacher) & (poacher == state.patrol))
        after = State(state.time + 1, patrol, poacher)
        free = (~caught).to(self.dtype)[:, None]
        rewards = {"patrol": -free, "poacher": free}
        return Transition(after, rewards, caught, ~caught & (after.time >= self.horizon))

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return nothing."""
        return {}

    def _seen(self, here: Tensor, there: Tensor) -> Observation:
        features = torch.stack([here, there], -1)[:, None].to(self.dtype) / self.last_cell  # [B, 1, 2]
        stay = torch.ones_like(here, dtype=torch.bool)
        legal = torch.stack([here > 0, stay, here < self.last_cell], -1)[:, None]  # [B, 1, 3]
        return Observation(features, stay[:, None], stay[:, None], legal)


def _player(name: str) -> Role:
    return Role(
        name,
        1,
        Box(0.0, 1.0, (2,)),
        Discrete(3),
        features=("own_cell", "other_cell"),
        feature_units=("share of the coast", "share of the coast"),
        action_labels=("move left", "stay", "move right"),
    )
