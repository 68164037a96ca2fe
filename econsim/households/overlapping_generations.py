r"""Stationary equilibria with overlapping generations: prices, choices by age, pensions and accidental bequests.

At an interest rate, choices follow by backward induction over ages with the endogenous grid method, and the
distribution forward from the newborn by Young's lottery. The transfer, labour and the bequests are a fixed point at
each rate, and the rate is found by the secant method of :mod:`econsim.households.equilibrium`, here in the logarithm of
$r + \delta$, in which capital per unit of labour is linear.

A household of age $j$ pays $(1 + \tau_c) c + a' = R (a + q) + N((1 - \theta) W e_j z h) + T + p_j$ with the bequest
$q$, which it receives at the start of the period and on which it earns interest, the contribution rate $\theta$ and the
pension $p_j$. The tax on labour income, a level with progressivity or brackets relative to its mean, leaves $N$ of it;
contributions are deducted before, and pensions are not taxed. Per person, with population growth $n$, the accounts are
$Y = C + G + (1 + n) K' - (1 - \delta) K$. Assets are capital and public debt, which is constant per person in a
stationary equilibrium, so that the government's budget is $G + T + (r - n) B = R$ with revenue $R$.

Sources: Diamond (1965), Huggett (1996); Carroll (2006) for the endogenous grid method; Young (2010).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats
from econsim.households.equilibrium import (
    ROUNDS,
    Aggregates,
    Equilibrium,
    Stops,
    Taxes,
    Technology,
    check_grid,
    not_found,
)
from econsim.households.fixed_points import fixed_point
from econsim.households.life_cycle import LifeCycle
from econsim.households.lottery import Lottery
from econsim.households.policies import Policy
from econsim.households.problem import Budget, Household
from econsim.households.secant_line import SecantLine
from econsim.households.steps import EulerStep
from econsim.households.welfare import Value, period_utility

__all__ = [
    "Generations",
    "LifeFlows",
    "age_choices",
    "bequests",
    "generations_equilibrium",
    "life_budgets",
    "life_flows",
    "life_policy",
    "newborn_value",
    "population",
]

_INNER = 1e-11  # tolerance of the transfer, labour and bequests at a rate, relative to the wage and to labour
_NO_FUTURE = 1e-300  # weight of the time after the last age, in which nothing is kept
_FIRST = 0.04  # the interest rate that is tried first where the discount factor is near one or above
_LONGEST = 0.5  # step of the search; far from the equilibrium public consumption may be more than can be raised
_TRACE = 1e-9  # share of the population
_LEAST = 1e-3  # ratio of assets less debt to capital, where households save nothing beyond debt
_OPEN = 1e-6  # gap of the government's budget, a share of private and public consumption, that is not rounding


@dataclass(frozen=True)
class Generations:
    """A stationary equilibrium of overlapping generations; amounts are per person and period, in units of output.

    equilibrium: prices and means. Its policy and distribution are ``[J * S, G]``, by age and productivity; assets in
        them are those before the bequest. Mean ``assets`` include bequests.
    life: ages and the pension.
    bequest: received by everybody at the start of a period.
    pension: of a retired person.
    contribution, replacement: rates.
    """

    equilibrium: Equilibrium
    life: LifeCycle
    bequest: float
    pension: float
    contribution: float
    replacement: float

    def by_age(self, amount: Floats) -> Floats:
        """Return the mean ``[J]`` of an amount ``[J * S, G]`` over people of each age."""
        mass = self.equilibrium.distribution.reshape(self.life.ages, -1)
        means: Floats = (mass * amount.reshape(mass.shape)).sum(1) / mass.sum(1)
        return means


def life_policy(household: Household, life: LifeCycle, budgets: list[Budget]) -> Policy:
    """Return the best choices ``[J * S, G]`` by age and productivity, by backward induction.

    Args:
        household: preferences, productivity and the grid of assets; its discount factor does not include survival.
        life: ages.
        budgets: of each age, ``J``.
    """
    states = household.chain.states
    shape = life.ages, states, len(household.grid)
    consumption, hours, assets = np.empty(shape), np.empty(shape), np.empty(shape)
    following = np.ones(shape[1:])
    for age in reversed(range(life.ages)):
        consumption[age], hours[age], assets[age] = age_choices(household, life, age, budgets[age], following)
        following = consumption[age]
    flat = states * life.ages, shape[-1]
    return Policy(consumption.reshape(flat), hours.reshape(flat), assets.reshape(flat))


def age_choices(
    household: Household,
    life: LifeCycle,
    age: int,
    budget: Budget,
    following: Floats,
    later: Budget | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Return consumption, hours and assets of the next period ``[S, G]`` at an age.

    Args:
        household: as in :func:`life_policy`.
        life: ages.
        age: counted from zero.
        budget: at this age.
        following: consumption ``[S, G]`` at the next age; any positive numbers at the last one.
        later: the budget of the next period, by default with the same return and tax on consumption.
    """
    chain, works = household.chain, life.efficiency[age] > 0
    # Without labour income ahead all states are worth the same. Then no probability may be zero, since marginal utility
    # is infinite where assets and pensions are zero.
    moves = chain.transition if life.efficiency[age + 1 :].any() else np.full_like(chain.transition, 1 / chain.states)
    here = replace(
        household,
        discount=household.discount * life.survival[age] or _NO_FUTURE,
        chain=Chain(life.efficiency[age] * chain.values, moves, chain.stationary),
        labour=household.labour if works else None,
    )
    step = EulerStep(here, budget, later)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step(following.ravel())
    return step.consumption, step.hours if works else np.zeros_like(step.hours), step.assets


