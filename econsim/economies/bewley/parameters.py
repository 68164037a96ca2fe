"""Parameters of the Bewley-Huggett-Aiyagari economy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from econsim.economies.bewley.ages import Ages
from econsim.economies.bewley.income_tax import Brackets, Schedule, schedule_of
from econsim.economies.bewley.initial import InitialWealth
from econsim.economies.bewley.shocks import LEAST_HELD, AggregateShocks
from econsim.errors import UserError, did_you_mean
from econsim.households.chains import Chain, chain_of, rouwenhorst, tauchen, with_superstar
from econsim.households.closures import Adjusts, Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.problem import Household, Labour, asset_grid
from econsim.mechanisms.us_law import Law
from econsim.parameters import Model

__all__ = [
    "AMOUNTS",
    "INSTRUMENTS",
    "Objective",
    "Parameters",
    "Policy",
    "Productivity",
    "ProductivityTable",
    "PublicBudget",
    "Superstar",
    "changed_policy",
    "policy_of",
]

NOT_PROVIDED = (
    "a distribution has retired households without assets, who have nothing to live on without a pension or bequests;"
    " give a pension, uncertain survival"
)


class Superstar(Model):
    """A rare state of very high productivity; defaults chosen for a high concentration of wealth."""

    multiple: float = Field(20.0, gt=1)
    """Productivity, a multiple of the mean of the other states."""
    entry: float = Field(0.0005, gt=0, lt=1)
    """Probability per period of becoming a superstar, equal in all other states."""
    stay: float = Field(0.96, ge=0, lt=1)
    """Probability per period of remaining one; others return to the stationary distribution of the other states."""


class ProductivityTable(Model):
    """A Markov chain of productivity by its values and probabilities."""

    values: tuple[float, ...] = Field(min_length=2)
    """Productivity in each state, ascending and positive; multiplied by a constant so that the mean is one."""
    transition: tuple[tuple[float, ...], ...]
    """Probabilities of the next state, a row for each state."""

    @model_validator(mode="after")
    def _is_a_chain(self) -> ProductivityTable:
        values, count = self.values, len(self.values)
        if values[0] <= 0 or list(values) != sorted(set(values)):
            raise ValueError(f"values: expected ascending positive numbers, found {list(values)}")
        if len(self.transition) != count or any(len(row) != count for row in self.transition):
            raise ValueError(f"transition: expected {count} rows of {count} probabilities")
        for number, row in enumerate(self.transition, 1):
            if min(row) < 0 or abs(sum(row) - 1) > 1e-9:
                raise ValueError(
                    f"transition: expected probabilities that add up to one in row {number}, found {list(row)}"
                )
        return self


class Productivity(Model):
    """A Markov chain of individual productivity, whose mean is one."""

    persistence: float = Field(0.94, ge=0, lt=1)
    """Autocorrelation of log productivity per period."""
    deviation: float = Field(0.6, gt=0)
    """Stationary standard deviation of log productivity."""
    states: int = Field(7, ge=2, le=51)
    """Number of states, without the superstar."""
    method: Literal["rouwenhorst", "tauchen"] = "rouwenhorst"
    """Discretisation: ``rouwenhorst`` has the moments of the process exactly, ``tauchen`` has equal steps within three
    standard deviations."""
    superstar: Superstar | None = None
    """A state of very high productivity in addition; none by default."""
    table: ProductivityTable | None = None
    """The chain itself, in the place of all other parameters; none by default."""

    @property
    def count(self) -> int:
        """Number of states of the chain."""
        return self.states + (self.superstar is not None) if self.table is None else len(self.table.values)

    @model_validator(mode="after")
    def _table_takes_the_place_of_all(self) -> Productivity:
        fields = type(self).model_fields.items()
        others = [name for name, field in fields if name != "table" and getattr(self, name) != field.default]
        if self.table is not None and others:
            raise ValueError(f"table: it takes the place of {', '.join(others)}; leave one of them out")
        return self

    def chain(self) -> Chain:
        """Return the chain."""
        if self.table is not None:
            return chain_of(self.table.values, self.table.transition)
        method = rouwenhorst if self.method == "rouwenhorst" else tauchen
        chain = method(self.persistence, self.deviation, self.states)
        extra = self.superstar
        return chain if extra is None else with_superstar(chain, extra.multiple, extra.entry, extra.stay)


class Policy(Model):
    """Tax rates and public consumption; what closes the government's budget is ``budget.adjusts``."""

    consumption_tax: float = Field(0.0, ge=0, le=1)
    """Tax on consumption, a fraction of its price before tax."""
    labour_tax: float = Field(0.0, ge=0, le=1)
    """Average tax rate on labour income at its mean."""
    progressivity: float = Field(0.0, ge=0, le=1)
    """Elasticity by which the share of labour income that is kept falls with income; zero is a flat tax."""
    capital_tax: float = Field(0.0, ge=0, le=1)
    """Tax on interest; none is paid, and nothing refunded, where the interest rate is negative."""
    wealth_tax: float = Field(0.0, ge=0, le=1)
    """Tax on assets at the start of a period."""
    spending_share: float = Field(0.0, ge=0, le=1)
    """Share of revenue, after interest on debt and ``budget.spending``, for more public consumption; the rest is
    transferred equally. Only where the transfer adjusts."""

    def taxes(self, budget: PublicBudget, brackets: Schedule = ((), ())) -> Taxes:
        """Return the policy as the exact methods take it."""
        return Taxes(
            self.consumption_tax,
            1.0 - self.labour_tax,
            self.progressivity,
            self.capital_tax,
            self.wealth_tax,
            self.spending_share,
            budget.debt,
            brackets,
            Closure(budget.adjusts, budget.spending, budget.transfer, budget.response or 0.0),
        )


