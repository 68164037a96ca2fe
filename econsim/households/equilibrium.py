r"""Stationary equilibria of households, a representative firm, a bank and a government with a closed budget.

The firm produces $Y = Z K^\alpha L^{1-\alpha}$ and pays $r = \alpha Y / K - \delta$ and $W = (1 - \alpha) Y / L$. The
bank holds capital and public debt and owes them to households, $A = K + B$, at the interest rate $r$. The government
taxes consumption, labour income, capital income and wealth, pays interest on a constant debt, spends a share of the
remaining revenue on public consumption, and transfers the rest equally: the transfer closes its budget.

The interest rate is found by a secant method within bounds.

Sources: Bewley (1986), Huggett (1993), Aiyagari (1994); Heathcote, Storesletten and Violante (2017) for the tax on
labour income, here relative to mean labour income as in Guner, Kaygusuz and Ventura (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.distributions import stationary_distribution
from econsim.households.policies import Policy, best_policy
from econsim.households.problem import Budget, Household

__all__ = ["Aggregates", "Equilibrium", "Taxes", "Technology", "stationary_equilibrium"]

ROUNDS = 60
"""The largest number of interest rates, and of transfers at each of them, that are tried."""
_FINEST, _COARSEST = 1e-11, 1e-5  # tolerance of the policy, near to and far from market clearing
_AMPLIFIED = 1e3  # by how much an error of the policy may be amplified in assets
_LEAST = 1e-3  # ratio of assets to capital, where assets are below debt
_LONGEST = 2.0  # step of the secant method

Stops = Callable[[int, str], bool]


@dataclass(frozen=True)
class Technology:
    r"""Technology: $\alpha$ ``capital_share``, $\delta$ ``depreciation``, $Z$ ``productivity``."""

    capital_share: float
    depreciation: float
    productivity: float = 1.0

    def capital_intensity(self, interest_rate: float) -> float:
        r"""Return $K / L$ at which the firm pays the interest rate, which is above $-\delta$."""
        marginal = (interest_rate + self.depreciation) / (self.capital_share * self.productivity)
        return float(marginal ** (1 / (self.capital_share - 1)))

    def interest_rate(self, intensity: float) -> float:
        """Return the interest rate at a ratio of capital to labour."""
        marginal = self.capital_share * self.productivity * intensity ** (self.capital_share - 1)
        return float(marginal - self.depreciation)

    def wage(self, intensity: float) -> float:
        """Return the wage of a unit of effective labour at a ratio of capital to labour."""
        return float((1 - self.capital_share) * self.productivity * intensity**self.capital_share)

    def output(self, capital: float, labour: float) -> float:
        """Return output."""
        return float(self.productivity * capital**self.capital_share * labour ** (1 - self.capital_share))


@dataclass(frozen=True)
class Taxes:
    r"""Tax rules and public finance.

    consumption, capital_income, wealth: rates.
    labour_level: $\lambda$, the share of labour income that a household of mean labour income $\bar y$ keeps.
    progressivity: $\tau$ in [0, 1): after tax, labour income $y$ is $\lambda \bar y (y / \bar y)^{1 - \tau}$.
    spending_share: of revenue after interest on debt, for public consumption; the rest is transferred.
    debt: per household, constant.
    """

    consumption: float = 0.0
    labour_level: float = 1.0
    progressivity: float = 0.0
    capital_income: float = 0.0
    wealth: float = 0.0
    spending_share: float = 0.0
    debt: float = 0.0

    @property
    def any(self) -> bool:
        """Whether there is a tax or debt, so that transfers have to be found."""
        plain = self.labour_level == 1 and self.progressivity == 0
        return not plain or max(self.consumption, self.capital_income, self.wealth, abs(self.debt)) > 0

    def gross_return(self, interest_rate: float) -> float:
        """Return the gross return on assets after taxes; negative interest is neither taxed nor refunded."""
        return 1 + interest_rate - self.capital_income * max(interest_rate, 0.0) - self.wealth

    def highest_interest_rate(self, discount: float) -> float:
        """Return the interest rate at which the discount factor times the gross return after taxes is one."""
        rate = 1 / discount - 1 + self.wealth  # positive
        return rate / (1 - self.capital_income) if self.capital_income < 1 else np.inf

    def budget(self, interest_rate: float, wage: float, transfer: float, mean_earnings: float) -> Budget:
        """Return a household's budget; ``mean_earnings`` is mean labour income before tax."""
        level = self.labour_level * mean_earnings**self.progressivity
        gross = self.gross_return(interest_rate)
        return Budget(gross, wage, transfer, self.consumption, level, self.progressivity)