def life_budgets(
    life: LifeCycle, taxes: Taxes, prices: tuple[float, float], labour: float, transfer: float, bequest: float
) -> list[Budget]:
    """Return the budget of each age, ``J``.

    Args:
        life: ages and the pension.
        taxes: with the level of the tax on labour income in force.
        prices: the interest rate and the wage.
        labour: effective, per person.
        transfer: to everybody.
        bequest: to everybody, at the start of the period.
    """
    (rate, wage), (contribution, replacement) = prices, life.rates
    plain = taxes.budget(rate, (1 - contribution) * wage, transfer, (1 - contribution) * wage * labour)
    received = transfer + plain.gross_return * bequest
    working = replace(plain, transfer=received)
    pensioner = replace(working, transfer=received + replacement * wage * labour / (1 - life.retired))
    return [working] * life.retirement + [pensioner] * (life.ages - life.retirement)


def population(household: Household, life: LifeCycle, assets: Floats) -> Floats:
    """Return the stationary distribution ``[J * S, G]`` under given assets of the next period, ``[J * S, G]``."""
    chosen = assets.reshape(life.ages, household.chain.states, -1)
    mass = np.zeros(chosen.shape)
    mass[0, :, 0] = life.newborns
    for age in range(life.ages - 1):
        mass[age + 1] = Lottery(household.chain, household.grid, chosen[age])(mass[age])
    return (life.shares[:, None, None] * mass).reshape(assets.shape)


def bequests(household: Household, life: LifeCycle, assets: Floats, mass: Floats) -> float:
    """Return what is left by those who die, per person of the next period; arguments are ``[J * S, G]``."""
    dying = np.repeat(1 - life.survival, household.chain.states)[:, None]
    return float((mass * dying * assets).sum()) / (1 + life.growth)


class LifeFlows(NamedTuple):
    """Means per person and period; ``assets`` are those of the next period, per person of that, bequests included."""

    assets: float
    labour: float
    consumption: float
    revenue: float
    kept: float  # of labour income, after contributions and the tax on it

    def means(self, spending: float, transfer: float, debt: float, level: float) -> Aggregates:
        """Return the means with what closes the government's budget."""
        return Aggregates(self.assets, self.labour, self.consumption, self.revenue, spending, transfer, debt, level)


