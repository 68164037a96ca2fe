r"""Stationary equilibria of households, a representative firm, a bank and a government with a closed budget.

The firm produces $Y = Z K^\alpha L^{1-\alpha}$ and pays $r = \alpha Y / K - \delta$ and $W = (1 - \alpha) Y / L$. The
bank holds capital and public debt and owes them to households, $A = K + B$, at the interest rate $r$. The government
taxes consumption, labour income, capital income and wealth, pays interest on its debt, and closes its budget as
:mod:`econsim.households.closures` says: by default it spends a share of what is left after interest on public
consumption and transfers the rest equally.

The interest rate is found by a secant method within bounds, first on coarse grids of assets, whose result starts the
next finer one. Policies start from those at the last two interest rates, extrapolated.

Sources: Bewley (1986), Huggett (1993), Aiyagari (1994); Heathcote, Storesletten and Violante (2017) for the tax on
labour income, here relative to mean labour income as in Guner, Kaygusuz and Ventura (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.closures import Closure
from econsim.households.distributions import stationary_distribution
from econsim.households.fixed_points import fixed_point
from econsim.households.policies import Policy, PolicySolver, coarser_grids
from econsim.households.problem import Budget, Household
from econsim.households.secant_line import SecantLine

__all__ = ["Aggregates", "Equilibrium", "Taxes", "Technology", "stationary_equilibrium"]

ROUNDS = 60
"""The largest number of interest rates, and of transfers at each of them, that are tried."""
_FINE, _COARSE = 1e-11, 1e-7  # tolerance of the policy on the household's grid, and on coarser ones
_AMPLIFIED = 1e3  # by how much an error of the policy may be amplified in assets
_LEAST = 1e-3  # ratio of assets to capital, where assets are below debt
_NEAR = 1e-3  # residual at which a coarse grid is left
_CUT = 1e-3  # share of assets that households own whose choices are cut; the interest rate then moves by 0.01 points
_NO_BOUND = 1e-10  # distance from the interest rate above which households save without bound
_OPEN = 1e-6  # gap of the government's budget, a share of private and public consumption, that is not rounding

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
    spending_share: of what is left after interest on debt and ``closure.spending``, for more public consumption, where
        the transfer adjusts; the rest is transferred.
    debt: per household, constant; where debt adjusts, that at which the transfer is ``closure.transfer``.
    brackets: thresholds of labour income from zero, multiples of its mean, and marginal rates that do not fall; they
        take the place of the level, which is then one, and of progressivity, zero.
    closure: what closes the budget. Where ``labour_tax`` does, ``labour_level`` is only where the search for it starts.
    """

    consumption: float = 0.0
    labour_level: float = 1.0
    progressivity: float = 0.0
    capital_income: float = 0.0
    wealth: float = 0.0
    spending_share: float = 0.0
    debt: float = 0.0
    brackets: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    closure: Closure = field(default_factory=Closure)

    @property
    def any(self) -> bool:
        """Whether there is a tax, debt or public consumption, so that a transfer that closes the budget is not zero."""
        plain = self.labour_level == 1 and self.progressivity == 0 and not any(self.brackets[1])
        return not plain or max(self.consumption, self.capital_income, self.wealth, self._owed) > 0

    @property
    def _owed(self) -> float:
        return max(abs(self.debt), abs(self.closure.spending))

    @property
    def allows_negative_transfer(self) -> bool:
        """Whether a transfer can be negative, since there is something to pay for beside the taxes' own revenue."""
        return self._owed > 0 or self.closure.adjusts != "transfer"

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
        brackets = tuple(start * mean_earnings for start in self.brackets[0]), self.brackets[1]
        return Budget(gross, wage, transfer, self.consumption, level, self.progressivity, brackets)

    def closed(self, rate: float, revenue: float, level: float, net: float) -> tuple[float, float, float, float]:
        """Return public consumption, the transfer, debt and the level of the labour tax that close the budget.

        Args:
            rate: of interest, less the growth of the population, since debt is constant per household.
            revenue: of all taxes, per household.
            level: of the labour tax at which it was raised.
            net: mean labour income after tax, at that level.
        """
        closure = self.closure
        if closure.adjusts != "debt":
            spending, transfer, level = self.settled(revenue - rate * self.debt, level, net)
            return spending, transfer, self.debt, level
        # T = left - G - r (B - debt), with the rule's B
        left, given, response = revenue - rate * self.debt, closure.transfer, closure.response
        transfer = (left - closure.spending - rate * given / response) / (1 - rate / response)
        return closure.spending, transfer, self.debt + (given - transfer) / response, level

    def settled(self, left: float, level: float, net: float) -> tuple[float, float, float]:
        """Return public consumption, the transfer and the level of the labour tax where debt is given.

        Args:
            left: of revenue and new debt after interest and debt that is repaid, per household.
            level: of the labour tax at which revenue was raised.
            net: mean labour income after tax, at that level.
        """
        closure = self.closure
        spending, transfer = closure.spending, closure.transfer
        if closure.adjusts == "transfer":
            spending += self.spending_share * (left - spending)
            transfer = left - spending
        elif closure.adjusts == "spending":
            spending = left - transfer
        else:
            level *= 1 + (left - spending - transfer) / net
        return spending, transfer, level

    def check(self) -> None:
        """Check what no equilibrium can have.

        Raises:
            UserError: marginal rates that fall with income, brackets that have to close the budget, or a tax that takes
                all labour income, capital income or wealth.
        """
        rates = self.brackets[1]
        if list(rates) != sorted(rates):
            raise UserError(
                f"brackets: marginal rates that fall with income, {', '.join(f'{rate:g}' for rate in rates)}: then the"
                " choice of hours can have several optima, which the endogenous grid method does not find; give rates"
                " that do not fall"
            )
        if rates and self.closure.adjusts == "labour_tax":
            raise UserError("brackets have no level that could close the budget; let the transfer or spending do that")
        whole = {
            "labour_tax": self.labour_level <= 0,
            "capital_tax": self.capital_income >= 1,
            "wealth_tax": self.wealth >= 1,
        }
        if any(whole.values()):
            names = " and ".join(name for name, takes_all in whole.items() if takes_all)
            raise UserError(
                "no stationary equilibrium: a tax takes all labour income, capital income or wealth; lower"
                f" {names} below 1"
            )


