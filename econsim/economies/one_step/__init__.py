"""One-step economy: a planner sets income-tax brackets, workers choose hours, and revenue is rebated equally.

State
    Each worker's skill ``[B, N]`` (money per weekly hour over a year; constant within an episode) and population
    weight ``[B, N]``; the marginal tax rates in force ``[B, K]``; hours, income, tax, rebate, utility and social
    welfare of the last working step; time, and the random key of the environment copy.

Actions
    ``planner``: ``K`` marginal tax rates in [``lowest_rate``, 1], announced in the first step of each tax year and in
    force for the whole year; ``lowest_rate`` is zero, or negative to allow subsidies of work. ``worker``: hours per
    week in [0, ``hours_cap``], rounded to a multiple of ``hours_step`` if that is set; with ``hours_as: index``, the
    index of the multiple.

Observations
    ``worker``: time, log skill relative to the mean, the ``K`` rates, the marginal tax rate at 40 hours per week, and
    the marginal tax rates at 5, 10, ..., 100 % of ``hours_cap``. ``planner``: time, the ``K`` rates, and the mean
    hours, mean income and tax-to-income ratio of the last working step. All features are of order one.

Dynamics
    A tax year consists of one announcement step followed by ``steps_per_tax_year`` working steps. In the announcement
    step the planner's rates come into force and workers do not act. In a working step, a worker of skill $v$ who works
    $l$ hours earns income $z = v l$ and pays the tax $T(z)$ of the bracket schedule; revenue is returned as an equal
    rebate $R$ per person; consumption is $z - T(z) + R$. With negative rates $T(z)$ may be negative, a refundable
    credit, and so may revenue: $R$ is then a levy, the same for everybody, which may exceed what somebody earns. The
    episode terminates after ``tax_years`` years.

Rewards
    ``worker``: with the money-metric utility families, $u - R$ in units of the worker's own income at 40 hours per
    week (workers take the rebate as given); with the isoelastic family, utility. ``planner``: social welfare, with the
    money-metric families in units of mean income at 40 hours. Both are received in working steps and divided by the
    number of working steps in the episode.

Conservation
    In every step tax revenue equals total rebates, so that aggregate consumption equals aggregate income.

Calibration
    Incomes at 40 hours per week: generalised beta distribution of the second kind, fitted to the American Community
    Survey 2023 (LLM Economist, 2025). Brackets: US federal income tax 2024, single filers (Rev. Proc. 2023-34). Labour
    cost: ``calibrated``, with an elasticity of 0.4 and 60 hours in the absence of taxes, so that hours respond to
    taxes at all incomes. Welfare weights: exogenous, proportional to the inverse of income at 40 hours. With the
    published constants and *endogenous* weights, two thirds of the workers do not work at the optimum; ``advice``
    warns of either choice.

Checks
    The closed form $l = 60 (1 - t)^{0.4}$ under flat taxes; the welfare of four schedules, within 0.1 % of the
    published figures; the metrics of the published run at t = 0, to 1e-9 (``tests/economies/test_one_step.py``);
    brute-force search for the isoelastic family (``tests/economies/test_income_effects.py``).

References:
    Zheng, Trott, Srinivasa, Naik, Gruesbeck, Parkes and Socher (2020), "The AI Economist: Improving Equality and
    Productivity with AI-Driven Tax Policies", arXiv:2004.13332. Karten, Li, Ding, Kleiner, Bai and Jin (2025), "LLM
    Economist: Large Population Models and Mechanism Design in Multi-Agent Generative Simulacra", arXiv:2507.15815.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.deferred_features import DeferredFeatures
from econsim.economies.one_step import tax_inputs
from econsim.economies.one_step.accounts import accounts_spec
from econsim.economies.one_step.parameters import Parameters, thresholds_of
from econsim.economies.one_step.state import State, in_double, planner_facts, worker_facts
from econsim.economies.one_step.utility import Family, HouseholdBudget, Isoelastic, Values
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Observation, Role, Space, Transition
from econsim.mechanisms import welfare
from econsim.mechanisms.taxes import marginal_rate, with_deduction
from econsim.mechanisms.us_law import Law, LawOnBrackets, Schedule, law_on_brackets
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
    """One-step economy; the module docstring describes it."""

    unit = "USD"
    usd_per_unit = 1.0
    usual_hours = USUAL_HOURS
    clocked = True
    elasticity_meaning = "compensated, mean of workers weighted by income"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.family: Family = parameters.utility
        numbers = self.family.numbers
        if parameters.standard_deduction > 0:
            numbers = {**numbers, "standard_deduction": parameters.standard_deduction}
        self.parameters = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        self.thresholds = thresholds_of(parameters.brackets)
        self.lowest_rate = parameters.lowest_rate
        self.income, self.weight = self._draw(random.keys(parameters.population_seed, 1))
        self.initial_rates = self._rates_in_force()
        self.horizon = parameters.tax_years * (1 + parameters.steps_per_tax_year)
        self.roles = {role.name: role for role in (self._worker(), self._planner())}
        self.accounts_spec = accounts_spec(self.family, parameters.welfare)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies, at the announcement of the first tax year."""
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
        """Return the observations of the workers and of the planner."""
        announcing = self._announcing(state)
        return {
            "worker": self._worker_observation(state, ~announcing),
            "planner": self._planner_observation(state, announcing),
        }

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Put the announced rates in force, or compute labour supply, taxes and rebates of a working step."""
        announcing = self._announcing(state)
        rates = torch.where(announcing[:, None], actions["planner"][:, 0].to(state.rates), state.rates)
        worked = self._work(state, self._hours(actions["worker"]).to(state.skill))
        outcome = {
            name: torch.where(announcing.view(-1, *[1] * (value.ndim - 1)), getattr(state, name), value)
            for name, value in worked.items()
        }
        unchanged = {"key": state.key, "skill": state.skill, "weight": state.weight}
        after = State(time=state.time + 1, rates=rates, **unchanged, **outcome)
        over = after.time >= self.horizon
        return Transition(after, self._rewards(after, ~announcing), over, torch.zeros_like(over))

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return skill, weight, potential_income, hours, income, tax, rebate, consumption and utility, ``[B, N]``.

        In addition ``rates`` and ``thresholds`` ``[B, K]`` and ``welfare`` ``[B]``. All are float64; money is per year.
        With the isoelastic family also ``deviation_gain`` ``[B, N]``, a worker's rise of utility from the best hours at
        the rebate received, and ``largest_deviation_gain`` ``[B]``.
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
            **({} if self.family.in_money else self._deviation_gains(state)),
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return tax revenue less total rebates, ``[B]``, which remains zero."""
        revenue = (state.weight * state.tax).double().sum(-1)
        return {"money": revenue - state.weight.double().sum(-1) * state.rebate.double()}

    # --- exact best responses -----------------------------------------------------------------------------------

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return every worker's best action, ``[B, N]``; see ``econsim.economies.one_step.response``.

        It is exact given the rebate that workers expect. With the isoelastic family the rebate paid may differ where
        hours have steps or marginal rates fall; the account ``deviation_gain`` is what a worker would then gain.
        """
        self._only_workers(role)
        hours = self._best_hours(self._skill(observation), self._announced(observation))
        if self.settings.hours_as == "amount" or self.settings.hours_step is None:
            return hours
        return (hours / self.settings.hours_step).round().long()

    def best_hours(self, rates: Tensor) -> Tensor:
        """Return the population's exact best hours per week ``[B, N]`` under announced ``rates`` ``[B, K]``."""
        rates = rates.to(self.dtype)
        return self._best_hours(self.population_skill.to(rates).expand(rates.shape[0], -1), rates)

    def choices(self, role: str) -> Tensor:
        """Return the grid of hours to compare, ``[A]``: multiples of ``hours_step``, or of 0.5 if continuous."""
        self._only_workers(role)
        step = self.settings.hours_step or 0.5
        count = round(self.settings.hours_cap / step) + 1
        return torch.arange(count, dtype=self.dtype, device=self.thresholds.device) * step

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        """Return the value of each of :meth:`choices`, ``[B, N, A]``, in the unit of the worker's reward."""
        self._only_workers(role)
        skill, rates = self._skill(observation), self._announced(observation)
        values, budget = self.values(skill), self.budget(rates)
        rebate = self.family.expected_rebate(values, skill, self.weight.to(skill), budget)
        utility = self.family.choice_values(values, skill, rebate, self.choices(role), budget)
        return utility / (skill * USUAL_HOURS)[..., None] if self.family.in_money else utility

    def declared_incomes(self, thresholds: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
        """Return the taxable incomes under any schedule ``[K]`` if all respond exactly, and people's weights, ``[N]``.

        Incomes are ``[B, N]`` float64 for parameters ``[B]``; those of the people drawn from ``population_seed``.
        """
        return tax_inputs.declared_incomes(self, thresholds, rates)

    def taxable_income(self, state: State) -> Tensor:
        """Return income after the standard deduction, ``[B, N]`` float64."""
        return tax_inputs.after_deduction(self, state.income.double())

    def taxable_income_elasticity(self, state: State) -> Tensor:
        """Return the compensated elasticity of all taxable income, float64 ``[B]``; NaN without income."""
        return tax_inputs.elasticity(self, in_double(state))

    def marginal_social_weights(self, state: State) -> Tensor:
        """Return the marginal social weights of the configured welfare function at constant hours, ``[B, N]``."""
        return tax_inputs.social_weights(self, in_double(state))

    def effort_values(self, state: State) -> Tensor:
        """Return the rise of welfare per unit of income at constant utility and revenue, ``[B, N]``."""
        return tax_inputs.effort_values(self, in_double(state))

    def law_in_brackets(self, law: Schedule) -> LawOnBrackets | None:
        """Return a law in this economy's brackets, at the incomes under the law; ``None`` if they are the law's own."""
        if torch.equal(law.thresholds.to(self.thresholds), self.thresholds):
            return None
        return law_on_brackets(law, self.thresholds, *self.declared_incomes(law.thresholds, law.rates))

    @property
    def law(self) -> Law | None:
        """The law that defines the tax brackets; ``None`` if the brackets are not those of a law."""
        brackets = self.settings.brackets
        return brackets if isinstance(brackets, Law) else None

    def status_quo(self, role: str) -> Tensor:
        """Return the marginal tax rates in force before the planner acts, ``[K]``."""
        if role != "planner":
            raise UserError(f"one_step: the role planner has a status quo, the role {role!r} has none")
        return self.initial_rates

    def utility_with(self, accounts: Mapping[str, Tensor], lump_sum: Tensor) -> Tensor:
        """Return utility ``[B, N]`` with a ``lump_sum`` ``[B, N]`` of money at unchanged hours."""
        skill = accounts["skill"]
        return self.family.utility(self.values(skill), skill, accounts["consumption"] + lump_sum, accounts["hours"])

    def social_welfare(
        self, utility: Tensor, consumption: Tensor, potential_income: Tensor, income: Tensor, weight: Tensor
    ) -> Tensor:
        """Return the configured social welfare ``[B]``, per capita, in the unit of utility."""
        match self.settings.welfare:
            case "inverse_income":
                return mean(utility, weight * welfare.inverse_income_weights(potential_income))
            case "utilitarian":
                return mean(utility, weight)
            case "rawlsian":
                return welfare.rawlsian(utility)
            case "geometric_mean":
                return welfare.geometric_mean(utility, weight)
            case "equality_times_productivity":
                return welfare.equality_times_productivity(consumption, weight)
            case "inverse_income_endogenous":
                return mean(utility / income.clamp(min=1.0), weight)

    def advice(self) -> list[str]:
        """Return warnings about parameters under which many workers do not work or work the maximum hours."""
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
        """Return the facts that prompts state about the economy; see ``econsim.economies.one_step.narration``."""
        from econsim.economies.one_step.narration import briefing

        return briefing(self, role)

    def _best_hours(self, skill: Tensor, rates: Tensor) -> Tensor:
        values, budget = self.values(skill), self.budget(rates)
        rebate = self.family.expected_rebate(values, skill, self.weight.to(skill), budget)
        return self.family.best_hours(values, skill, rebate, budget)

    # --- implementation -----------------------------------------------------------------------------------------

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
        action, every = Box(self.lowest_rate, 1.0, (self.brackets,)), 1 + self.settings.steps_per_tax_year
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

    def _deviation_gains(self, state: State) -> dict[str, Tensor]:
        """Return the gain from the best hours at the rebate received, and the largest gain; zero before any work."""
        exact, budget = in_double(state), self.budget(state.rates.double())
        assert isinstance(self.family, Isoelastic)
        values, rebate = self.values(exact.skill), exact.rebate[:, None]
        gain = self.family.deviation_gain(values, exact.skill, exact.hours, rebate, budget)
        gain = torch.where(state.time[:, None] > 1, gain, 0.0)
        return {"deviation_gain": gain, "largest_deviation_gain": gain.amax(-1)}

    def _rates_in_force(self) -> Tensor:
        """Return the rates of the status quo, ``[K]`` float64; those of a law in this economy's brackets."""
        given = self.settings.status_quo
        if not isinstance(given, Law):
            return torch.tensor(given, dtype=torch.float64)
        adapted = self.law_in_brackets(given.schedule())
        return given.schedule().rates if adapted is None else adapted.rates

    def _announcing(self, state: State) -> Tensor:
        return state.time % (1 + self.settings.steps_per_tax_year) == 0

    def values(self, like: Tensor) -> Values:
        """Return the numeric parameters as ``[1, 1]`` or ``[B, 1]``."""
        return {name: value.reshape(-1, 1).to(like) for name, value in self.parameters.items()}

    def budget(self, rates: Tensor, thresholds: Tensor | None = None) -> HouseholdBudget:
        """Return the workers' budget under ``rates`` ``[B, K]``, on income before the standard deduction.

        ``thresholds`` ``[K]`` are those of the economy's brackets by default.
        """
        thresholds = (self.thresholds if thresholds is None else thresholds).to(rates)
        deduction = self.parameters.get("standard_deduction")
        if deduction is not None:
            thresholds, rates = with_deduction(thresholds, rates, deduction.to(rates))
        return HouseholdBudget(self.settings.hours_cap, self.settings.hours_step, thresholds, rates)

    def _hours(self, action: Tensor) -> Tensor:
        step = self.settings.hours_step
        if step is None:
            return action
        return (action if self.settings.hours_as == "index" else (action / step).round()) * step

    def _work(self, state: State, hours: Tensor) -> dict[str, Tensor]:
        """Return hours, income, tax, rebate, utility and social welfare of a working step."""
        income = state.skill * hours
        tax = self.budget(state.rates).tax(income)
        rebate = mean(tax, state.weight)
        consumption = income - tax + rebate[:, None]
        utility = self.family.utility(self.values(state.skill), state.skill, consumption, hours)
        social = self.social_welfare(utility, consumption, state.skill * USUAL_HOURS, income, state.weight)
        return {"hours": hours, "income": income, "tax": tax, "rebate": rebate, "utility": utility, "welfare": social}

    def _rewards(self, after: State, working: Tensor) -> dict[str, Tensor]:
        steps = self.settings.tax_years * self.settings.steps_per_tax_year
        private, social = after.utility, after.welfare
        if self.family.in_money:
            private = (private - after.rebate[:, None]) / (after.skill * USUAL_HOURS)
            social = social / (self.reference_skill.to(social) * USUAL_HOURS)
        paid = working[:, None]
        return {
            "worker": torch.where(paid, private / steps, torch.zeros_like(private)),
            "planner": torch.where(paid, social[:, None] / steps, torch.zeros_like(social[:, None])),
        }

    @property
    def population_skill(self) -> Tensor:
        """Skills of the people drawn from ``population_seed``, ``[1, N]`` float64."""
        return self.income / USUAL_HOURS

    @property
    def reference_skill(self) -> Tensor:
        """Mean skill of the people drawn from ``population_seed``, a scalar."""
        return mean(self.income, self.weight)[0] / USUAL_HOURS

    def _worker_features(self, state: State) -> DeferredFeatures:
        """Return the workers' features, deferred: exact workers read few, and the probed rates cost more than play."""
        return DeferredFeatures(
            (1, partial(self._elapsed, state)),
            (1, partial(self._log_skill, state)),
            (self.brackets, partial(_rates_of_each, state)),
            (1, partial(self._marginal_rates, state, USUAL_HOURS)),
            (PROBES, partial(self._probed_rates, state)),
        )

    def _elapsed(self, state: State) -> Tensor:
        return (state.time / self.horizon).to(self.dtype)[:, None, None].expand(*state.skill.shape, 1)

    def _log_skill(self, state: State) -> Tensor:
        return (state.skill / self.reference_skill.to(state.skill)).log()[..., None]

    def _probed_rates(self, state: State) -> Tensor:
        steps = torch.arange(1, PROBES + 1, dtype=self.dtype, device=state.skill.device)
        return self._marginal_rates(state, steps * (self.settings.hours_cap / PROBES))

    def _marginal_rates(self, state: State, hours: Tensor | float) -> Tensor:
        """Return each worker's marginal tax rates at one or more hours, ``[B, N, H]``."""
        income, budget = state.skill[..., None] * hours, self.budget(state.rates)
        return marginal_rate(income.flatten(1), budget.thresholds, budget.rates).reshape(income.shape)

    def _planner_features(self, state: State) -> Tensor:
        mean_income = mean(state.income, state.weight)[:, None]
        features = [
            (state.time / self.horizon).to(self.dtype)[:, None],
            state.rates,
            mean(state.hours, state.weight)[:, None] / self.settings.hours_cap,
            mean_income / (self.reference_skill.to(mean_income) * USUAL_HOURS),
            mean(state.tax, state.weight)[:, None] / mean_income.clamp(min=1.0),
        ]
        return torch.cat(features, -1)[:, None, :]

    def _worker_observation(self, state: State, acting: Tensor) -> Observation:
        alive, action = torch.ones_like(state.skill, dtype=torch.bool), self.roles["worker"].action
        mask = alive[..., None].expand(*alive.shape, action.count) if isinstance(action, Discrete) else None
        more = {"action_mask": mask, "facts": worker_facts(state)}
        return Observation.deferring(self._worker_features(state), alive, acting[:, None] & alive, **more)

    def _planner_observation(self, state: State, acting: Tensor) -> Observation:
        alive = torch.ones_like(acting[:, None])
        return Observation(self._planner_features(state), alive, acting[:, None], facts=planner_facts(state))

    def _skill(self, observation: Observation) -> Tensor:
        logs = observation.columns(1, 2)[..., 0]
        return logs.exp() * self.reference_skill.to(logs)

    def _announced(self, observation: Observation) -> Tensor:
        return observation.columns(2, 2 + self.brackets)[:, 0]

    def _only_workers(self, role: str) -> None:
        if role != "worker":
            raise UserError(f"one_step: the exact best response is defined for the role worker, not for {role!r}")


def _rates_of_each(state: State) -> Tensor:
    return state.rates[:, None, :].expand(-1, state.skill.shape[1], -1)