def life_flows(
    household: Household,
    life: LifeCycle,
    taxes: Taxes,
    prices: tuple[float, float],
    budgets: list[Budget],
    policy: Policy,
    mass: Floats,
    wealth: float,
) -> LifeFlows:
    """Return means per person.

    ``wealth`` is that at the start of the period, the bequest included; other arguments are those of
    :func:`life_budgets` and its result.
    """
    rate, wage = prices
    productivity, contribution = life.productivity(household.chain)[:, None], life.rates[0]
    gross, net = wage * productivity * policy.hours, budgets[0].net_earnings(productivity, policy.hours)
    consumption = float((mass * policy.consumption).sum())
    revenue = float((mass * ((1 - contribution) * gross - net)).sum()) + taxes.consumption * consumption
    revenue += (taxes.capital_income * max(rate, 0.0) + taxes.wealth) * wealth
    saved = float((mass * policy.assets).sum()) / (1 + life.growth)
    return LifeFlows(saved, float((mass * gross).sum()) / wage, consumption, revenue, float((mass * net).sum()))


def newborn_value(household: Household, found: Generations) -> tuple[Value, float]:
    """Return expected lifetime utility of a newborn and the number of periods that it counts, discounted.

    Where there are neither pensions nor bequests, the lottery leaves a trace of retired people without assets, who
    consume nothing; they do not count.

    Raises:
        UserError: they are more than a trace; the message gives their number.
    """
    life, solved = found.life, found.equilibrium
    weights = household.discount ** np.arange(life.ages) * life.cohort
    mass = solved.distribution
    lived = mass * np.repeat(weights / life.shares, household.chain.states)[:, None]
    seen = solved.policy.consumption > 0
    if (missing := float(mass[~seen].sum())) > _TRACE:
        raise UserError(
            f"life_cycle: {missing:.2g} of all people are retired without assets, pension and bequests on this grid, so"
            " that lifetime utility is not known; use more grid points"
        )
    utility = period_utility(household, solved.policy.consumption[seen], solved.policy.hours[seen])
    parts = (np.asarray((lived[seen] * part).sum()) for part in utility)
    return Value(*parts), float(weights.sum())


def generations_equilibrium(
    household: Household,
    life: LifeCycle,
    technology: Technology,
    taxes: Taxes | None = None,
    tolerance: float = 1e-9,
    stops: Stops = lambda done, message: False,
) -> Generations:
    """Return the stationary equilibrium.

    Args:
        household: preferences, productivity and the grid of assets, which starts at zero.
        life: ages and the pension.
        technology: of the representative firm.
        taxes: none by default.
        tolerance: of the asset market, relative to capital.
        stops: takes the number of rounds that are done and a message, and returns whether to stop.

    Raises:
        UserError: there is no equilibrium, for the reason that the message gives, or the method did not reach the
            tolerance; the message then gives the residual and no number is returned.
    """
    rules = taxes or Taxes()
    search = _Search(household, life, technology, rules)
    share, depreciation = technology.capital_share, technology.depreciation
    if life.growth + depreciation <= 0:
        raise UserError(
            f"no stationary equilibrium: population growth {life.growth:g} and depreciation {depreciation:g} add up to"
            " zero or less, so that capital per person grows without bound"
        )
    first, highest = max(1 / household.discount - 1, _FIRST), np.inf
    if rules.closure.adjusts == "debt":  # the transfer has to fall by more than interest less growth adds to debt
        highest = rules.closure.response + life.growth
        first = min(first, highest - 0.1 * (highest + depreciation))
    # Capital is at most what there is, (1 + n) K <= Y + (1 - delta) K, so that K / Y <= 1 / (n + delta).
    lowest = np.log(share * (life.growth + depreciation))
    line = SecantLine(np.log(first + depreciation), lowest, _LONGEST, np.log(highest + depreciation))
    for rounds in range(1, ROUNDS + 1):
        rate = float(np.exp(line.point)) - depreciation
        at = search.at(rate)
        if abs(at.residual) <= tolerance:
            return search.equilibrium(rate, at, rounds)
        if stopped := stops(rounds, f"residual {abs(at.residual):.2g}"):
            break
        line.move(at.gap, abs(at.gap) > 1e3 * _INNER)
    if at.aggregates.assets <= at.aggregates.debt:
        raise UserError(
            f"no stationary equilibrium: at every interest rate that was tried households own less than public debt"
            f" {at.aggregates.debt:.4g} and some capital; lower debt"
        )
    search.check_public_budget(rate, at)
    raise not_found(rate, at.residual, tolerance, rounds, stopped)