@dataclass(frozen=True)
class Aggregates:
    """Means per household and period, at one interest rate; ``labour_level`` is that of :class:`Taxes`."""

    assets: float
    labour: float
    consumption: float
    revenue: float
    spending: float
    transfer: float
    debt: float
    labour_level: float


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
    ceiling = rules.highest_interest_rate(household.discount)
    search = _Search(household, technology, rules)
    search.check(ceiling)
    first = ceiling - 0.1 * (ceiling + technology.depreciation) if start is None else start
    # Assets behave as 1 / (ceiling - rate) near the ceiling, so that their logarithm is nearly linear in the point.
    line = SecantLine(-np.log(ceiling - first), -np.log(ceiling + technology.depreciation))
    rounds = 0
    for grid in (*coarser_grids(household.grid), household.grid):
        is_last = grid is household.grid
        search.use(grid, _FINE if is_last else _COARSE)
        line.forget_bounds()
        for _ in range(ROUNDS):
            rounds += 1
            rate = ceiling - float(np.exp(-line.point))
            at = search.at(rate)
            if abs(at.residual) <= (tolerance if is_last else _NEAR):
                break
            if stops(rounds, f"residual {abs(at.residual):.2g}"):
                search.check_public_budget(rate, at)
                raise not_found(rate, at.residual, tolerance, rounds, stopped=True)
            line.move(at.gap, abs(at.gap) > _AMPLIFIED * search.accuracy)
            if np.exp(-line.point) < _NO_BOUND:
                search.check_public_budget(rate, at)
                raise UserError(
                    f"no stationary equilibrium on this grid: at every interest rate below {ceiling:.4g}, above which"
                    " households would save without bound, they own less than capital and debt; raise"
                    " economy.largest_assets or lower economy.budget.debt"
                )
        else:
            if is_last:
                search.check_public_budget(rate, at)
                raise not_found(rate, at.residual, tolerance, rounds)
    return search.equilibrium(rate, at, rounds)