class PublicBudget(Model):
    """What closes the government's budget; amounts are per household and period, in units of output."""

    adjusts: Adjusts = "transfer"
    """``transfer``; ``spending``, public consumption; ``labour_tax``, the average rate on labour income at its mean; or
    ``debt``, which the transfer then stabilises."""
    spending: float = Field(0.0, ge=0)
    """Public consumption; where the transfer adjusts, ``status_quo.spending_share`` adds to it."""
    transfer: float = 0.0
    """Transfer to every household, negative for a tax per head, where it does not adjust; where debt adjusts, the
    transfer at which debt is ``debt``."""
    debt: float = 0.0
    """Public debt, constant; where debt adjusts, the amount that the rule for the transfer refers to."""
    response: float | None = Field(None, gt=0)
    """By how much the transfer falls with each unit of debt above ``debt``, where debt adjusts."""

    @model_validator(mode="after")
    def _amounts_are_used(self) -> PublicBudget:
        adjusts, is_debt = self.adjusts, self.adjusts == "debt"
        if is_debt != (self.response is not None):
            needed = "give one above the interest rate, such as 0.2" if is_debt else "leave it out unless debt adjusts"
            raise ValueError(f"budget.response: {needed}")
        if getattr(self, adjusts, 0.0) and not is_debt:
            raise ValueError(f"budget.{adjusts}: it adjusts and cannot be given; leave it out")
        return self


INSTRUMENTS = tuple(Policy.model_fields)
"""The entries of every policy, in order; with a life cycle the given rate of the pension can be one more."""
AMOUNTS = ("spending", "transfer", "debt")
"""What a reform can change of the budget."""
_LEAST_CAPITAL = 0.05  # in periods of output: with 0.03 households of the preset huggett lose all, with 0.1 they do not


def policy_of(rates: Sequence[float]) -> Policy:
    """Return the policy with these rates, in the order of :data:`INSTRUMENTS`; further ones are left out."""
    return Policy(**dict(zip(INSTRUMENTS, rates, strict=False)))


def changed_policy(policy: Policy, changes: Mapping[str, float]) -> Policy:
    """Return a policy with some instruments changed.

    Raises:
        UserError: no such instrument, or a value outside [0, 1].
    """
    for name, value in changes.items():
        if name not in INSTRUMENTS:
            known = (*INSTRUMENTS, *AMOUNTS)
            raise UserError(f"reform: bewley has no instrument {name!r}{did_you_mean(name, known)}")
        if not 0 <= value <= 1:
            raise UserError(f"reform: {name}: expected a number from 0 to 1, found {value:g}")
    return policy.model_copy(update=dict(changes))


class Objective(Model):
    """Weights of the government's reward in a period."""

    welfare: float = 1.0
    """Of mean utility."""
    growth: float = 0.0
    """Of the growth of log output."""
    equality: float = 0.0
    """Of one minus the mean of the Gini indices of wealth and consumption."""


