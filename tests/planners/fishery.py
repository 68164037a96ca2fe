"""A fishery under one regulator: a leader whose instrument is no tax, with its optimum in closed form.

A fisher chooses effort ``e`` in [0, 10] and is paid ``e (q - e)`` under a quota ``q``, so that its best effort is
``q / 2``. The regulator is paid ``e (2 - e)``, mean over fishers; it does best at ``q = 2`` and a return of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.game import Box, Discrete, Game, MultiDiscrete, Observation, Role, Space, Transition, tensors

FISHERS = 3
LICENCES = torch.tensor([0.0, 1.0, 2.0, 4.0], dtype=torch.float64)
"""Quotas that options stand for."""


@tensors
class FisheryState:
    """Time and the quota in force."""

    time: Tensor  # [B] int64
    quota: Tensor  # [B] tonnes


class Fishery(Game[FisheryState]):
    """Step 0: the regulator sets the quota; step 1: everybody fishes. Several entries of an action are averaged."""

    horizon = 2
    parameters: Mapping[str, Tensor] = {}

    def __init__(self, instrument: Space) -> None:
        self.roles = {
            "fisher": Role("fisher", FISHERS, Box(0, 10, (2,)), Box(0.0, 10.0), features=("time", "quota")),
            "regulator": Role("regulator", 1, Box(0, 10, (2,)), instrument, leads=True, acts_every=2),
        }

    def reset(self, key: Tensor) -> FisheryState:
        return FisheryState(torch.zeros_like(key), torch.zeros(key.shape, dtype=self.dtype))

    def observe(self, state: FisheryState) -> dict[str, Observation]:
        return {name: self._seen(state, role) for name, role in self.roles.items()}

    def step(self, state: FisheryState, actions: Mapping[str, Tensor]) -> Transition[FisheryState]:
        first = state.time == 0
        quota = torch.where(first, self._quota(actions["regulator"][:, 0]), state.quota)
        effort = actions["fisher"].masked_fill(first[:, None], 0.0)
        mean = effort.mean(-1, keepdim=True)
        rewards = {"fisher": effort * (quota[:, None] - effort), "regulator": mean * (2.0 - mean)}
        return Transition(FisheryState(state.time + 1, quota), rewards, ~first, torch.zeros_like(first))

    def accounts(self, state: FisheryState) -> dict[str, Tensor]:
        return {"quota": state.quota.double()}

    def conserved(self, state: FisheryState) -> dict[str, Tensor]:
        return {}

    def best_response(self, role: str, observation: Observation) -> Tensor:
        return 0.5 * observation.features[..., 1]

    def choices(self, role: str) -> Tensor:
        return torch.linspace(0.0, 10.0, 201, dtype=self.dtype)

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        effort = self.choices(role)
        return effort * (observation.features[..., 1:2] - effort)

    def _quota(self, action: Tensor) -> Tensor:
        if isinstance(self.roles["regulator"].action, (Discrete, MultiDiscrete)):
            action = LICENCES[action]
        return action.to(self.dtype).flatten(1).mean(-1) if action.ndim > 1 else action.to(self.dtype)

    def _seen(self, state: FisheryState, role: Role) -> Observation:
        features = torch.stack([state.time.to(self.dtype), state.quota], -1)[:, None].expand(-1, role.count, -1)
        alive = torch.ones(features.shape[:2], dtype=torch.bool)
        first = (state.time == 0)[:, None]
        return Observation(features, alive, alive & (first if role.leads else ~first))


def regulator(game: Game[Any]) -> Role:
    """Return the leading role."""
    return game.roles["regulator"]