def not_found(rate: float, residual: float, tolerance: float, rounds: int, stopped: bool = False) -> UserError:
    """Return the error of a search that ended, or was ``stopped``, before assets were what is owed to households."""
    remedy = "raise economy.grid_points or economy.largest_assets, or allow a larger solver.tolerance"
    return UserError(
        f"no stationary equilibrium was found: after {rounds} interest rates, the last {rate:.6g}, assets differ from"
        f" capital and debt by {abs(residual):.2g} of capital (tolerance {tolerance:g});"
        f" {'the time limit stopped the search: raise it' if stopped else remedy}"
    )


def check_grid(household: Household, assets: Floats, mass: Floats) -> None:
    """Check that the largest assets of the grid do not bind: choices beyond them are cut, and prices then depend on it.

    Args:
        household: with the grid.
        assets: at the start of the next period, ``[S, G]``.
        mass: of households, ``[S, G]``.

    Raises:
        UserError: households who are cut own more than a thousandth of all assets.
    """
    largest = float(household.grid[-1])
    owned = mass * np.maximum(assets, 0.0)
    cut = float(owned[assets >= largest].sum() / owned.sum())
    if cut > _CUT:
        raise UserError(
            f"no stationary equilibrium on this grid: households who would own more than economy.largest_assets,"
            f" {largest:g}, own {cut:.1%} of all assets, so that prices would be those of the grid; raise"
            " economy.largest_assets"
        )


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


