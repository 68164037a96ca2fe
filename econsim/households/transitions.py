r"""Transition paths from one stationary equilibrium to another, with perfect foresight from period 0 on.

Capital, labour and what closes the government's budget (:mod:`econsim.households.closures`) solve three conditions per
period: households' assets are capital and debt of the next one, labour is what they work, and
$T + G + (1 + r) B = \text{revenue} + B'$. Newton's method uses the sequence-space Jacobian around the final
equilibrium; the conditions themselves are evaluated without linearisation.

Source: Auclert, Bardóczy, Rognlie and Straub (2021), "Using the Sequence-Space Jacobian to Solve and Estimate
Heterogeneous-Agent Models", Econometrica 89(5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, Technology
from econsim.households.fixed_points import fixed_point
from econsim.households.general_equilibrium import equilibrium_jacobian, unknown_names
from econsim.households.lottery import Lottery
from econsim.households.problem import Budget, Household
from econsim.households.steps import EulerStep

__all__ = ["PERIODS", "Transition", "transition"]

PERIODS = 300
"""The number of periods after which the economy has to be in the final equilibrium."""
_LIMIT = 40  # Newton's steps
_ARRIVED = 1e-3  # distance from the final capital in the last period, relative to it


@dataclass(frozen=True)
class Transition:
    """A path, ``[T]`` each; amounts are per household and period, in units of output.

    paths: by name: ``interest_rate``, ``wage``, ``capital`` at the start of the period, ``labour``, ``output``,
        ``consumption``, ``spending``, ``transfer``, ``revenue``, ``labour_level`` and ``debt`` at the start of the
        period.
    budgets: of a household, by period.
    consumption, hours: ``[T, S, G]``, households' choices.
    assets: ``[T, S, G]``, at the end of the period.
    residuals: the largest over periods, by name: of the asset market and of labour relative to the final capital and
        labour, of the goods market and the government's budget relative to final output; and the distance of the last
        capital from the final one.
    iterations: the number of times that all conditions were evaluated.
    """

    paths: dict[str, Floats]
    budgets: list[Budget]
    consumption: Floats
    hours: Floats
    assets: Floats
    residuals: dict[str, float]
    iterations: int


def transition(
    household: Household,
    technology: Technology,
    taxes: Sequence[Taxes],
    before: Equilibrium,
    after: Equilibrium,
    tolerance: float = 1e-8,
    stops: Stops = lambda done, message: False,
) -> Transition:
    """Return the path under ``taxes`` ``[T]``, which households learn in period 0.

    Args:
        household: preferences, productivity and the grid of assets, the same throughout.
        technology: of the representative firm.
        taxes: of each period, which have the same ``closure.adjusts``; their ``debt`` is that at the end of the period,
            unless debt adjusts. The last are those of ``after``.
        before: the equilibrium whose distribution and debt are those of period 0.
        after: the equilibrium under the last taxes.
        tolerance: of all conditions, relative.
        stops: takes the number of evaluations and a message, and returns whether to stop.

    Raises:
        UserError: no path was found to the tolerance, or the economy is not in the final equilibrium by the last
            period; the message gives the residual.
    """
    system = _System(household, technology, taxes, before, after)
    names = unknown_names(household, taxes)
    solve = equilibrium_jacobian(household, technology, taxes[-1], after, len(taxes), names)
    start = np.concatenate([np.full(len(taxes), system.final[name]) for name in names])
    worst, evaluations, is_stopped = np.inf, 0, False

    def image(point: Floats) -> Floats:
        nonlocal worst, evaluations, is_stopped
        gaps = system.gaps(point, names)
        worst, evaluations = float(np.abs(gaps / system.scale(names)).max()), evaluations + 1
        is_stopped = is_stopped or stops(evaluations, f"residual {worst:.2g}")
        return point if worst <= tolerance or is_stopped else point - solve(gaps)

    fixed_point(image, start, 0.0, _LIMIT, lambda point: system.is_admissible(point, names))
    if not worst <= tolerance:
        raise UserError(
            f"no transition path was found: after {evaluations} evaluations the conditions are missed by {worst:.2g}"
            f" (tolerance {tolerance:g}); announce a smaller reform, or use more grid points"
        )
    return system.transition(evaluations)


class _System:
    """The conditions of all periods, at given unknowns."""

    def __init__(
        self,
        household: Household,
        technology: Technology,
        taxes: Sequence[Taxes],
        before: Equilibrium,
        after: Equilibrium,
    ) -> None:
        self.household, self.technology, self.taxes = household, technology, taxes
        self.before, self.after = before, after
        debt = before.aggregates.debt
        self.debt = np.array([debt, *(each.debt for each in taxes)])  # [T + 1], at the start of a period
        self.first_capital = float((before.distribution * household.grid).sum()) - debt
        means = after.aggregates
        self.final = {"capital": after.capital, "labour": means.labour}
        self.final |= {"transfer": means.transfer, "labour_level": means.labour_level}
        self.adjusts = taxes[-1].closure.adjusts
        shape = len(taxes), household.chain.states, len(household.grid)
        self.consumption, self.hours, self.assets = np.empty(shape), np.empty(shape), np.empty(shape)

    def scale(self, names: Sequence[str]) -> Floats:
        """Return what the gaps of the conditions are relative to."""
        scales = self.final | dict.fromkeys(("transfer", "labour_level"), self.after.output)
        return np.repeat([scales[name] for name in names], len(self.taxes))

    def is_admissible(self, point: Floats, names: Sequence[str]) -> bool:
        """Return whether capital, labour and the level of the labour tax are positive."""
        parts = dict(zip(names, np.split(point, len(names)), strict=True))
        return all(bool(part.min() > 0) for name, part in parts.items() if name != "transfer")

    def gaps(self, point: Floats, names: Sequence[str]) -> Floats:
        """Return the gaps of the conditions, one for each unknown, ``[unknowns * T]``."""
        constant = {name: np.full(len(self.taxes), value) for name, value in self.final.items()}
        if "labour_level" not in names:
            constant["labour_level"] = np.array([each.labour_level for each in self.taxes])
        if self.adjusts in ("spending", "labour_tax"):
            constant["transfer"] = np.array([each.closure.transfer for each in self.taxes])
        unknowns = constant | dict(zip(names, np.split(point, len(names)), strict=True))
        capital = np.append(self.first_capital, unknowns["capital"])
        self._prices(capital[:-1], unknowns)
        self._backward()
        self._forward()
        closing = self._close_budget()
        paths = self.paths
        gaps = {
            "capital": paths["assets"] - self.debt[1:] - capital[1:],
            "labour": paths["worked"] - paths["labour"],
            names[-1] if names[-1] in ("transfer", "labour_level") else "transfer": closing,
        }
        self.last_gaps, self.capital = gaps, capital
        return np.concatenate([gaps[name] for name in names])

    def _close_budget(self) -> Floats:
        """Set public consumption and debt, and return the gap that is left to what closes the budget ``[T]``."""
        paths, given = self.paths, np.array([each.closure.spending for each in self.taxes])
        paths["spending"] = given
        if self.adjusts == "debt":
            missed = np.empty(len(self.taxes))
            for period, tax in enumerate(self.taxes):
                closure, owed = tax.closure, self.debt[period]
                transfer = closure.transfer - closure.response * (owed - tax.debt)
                interest = paths["interest_rate"][period] * owed
                self.debt[period + 1] = owed + interest + closure.spending + transfer - paths["revenue"][period]
                missed[period] = transfer - paths["transfer"][period]
            return missed
        left = paths["revenue"] - paths["interest_rate"] * self.debt[:-1] + np.diff(self.debt)
        if self.adjusts == "transfer":
            paths["spending"] = given + np.array([each.spending_share for each in self.taxes]) * (left - given)
        elif self.adjusts == "spending":
            paths["spending"] = left - paths["transfer"]
        gap: Floats = left - paths["spending"] - paths["transfer"]
        return gap

    def _prices(self, capital: Floats, unknowns: Mapping[str, Floats]) -> None:
        labour, transfer = unknowns["labour"], unknowns["transfer"]
        taxes = [
            replace(tax, labour_level=float(level))
            for tax, level in zip(self.taxes, unknowns["labour_level"], strict=True)
        ]
        firm, intensity = self.technology, capital / labour
        rate = np.array([firm.interest_rate(each) for each in intensity])
        wage = np.array([firm.wage(each) for each in intensity])
        self.budgets = [
            tax.budget(*numbers) for tax, *numbers in zip(taxes, rate, wage, transfer, wage * labour, strict=True)
        ]
        output = np.array([firm.output(*each) for each in zip(capital, labour, strict=True)])
        self.paths = {"interest_rate": rate, "wage": wage, "capital": capital, "labour": labour, "output": output}
        self.paths |= {"transfer": transfer, "labour_level": unknowns["labour_level"]}

    def _backward(self) -> None:
        consumption, following = self.after.policy.consumption, self.after.budget
        for period in reversed(range(len(self.taxes))):
            step = EulerStep(self.household, self.budgets[period], following)
            step(consumption.ravel())
            following = self.budgets[period]
            consumption = self.consumption[period] = step.consumption
            self.hours[period], self.assets[period] = step.hours, step.assets

    def _forward(self) -> None:
        mass, values = self.before.distribution, self.household.chain.values[:, None]
        paths = self.paths
        for name in ("assets", "worked", "consumption", "revenue"):
            paths[name] = np.empty(len(self.taxes))
        for period, (tax, budget) in enumerate(zip(self.taxes, self.budgets, strict=True)):
            owned = float((mass * self.household.grid).sum())
            gross = budget.wage * values * self.hours[period]
            net = budget.net_earnings(values, self.hours[period])
            consumed = float((mass * self.consumption[period]).sum())
            rate = max(paths["interest_rate"][period], 0.0)
            on_assets = (tax.capital_income * rate + tax.wealth) * owned
            paths["worked"][period] = (mass * gross).sum() / budget.wage
            paths["assets"][period] = (mass * self.assets[period]).sum()
            paths["consumption"][period] = consumed
            paths["revenue"][period] = (mass * (gross - net)).sum() + tax.consumption * consumed + on_assets
            mass = Lottery(self.household.chain, self.household.grid, self.assets[period])(mass)

    def transition(self, iterations: int) -> Transition:
        """Return the path at the last unknowns, with its residuals."""
        paths, capital = self.paths, self.capital
        invested = np.diff(capital) + self.technology.depreciation * capital[:-1]
        goods = paths["output"] - paths["consumption"] - paths["spending"] - invested
        sizes = {"asset market": self.after.capital, "labour market": self.final["labour"]}
        sizes["government budget"] = self.after.output
        worst = {
            name: float(np.abs(gap).max()) / sizes[name]
            for name, gap in zip(sizes, self.last_gaps.values(), strict=True)
        }
        if paths["spending"].min() < 0:
            raise UserError(
                f"transition: public consumption would be negative in period {int(paths['spending'].argmin())},"
                f" {paths['spending'].min():.3g}; raise a tax, or lower the transfer or debt"
            )
        worst["goods market"] = float(np.abs(goods).max()) / self.after.output
        distance = abs(float(capital[-1]) / self.after.capital - 1)
        if distance > _ARRIVED:
            raise UserError(
                f"transition: after {len(self.taxes)} periods capital is {distance:.2g} away from its final value,"
                f" relative to it (at most {_ARRIVED:g}); raise the number of periods"
            )
        worst["capital in the last period"] = distance
        shown = ("interest_rate", "wage", "capital", "labour", "output", "consumption", "spending", "transfer")
        kept = {name: paths[name] for name in (*shown, "revenue", "labour_level")} | {"debt": self.debt[:-1]}
        return Transition(kept, self.budgets, self.consumption, self.hours, self.assets, worst, iterations)