@dataclass(frozen=True)
class _At:
    """The result of one interest rate; ``gap`` is the logarithm of assets less debt relative to capital."""

    aggregates: Aggregates
    budget: Budget
    policy: Policy
    distribution: Floats
    bequest: float
    pension: float
    gap: float
    residual: float


class _Search:
    """Evaluates interest rates, each from the transfer, labour and bequests of the one before."""

    def __init__(self, household: Household, life: LifeCycle, technology: Technology, taxes: Taxes) -> None:
        self.household, self.life, self.technology, self.taxes = household, life, technology, taxes
        self.contribution, self.replacement = life.rates
        self.productivity = life.productivity(household.chain)[:, None]
        self.labour = float(life.shares @ life.efficiency)
        if household.labour is not None:
            self.labour *= 0.5 * household.labour.most
        self.transfer = 0.0 if taxes.closure.adjusts == "transfer" else taxes.closure.transfer
        self.level, self.bequest = taxes.labour_level, 0.0
        self._check()

    def _check(self) -> None:
        self.taxes.check()
        if self.household.grid[0] != 0:
            raise UserError("life_cycle: households do not borrow, since debts would be left when they die")

    def at(self, rate: float) -> _At:
        """Return choices and means at an interest rate, with the transfer, labour and bequests that agree with them."""
        intensity = self.technology.capital_intensity(rate)
        wage = self.technology.wage(intensity)
        closes_by_level = self.taxes.closure.adjusts == "labour_tax"
        results: list[_At] = []

        def use(point: Floats) -> None:
            if closes_by_level:
                self.level = float(point[0])
            elif self.taxes.closure.adjusts != "spending":
                self.transfer = wage * float(point[0])
            self.labour, self.bequest = float(point[1]), wage * float(point[2])

        def image(point: Floats) -> Floats:
            use(point)
            results[:] = [self._try(rate, wage, intensity)]
            new = results[0].aggregates
            closing = max(new.labour_level, 0.5 * self.level) if closes_by_level else new.transfer / wage
            return np.array([closing, new.labour, results[0].bequest / wage])

        closing = self.level if closes_by_level else self.transfer / wage
        first = np.array([closing, self.labour, self.bequest / wage])
        solved = fixed_point(image, first, _INNER, ROUNDS, self._is_admissible, memory=3)
        use(solved.value)
        return results[0]

    def _is_admissible(self, point: Floats) -> bool:
        """Return whether labour, bequests and the level are possible, and the transfer, if nothing needs it, too."""
        at_least_zero = self.taxes.allows_negative_transfer or point[0] >= 0
        has_level = self.taxes.closure.adjusts != "labour_tax" or point[0] > 0
        return bool(point[1] > 0 and point[2] >= 0 and at_least_zero and has_level)

    def _try(self, rate: float, wage: float, intensity: float) -> _At:
        life, household = self.life, self.household
        taxes = replace(self.taxes, labour_level=self.level)
        budgets = life_budgets(life, taxes, (rate, wage), self.labour, self.transfer, self.bequest)
        self._check_income(budgets)
        policy = life_policy(household, life, budgets)
        mass = population(household, life, policy.assets)
        saved = float((mass * policy.assets).sum()) / (1 + life.growth)
        flows = life_flows(household, life, taxes, (rate, wage), budgets, policy, mass, saved)
        aggregates = flows.means(*taxes.closed(rate - life.growth, flows.revenue, self.level, flows.kept))
        left = bequests(household, life, policy.assets, mass)
        pension = self.replacement * wage * self.labour / (1 - life.retired)
        ratio = (aggregates.assets - aggregates.debt) / (intensity * aggregates.labour)
        gap = float(np.log(max(ratio, _LEAST)))
        return _At(aggregates, budgets[0], policy, mass, left, pension, gap, ratio - 1)

    def _check_income(self, budgets: list[Budget]) -> None:
        """Check that nobody has a negative income, and somebody who works a positive one."""
        most = 1.0 if self.household.labour is None else self.household.labour.most
        states = self.household.chain.states
        for age, budget in enumerate(budgets):
            lowest = self.productivity[age * states : (age + 1) * states].min()
            income = float(budget.net_earnings(lowest, np.array(most))) + budget.transfer
            if income < 0 or (income == 0 and lowest > 0):
                hint = "lower the taxes or raise the transfer"
                if self.taxes.closure.adjusts == "debt":
                    hint += ", or let debt respond by more, which explodes below interest less growth"
                elif self.taxes.debt > 0:
                    hint += ", or lower public debt"
                raise UserError(
                    f"no stationary equilibrium: the lowest income at age {age} of a life leaves no consumption,"
                    f" {income:.3g} per period; {hint}"
                )

    def check_public_budget(self, rate: float, at: _At) -> None:
        """Check that public consumption is not negative, and that the budget closes."""
        means, interest = at.aggregates, self._interest(rate, at)
        if means.spending < 0:
            raise UserError(
                f"no stationary equilibrium: revenue {means.revenue:.4g} does not pay for the transfer"
                f" {means.transfer:.4g} and interest less growth of debt {interest:.4g}, so that public consumption"
                " would be negative; raise a tax, or lower the transfer or debt"
            )
        missing = abs(means.revenue - interest - means.spending - self.transfer)
        missing /= means.consumption + means.spending
        if missing > _OPEN:
            raise UserError(
                f"no stationary equilibrium: the government's budget does not close, {missing:.2g} of private and"
                " public consumption are missing; more has to be paid than can be raised: lower public consumption, the"
                " transfer or debt"
            )

    def _interest(self, rate: float, at: _At) -> float:
        """Return interest on debt less what is borrowed anew for a larger population."""
        return (rate - self.life.growth) * at.aggregates.debt

    def equilibrium(self, rate: float, at: _At, rounds: int) -> Generations:
        """Return the equilibrium at a rate that clears the market."""
        self.check_public_budget(rate, at)
        check_grid(self.household, at.policy.assets, at.distribution)
        means, life = at.aggregates, self.life
        intensity = self.technology.capital_intensity(rate)
        capital, wage = intensity * means.labour, self.technology.wage(intensity)
        output = self.technology.output(capital, means.labour)
        invested = (life.growth + self.technology.depreciation) * capital
        goods = output - means.consumption - means.spending - invested
        received = float((at.distribution * self.household.grid).sum()) + self.bequest
        budget = means.revenue - self._interest(rate, at) - means.spending - self.transfer
        residuals = {
            "asset market": abs(at.residual),
            "goods market": abs(goods) / output,
            "government budget": abs(budget) / output,
            "pensions": abs(self.contribution * wage * means.labour - at.pension * life.retired) / output,
            "bequests": abs(received - means.assets) / capital,
        }
        solved = Equilibrium(
            rate, wage, capital, output, means, at.budget, at.policy, at.distribution, residuals, rounds
        )
        return Generations(solved, life, self.bequest, at.pension, self.contribution, self.replacement)
