"""Null variants: a game of one round whose only account is noise of mean zero, drawn anew for each variant.

State: the key and the time. Actions: one option, without effect. Observations: the time. Dynamics: none. Rewards: zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["NullVariants", "Parameters"]


class Parameters(Model):
    """The place of a variant among all variants; it changes the draws and nothing else."""

    group: int = Field(0, ge=0)
    """Number of the group of variants."""
    variant: int = Field(0, ge=0)
    """Number of the variant within its group."""


@tensors
class State:
    """Everything there is."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64


class NullVariants(Game[State]):
    """Null variants; the module docstring describes them."""

    horizon = 1
    accounts_spec = (Account("effect", show="headline"),)

    def __init__(self, parameters: Parameters) -> None:
        names = ("group", "variant")
        self.parameters = {name: torch.tensor(float(getattr(parameters, name)), dtype=torch.float64) for name in names}
        self.roles = {"player": Role("player", 1, Box(0, 1, (1,)), Discrete(1), features=("time",))}

    def reset(self, key: Tensor) -> State:
        """Return the initial state."""
        return State(key, torch.zeros_like(key))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the time."""
        alive = torch.ones((len(state.time), 1), dtype=torch.bool, device=state.time.device)
        return {"player": Observation(state.time[:, None, None].to(self.dtype), alive, alive)}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """End the round."""
        over = torch.ones_like(state.time, dtype=torch.bool)
        rewards = {"player": torch.zeros((len(state.time), 1), dtype=self.dtype)}
        return Transition(State(state.key, state.time + 1), rewards, over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return ``effect`` ``[B]``, standard normal for each key, group and variant."""
        key = state.key
        for value in self.parameters.values():
            key = random.fold(key, value.long().expand(len(key)))
        return {"effect": random.normal(key, 0, "effect", (), torch.float64)}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return nothing, since nothing is conserved."""
        return {}