class Parameters(Model):
    """Parameters of the economy; a period is a year with the defaults."""

    households: int | Literal["distribution"] = Field(100)
    """Number of households, a sample of the population; or ``distribution``: the whole population, as masses on a grid
    of productivity and assets."""
    sampling: Literal["random", "stratified"] = "random"
    """How a sample is drawn: households of equal weight at random, or as many from each state of productivity,
    weighted by its share (``stratified``), so that rare states are in every sample."""
    discount: float = Field(0.95, gt=0, lt=1)
    """Discount factor of households."""
    risk_aversion: float = Field(1.0, gt=0, le=20)
    """Coefficient of relative risk aversion; one is logarithmic."""
    labour_weight: float | None = Field(20.0, gt=0)
    """Weight of the disutility of hours; null: hours are no choice, and everybody works one unit of time."""
    labour_curvature: float = Field(2.0, gt=0)
    """Inverse of the Frisch elasticity of hours."""
    productivity: Productivity = Productivity()
    """Individual productivity."""
    capital_share: float = Field(0.36, gt=0, lt=1)
    """Elasticity of output with respect to capital."""
    depreciation: float = Field(0.08, gt=0, le=1)
    """Depreciation of capital per period."""
    technology: float = Field(1.0, gt=0)
    """Total factor productivity."""
    status_quo: Policy = Policy()
    """Policy of the stationary equilibrium in which an episode starts, in force until the government acts."""
    income_tax: Brackets | Law | None = None
    """Brackets of labour income in the place of ``labour_tax`` and ``progressivity``: ``thresholds`` and ``rates``, or
    the ``year`` and ``filing_status`` of US federal law; none by default."""
    aggregate_shocks: AggregateShocks | None = None
    """Bad and good times, and employment in the place of ``productivity``; none by default."""
    life_cycle: Ages | None = None
    """Ages, deaths, births and a pension, in place of households who live for ever; none by default."""
    budget: PublicBudget = PublicBudget()
    """What closes the government's budget: by default the transfer, without debt."""
    initial: InitialWealth | None = None
    """Wealth and productivity at the start from the Survey of Consumer Finances, in place of their stationary
    distribution; null: the stationary distribution. ``{}``: a distribution with the survey's inequality."""
    objective: Objective = Objective()
    """The government's reward."""
    instruments: tuple[str, ...] = Field(INSTRUMENTS, min_length=1)
    """Entries of the government's action, in order; those of ``status_quo`` that are not listed stay as they are. With
    a life cycle also the given rate of the pension, ``replacement`` or ``contribution``."""
    highest_rate: float = Field(1.0, gt=0, le=1)
    """The highest value of an instrument that the government can set."""
    aggregates: Literal["moments", "quantiles", "embedding"] = "moments"
    """What all observe of the distribution of assets: its mean (``moments``); or also its quantiles (0.1, 0.5, 0.9 and
    0.99); or also sums over households from which networks learn an ``embedding`` of the whole distribution."""
    periods: int = Field(50, ge=1, le=100_000)
    """Periods of an episode."""
    review: int | None = Field(None, ge=1)
    """Periods from one policy to the next; null: one policy for the whole episode."""
    announced: int = Field(0, ge=0, le=300)
    """Periods between the announcement of a policy, in the period after the government sets it, and its coming into
    force; zero: a policy that is set is in force from the next period on. Households observe what is announced."""
    grid_points: int = Field(200, ge=10, le=5000)
    """Grid points of assets, of the exact policies and of the representation ``distribution``."""
    largest_assets: float = Field(300.0, gt=0)
    """Largest assets of a household in both; in units of output."""
    lowest_assets: float = Field(0.0, le=0)
    """Borrowing limit: the lowest assets of a household, zero or negative. Households borrow at the interest rate of
    savers, and interest that they pay is deducted from what the tax on interest falls on."""

    @model_validator(mode="after")
    def _there_are_households(self) -> Parameters:
        if isinstance(self.households, int) and not 1 <= self.households <= 10_000_000:
            raise ValueError(f"households: expected 1 to 10,000,000, or distribution, found {self.households}")
        states = self.productivity.count
        if self.sampling == "stratified" and isinstance(self.households, int) and self.households < states:
            raise ValueError(
                f"sampling: stratified needs a household for each of the {states} states of productivity, found"
                f" households: {self.households}; raise households, or set sampling: random"
            )
        return self

    @model_validator(mode="after")
    def _play_has_capital(self) -> Parameters:
        if self.periods > 1 and self.lowest_assets < 0 and self.capital_share < _LEAST_CAPITAL * self.depreciation:
            raise ValueError(
                f"periods: {self.periods} cannot be played where households lend to each other and capital is less than"
                f" {_LEAST_CAPITAL:g} of a period's output (capital_share over depreciation), since the interest rate"
                " of so little capital would swing with every error of theirs; give periods: 1, or use econsim solve"
            )
        return self

    @model_validator(mode="after")
    def _instruments_exist(self) -> Parameters:
        pension = None if self.life_cycle is None else self.life_cycle.pension
        known = INSTRUMENTS if pension is None else (*INSTRUMENTS, pension.given)
        for name in self.instruments:
            if pension is not None and name == pension.adjusts:
                raise ValueError(
                    f"instruments: {name} adjusts to close the budget of the pension; list {pension.given}"
                )
            if name not in known:
                others = "" if pension is None else f", and not {pension.given} of the pension"
                raise ValueError(f"instruments: {name!r} is not one of status_quo{others}{did_you_mean(name, known)}")
            if self.instruments.count(name) > 1:
                raise ValueError(f"instruments: {name} is listed twice")
            where = "status_quo" if name in INSTRUMENTS else "life_cycle.pension"
            if (value := self.status_quo_rates[name]) > self.highest_rate:
                raise ValueError(
                    f"highest_rate: {self.highest_rate:g} is below {where}.{name}, {value:g}; raise it, or leave"
                    f" {name} out of instruments"
                )
        return self

    @property
    def _without_effect(self) -> dict[str, str]:
        """Instruments without use, each with the reason."""
        adjusts = self.budget.adjusts
        useless = {} if adjusts == "transfer" else {"spending_share": f"the budget's {adjusts} adjusts"}
        if self.income_tax is not None:
            useless |= dict.fromkeys(("labour_tax", "progressivity"), "income_tax has brackets in its place")
        if adjusts == "labour_tax":
            useless["labour_tax"] = "it adjusts to close the budget"
        if self.lowest_assets < 0:
            useless["wealth_tax"] = "it would pay households for their debt (lowest_assets is negative)"
        return useless

    @model_validator(mode="after")
    def _instruments_have_an_effect(self) -> Parameters:
        if self.income_tax is not None and self.budget.adjusts == "labour_tax":
            raise ValueError("budget.adjusts: brackets (income_tax) cannot adjust; let transfer or spending do that")
        for name, reason in self._without_effect.items():
            if getattr(self.status_quo, name):
                raise ValueError(f"status_quo.{name}: it has no use, since {reason}; set it to zero")
            if name in self.instruments:
                raise ValueError(f"instruments: {name} has no use, since {reason}; list the others")
        return self

    @model_validator(mode="after")
    def _announced_policies_come_into_force(self) -> Parameters:
        if not self.announced:
            return self
        first = self.announced + 1
        if first >= self.periods:
            raise ValueError(
                f"announced: a policy that is set in period 0 would be in force from period {first} on, and an episode"
                f" has {self.periods} periods; lower it, or raise periods"
            )
        if self.review is not None and first > self.review:
            raise ValueError(
                f"announced: one policy at most can be announced at a time, and the next one is set after {self.review}"
                f" periods (review), before the first is in force, after {first}; lower it, or raise review"
            )
        if self.aggregate_shocks is not None:
            raise ValueError("announced: it is not solved with aggregate_shocks; leave one of them out")
        return self

    @model_validator(mode="after")
    def _shocks_are_those_of_a_plain_economy(self) -> Parameters:
        if self.aggregate_shocks is None:
            return self
        if self.labour_weight is not None:
            raise ValueError("labour_weight: hours are no choice under aggregate_shocks; give null")
        kept = "productivity", "income_tax", "budget", "lowest_assets", "initial", "life_cycle"
        for name in kept:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name}: it has no use under aggregate_shocks; leave it out")
        return self

    @model_validator(mode="after")
    def _life_cycle_is_solved(self) -> Parameters:
        if self.life_cycle is None:
            return self
        for name in ("aggregate_shocks", "initial", "lowest_assets", "sampling"):
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name}: it is not solved with a life_cycle; leave it out")
        if self.productivity.superstar is not None and self.life_cycle.newborn_deviation is not None:
            raise ValueError("life_cycle.newborn_deviation: it has no use with productivity.superstar; leave one out")
        try:
            provides = self.provides_for_all
            if self.sets_pension:
                self._check_highest_pension(self.life_cycle)
        except UserError as error:
            raise ValueError(str(error)) from None
        if self.households == "distribution" and not provides:
            raise ValueError(f"households: {NOT_PROVIDED}, or a number of households")
        return self

    def _check_highest_pension(self, ages: Ages) -> None:
        """Check that a government that sets the rate of the pension cannot take all labour income for it."""
        life = replace(ages.life(self.productivity.chain()), rate=self.highest_rate)
        contribution, _ = life.rates_at(1 - life.retired, life.retired)
        if contribution >= 1:
            raise ValueError(
                f"highest_rate: with a {ages.pension.given} rate of {self.highest_rate:g} pensions would cost"
                f" {contribution:.0%} of labour income; lower it, or leave {ages.pension.given} out of instruments"
            )

    @property
    def provides_for_all(self) -> bool:
        """Whether retired households without assets, who are in every distribution, have pensions or bequests.

        Raises:
            UserError: pensions cost all labour income or more.
        """
        ages = self.life_cycle
        if ages is None or (ages.life(self.productivity.chain()).rates[0] > 0 and not self.sets_pension):
            return True
        return ages.survival != "certain"

    @property
    def sets_pension(self) -> bool:
        """Whether the given rate of a pension is an instrument of the government."""
        return self.life_cycle is not None and self.life_cycle.pension.given in self.instruments

    @property
    def status_quo_rates(self) -> dict[str, float]:
        """The policy before the government acts: all instruments that a policy has, by name and in order."""
        rates = self.status_quo.model_dump()
        pension = None if self.life_cycle is None else self.life_cycle.pension
        return (
            rates
            if pension is None or pension.given not in self.instruments
            else {**rates, pension.given: pension.rate}
        )

    def with_pension(self, rate: float) -> Parameters:
        """Return the parameters with another given rate of the pension of a life cycle."""
        assert self.life_cycle is not None
        ages = self.life_cycle.reformed({self.life_cycle.pension.given: rate})
        return self.model_copy(update={"life_cycle": ages})

    @property
    def least(self) -> float:
        """The lowest assets of a household."""
        return self.lowest_assets if self.aggregate_shocks is None else LEAST_HELD

    def taxes(self, policy: Policy) -> Taxes:
        """Return a policy, with what closes the budget, as the exact methods take it."""
        return policy.taxes(self.budget, schedule_of(self.income_tax))

    def reformed(self, changes: Mapping[str, float]) -> Taxes:
        """Return the taxes of the status quo with some instruments, or amounts of the budget, changed.

        Raises:
            UserError: no such instrument, or a value that is not allowed.
        """
        amounts = {name: value for name, value in changes.items() if name in AMOUNTS}
        budget = self.budget.model_copy(update=amounts)
        if "spending" in amounts and amounts["spending"] < 0:
            raise UserError(f"reform: spending: expected zero or more, found {amounts['spending']:g}")
        if (adjusts := budget.adjusts) in amounts and adjusts != "debt":
            raise UserError(f"reform: {adjusts}: it adjusts to close the budget and cannot be set")
        rates = {name: value for name, value in changes.items() if name not in amounts}
        for name, reason in self._without_effect.items():
            if name in rates:
                raise UserError(f"reform: {name}: it has no use, since {reason}; leave it out")
        return changed_policy(self.status_quo, rates).taxes(budget, schedule_of(self.income_tax))

    def household(self) -> Household:
        """Return the household's problem."""
        weight = self.labour_weight
        return Household(
            self.discount,
            self.risk_aversion,
            self.productivity.chain(),
            asset_grid(self.lowest_assets, self.largest_assets, self.grid_points),
            None if weight is None else Labour(weight, self.labour_curvature),
        )

    def firm(self) -> Technology:
        """Return the technology."""
        return Technology(self.capital_share, self.depreciation, self.technology)
