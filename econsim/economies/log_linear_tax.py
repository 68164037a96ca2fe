r"""Static economy under a log-linear tax: how progressive should it be, if people insure each other through it?

The tax of an income $y$ is $T(y) = y - \lambda y^{1 - \tau}$ (Benabou 2002; Heathcote, Storesletten and Violante 2017).
Progressivity $\tau$ is the planner's instrument; the level $\lambda$ balances the budget. With $\tau = 0$ everybody
keeps the same share of income; with $\tau = 1$ everybody consumes the same.

State
    Logarithm of each worker's wage and the number of people it represents, ``[B, N]``, constant within an episode;
    the progressivity in force ``[B]``; hours, income, consumption and utility ``[B, N]``, level of the tax and social
    welfare ``[B]`` after work; and time.

Actions
    ``planner``: progressivity in [``lowest``, ``highest``], in the announcement step. ``worker``: hours $h$ in
    [0.01, 2]; 1 is what people work without progressivity.

Observations
    ``worker``: time, logarithm of the own wage, progressivity. ``planner``: time, progressivity.

Dynamics
    In the announcement step the planner sets $\tau$. In the second step workers choose hours; incomes are
    $y_i = w_i h_i$ and consumption $c_i = \lambda y_i^{1 - \tau}$, with $\lambda = \sum y_i / \sum y_i^{1 - \tau}$.
    Then the game ends by its own rule.

Rewards
    Utility is $u_i = \ln c_i - h_i^{1 + s} / (1 + s)$. ``worker``: utility less $\ln \lambda$, because people take the
    level of the tax as given. ``planner``: social welfare, the mean utility per person.

Conservation
    Total consumption equals total income: there is no public good.

Calibration
    Log wages are normal with variance 0.18 and a mean wage of 1; $s = 2$, a Frisch elasticity of one half. The status
    quo of 0.181 is the estimate for the United States (Heathcote et al. 2017).

Checks
    Hours are $(1 - \tau)^{1 / (1 + s)}$ at every wage. With $x = 1 - \tau$ and log-normal wages of variance $v$,
    welfare is $(\ln x - x) / (1 + s) - x^2 v / 2$, so that the optimum satisfies $v (1 + s) x^2 + x - 1 = 0$:
    $\tau^* = 1 - (\sqrt{1 + 4 v (1 + s)} - 1) / (2 v (1 + s))$, 0.280 with the defaults
    (``tests/economies/test_log_linear_tax.py``). Derivation: with equal hours, mean income is $h$ and the mean of
    $y^x$ is $h^x e^{-x v / 2 + x^2 v / 2}$; so mean $\ln c$ is $\ln h - x^2 v / 2$.

References:
    Benabou (2002), *Tax and Education Policy in a Heterogeneous-Agent Economy*; Heathcote, Storesletten and Violante
    (2017), *Optimal Tax Progressivity: An Analytical Framework*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.game import Box, Game, Observation, Role, Transition, tensors
from econsim.mechanisms.weighted_people import mean
from econsim.parameters import Model

__all__ = ["LogLinearTax", "Parameters", "optimal_progressivity"]

REFERENCES = (
    "@article{heathcote2017optimal, title={Optimal Tax Progressivity: An Analytical Framework}, author={Heathcote, "
    "Jonathan and Storesletten, Kjetil and Violante, Giovanni L.}, journal={Quarterly Journal of Economics}, "
    "volume={132}, number={4}, pages={1693--1754}, year={2017}}",
    "@article{benabou2002tax, title={Tax and Education Policy in a Heterogeneous-Agent Economy: What Levels of "
    "Redistribution Maximize Growth and Efficiency?}, author={Benabou, Roland}, journal={Econometrica}, volume={70}, "
    "number={2}, pages={481--517}, year={2002}}",
)
WORKER, PLANNER = "worker", "planner"
FEWEST_HOURS, MOST_HOURS = 0.01, 2.0
GRID = 200  # hours among which boundedly rational workers choose
MOST_NODES = 100  # beyond it, weights of the quadrature are below the smallest numbers
_WORKERS = ("role:worker",)


class Parameters(Model):
    """Parameters of the economy."""

    workers: int = Field(default=21, ge=2, le=1_000_000)
    """Number of workers."""
    wages: Literal["quadrature", "sample"] = "quadrature"
    """``quadrature``: workers stand for the whole population, with the wages and weights of a Gauss-Hermite rule, at
    most 100 of them; ``sample``: each has a wage drawn anew in every episode, and represents one person."""
    variance: float = Field(default=0.18, ge=0, le=4)
    """Variance of log wages."""
    curvature: float = Field(default=2.0, gt=0, le=100)
    """Curvature ``s`` of the disutility of hours; ``1 / s`` is the Frisch elasticity of labour supply."""
    status_quo: float = Field(default=0.181, lt=1)
    """Progressivity in force before the planner acts."""
    lowest: float = Field(default=-0.5, gt=-10, le=0)
    """Lowest progressivity that the planner may set; below zero, the tax is regressive."""
    highest: float = Field(default=0.95, ge=0, lt=1)
    """Highest progressivity that the planner may set."""

    @model_validator(mode="after")
    def _agree(self) -> Parameters:
        if self.wages == "quadrature" and self.workers > MOST_NODES:
            raise ValueError(
                f"workers: wages: quadrature takes at most {MOST_NODES} workers, found {self.workers:,}; 21 are exact"
                " to ten digits, or set wages: sample"
            )
        if not self.lowest <= self.status_quo <= self.highest:
            raise ValueError(
                f"status_quo {self.status_quo:g} is not between lowest {self.lowest:g} and highest {self.highest:g}"
            )
        return self


def optimal_progressivity(variance: float, curvature: float) -> float:
    """Return the welfare-maximising progressivity under log-normal wages; see the module docstring."""
    slope = variance * (1.0 + curvature)
    return 1.0 - 2.0 / (1.0 + math.sqrt(1.0 + 4.0 * slope))  # the same root, without a division by zero


@tensors
class State:
    """State of the economy; amounts are float64."""

    time: Tensor  # [B] int64
    log_wage: Tensor  # [B, N]
    people: Tensor  # [B, N]
    progressivity: Tensor  # [B]
    hours: Tensor  # [B, N], as the next three; zero before work
    income: Tensor
    consumption: Tensor
    utility: Tensor
    level: Tensor  # [B]
    welfare: Tensor  # [B]


class LogLinearTax(Game[State]):
    """Static economy under a log-linear tax; the module docstring describes it."""

    horizon = 2
    clocked = True
    unit = "mean wages"
    accounts_spec = (
        Account("welfare", show="headline", title="Mean utility"),
        Account("progressivity", format="index", show="headline"),
        Account("level", format="index", title="Level of the tax", show="detail"),
        Account("hours", _WORKERS, format="index", statistics=(Statistic("mean", "headline"),)),
        Account("income", _WORKERS, "mean wages", format="index", statistics=(Statistic("mean", "table"),)),
        Account(
            "consumption", _WORKERS, "mean wages", format="index", statistics=(Statistic(), Statistic("gini", "table"))
        ),
        Account("utility", _WORKERS, format="index", statistics=()),
        Account("wage", _WORKERS, "mean wages", format="index", statistics=()),
        Account("people", _WORKERS, "people", "People represented", weight=True),
    )

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        names = ("variance", "curvature", "status_quo")
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in names}
        self.nodes, self.weights = _quadrature(parameters)
        bounds = (parameters.lowest, parameters.highest)
        units = ("0: announcement, 1: work", "logarithm of mean wages", "")
        self.roles = {
            WORKER: Role(
                WORKER,
                parameters.workers,
                Box(-torch.inf, torch.inf, (3,)),
                Box(FEWEST_HOURS, MOST_HOURS),
                features=("time", "log_wage", "progressivity"),
                feature_units=units,
                action_labels=("hours",),
                action_unit="of the hours that people work without progressivity",
            ),
            PLANNER: Role(
                PLANNER,
                1,
                Box(-torch.inf, torch.inf, (2,)),
                Box(*bounds),
                leads=True,
                acts_every=2,
                features=("time", "progressivity"),
                feature_units=(units[0], units[2]),
                action_labels=("progressivity",),
            ),
        }

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, at the announcement."""
        copies, workers = key.shape[0], self.settings.workers
        if self.settings.wages == "sample":
            normal = random.normal(key, 0, "log_linear_tax/wages", (workers,), torch.float64)
            people = torch.ones_like(normal)
        else:
            normal, people = (values.to(key.device).expand(copies, -1) for values in (self.nodes, self.weights))
        variance = self._number("variance", key)
        nothing = torch.zeros((copies, workers), dtype=torch.float64, device=key.device)
        return State(
            time=torch.zeros_like(key),
            log_wage=variance.sqrt()[:, None] * normal - variance[:, None] / 2,
            people=people.contiguous(),
            progressivity=self._number("status_quo", key).contiguous(),
            hours=nothing,
            income=nothing,
            consumption=nothing,
            utility=nothing,
            level=nothing[:, 0],
            welfare=nothing[:, 0],
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of workers and planner."""
        time, progressivity = state.time.to(self.dtype), state.progressivity.to(self.dtype)
        log_wage = state.log_wage.to(self.dtype)
        of_workers = torch.stack(
            [time[:, None].expand_as(log_wage), log_wage, progressivity[:, None].expand_as(log_wage)], -1
        )
        alive = torch.ones_like(log_wage, dtype=torch.bool)
        announcing = (state.time == 0)[:, None]
        of_planner = torch.stack([time, progressivity], -1)[:, None]
        return {
            WORKER: Observation(of_workers, alive, alive & ~announcing),
            PLANNER: Observation(of_planner, alive[:, :1], announcing),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Announce the progressivity, or let people work and tax them."""
        announcing = state.time == 0
        settings = self.settings
        announced = actions[PLANNER][:, 0].double().clamp(settings.lowest, settings.highest)
        progressivity = torch.where(announcing, announced, state.progressivity)
        hours = actions[WORKER].double().clamp(FEWEST_HOURS, MOST_HOURS)
        worked = self._after_work(state, progressivity, hours)
        own = worked.utility - worked.level.log()[:, None]
        waiting = replace(state, progressivity=progressivity)
        after = State(
            **{name: _where(announcing, getattr(waiting, name), getattr(worked, name)) for name in vars(state)}
        )
        rewards = {
            WORKER: own.masked_fill(announcing[:, None], 0.0),
            PLANNER: worked.welfare.masked_fill(announcing, 0.0)[:, None],
        }
        return Transition(replace(after, time=state.time + 1), rewards, ~announcing, torch.zeros_like(announcing))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts; amounts in units of the mean wage, utility and welfare in logarithms of consumption."""
        names = ("welfare", "progressivity", "level", "hours", "income", "consumption", "utility", "people")
        return {**{name: getattr(state, name) for name in names}, "wage": state.log_wage.exp()}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return total income less total consumption, ``[B]``, relative to the population."""
        return {"income": mean(state.income - state.consumption, state.people)}

    def status_quo(self, role: str) -> Tensor:
        """Return the progressivity in force before the planner acts."""
        return self.parameters["status_quo"]

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return the hours ``(1 - progressivity)^(1 / (1 + s))``, ``[B, N]``."""
        share_kept = 1.0 - observation.features[..., 2].double()
        curvature = self._number("curvature", observation.features[:, 0, 0])
        hours: Tensor = share_kept.clamp(min=0.0) ** (1.0 / (1.0 + curvature[:, None]))
        return hours.clamp(FEWEST_HOURS, MOST_HOURS).to(self.dtype)

    def choices(self, role: str) -> Tensor:
        """Return a grid of hours, ``[A]``."""
        return torch.linspace(FEWEST_HOURS, MOST_HOURS, GRID, dtype=self.dtype)

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        """Return the worker's reward of each of :meth:`choices`, ``[B, N, A]``."""
        hours = self.choices(role).to(observation.features.device).double()
        log_wage, progressivity = observation.features[..., 1:].double().unbind(-1)
        curvature = self._number("curvature", observation.features[:, 0, 0])[:, None, None]
        kept = (1.0 - progressivity)[..., None]
        value: Tensor = kept * (log_wage[..., None] + hours.log()) - _disutility(hours, curvature)
        return value.to(self.dtype)

    def _after_work(self, state: State, progressivity: Tensor, hours: Tensor) -> State:
        """Return the state after work."""
        curvature, kept = self._number("curvature", state.time)[:, None], (1.0 - progressivity)[:, None]
        log_income = state.log_wage + hours.log()
        income, untaxed = log_income.exp(), (kept * log_income).exp()
        level = mean(income, state.people) / mean(untaxed, state.people)
        utility = level.log()[:, None] + kept * log_income - _disutility(hours, curvature)
        return replace(
            state,
            progressivity=progressivity,
            hours=hours,
            income=income,
            consumption=level[:, None] * untaxed,
            utility=utility,
            level=level,
            welfare=mean(utility, state.people),
        )

    def _number(self, name: str, like: Tensor) -> Tensor:
        """Return a numeric parameter ``[B]``."""
        return self.parameters[name].to(like.device).expand(like.shape[0])


def _disutility(hours: Tensor, curvature: Tensor) -> Tensor:
    disutility: Tensor = hours ** (1.0 + curvature) / (1.0 + curvature)
    return disutility


def _where(condition: Tensor, this: Tensor, other: Tensor) -> Tensor:
    return torch.where(condition[:, None] if this.ndim == 2 else condition, this, other)


def _quadrature(parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Return standard normal nodes ``[N]`` and the people that each stands for, which add up to ``N``."""
    if parameters.wages == "sample":
        return torch.zeros(0), torch.zeros(0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(parameters.workers)
    return torch.from_numpy(nodes), torch.from_numpy(weights / weights.sum() * parameters.workers)