@dataclass(frozen=True)
class Aggregates:
    """Means per household and period, at one interest rate."""

    assets: float
    labour: float
    consumption: float
    revenue: float
    spending: float
    transfer: float


@dataclass(frozen=True)
class Equilibrium:
    """A stationary equilibrium; amounts are per household and period, in units of output.

    policy: optimal choices.
    distribution: ``[S, G]``, the mass of households by productivity and assets.
    residuals: by name, of the asset market relative to capital, the goods market and the government's budget relative
        to output, the household's policy and the distribution.
    rounds: the number of interest rates that were tried.
    """

    interest_rate: float
    wage: float
    capital: float
    output: float
    aggregates: Aggregates
    budget: Budget
    policy: Policy
    distribution: Floats
    residuals: dict[str, float]
    rounds: int


def stationary_equilibrium(
    household: Household,
    technology: Technology,
    taxes: Taxes | None = None,
    tolerance: float = 1e-9,
    start: float | None = None,
    stops: Stops = lambda done, message: False,
) -> Equilibrium:
    """Return the stationary equilibrium.

    Args:
        household: preferences, productivity and the grid of assets.
        technology: of the representative firm.
        taxes: none by default.
        tolerance: of the asset market, relative to capital.
        start: the interest rate that is tried first.
        stops: takes the number of rounds that are done and a message, and returns whether to stop.

    Raises:
        UserError: there is no equilibrium, for the reason that the message gives, or the method did not reach the
            tolerance; the message then gives the residual and no number is returned.
    """
    rules = taxes or Taxes()
    search = _Search(household, technology, rules)
    ceiling = rules.highest_interest_rate(household.discount)
    search.check(ceiling)
    # Assets behave as 1 / (ceiling - rate) near the ceiling, so that their logarithm is nearly linear in this one.
    low, high = -np.log(ceiling + technology.depreciation), np.inf
    first = ceiling - 0.1 * (ceiling + technology.depreciation) if start is None else start
    point = -np.log(ceiling - first)
    before: tuple[float, float] | None = None
    for rounds in range(1, ROUNDS + 1):
        rate = ceiling - float(np.exp(-point))
        at = search.at(rate)
        if at.accuracy <= _FINEST and abs(at.residual) <= tolerance:
            return search.equilibrium(rate, at, rounds)
        if stops(rounds, f"residual {abs(at.residual):.2g}"):
            break
        if at.accuracy <= _FINEST or abs(at.residual) > tolerance:
            if abs(at.gap) > _AMPLIFIED * at.accuracy:  # its sign is certain
                low, high = (point, high) if at.gap < 0 else (low, point)
            point, before = _next(point, at.gap, before, low, high), (point, at.gap)
    raise UserError(
        f"no stationary equilibrium was found: after {rounds} interest rates, the last {rate:.6g}, assets differ from"
        f" capital and debt by {abs(at.residual):.2g} of capital (tolerance {tolerance:g}); use more grid points or a"
        " higher largest amount of assets"
    )


def _next(point: float, gap: float, before: tuple[float, float] | None, low: float, high: float) -> float:
    """Return the next point of the secant method; a step of unit slope or a bisection where that leaves the bounds."""
    steps = [] if before is None or before[1] == gap else [-gap * (point - before[0]) / (gap - before[1])]
    for step in (*steps, -gap):
        if low < point + np.clip(step, -_LONGEST, _LONGEST) < high:
            return float(point + np.clip(step, -_LONGEST, _LONGEST))
    return float((low + high) / 2 if np.isfinite(high) else point + 1)


@dataclass(frozen=True)
class _At:
    """The result of one interest rate; ``gap`` is the logarithm of assets less debt relative to capital."""

    aggregates: Aggregates
    budget: Budget
    policy: Policy
    distribution: Floats
    gap: float
    residual: float
    mass_residual: float
    accuracy: float


