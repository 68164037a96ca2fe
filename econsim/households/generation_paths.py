r"""Transition paths with overlapping generations, from one stationary equilibrium to that after a reform.

Households learn of the reform in period 0 and know all prices from then on, also where taxes or the pension change
later. Choices follow backward over periods and ages from the final equilibrium, and the distribution forward from the
first one. Capital and bequests at the end of each period, labour, and what closes the government's budget
$G + T + (1 + r) B = R + (1 + n) B'$ are a fixed point, found by iteration with Anderson's acceleration as in Auerbach
and Kotlikoff's method, without linearisation. Public debt is per person, and what the taxes of a period say of it is
that at the end of the period, unless debt adjusts.

Source: Auerbach and Kotlikoff (1987), "Dynamic Fiscal Policy".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.equilibrium import Aggregates, Stops, Taxes, Technology
from econsim.households.fixed_points import fixed_point
from econsim.households.life_cycle import LifeCycle
from econsim.households.life_values import by_age, write_best_choices
from econsim.households.lottery import Lottery
from econsim.households.overlapping_generations import Generations, bequests, life_budgets, life_flows
from econsim.households.policies import Policy
from econsim.households.problem import Budget, Household

__all__ = ["Ends", "GenerationPath", "Rules", "generation_path", "later"]

_LIMIT = 200  # evaluations of a path
_MEMORY = 10
_ARRIVED = 1e-3  # distance from the final capital in the last period, relative to it
_ROUNDING = 1e-9  # of public consumption, a share of output
_APPROACH = 0.93  # by which the distance of capital falls in a period, in the path that is tried first


Ends = tuple[Generations, Generations]
"""The equilibria before and after a reform."""


class Rules(NamedTuple):
    """The government of a period."""

    taxes: Taxes
    life: LifeCycle  # of which only the rate of the pension differs between periods


@dataclass(frozen=True)
class GenerationPath:
    """A path; amounts are per person and period, in units of output.

    paths: ``[T]`` by name: ``interest_rate``, ``wage``, ``capital``, ``bequest`` and ``debt`` at the start of the
        period, ``labour``, ``output``, ``consumption``, ``spending``, ``transfer``, ``labour_level``, ``contribution``
        and ``pension``.
    choices: ``[3, T, J, S, G]``, consumption, hours and assets at the end of the period.
    residuals: the largest over periods, by name.
    evaluations: the number of paths that were tried.
    """

    paths: dict[str, Floats]
    choices: Floats
    residuals: dict[str, float]
    evaluations: int


def generation_path(
    household: Household,
    technology: Technology,
    rules: Sequence[Rules],
    before: Generations,
    after: Generations,
    tolerance: float = 1e-8,
    stops: Stops = lambda done, message: False,
) -> GenerationPath:
    """Return the path under ``rules`` ``[T]``, which households learn in period 0.

    Args:
        household: preferences, productivity and the grid of assets.
        technology: of the representative firm.
        rules: of each period, with the same ``closure.adjusts``; the last are those of ``after``.
        before: whose people, capital, bequests and debt are those of period 0.
        after: the stationary equilibrium under the last rules, in which the economy has to be in the end.
        tolerance: of the fixed point, relative.
        stops: takes the number of paths that were tried and a message, and returns whether to stop.

    Raises:
        UserError: the path was not found to the tolerance, or has not arrived in the last period, or public
            consumption or that of a household would be negative; the message gives the residual.
    """
    system = _System(household, technology, rules, before, after)
    done, last = 0, np.inf

    def image(point: Floats) -> Floats:
        nonlocal done, last
        new = system.image(point)
        done, last = done + 1, float(np.abs(new - point).max())
        if stops(done, f"residual {last:.2g}"):
            raise _not_found(done, last, tolerance)
        return new

    solved = fixed_point(image, system.first(), tolerance, _LIMIT, system.is_admissible, _MEMORY)
    if not solved.residual <= tolerance:
        raise _not_found(done, solved.residual, tolerance)
    return system.path(solved.residual, done)


def later(household: Household, start: Generations, found: GenerationPath, periods: int) -> Generations:
    """Return the state of a path from ``start`` after some periods, in which another path can start."""
    life, shape = start.life, found.choices.shape[2:]
    mass = start.equilibrium.distribution.reshape(shape)
    for assets in found.choices[2, :periods]:
        mass = _a_period_later(household, life, mass, assets)
    capital, bequest, debt = (float(found.paths[name][periods]) for name in ("capital", "bequest", "debt"))
    solved = start.equilibrium
    means = replace(solved.aggregates, debt=debt)
    people = mass.reshape(solved.distribution.shape)
    solved = replace(solved, capital=capital, aggregates=means, distribution=people)
    return replace(start, equilibrium=solved, bequest=bequest)


def _a_period_later(household: Household, life: LifeCycle, mass: Floats, assets: Floats) -> Floats:
    """Return the distribution ``[J, S, G]`` of the next period, given assets at the end of this one."""
    after = np.zeros_like(mass)
    after[0, :, 0] = life.shares[0] * life.newborns
    for age in range(life.ages - 1):
        moved = Lottery(household.chain, household.grid, assets[age])(mass[age])
        after[age + 1] = life.survival[age] / (1 + life.growth) * moved
    return after


def _not_found(done: int, residual: float, tolerance: float) -> UserError:
    return UserError(
        f"no path was found: after {done} evaluations it still changes by {residual:.2g} (tolerance {tolerance:g});"
        " give more periods or a smaller reform"
    )


class _System:
    """Paths of capital and bequests at the end of each period, of labour, and of what closes the budget, ``[4, T]``.

    Capital and labour are relative to their final values, bequests and the transfer to the final wage.
    """

    def __init__(
        self,
        household: Household,
        technology: Technology,
        rules: Sequence[Rules],
        before: Generations,
        after: Generations,
    ) -> None:
        self.household, self.technology, self.rules = household, technology, rules
        self.before, self.after, self.life, self.periods = before, after, after.life, len(rules)
        self.shape = self.life.ages, household.chain.states, len(household.grid)
        self.mass = before.equilibrium.distribution.reshape(self.shape)
        final, self.adjusts = after.equilibrium, rules[-1].taxes.closure.adjusts
        self.closes_by_level = self.adjusts == "labour_tax"
        closing = final.aggregates.labour_level if self.closes_by_level else final.aggregates.transfer
        wage = final.wage
        self.scales = np.array([final.capital, wage, final.aggregates.labour, 1.0 if self.closes_by_level else wage])
        self.final = np.array([final.capital, after.bequest, final.aggregates.labour, closing]) / self.scales
        self.last = by_age(final.policy, self.life)
        self.choices = np.empty((3, self.periods, *self.shape))

    def first(self) -> Floats:
        """Return the point that is tried first: capital approaches its final value, all else is there at once."""
        point = np.repeat(self.final[:, None], self.periods, 1)
        point[0] += (self.before.equilibrium.capital / self.scales[0] - 1) * _APPROACH ** np.arange(1, self.periods + 1)
        return point.ravel()

    def is_admissible(self, point: Floats) -> bool:
        """Return whether capital, labour and the level are positive, and bequests not negative."""
        capital, bequest, labour, closing = point.reshape(4, -1)
        possible = min(capital.min(), labour.min()) > 0 and bequest.min() >= 0
        return bool(possible and (not self.closes_by_level or closing.min() > 0))

    def image(self, point: Floats) -> Floats:
        """Return the path of what households' choices at the prices of a path add up to."""
        ended, bequest, labour, closing = self.scales[:, None] * point.reshape(4, -1)
        capital = np.append(self.before.equilibrium.capital, ended[:-1])
        received = np.append(self.before.bequest, bequest[:-1])
        taxes = [each.taxes for each in self.rules]
        if self.closes_by_level:
            taxes = [replace(each, labour_level=level) for each, level in zip(taxes, closing, strict=True)]
        given = self.adjusts in ("spending", "labour_tax")
        transfers = np.array([each.closure.transfer for each in taxes]) if given else closing
        prices = [self._prices(*each) for each in zip(capital, labour, strict=True)]
        lives = [each.life for each in self.rules]
        budgets = [life_budgets(*each) for each in zip(lives, taxes, prices, labour, transfers, received, strict=True)]
        write_best_choices(
            self.choices, self.household, self.life, budgets, self.last[0], self.after.equilibrium.budget
        )
        self._forward(taxes, prices, budgets, capital)
        self.start = {"capital": capital, "bequest": received, "debt": self.debt[:-1], "transfer": transfers}
        self.prices = np.array(prices)
        closed = [each.labour_level if self.closes_by_level else each.transfer for each in self.means]
        if self.closes_by_level:
            closed = np.maximum(closed, 0.5 * closing)
        saved, worked = ([getattr(each, name) for each in self.means] for name in ("assets", "labour"))
        new = np.array([np.array(saved) - self.debt[1:], self.left, worked, closed])
        relative: Floats = new / self.scales[:, None]
        return relative.ravel()

    def _prices(self, capital: float, labour: float) -> tuple[float, float]:
        intensity = capital / labour
        return self.technology.interest_rate(intensity), self.technology.wage(intensity)

    def _forward(
        self, taxes: list[Taxes], prices: list[tuple[float, float]], budgets: list[list[Budget]], capital: Floats
    ) -> None:
        """Set means, bequests and debt of all periods."""
        household, mass, flat = self.household, self.mass, (-1, self.shape[2])
        self.means: list[Aggregates] = []
        self.left, self.debt = np.empty(self.periods), np.empty(self.periods + 1)
        self.debt[0] = self.before.equilibrium.aggregates.debt
        for period, (tax, at, now) in enumerate(zip(taxes, prices, budgets, strict=True)):
            policy, people = Policy(*(part[period].reshape(flat) for part in self.choices)), mass.reshape(flat)
            life, owned = self.rules[period].life, float(capital[period] + self.debt[period])
            flows = life_flows(household, life, tax, at, now, policy, people, owned)
            closed = self._closed(tax, at[0], float(self.debt[period]), flows.revenue, flows.kept)
            self.means.append(flows.means(*closed))
            self.debt[period + 1] = closed[2]
            self.left[period] = bequests(household, life, policy.assets, people)
            mass = _a_period_later(household, life, mass, self.choices[2, period])

    def _closed(
        self, tax: Taxes, rate: float, owed: float, revenue: float, kept: float
    ) -> tuple[float, float, float, float]:
        """Return public consumption, the transfer, debt at the end of a period and the level of the labour tax."""
        closure, growth = tax.closure, 1 + self.life.growth
        due = (1 + rate) * owed
        if self.adjusts == "debt":
            transfer = closure.transfer - closure.response * (owed - tax.debt)
            debt = (due + closure.spending + transfer - revenue) / growth
            return closure.spending, transfer, debt, tax.labour_level
        spending, transfer, level = tax.settled(revenue - due + growth * tax.debt, tax.labour_level, kept)
        return spending, transfer, tax.debt, level

    # --- the result ---------------------------------------------------------------------------------------------

    def path(self, residual: float, evaluations: int) -> GenerationPath:
        """Return the last path that was tried."""
        wages, capital = self.prices[:, 1], self.start["capital"]
        labour = np.array([each.labour for each in self.means])
        output = np.array([self.technology.output(*each) for each in zip(capital, labour, strict=True)])
        rates = np.array([each.life.rates for each in self.rules])
        paths = {
            "interest_rate": self.prices[:, 0],
            "wage": wages,
            **self.start,
            "labour": labour,
            "output": output,
            **{name: np.array([getattr(each, name) for each in self.means]) for name in ("consumption", "spending")},
            "labour_level": np.array([each.labour_level for each in self.means]),
            "contribution": rates[:, 0],
            "pension": rates[:, 1] * wages * labour / (1 - self.life.retired),
        }
        ended = np.array([each.assets for each in self.means]) - self.debt[1:]
        distance = abs(float(ended[-1]) / self.after.equilibrium.capital - 1)
        self._check(distance, paths["spending"] / output)
        kept = 1 - self.technology.depreciation
        goods = output - paths["consumption"] - paths["spending"] - (1 + self.life.growth) * ended + kept * capital
        residuals = {
            "fixed point": residual,
            "goods market": float(np.abs(goods / output).max()),
            "arrival": distance,
        }
        return GenerationPath(paths, self.choices, residuals, evaluations)

    def _check(self, distance: float, spending: Floats) -> None:
        if distance > _ARRIVED:
            raise UserError(
                f"the path has not arrived after {self.periods} periods: capital differs by {distance:.2g} from that of"
                " the final equilibrium; give more periods"
            )
        if spending.min() < -_ROUNDING:
            raise UserError(
                f"the path cannot be paid for: public consumption would be negative in period {spending.argmin()},"
                f" {spending.min():.3g} of output; raise a tax, or lower the transfer or debt"
            )
        least = self.choices[0].min((1, 2, 3))
        if least.min() < 0:
            raise UserError(
                f"on the path somebody has nothing to consume in period {least.argmin()}; give more to those who have"
                " least, or announce a smaller reform"
            )
