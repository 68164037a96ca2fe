"""Growth: firms save a share of their output, which random productivity and capital produce; all smooth."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Growth", "Parameters"]

FIRMS = 9


class Parameters(Model):
    """Parameters of growth."""

    saving: float = Field(0.3, gt=0, lt=1)
    """Share of output that is saved."""
    capital_share: float = Field(0.4, gt=0, lt=1)
    """Exponent of capital."""
    productivity_0: float = 0.5
    """Productivity of the first firm, and so on."""
    productivity_1: float = 0.5
    productivity_2: float = 0.5
    productivity_3: float = 0.5
    productivity_4: float = 0.5
    productivity_5: float = 0.5
    productivity_6: float = 0.5
    productivity_7: float = 0.5
    productivity_8: float = 0.5


@tensors
class State:
    """Capital and output of each firm."""

    key: Tensor
    time: Tensor
    capital: Tensor
    output: Tensor


class Growth(Game[State]):
    """Firms that save."""

    horizon = 20
    burn_in = 5
    accounts_spec = (
        Account("output", flow=True, show="table"),
        *(Account(f"output_{number}") for number in range(FIRMS)),
        Account("capital", ("role:firm",), statistics=(Statistic(), Statistic("gini"))),
    )

    def __init__(self, parameters: Parameters) -> None:
        numbers = parameters.model_dump()
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self.roles = {"firm": Role("firm", FIRMS, Box(0, torch.inf, (1,)), Discrete(1), features=("capital",))}

    def reset(self, key: Tensor) -> State:
        start = torch.linspace(0.5, 1.5, FIRMS, dtype=torch.float64).expand(len(key), FIRMS).contiguous()
        return State(key, torch.zeros_like(key), start, torch.zeros_like(start))

    def observe(self, state: State) -> dict[str, Observation]:
        alive = torch.ones_like(state.capital, dtype=torch.bool)
        return {"firm": Observation(state.capital.to(self.dtype)[..., None], alive, ~alive)}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        luck = 0.8 + 0.4 * random.uniform(state.key, state.time, "growth", (FIRMS,), torch.float64)
        productivity = torch.stack([self.parameters[f"productivity_{number}"] for number in range(FIRMS)])
        output = (0.5 + productivity) * luck * state.capital ** self.parameters["capital_share"]
        capital = 0.9 * state.capital + self.parameters["saving"] * output
        after = State(state.key, state.time + 1, capital, output)
        over = after.time >= self.horizon
        return Transition(after, {"firm": output.to(self.dtype)}, torch.zeros_like(over), over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        of_firms = {f"output_{number}": state.output[:, number] for number in range(FIRMS)}
        return {"output": state.output.mean(1), **of_firms, "capital": state.capital}

    def conserved(self, state: State) -> dict[str, Tensor]:
        return {}