class _Search:
    """Evaluates interest rates, each from the policy, transfer and labour of the one before."""

    def __init__(self, household: Household, technology: Technology, taxes: Taxes) -> None:
        self.household, self.technology, self.taxes = household, technology, taxes
        self.labour = float(household.chain.stationary @ household.chain.values)
        if household.labour is not None:
            self.labour *= 0.5 * household.labour.most
        self.transfer = 0.0
        self.policy: Floats | None = None
        self.accuracy = _COARSEST

    def check(self, highest_rate: float) -> None:
        """Check what can be known before the search."""
        if self.taxes.capital_income >= 1 or self.taxes.labour_level <= 0 or self.taxes.wealth >= 1:
            raise UserError("no stationary equilibrium: a tax takes all labour income, capital income or wealth")
        if highest_rate <= -self.technology.depreciation:
            raise UserError(
                f"no stationary equilibrium: at every interest rate above minus depreciation"
                f" {self.technology.depreciation:g}, the discount factor {self.household.discount:g} times the gross"
                " return after taxes is above 1, so that households save without bound"
            )

    def at(self, rate: float) -> _At:
        """Return the households' choices at an interest rate, with the transfer that closes the budget."""
        intensity = self.technology.capital_intensity(rate)
        wage = self.technology.wage(intensity)
        for _ in range(ROUNDS):
            result = self._try(rate, wage, intensity)
            new = result.aggregates
            change = max(abs(new.transfer - self.transfer) / wage, abs(new.labour - self.labour) / self.labour)
            self.transfer, self.labour = new.transfer, new.labour
            if change <= max(self.accuracy, 1e-10):
                break
        self.accuracy = max(_FINEST, min(_COARSEST, 1e-3 * result.gap**2))  # the secant method is superlinear
        return result

    def _try(self, rate: float, wage: float, intensity: float) -> _At:
        household, taxes = self.household, self.taxes
        budget = taxes.budget(rate, wage, self.transfer, wage * self.labour)
        policy = best_policy(household, budget, self.policy, self.accuracy)
        self.policy = policy.consumption
        mass, mass_residual = stationary_distribution(household.chain, household.grid, policy.assets)
        aggregates = self._aggregates(rate, wage, budget, policy, mass)
        productive = aggregates.assets - taxes.debt
        ratio = productive / (intensity * aggregates.labour)
        gap, residual = float(np.log(max(ratio, _LEAST))), ratio - 1
        return _At(aggregates, budget, policy, mass, gap, residual, mass_residual, self.accuracy)

    def _aggregates(self, rate: float, wage: float, budget: Budget, policy: Policy, mass: Floats) -> Aggregates:
        taxes, chain = self.taxes, self.household.chain
        gross = wage * chain.values[:, None] * policy.hours
        net = budget.net_earnings(chain.values[:, None], policy.hours)
        assets, consumption = float((mass * policy.assets).sum()), float((mass * policy.consumption).sum())
        revenue = float((mass * (gross - net)).sum()) + taxes.consumption * consumption
        revenue += (taxes.capital_income * max(rate, 0.0) + taxes.wealth) * assets
        left = revenue - rate * taxes.debt
        spending = taxes.spending_share * left
        return Aggregates(assets, float((mass * gross).sum()) / wage, consumption, revenue, spending, left - spending)

    def equilibrium(self, rate: float, at: _At, rounds: int) -> Equilibrium:
        """Return the equilibrium at a rate that clears the market."""
        aggregates, taxes = at.aggregates, self.taxes
        if aggregates.spending < 0:
            raise UserError(
                f"no stationary equilibrium: revenue {aggregates.revenue:.4g} is below interest on public debt"
                f" {rate * taxes.debt:.4g}, so that public consumption would be negative; raise a tax or lower the debt"
            )
        intensity = self.technology.capital_intensity(rate)
        capital = intensity * aggregates.labour
        output = self.technology.output(capital, aggregates.labour)
        goods = output - aggregates.consumption - aggregates.spending - self.technology.depreciation * capital
        budget_gap = aggregates.transfer - at.budget.transfer
        residuals = {
            "asset market": abs(at.residual),
            "goods market": abs(goods) / output,
            "government budget": abs(budget_gap) / output,
            "household policy": at.policy.residual,
            "distribution": at.mass_residual,
        }
        return Equilibrium(
            rate,
            self.technology.wage(intensity),
            capital,
            output,
            aggregates,
            at.budget,
            at.policy,
            at.distribution,
            residuals,
            rounds,
        )
