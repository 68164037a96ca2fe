r"""The response of a New Keynesian economy to a shock to its Taylor rule, exact and to first order.

Inflation, the wage and output of every period solve the Phillips curve and the markets of assets and labour
(:mod:`econsim.households.new_keynesian`). Newton's method uses the sequence-space Jacobian around the stationary
equilibrium; its first step is the response to first order, and the conditions of the exact path are not linearised.

Source: Auclert, Bardóczy, Rognlie and Straub (2021), "Using the Sequence-Space Jacobian to Solve and Estimate
Heterogeneous-Agent Models", Econometrica 89(5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium, Stops
from econsim.households.fixed_points import fixed_point
from econsim.households.jacobians import household_jacobian
from econsim.households.lottery import Lottery
from econsim.households.new_keynesian import StickyPrices
from econsim.households.problem import Budget, Household
from econsim.households.steps import EulerStep

__all__ = ["UNKNOWNS", "MonetaryResponse", "MonetarySystem", "monetary_response"]

UNKNOWNS = ("inflation", "wage", "output")
_LIMIT = 40  # Newton's steps


@dataclass(frozen=True)
class MonetaryResponse:
    """Paths ``[T]`` by name, in levels.

    exact: ``inflation``, ``wage``, ``output``, ``nominal_rate`` (set in the period), ``interest_rate`` (real, on debt
        that falls due in it), ``profit``, ``transfer``, ``consumption``.
    linear: the first three, to first order.
    choices: of households, ``[T, S, G]`` by name: ``consumption``, ``hours`` and ``assets`` at the end of the period.
    residuals: the largest over periods: of the Phillips curve, and of the markets relative to output.
    iterations: the number of times that all conditions were evaluated.
    """

    exact: dict[str, Floats]
    linear: dict[str, Floats]
    choices: dict[str, Floats]
    residuals: dict[str, float]
    iterations: int


def monetary_response(
    household: Household,
    firms: StickyPrices,
    around: Equilibrium,
    shock: Floats,
    tolerance: float = 1e-9,
    stops: Stops = lambda done, message: False,
    surprise: float = 0.0,
) -> MonetaryResponse:
    """Return the response to a shock to the nominal rate, whose path is known from period 0 on.

    Args:
        household: preferences, productivity and the grid of assets.
        firms: firms, central bank and government.
        around: the stationary equilibrium of both, in which the economy is before period 0.
        shock: ``[T]``, a fraction per period.
        tolerance: of all conditions, relative to output.
        stops: takes the number of evaluations and a message, and returns whether to stop.
        surprise: what the nominal rate of the period before period 0 exceeds that of the stationary equilibrium by.

    Raises:
        UserError: no path was found to the tolerance; the message gives the residual.
    """
    from scipy.linalg import lu_factor, lu_solve

    system = MonetarySystem(household, firms, around, shock, surprise)
    steady = system.steady
    factors = lu_factor(system.jacobian(), check_finite=False)
    linear = steady - np.asarray(lu_solve(factors, system.shock_derivative()))
    worst, evaluations, is_stopped = np.inf, 0, False

    def image(point: Floats) -> Floats:
        nonlocal worst, evaluations, is_stopped
        gaps = system.gaps(point)
        worst, evaluations = float(np.abs(gaps).max()) / max(around.output, 1e-12), evaluations + 1
        is_stopped = is_stopped or stops(evaluations, f"residual {worst:.2g}")
        done = worst <= tolerance or is_stopped
        return point if done else point - np.asarray(lu_solve(factors, gaps, check_finite=False))

    with np.errstate(invalid="ignore", divide="ignore"):  # prices that are not positive, which end the search
        fixed_point(image, linear, 0.0, _LIMIT, system.is_admissible)
    if not worst <= tolerance:
        missed = f"missed by {worst:.2g} (tolerance {tolerance:g})" if np.isfinite(worst) else "undefined"
        raise UserError(
            f"no path was found after a monetary shock: after {evaluations} evaluations the conditions are {missed};"
            " make the shock or the rule's responses smaller, or use more grid points"
        )
    first_order = dict(zip(UNKNOWNS, np.split(linear, 3), strict=True))
    choices = {"consumption": system.consumption, "hours": system.hours, "assets": system.assets}
    return MonetaryResponse(system.paths, first_order, choices, system.residuals, evaluations)


class MonetarySystem:
    """The conditions of all periods: the Phillips curve, the asset market and the labour market."""

    def __init__(
        self, household: Household, firms: StickyPrices, around: Equilibrium, shock: Floats, surprise: float = 0.0
    ) -> None:
        self.household, self.firms, self.around, self.shock = household, firms, around, shock
        self.surprise = surprise
        self.debt = firms.debt * around.output
        self.periods = len(shock)
        self.steady = np.repeat([0.0, around.wage, around.output], self.periods)
        shape = self.periods, household.chain.states, len(household.grid)
        self.consumption, self.hours, self.assets = np.empty(shape), np.empty(shape), np.empty(shape)
        self.paths: dict[str, Floats] = {}
        self.residuals: dict[str, float] = {}

    def is_admissible(self, point: Floats) -> bool:
        """Return whether gross inflation, wages and output are positive."""
        inflation, wage, output = np.split(point, 3)
        return bool(inflation.min() > -1 and wage.min() > 0 and output.min() > 0)

    def gaps(self, point: Floats) -> Floats:
        """Return the gaps of the three conditions in every period, ``[3 * T]``, at the unknowns ``[3 * T]``."""
        inflation, wage, output = np.split(point, 3)
        steady, firms = self.around, self.firms
        rule = firms.inflation_response * inflation + firms.output_response * np.log(output / steady.output)
        nominal = steady.interest_rate + self.shock + rule
        real = (1 + np.append(steady.interest_rate + self.surprise, nominal[:-1])) / (1 + inflation) - 1
        logs = np.log1p(inflation)
        costs = firms.markup / (firms.markup - 1) / (2 * firms.slope) * logs**2 * output
        profit = (1 - wage) * output - costs
        transfer = profit - real * self.debt
        self._play(1 + real, wage, transfer)
        worth = np.append(output[1:], steady.output) / output * np.append(logs[1:], 0.0)
        # After the last period inflation is zero, so that the rate at which it is discounted does not matter.
        phillips = firms.slope * (wage - firms.wage) + worth / (1 + np.append(real[1:], steady.interest_rate)) - logs
        gaps = phillips, self.means["assets"] - self.debt, self.means["labour"] - output
        consumed = self.means["consumption"]
        self.paths = {"inflation": inflation, "wage": wage, "output": output, "nominal_rate": nominal}
        self.paths |= {"interest_rate": real, "profit": profit, "transfer": transfer, "consumption": consumed}
        sizes = 1.0, steady.output, steady.output, steady.output
        names = "Phillips curve", "asset market", "labour market", "goods market"
        self.residuals = {
            name: float(np.abs(gap).max()) / size
            for name, gap, size in zip(names, (*gaps, output - consumed - costs), sizes, strict=True)
        }
        return np.concatenate(gaps)

    def _play(self, gross: Floats, wage: Floats, transfer: Floats) -> None:
        """Compute households' choices backwards, and their means forwards."""
        budgets = [Budget(*each) for each in zip(gross.tolist(), wage.tolist(), transfer.tolist(), strict=True)]
        consumption, following = self.around.policy.consumption, self.around.budget
        for period in reversed(range(self.periods)):
            step = EulerStep(self.household, budgets[period], following)
            step(consumption.ravel())
            consumption, following = step.consumption, budgets[period]
            self.consumption[period], self.hours[period], self.assets[period] = consumption, step.hours, step.assets
        mass, values = self.around.distribution, self.household.chain.values[:, None]
        self.means = {name: np.empty(self.periods) for name in ("assets", "labour", "consumption")}
        for period in range(self.periods):
            self.means["assets"][period] = (mass * self.assets[period]).sum()
            self.means["labour"][period] = (mass * values * self.hours[period]).sum()
            self.means["consumption"][period] = (mass * self.consumption[period]).sum()
            mass = Lottery(self.household.chain, self.household.grid, self.assets[period])(mass)

    def jacobian(self) -> Floats:
        """Return the derivatives of the gaps in the unknowns around the stationary equilibrium, ``[3 T, 3 T]``."""
        firms, steady = self.firms, self.around
        one, lag, lead = (np.eye(self.periods, k=shift) for shift in (0, -1, 1))
        self.of_households = household_jacobian(self.household, steady, self.periods)
        real = {
            "inflation": firms.inflation_response * lag - (1 + steady.interest_rate) * one,
            "wage": 0.0 * one,
            "output": firms.output_response / steady.output * lag,
        }
        profit = {"inflation": 0.0 * one, "wage": -steady.output * one, "output": (1 - steady.wage) * one}
        phillips = {
            "inflation": lead / (1 + steady.interest_rate) - one,
            "wage": firms.slope * one,
            "output": 0.0 * one,
        }
        columns = []
        for name in UNKNOWNS:
            wage = one / steady.wage if name == "wage" else 0.0 * one
            assets, labour = self._households(real[name], wage, profit[name] - self.debt * real[name])
            columns.append([phillips[name], assets, labour - (one if name == "output" else 0.0)])
        return np.block([[column[row] for column in columns] for row in range(len(UNKNOWNS))])

    def shock_derivative(self) -> Floats:
        """Return the change of the gaps by shock and surprise at constant unknowns, to first order, ``[3 * T]``."""
        real = np.append(self.surprise, self.shock[:-1])
        assets, labour = self._households(real, np.zeros(self.periods), -self.debt * real)
        return np.concatenate([np.zeros(self.periods), assets, labour])

    def _households(self, real: Floats, wage: Floats, transfer: Floats) -> tuple[Floats, Floats]:
        """Return the changes of assets and labour by those of what households face, ``[T]`` or ``[T, T]``."""
        inputs = {"gross_return": real, "net_wage": wage, "transfer": transfer}
        assets, labour = (
            sum(self.of_households[output, name] @ change for name, change in inputs.items())
            for output in ("assets", "labour")
        )
        return np.asarray(assets), np.asarray(labour)
