"""One-step economy: a planner announces income-tax brackets, workers choose hours, revenue is shared equally.

State
    skill ``[B, N]`` (money per hour, fixed for life) and population weight; the rates in force ``[B, K]``; hours,
    income, tax, rebate and utility of the last working step; welfare so far; time and the copy's key.

Actions
    ``planner``: ``K`` marginal rates in [0, 1], announced at the first step of each tax year and held for all of it.
    ``worker``: hours a week in [0, ``hours_cap``], rounded to ``hours_step`` where there is one; or the step's index.

Observations
    ``worker``: time, log skill relative to the mean, the ``K`` rates, the marginal rate at 40 hours and the marginal
    rates at 5, 10, ..., 100 % of the cap. ``planner``: time, the ``K`` rates, and mean hours, mean income and the tax
    share of the last working step. All are of order one.

Dynamics
    A tax year is one announcement step and then ``steps_per_tax_year`` working steps. Announcement: the rates in force
    become the planner's; workers do not act. Working: income is $z = v l$; tax $T(z)$ is levied by bracket; revenue
    is paid back as the same rebate $R$ to everyone; consumption is $z - T(z) + R$. The economy ends by its own rule
    after ``tax_years`` years.

Rewards
    ``worker``: money-metric families give $u - R$ in units of the worker's own income at 40 hours (the rebate
    is taken as given); the isoelastic family gives utility. ``planner``: social welfare in units of mean income at 40
    hours (money-metric families). Both are paid at working steps and divided by their number.

Conservation
    Tax revenue less rebates is zero in every step: consumption adds up to income.

Calibration
    Incomes at 40 hours: GB2 fit of ACS 2023 (LLM Economist, 2025). Brackets: US federal 2024, single
    (Rev. Proc. 2023-34). Labour cost: ``calibrated``, elasticity 0.4 and 60 untaxed hours, so that hours respond at all
    incomes. Welfare weights: proportional to 1 / income at 40 hours and exogenous. The published constants with
    *endogenous* weights idle two thirds of the people at the optimum; ``advice`` warns of both.

Checks
    Closed form $l = 60 (1 - t)^{0.4}$ under flat taxes; welfare of four schedules against published figures within
    0.1 %; the t = 0 metrics of the published run to 1e-9 (``tests/economies/test_one_step.py``); brute force for the
    isoelastic family (``tests/economies/test_income_effects.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.economies.one_step.accounts import accounts_spec
from econsim.economies.one_step.parameters import Parameters, status_quo_of, thresholds_of
from econsim.economies.one_step.state import State, planner_facts, worker_facts
from econsim.economies.one_step.utility import Family, HouseholdBudget, Values
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Observation, Role, Space, Transition
from econsim.mechanisms import welfare
from econsim.mechanisms.taxes import marginal_rate, with_deduction
from econsim.mechanisms.us_law import Law
from econsim.mechanisms.weighted_people import mean
from econsim.populations.gb2 import LLM_ECONOMIST

__all__ = ["OneStep", "Parameters"]

USUAL_HOURS = 40.0
PROBES = 20
_RATE_UNIT = "fraction of the income in this bracket"

REFERENCES = (
    "@article{zheng2020ai, title={The {AI} Economist: Improving Equality and Productivity with {AI}-Driven Tax "
    "Policies}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Naik, Nikhil and Gruesbeck, "
    "Melvin and Parkes, David C. and Socher, Richard}, journal={arXiv:2004.13332}, year={2020}}",
    LLM_ECONOMIST,
)


def _unbounded(names: Collection[str]) -> Box:
    return Box(-torch.inf, torch.inf, (len(names),))


class OneStep(Game[State]):
    """The one-step economy; see the module's page."""

    unit = "USD"
    usd_per_unit = 1.0
    clocked = True

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.family: Family = parameters.utility
        numbers = self.family.numbers
        if parameters.standard_deduction > 0:
            numbers = {**numbers, "standard_deduction": parameters.standard_deduction}
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self.thresholds = thresholds_of(parameters.brackets)
        self.initial_rates = status_quo_of(parameters.status_quo, self.thresholds)
        self.income, self.weight = self._draw(random.keys(parameters.population_seed, 1))
        self.horizon = parameters.tax_years * (1 + parameters.steps_per_tax_year)
        self.roles = {role.name: role for role in (self._worker(), self._planner())}
        self.accounts_spec = accounts_spec(self.family, parameters.welfare)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return ``B`` copies at the announcement of the first tax year."""
        copies, workers = key.shape[0], self.settings.workers
        income, weight = self._draw(key) if self.settings.redraw_population else (self.income, self.weight)
        nothing = torch.zeros((copies, workers), dtype=self.dtype, device=key.device)
        return State(
            key=key,
            time=torch.zeros_like(key),
            skill=(income / USUAL_HOURS).to(nothing).expand(copies, workers).contiguous(),
            weight=weight.to(nothing).expand(copies, workers).contiguous(),
            rates=self.initial_rates.to(nothing).expand(copies, -1).contiguous(),
            hours=nothing,
            income=nothing,
            tax=nothing,
            rebate=nothing[:, 0],
            utility=nothing,
            welfare=nothing[:, 0],
        )

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what workers and planner see."""
        announcing = self._announcing(state)
        return {
            "worker": self._observation("worker", self._worker_features(state), ~announcing, worker_facts(state)),
            "planner": self._observation("planner", self._planner_features(state), announcing, planner_facts(state)),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Announce rates, or let everyone work and settle taxes."""
        announcing = self._announcing(state)
        rates = torch.where(announcing[:, None], actions["planner"][:, 0].to(state.rates), state.rates)
        worked = self._work(state, self._hours(actions["worker"]).to(state.skill))
        outcome = {
            name: torch.where(announcing.view(-1, *[1] * (value.ndim - 1)), getattr(state, name), value)
            for name, value in worked.items()
        }
        same = {"key": state.key, "skill": state.skill, "weight": state.weight}
        after = State(time=state.time + 1, rates=rates, **same, **outcome)
        over = after.time >= self.horizon
        return Transition(after, self._rewards(after, ~announcing), over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return skill, weight, potential_income, hours, income, tax, rebate, consumption and utility, ``[B, N]``.

        Beside them ``rates`` and ``thresholds`` ``[B, K]`` and ``welfare`` ``[B]``; float64, money per year.
        """
        names = ("skill", "weight", "hours", "income", "tax", "utility")
        exact = {name: getattr(state, name).double() for name in names}
        rebate = state.rebate.double()[:, None].expand_as(exact["income"])
        return {
            **exact,
            "potential_income": exact["skill"] * USUAL_HOURS,
            "rebate": rebate,
            "consumption": exact["income"] - exact["tax"] + rebate,
            "rates": state.rates.double(),
            "thresholds": self.thresholds.expand(state.rates.shape[0], -1),
            "welfare": state.welfare.double(),
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return revenue less rebates, ``[B]``, which stays zero."""
        revenue = (state.weight * state.tax).double().sum(-1)
        return {"money": revenue - state.weight.double().sum(-1) * state.rebate.double()}

    # --- its exact answers --------------------------------------------------------------------------------------

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return every worker's exact best action, ``[B, N]``; see ``econsim.economies.one_step.response``."""
        self._only_workers(role)
        hours = self._best_hours(self._skill(observation), self._announced(observation))
        if self.settings.hours_as == "amount" or self.settings.hours_step is None:
            return hours
        return (hours / self.settings.hours_step).round().long()

    def best_hours(self, rates: Tensor) -> Tensor:
        """Return exact best hours ``[B, N]`` of the population under announced ``rates`` ``[B, K]``."""
        rates = rates.to(self.dtype)
        return self._best_hours((self.income / USUAL_HOURS).to(rates).expand(rates.shape[0], -1), rates)

    def choices(self, role: str) -> Tensor:
        """Return the hours to weigh against each other, ``[A]``: the grid, half-hours where hours are continuous."""
        self._only_workers(role)
        step = self.settings.hours_step or 0.5
        count = round(self.settings.hours_cap / step) + 1
        return torch.arange(count, dtype=self.dtype, device=self.thresholds.device) * step

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        """Return the worth of each of :meth:`choices`, ``[B, N, A]``, in the unit of the worker's reward."""
        self._only_workers(role)
        skill, rates = self._skill(observation), self._announced(observation)
        values, budget = self._values(skill), self._budget(rates)
        rebate = self.family.expected_rebate(values, skill, self.weight.to(skill), budget)
        worth = self.family.choice_values(values, skill, rebate, self.choices(role), budget)
        return worth / (skill * USUAL_HOURS)[..., None] if self.family.in_money else worth

    @property
    def law(self) -> Law | None:
        """The law whose tax brackets these are, ``None`` where they are no law's."""
        brackets = self.settings.brackets
        return brackets if isinstance(brackets, Law) else None

    def status_quo(self, role: str) -> Tensor:
        """Return the rates in force before the planner acts, ``[K]``."""
        if role != "planner":
            raise UserError(f"one_step: only the planner has a status quo, not {role!r}")
        return self.initial_rates

    def social_welfare(
        self, utility: Tensor, consumption: Tensor, potential_income: Tensor, income: Tensor, weight: Tensor
    ) -> Tensor:
        """Return welfare ``[B]`` by the chosen function, per head and in the unit of utility."""
        match self.settings.welfare:
            case "inverse_income":
                return mean(utility, weight * welfare.inverse_income_weights(potential_income))
            case "utilitarian":
                return mean(utility, weight)
            case "rawlsian":
                return welfare.rawlsian(utility)
            case "equality_times_productivity":
                return welfare.equality_times_productivity(consumption, weight)
            case "inverse_income_endogenous":
                return mean(utility / income.clamp(min=1.0), weight)

    def advice(self) -> list[str]:
        """Return warnings about constants that idle people or pin them at the cap, each with its reason."""
        from econsim.economies.one_step.advice import advice

        return advice(self)

    def one_round(self) -> OneStep:
        """Return this economy with one tax year of one working step."""
        other = copy(self)
        other.settings = self.settings.model_copy(update={"tax_years": 1, "steps_per_tax_year": 1})
        other.horizon = 2
        other.roles = {role.name: role for role in (other._worker(), other._planner())}
        return other

    def briefing(self, role: str) -> Mapping[str, Any]:
        """Return what a mind that reads is told of the economy; see ``econsim.economies.one_step.narration``."""
        from econsim.economies.one_step.narration import briefing

        return briefing(self, role)

    def _best_hours(self, skill: Tensor, rates: Tensor) -> Tensor:
        values, budget = self._values(skill), self._budget(rates)
        rebate = self.family.expected_rebate(values, skill, self.weight.to(skill), budget)
        return self.family.best_hours(values, skill, rebate, budget)

    # --- its parts ----------------------------------------------------------------------------------------------

    def _worker(self) -> Role:
        cap, by_index = self.settings.hours_cap, self.settings.hours_as == "index"
        hours = tuple(f"{hours:g}" for hours in self.choices("worker").tolist()) if by_index else ()
        action: Space = Discrete(len(hours)) if by_index else Box(0.0, cap)
        units = {
            "time": "fraction of the episode",
            "log_skill": "log of skill relative to the mean",
            **{f"rate_{bracket + 1}": _RATE_UNIT for bracket in range(self.brackets)},
            "marginal_rate": f"fraction of the next {self.unit} at {USUAL_HOURS:g} hours a week",
        }
        probed = [f"marginal_rate_at_{cap * (probe + 1) / PROBES:g}_hours" for probe in range(PROBES)]
        units |= dict.fromkeys(probed, f"fraction of the next {self.unit}")
        role = Role("worker", self.settings.workers, _unbounded(units), action, features=tuple(units))
        return replace(role, feature_units=tuple(units.values()), action_labels=hours, action_unit="hours a week")

    def _planner(self) -> Role:
        units = {
            "time": "fraction of the episode",
            **{f"rate_{bracket + 1}": _RATE_UNIT for bracket in range(self.brackets)},
            "mean_hours": "fraction of the most hours",
            "mean_income": "multiples of the mean income at 40 hours a week",
            "tax_share": "fraction of income",
        }
        action, every = Box(0.0, 1.0, (self.brackets,)), 1 + self.settings.steps_per_tax_year
        role = Role("planner", 1, _unbounded(units), action, True, every, tuple(units))
        labels = tuple(f"rate_from_{threshold:.10g}" for threshold in self.thresholds.tolist())
        return replace(role, feature_units=tuple(units.values()), action_labels=labels, action_unit=_RATE_UNIT)

    @property
    def brackets(self) -> int:
        """The number of brackets ``K`` that the planner sets."""
        return self.thresholds.shape[-1]

    def _draw(self, key: Tensor) -> tuple[Tensor, Tensor]:
        sample = self.settings.population.build().sample(key, self.settings.workers)
        return sample.income, sample.weight

    def _announcing(self, state: State) -> Tensor:
        return state.time % (1 + self.settings.steps_per_tax_year) == 0

    def _values(self, like: Tensor) -> Values:
        """Return the numeric parameters as ``[1, 1]`` or ``[B, 1]``."""
        return {name: value.reshape(-1, 1).to(like) for name, value in self.parameters.items()}

    def _budget(self, rates: Tensor) -> HouseholdBudget:
        """Return what limits workers under announced ``rates`` ``[B, K]``, on income before the standard deduction."""
        thresholds, deduction = self.thresholds.to(rates), self.parameters.get("standard_deduction")
        if deduction is not None:
            thresholds, rates = with_deduction(thresholds, rates, deduction.to(rates))
        return HouseholdBudget(self.settings.hours_cap, self.settings.hours_step, thresholds, rates)

    def _hours(self, action: Tensor) -> Tensor:
        step = self.settings.hours_step
        if step is None:
            return action
        return (action if self.settings.hours_as == "index" else (action / step).round()) * step

    def _work(self, state: State, hours: Tensor) -> dict[str, Tensor]:
        """Produce, tax, redistribute and take stock."""
        income = state.skill * hours
        tax = self._budget(state.rates).tax(income)
        rebate = mean(tax, state.weight)
        consumption = income - tax + rebate[:, None]
        utility = self.family.utility(self._values(state.skill), state.skill, consumption, hours)
        gain = self.social_welfare(utility, consumption, state.skill * USUAL_HOURS, income, state.weight)
        return {"hours": hours, "income": income, "tax": tax, "rebate": rebate, "utility": utility, "welfare": gain}

    def _rewards(self, after: State, working: Tensor) -> dict[str, Tensor]:
        steps = self.settings.tax_years * self.settings.steps_per_tax_year
        own, social = after.utility, after.welfare
        if self.family.in_money:
            own = (own - after.rebate[:, None]) / (after.skill * USUAL_HOURS)
            social = social / (self.reference_skill.to(social) * USUAL_HOURS)
        paid = working[:, None]
        return {
            "worker": torch.where(paid, own / steps, torch.zeros_like(own)),
            "planner": torch.where(paid, social[:, None] / steps, torch.zeros_like(social[:, None])),
        }

    @property
    def reference_skill(self) -> Tensor:
        """Mean skill of the people drawn from ``population_seed``, a scalar."""
        return mean(self.income, self.weight)[0] / USUAL_HOURS

    def _worker_features(self, state: State) -> Tensor:
        cap = self.settings.hours_cap
        hours = torch.arange(1, PROBES + 1, dtype=self.dtype, device=state.skill.device) * (cap / PROBES)
        budget = self._budget(state.rates)
        usual = marginal_rate(state.skill * USUAL_HOURS, budget.thresholds, budget.rates)
        probed = marginal_rate((state.skill[..., None] * hours).flatten(1), budget.thresholds, budget.rates)
        parts = [
            (state.time / self.horizon).to(self.dtype)[:, None, None].expand(*state.skill.shape, 1),
            (state.skill / self.reference_skill.to(state.skill)).log()[..., None],
            state.rates[:, None, :].expand(-1, state.skill.shape[1], -1),
            usual[..., None],
            probed.reshape(*state.skill.shape, PROBES),
        ]
        return torch.cat(parts, -1)

    def _planner_features(self, state: State) -> Tensor:
        mean_income = mean(state.income, state.weight)[:, None]
        parts = [
            (state.time / self.horizon).to(self.dtype)[:, None],
            state.rates,
            mean(state.hours, state.weight)[:, None] / self.settings.hours_cap,
            mean_income / (self.reference_skill.to(mean_income) * USUAL_HOURS),
            mean(state.tax, state.weight)[:, None] / mean_income.clamp(min=1.0),
        ]
        return torch.cat(parts, -1)[:, None, :]

    def _observation(self, role: str, features: Tensor, acting: Tensor, facts: Mapping[str, Tensor]) -> Observation:
        alive = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        action = self.roles[role].action
        mask = alive[..., None].expand(*alive.shape, action.count) if isinstance(action, Discrete) else None
        return Observation(features, alive, acting[:, None] & alive, mask, facts=facts)

    def _skill(self, observation: Observation) -> Tensor:
        logs = observation.features[..., 1]
        return logs.exp() * self.reference_skill.to(logs)

    def _announced(self, observation: Observation) -> Tensor:
        return observation.features[:, 0, 2 : 2 + self.brackets]

    def _only_workers(self, role: str) -> None:
        if role != "worker":
            raise UserError(f"one_step: the exact best response is known for the role worker, not for {role!r}")
