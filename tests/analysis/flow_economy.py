"""A game of flows: two kinds of players earn a wage that grows by one each step; one copy ends after three steps."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.game import Box, Game, Observation, Role, Transition, tensors

WORKERS, FIRMS = ("role:worker",), ("role:firm",)


@tensors
class State:
    """The step, and the last step at which a copy plays."""

    time: Tensor  # [B] int64
    last: Tensor  # [B] int64


class Wages(Game[State]):
    """Wages of worker ``i`` in step ``t`` are ``t + i``; firms pay three times as much on behalf of two people each."""

    horizon = 5
    burn_in = 1
    unit = "USD"
    accounts_spec = (
        Account("gdp", unit=MONEY, show="headline", flow=True),
        Account("wage", WORKERS, MONEY, flow=True, statistics=(Statistic("mean", "table"), Statistic("total"))),
        Account("people", WORKERS, weight=True),
        Account("profit", FIRMS, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini"))),
        Account("steps"),
    )

    def __init__(self) -> None:
        self.parameters: Mapping[str, Tensor] = {}
        self.roles = {
            name: Role(name, count, Box(0, 10, (1,)), Box(0.0, 1.0), features=("time",))
            for name, count in (("worker", 3), ("firm", 2))
        }

    def reset(self, key: Tensor) -> State:
        last = torch.full_like(key, self.horizon)
        last[1:2] = 3
        return State(torch.zeros_like(key), last)

    def observe(self, state: State) -> dict[str, Observation]:
        time = state.time.to(self.dtype)[:, None, None]
        alive = {name: torch.ones((len(time), role.count), dtype=torch.bool) for name, role in self.roles.items()}
        return {name: Observation(time.expand(*here.shape, 1), here, here) for name, here in alive.items()}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        after = State(state.time + 1, state.last)
        over = after.time >= state.last
        paid = {name: torch.zeros((len(over), role.count)) for name, role in self.roles.items()}
        return Transition(after, paid, over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        time = state.time.double()[:, None]
        wage = time + torch.arange(3, dtype=torch.float64)
        return {
            "gdp": wage.sum(1),
            "wage": wage,
            "people": torch.tensor([[1.0, 1.0, 2.0]]).expand(len(time), -1),
            "profit": 3 * time * torch.tensor([[0.0, 1.0]], dtype=torch.float64),
            "steps": time[:, 0],
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        return {}
