"""The prisoners' dilemma, and players who do always the same or toss a coin.

Payoffs: both stay silent (0) 3, both talk (1) 1, who talks alone 5, who is silent alone 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors

SILENT, TALKS = 0, 1
PAYOFFS = torch.tensor([[3.0, 0.0], [5.0, 1.0]])  # [own, other's]


@tensors
class Moment:
    """Nothing but time."""

    time: Tensor  # [B] int64


class Dilemma(Game[Moment]):
    """Two prisoners, one move."""

    horizon = 1
    clocked = True

    def __init__(self) -> None:
        self.parameters: Mapping[str, Tensor] = {}
        self.payoffs = PAYOFFS
        self.roles = {"prisoner": Role("prisoner", 2, Box(0, 1, (1,)), Discrete(2), features=("one",))}

    def reset(self, key: Tensor) -> Moment:
        return Moment(torch.zeros_like(key))

    def observe(self, state: Moment) -> dict[str, Observation]:
        here = torch.ones((len(state.time), 2), dtype=torch.bool, device=state.time.device)
        return {"prisoner": Observation(here[..., None].to(self.dtype), here, here)}

    def step(self, state: Moment, actions: Mapping[str, Tensor]) -> Transition[Moment]:
        own = actions["prisoner"]
        over = torch.ones_like(state.time, dtype=torch.bool)
        paid = self.payoffs.to(self.dtype)[own, own.flip(-1)]
        return Transition(Moment(state.time + 1), {"prisoner": paid}, ~over, over)

    accounts_spec = (Account("time"),)

    def accounts(self, state: Moment) -> dict[str, Tensor]:
        return {"time": state.time.double()}

    def conserved(self, state: Moment) -> dict[str, Tensor]:
        return {}


class Always:
    """Does always the same."""

    def __init__(self, action: int) -> None:
        self.action = action

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return torch.full_like(observation.alive, self.action, dtype=torch.int64), memory


class Tossing(Always):
    """Tosses a fair coin."""

    def __init__(self) -> None:
        super().__init__(SILENT)

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return random.integers(key, 0, "coin", 2, (observation.alive.shape[1],)), memory


class Silence:
    """A recorder that keeps nothing but how far the fit is."""

    def __init__(self) -> None:
        self.done: list[tuple[int, int]] = []

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        return None

    def progress(self, done: int, total: int, message: str = "") -> None:
        self.done.append((done, total))

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        return None

    def restore(self) -> None:
        return None
