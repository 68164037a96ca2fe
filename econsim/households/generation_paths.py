r"""Transition paths with overlapping generations, from one stationary equilibrium to that after a reform.

Households learn of the reform in period 0 and know all prices from then on. Choices follow backward over periods and
ages from the final equilibrium, and the distribution forward from the first one. Capital and bequests at the end of
each period, labour, and what closes the government's budget are a fixed point, found by iteration with Anderson's
acceleration as in Auerbach and Kotlikoff's method, without linearisation.

Gains are consumption equivalents for the rest of a life: of people by their age in period 0, and of the newborn of each
period, who do not know their productivity.

Source: Auerbach and Kotlikoff (1987), "Dynamic Fiscal Policy".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.equilibrium import Aggregates, Stops, Taxes, Technology
from econsim.households.fixed_points import fixed_point
from econsim.households.life_cycle import expected_periods
from econsim.households.life_values import (
    by_age,
    stationary_lives,
    values_before,
    write_best_choices,
)
from econsim.households.lottery import Lottery
from econsim.households.overlapping_generations import Generations, bequests, life_budgets, life_means
from econsim.households.policies import Policy
from econsim.households.problem import Budget, Household
from econsim.households.welfare import Value, consumption_equivalent

__all__ = ["GenerationPath", "generation_path"]

_LIMIT = 200  # evaluations of a path
_MEMORY = 10
_ARRIVED = 1e-3  # distance from the final capital in the last period, relative to it
_APPROACH = 0.93  # by which the distance of capital falls in a period, in the path that is tried first


@dataclass(frozen=True)
class GenerationPath:
    """A path; amounts are per person and period, in units of output.

    paths: ``[T]`` by name: ``interest_rate``, ``wage``, ``capital`` and ``bequest`` at the start of the period,
        ``labour``, ``output``, ``consumption``, ``spending``, ``transfer``, ``labour_level`` and ``pension``.
    gains: ``[J]``, by age in period 0.
    newborns: ``[T]``, of those who are born in each period.
    winners: the share of people of period 0 who gain, each in its own state.
    residuals: the largest over periods, by name.
    evaluations: the number of paths that were tried.
    """

    paths: dict[str, Floats]
    gains: Floats
    newborns: Floats
    winners: float
    residuals: dict[str, float]
    evaluations: int


def generation_path(
    household: Household,
    technology: Technology,
    taxes: Taxes,
    before: Generations,
    after: Generations,
    periods: int,
    tolerance: float = 1e-8,
    stops: Stops = lambda done, message: False,
) -> GenerationPath:
    """Return the path after a reform that is a surprise in period 0.

    Args:
        household: preferences, productivity and the grid of assets.
        technology: of the representative firm.
        taxes: after the reform.
        before: the stationary equilibrium in which the path starts.
        after: that after the reform, whose pension is in force from period 0 on.
        periods: after which the economy has to be in it.
        tolerance: of the fixed point, relative.
        stops: takes the number of paths that were tried and a message, and returns whether to stop.

    Raises:
        UserError: the path was not found to the tolerance, or has not arrived after ``periods``, or somebody who is
            alive has nothing to consume; the message gives the residual.
    """
    system = _System(household, technology, taxes, before, after, periods)
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
        taxes: Taxes,
        before: Generations,
        after: Generations,
        periods: int,
    ) -> None:
        self.household, self.technology, self.taxes = household, technology, taxes
        self.before, self.after, self.life, self.periods = before, after, after.life, periods
        self.shape = self.life.ages, household.chain.states, len(household.grid)
        self.mass = before.equilibrium.distribution.reshape(self.shape)
        final = after.equilibrium
        self.closes_by_level = taxes.closure.adjusts == "labour_tax"
        closing = final.aggregates.labour_level if self.closes_by_level else final.aggregates.transfer
        wage = final.wage
        self.scales = np.array([final.capital, wage, final.aggregates.labour, 1.0 if self.closes_by_level else wage])
        self.final = np.array([final.capital, after.bequest, final.aggregates.labour, closing]) / self.scales
        self.last = by_age(final.policy, self.life)
        self.choices = np.empty((3, periods, *self.shape))

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
        rules = (
            [replace(self.taxes, labour_level=level) for level in closing]
            if self.closes_by_level
            else ([self.taxes] * self.periods)
        )
        given = self.taxes.closure.adjusts != "transfer"
        transfers = np.full(self.periods, self.taxes.closure.transfer) if given else closing
        prices = [self._prices(*each) for each in zip(capital, labour, strict=True)]
        budgets = [
            life_budgets(self.life, *each) for each in zip(rules, prices, labour, transfers, received, strict=True)
        ]
        write_best_choices(
            self.choices, self.household, self.life, budgets, self.last[0], self.after.equilibrium.budget
        )
        self.flows = self._forward(rules, prices, budgets, capital)
        self.start = {"capital": capital, "bequest": received, "transfer": transfers}
        self.prices = np.array(prices)
        new = np.array(
            [
                [means.assets, left, means.labour, means.labour_level if self.closes_by_level else means.transfer]
                for means, left in self.flows
            ]
        ).T
        if self.closes_by_level:
            new[3] = np.maximum(new[3], 0.5 * closing)
        elif given:
            new[3] = closing
        relative: Floats = new / self.scales[:, None]
        return relative.ravel()

    def _prices(self, capital: float, labour: float) -> tuple[float, float]:
        intensity = capital / labour
        return self.technology.interest_rate(intensity), self.technology.wage(intensity)

    def _forward(
        self, rules: list[Taxes], prices: list[tuple[float, float]], budgets: list[list[Budget]], capital: Floats
    ) -> list[tuple[Aggregates, float]]:
        """Return means and bequests of all periods."""
        life, household, mass = self.life, self.household, self.mass
        flat, flows = (-1, self.shape[2]), []
        for period, (taxes, at, now) in enumerate(zip(rules, prices, budgets, strict=True)):
            policy, people = Policy(*(part[period].reshape(flat) for part in self.choices)), mass.reshape(flat)
            means = life_means(household, life, taxes, at, now, policy, people, float(capital[period]))
            flows.append((means, bequests(household, life, policy.assets, people)))
            after = np.zeros_like(mass)
            after[0, :, 0] = life.shares[0] * life.newborns
            for age in range(life.ages - 1):
                moved = Lottery(household.chain, household.grid, self.choices[2][period, age])(mass[age])
                after[age + 1] = life.survival[age] / (1 + life.growth) * moved
            mass = after
        return flows

    # --- the result ---------------------------------------------------------------------------------------------

    def path(self, residual: float, evaluations: int) -> GenerationPath:
        """Return the last path that was tried, and gains along it."""
        means, wages = [each for each, _ in self.flows], self.prices[:, 1]
        labour = np.array([each.labour for each in means])
        capital = self.start["capital"]
        output = np.array([self.technology.output(*each) for each in zip(capital, labour, strict=True)])
        paths = {
            "interest_rate": self.prices[:, 0],
            "wage": wages,
            **self.start,
            "labour": labour,
            "output": output,
            **{name: np.array([getattr(each, name) for each in means]) for name in ("consumption", "spending")},
            "labour_level": np.array([each.labour_level for each in means]),
            "pension": self.after.replacement * wages * labour / (1 - self.life.retired),
        }
        ended = np.array([each.assets for each in means])
        distance = abs(float(ended[-1]) / self.after.equilibrium.capital - 1)
        if distance > _ARRIVED:
            raise UserError(
                f"the path has not arrived after {self.periods} periods: capital differs by {distance:.2g} from that of"
                " the final equilibrium; give more periods"
            )
        kept = 1 - self.technology.depreciation
        goods = output - paths["consumption"] - paths["spending"] - (1 + self.life.growth) * ended + kept * capital
        residuals = {
            "fixed point": residual,
            "goods market": float(np.abs(goods / output).max()),
            "arrival": distance,
        }
        return GenerationPath(paths, *self._gains(), residuals, evaluations)

    def _gains(self) -> tuple[Floats, Floats, float]:
        """Return gains by age in period 0, of the newborn of each period, and the share of people who gain."""
        old = by_age(self.before.equilibrium.policy, self.life)
        if min(old[0].min(), self.choices[0].min(), self.last[0].min()) <= 0:
            raise UserError(
                "the gains of a path are not known where retired people without assets have neither a pension nor"
                " bequests; give them one of both before and after the reform"
            )
        before, value = (stationary_lives(self.household, self.life, each) for each in (old, self.last))
        born = np.empty((self.periods, 2))
        for period in reversed(range(self.periods)):
            value = values_before(self.household, self.life, self.choices[:, period], value)
            born[period] = [float(self.life.newborns @ part[:, 0]) for part in value[0]]
        periods = expected_periods(self.life, self.household.discount)
        people = self.mass / self.mass.sum((1, 2), keepdims=True)
        gains = [
            consumption_equivalent(self.household, was.mean(mass), now.mean(mass), lived)
            for was, now, mass, lived in zip(before, value, people, periods, strict=True)
        ]
        first = Value(*(np.asarray(self.life.newborns @ part[:, 0]) for part in before[0]))
        newborns = [
            consumption_equivalent(self.household, first, Value(*map(np.asarray, each)), periods[0]) for each in born
        ]
        won = sum(
            float(mass[now.total > was.total].sum()) for was, now, mass in zip(before, value, self.mass, strict=True)
        )
        return np.array(gains, float), np.array(newborns, float), won
