"""A leader who lives on taxes: the smallest game with a Stackelberg equilibrium in closed form.

A worker chooses effort ``e`` in [0, 2] and is paid ``e (1 - rate) - e^2 / 2``, so that its best effort is ``1 - rate``.
The leader is paid ``rate * e``; it does best at a rate of 1/2 and a revenue of 1/4.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim.accounts import Account
from econsim.game import Box, Game, Observation, Role, Transition, tensors

WORKERS = 8


@tensors
class LafferState:
    """Time and the rate in force."""

    time: Tensor  # [B] int64
    rate: Tensor  # [B]


class Laffer(Game[LafferState]):
    """Step 0: the leader announces; step 1: workers work. The game ends by its own rules."""

    horizon = 2

    def __init__(self, initial_rate: float = 0.1) -> None:
        self.parameters = {"initial_rate": torch.tensor(initial_rate, dtype=torch.float64)}
        self.roles: Mapping[str, Role] = {
            "worker": Role("worker", WORKERS, Box(0, 1, (2,)), Box(0.0, 2.0)),
            "leader": Role("leader", 1, Box(0, 1, (2,)), Box(0.0, 1.0), leads=True, acts_every=2),
        }

    def reset(self, key: Tensor) -> LafferState:
        return LafferState(torch.zeros_like(key), torch.zeros(key.shape, dtype=self.dtype))

    def observe(self, state: LafferState) -> dict[str, Observation]:
        return {name: self._seen(state, role) for name, role in self.roles.items()}

    def step(self, state: LafferState, actions: Mapping[str, Tensor]) -> Transition[LafferState]:
        announcing = state.time == 0
        rate = torch.where(announcing, actions["leader"][:, 0], state.rate)
        effort = actions["worker"].masked_fill(announcing[:, None], 0.0)
        rewards = {
            "worker": effort * (1.0 - rate[:, None]) - 0.5 * effort**2,
            "leader": (rate * effort.mean(-1))[:, None],
        }
        over = ~announcing
        return Transition(LafferState(state.time + 1, rate), rewards, over, torch.zeros_like(over))

    accounts_spec = (Account("rate", format="share"),)

    def accounts(self, state: LafferState) -> dict[str, Tensor]:
        return {"rate": state.rate.double()}

    def conserved(self, state: LafferState) -> dict[str, Tensor]:
        return {}

    def status_quo(self, role: str) -> Tensor:
        return self.parameters["initial_rate"]

    def _seen(self, state: LafferState, role: Role) -> Observation:
        features = torch.stack([state.time.to(self.dtype), state.rate], -1)[:, None].expand(-1, role.count, -1)
        alive = torch.ones(features.shape[:2], dtype=torch.bool)
        announcing = (state.time == 0)[:, None]
        return Observation(features, alive, alive & (announcing if role.leads else ~announcing))