class _Search:
    """Evaluates interest rates, each from the policies, transfer and labour of those before."""

    def __init__(self, household: Household, technology: Technology, taxes: Taxes) -> None:
        self.household, self.technology, self.taxes = household, technology, taxes
        self.labour = float(household.chain.stationary @ household.chain.values)
        if household.labour is not None:
            self.labour *= 0.5 * household.labour.most
        self.transfer, self.level = 0.0, taxes.labour_level
        if taxes.closure.adjusts != "transfer":
            self.transfer = taxes.closure.transfer
        self.policies: list[tuple[float, Floats]] = []  # interest rates and consumption, the last two

    def use(self, grid: Floats, accuracy: float) -> None:
        """Continue on another grid of assets, with this tolerance of the policy."""
        if self.policies:
            policy = self.policies[-1][1]
            finer = np.stack([np.interp(grid, self.household.grid, row) for row in policy])
            self.policies = [(self.policies[-1][0], finer)]
        self.household = replace(self.household, grid=grid)
        self.solver, self.accuracy = PolicySolver(self.household), accuracy

    def check(self, highest_rate: float) -> None:
        """Check what can be known before the search."""
        self.taxes.check()
        if highest_rate <= -self.technology.depreciation:
            raise UserError(
                f"no stationary equilibrium: at every interest rate above minus depreciation"
                f" {self.technology.depreciation:g}, the discount factor {self.household.discount:g} times the gross"
                " return after taxes is above 1, so that households save without bound"
            )
        closure = self.taxes.closure
        if closure.adjusts == "debt" and closure.response <= highest_rate:
            raise UserError(
                f"public debt explodes: its response {closure.response:g} has to be above {highest_rate:.4g}, the"
                " highest interest rate that an equilibrium can have; otherwise interest on debt outruns the rule"
            )

    def at(self, rate: float) -> _At:
        """Return the households' choices at an interest rate, with the transfer that closes the budget."""
        intensity = self.technology.capital_intensity(rate)
        wage = self.technology.wage(intensity)
        results: list[_At] = []
        closes_by_level = self.taxes.closure.adjusts == "labour_tax"

        def image(point: Floats) -> Floats:
            self._use(wage, point)
            results[:] = [self._try(rate, wage, intensity)]
            new = results[0].aggregates
            closing = max(new.labour_level, 0.5 * self.level) if closes_by_level else new.transfer / wage
            return np.array([closing, new.labour])

        first = np.array([self.level if closes_by_level else self.transfer / wage, self.labour])
        solved = fixed_point(image, first, max(self.accuracy, 1e-10), ROUNDS, self._is_admissible, memory=2)
        self._use(wage, solved.value)
        return results[0]

    def _use(self, wage: float, point: Floats) -> None:
        """Take what closes the budget and labour from a point of the search."""
        closing, self.labour = float(point[0]), float(point[1])
        if self.taxes.closure.adjusts == "labour_tax":
            self.level = closing
        elif self.taxes.closure.adjusts != "spending":
            self.transfer = wage * closing

    def _is_admissible(self, point: Floats) -> bool:
        """Return whether labour and the level are positive, and the transfer is not negative, if nothing needs that."""
        at_least_zero = self.taxes.allows_negative_transfer or point[0] >= 0
        return bool(point[1] > 0 and at_least_zero and (self.taxes.closure.adjusts != "labour_tax" or point[0] > 0))

    def _try(self, rate: float, wage: float, intensity: float) -> _At:
        household, taxes = self.household, replace(self.taxes, labour_level=self.level)
        budget = taxes.budget(rate, wage, self.transfer, wage * self.labour)
        policy = self.solver.solve(budget, self._guess(rate), self.accuracy)
        others = [each for each in self.policies if each[0] != rate]
        self.policies = [*others[-1:], (rate, policy.consumption)]
        mass, mass_residual = stationary_distribution(household.chain, household.grid, policy.assets)
        aggregates = self._aggregates(rate, wage, budget, policy, mass)
        productive = aggregates.assets - aggregates.debt
        ratio = productive / (intensity * aggregates.labour)
        gap, residual = float(np.log(max(ratio, _LEAST))), ratio - 1
        return _At(aggregates, budget, policy, mass, gap, residual, mass_residual)

    def _guess(self, rate: float) -> Floats | None:
        """Return consumption at an interest rate, on a line through the last two."""
        if not self.policies:
            return None
        last, policy = self.policies[-1]
        if len(self.policies) == 1 or rate == last:
            return policy
        before, other = self.policies[0]
        guess = policy + (policy - other) * (rate - last) / (last - before)
        return guess if guess.min() > 0 else policy

    def _aggregates(self, rate: float, wage: float, budget: Budget, policy: Policy, mass: Floats) -> Aggregates:
        taxes, chain = self.taxes, self.household.chain
        gross = wage * chain.values[:, None] * policy.hours
        net = budget.net_earnings(chain.values[:, None], policy.hours)
        assets, consumption = float((mass * policy.assets).sum()), float((mass * policy.consumption).sum())
        revenue = float((mass * (gross - net)).sum()) + taxes.consumption * consumption
        revenue += (taxes.capital_income * max(rate, 0.0) + taxes.wealth) * assets
        labour = float((mass * gross).sum()) / wage
        spending, transfer, debt, level = taxes.closed(rate, revenue, self.level, float((mass * net).sum()))
        return Aggregates(assets, labour, consumption, revenue, spending, transfer, debt, level)

    def check_public_budget(self, rate: float, at: _At) -> None:
        """Check that public consumption is not negative, and that the budget closes."""
        aggregates, closure = at.aggregates, self.taxes.closure
        if aggregates.spending < 0:
            paid = f" and transfers {closure.transfer:.4g}" if closure.adjusts == "spending" else ""
            raise UserError(
                f"no stationary equilibrium: revenue {aggregates.revenue:.4g} is below interest on public debt"
                f" {rate * aggregates.debt:.4g}{paid}, so that public consumption would be negative; raise a tax or"
                f" lower the debt{' or the transfer' if paid else ''}"
            )
        missing = abs(_budget_gap(rate, at)) / (aggregates.consumption + abs(aggregates.spending))
        if missing > _OPEN:
            raise UserError(
                f"no stationary equilibrium: the government's budget does not close, {missing:.2g} of consumption are"
                f" missing at a labour tax of {1 - self.level:.3g} at mean income and a transfer of"
                f" {self.transfer:.3g}; more has to be paid than can be raised: lower public consumption, the transfer"
                " or debt"
            )

    def equilibrium(self, rate: float, at: _At, rounds: int) -> Equilibrium:
        """Return the equilibrium at a rate that clears the market."""
        self.check_public_budget(rate, at)
        check_grid(self.household, at.policy.assets, at.distribution)
        aggregates, intensity = at.aggregates, self.technology.capital_intensity(rate)
        capital = intensity * aggregates.labour
        output = self.technology.output(capital, aggregates.labour)
        goods = output - aggregates.consumption - aggregates.spending - self.technology.depreciation * capital
        residuals = {
            "asset market": abs(at.residual),
            "goods market": abs(goods) / output,
            "government budget": abs(_budget_gap(rate, at)) / output,
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


def _budget_gap(rate: float, at: _At) -> float:
    """Return revenue less what it pays for, at the transfer that households received."""
    means = at.aggregates
    return means.revenue - rate * means.debt - means.spending - at.budget.transfer
