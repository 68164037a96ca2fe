"""Orchard: a planner sets one tax rate, pickers choose effort.

Utility is (1 - t) v e - v e^2 / 2 and the rebate, so that e = 1 - t.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.parameters import Model

__all__ = ["Orchard", "Parameters"]

REFERENCES = ("@book{toy, title={Picking {Apples}}, author={Doe, Jane and Roe, Rich}, year={1999}, publisher={P}}",)


class Parameters(Model):
    """Parameters of the orchard."""

    workers: int = Field(5, ge=1)
    """Number of pickers."""


WORKER = ("role:worker",)


@tensors
class State:
    """Everything of the last step."""

    time: Tensor
    rate: Tensor
    effort: Tensor


class Orchard(Game[State]):
    """Step one announces the rate, step two picks."""

    unit = "apples"
    law = None
    usd_per_unit = 1.0
    horizon = 2
    accounts_spec = (
        Account("welfare", unit=MONEY, show="headline"),
        Account("hours", WORKER, "hours", format="hours", statistics=(Statistic("mean", "headline"),)),
        Account("income", WORKER, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini", "table"))),
        Account("consumption", WORKER, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini", "table"))),
        Account("tax", WORKER, MONEY, statistics=(Statistic(), Statistic("total", "table", "revenue", "Revenue"))),
        Account("rebate", WORKER, MONEY),
        Account("utility", WORKER, MONEY, statistics=(Statistic("mean", "table"),)),
        Account("potential_income", WORKER, MONEY),
        Account("rates", ("bracket",), format="share"),
        Account("thresholds", ("bracket",), MONEY),
    )

    def __init__(self, parameters: Parameters) -> None:
        count = parameters.workers
        self.parameters = {}
        self.thresholds = torch.zeros(1, dtype=torch.float64)
        self.skill = torch.arange(1, count + 1, dtype=torch.float64)
        self.roles = {
            "worker": Role("worker", count, Box(0, 1, (1,)), Box(0.0, 1.0), features=("rate",)),
            "planner": Role("planner", 1, Box(0, 1, (1,)), Box(0.0, 1.0, (1,)), True, 2, ("rate",)),
        }

    def reset(self, key: Tensor) -> State:
        zero = torch.zeros((key.shape[0], 1), dtype=self.dtype)
        return State(torch.zeros_like(key), zero, zero.expand(-1, len(self.skill)).contiguous())

    def observe(self, state: State) -> dict[str, Observation]:
        first = (state.time == 0)[:, None]
        everybody = torch.ones_like(state.effort, dtype=torch.bool)
        seen = state.rate[:, None, :]
        return {
            "worker": Observation(seen.expand(-1, len(self.skill), -1), everybody, everybody & ~first),
            "planner": Observation(seen, everybody[:, :1], first),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        first = (state.time == 0)[:, None]
        rate = torch.where(first, actions["planner"][:, 0], state.rate)
        effort = torch.where(first, state.effort, actions["worker"])
        after = State(state.time + 1, rate, effort)
        money = self.accounts(after)
        rewards = {"worker": money["utility"], "planner": money["welfare"][:, None]}
        over = after.time >= 2
        return Transition(after, rewards, over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        rate, effort = state.rate.double(), state.effort.double()
        income = self.skill * effort
        tax = rate * income
        rebate = tax.mean(-1, keepdim=True).expand_as(tax)
        consumption = income - tax + rebate
        utility = consumption - self.skill * effort**2 / 2
        return {
            "potential_income": self.skill.expand_as(effort), "hours": 40 * effort, "income": income, "tax": tax,
            "rebate": rebate, "consumption": consumption, "utility": utility, "rates": rate,
            "thresholds": self.thresholds.expand_as(rate), "welfare": utility.min(-1).values,
        }  # fmt: skip

    def conserved(self, state: State) -> dict[str, Tensor]:
        money = self.accounts(state)
        return {"money": (money["tax"] - money["rebate"]).sum(-1)}

    def advice(self) -> list[str]:
        return ["apples are not money"]

    def best_response(self, role: str, observation: Observation) -> Tensor:
        return 1.0 - observation.features[..., 0]

    def choices(self, role: str) -> Tensor:
        return torch.linspace(0, 1, 11)

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        raise NotImplementedError
