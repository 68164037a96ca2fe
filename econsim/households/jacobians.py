r"""Sequence-space Jacobians of households: derivatives of their aggregates in a path of what they face.

The derivative of an aggregate of period $t$ in an input of period $s$, both announced in period 0, is found by the
fake-news algorithm: one backward pass per input, one forward pass per output. All derivatives are those of the discrete
problem itself, on its grid, without finite differences.

Source: Auclert, Bardóczy, Rognlie and Straub (2021), "Using the Sequence-Space Jacobian to Solve and Estimate
Heterogeneous-Agent Models", Econometrica 89(5).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from econsim.households._newton import SmoothStep
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium
from econsim.households.lottery import Lottery
from econsim.households.problem import Household
from econsim.households.steps import EulerStep

__all__ = ["INPUTS", "OUTPUTS", "Jacobian", "household_jacobian"]

INPUTS = ("gross_return", "net_wage", "transfer")
r"""What households face: $R$; the logarithm of $\lambda W^{1-\tau}$, which net earnings are proportional to; $T$."""
OUTPUTS = ("assets", "labour", "net_earnings")
r"""Means: assets at the end of a period, effective labour $e h$, and net earnings over $\lambda W^{1-\tau}$."""
_NO_MASS = 1e-16

Jacobian = dict[tuple[str, str], Floats]
"""By output and input, ``[T, T]``: rows are the periods of the output."""


def household_jacobian(
    household: Household, around: Equilibrium, periods: int, inputs: Sequence[str] = INPUTS
) -> Jacobian:
    """Return the Jacobian over ``periods`` around a stationary equilibrium.

    Outputs are all of ``OUTPUTS`` where hours are a choice, otherwise only assets: the others then do not move.
    """
    local = _Local(household, around)
    choices = _backward(local, periods, inputs)
    result: Jacobian = {}
    for output in OUTPUTS if household.labour is not None else OUTPUTS[:1]:
        news = np.empty((periods, len(inputs), periods))
        news[0] = np.tensordot(choices[output], local.mass, 1).T
        effects = _forward(local, local.level(output), periods - 1)
        news[1:] = (
            (effects @ choices["assets"].reshape(-1, effects.shape[1]).T)
            .reshape(periods - 1, periods, -1)
            .transpose(0, 2, 1)
        )
        for number, name in enumerate(inputs):
            result[output, name] = _summed(news[:, number])
    return result


def _summed(news: Floats) -> Floats:
    """Return the Jacobian, each entry that before it on the diagonal plus the news of its period."""
    jacobian = np.ascontiguousarray(news)
    for period in range(1, len(jacobian)):
        jacobian[period, 1:] += jacobian[period - 1, :-1]
    return jacobian


class _Local:
    """The stationary policy and its derivatives; arrays are ``[U]``, the ``used`` states in which there is somebody."""

    def __init__(self, household: Household, around: Equilibrium) -> None:
        self.household, self.budget, self.policy = household, around.budget, around.policy
        self.law = Lottery(household.chain, household.grid, around.policy.assets)
        self.smooth = SmoothStep(EulerStep(household, around.budget), around.policy.consumption.ravel())
        self.used = np.flatnonzero(around.distribution > _NO_MASS)
        self.mass = self.of_used(around.distribution)
        self.density = self.of_used(around.distribution / np.diff(household.grid)[self.law.below])
        self.productivity = self.of_used(np.repeat(household.chain.values, len(household.grid)))
        self.scale = around.budget.level * around.budget.wage ** (1 - around.budget.progressivity)

    def of_used(self, values: Floats) -> Floats:
        """Return entries ``[..., U]`` of values ``[..., S, G]``, or ``[U]`` of ``[S * G]``."""
        return values.reshape(*values.shape[: values.ndim - self.law.below.ndim], -1).take(self.used, -1)

    def level(self, output: str) -> Floats:
        """Return an output by state, ``[S, G]``."""
        worked = self.household.chain.values[:, None] * self.policy.hours
        net = self.budget.net_earnings(self.household.chain.values[:, None], self.policy.hours) / self.scale
        levels: dict[str, Floats] = {"assets": self.policy.assets, "labour": worked, "net_earnings": net}
        return levels[output]

    def by_hours(self) -> dict[str, Floats]:
        """Return the change of what is worked, by output, for a unit of hours ``[U]``."""
        gain = self.of_used(self.smooth.gain / (self.scale * self.policy.hours))
        return {"labour": self.productivity, "net_earnings": gain}


def _backward(local: _Local, periods: int, inputs: Sequence[str]) -> dict[str, Floats]:
    """Return changes of choices of period 0 for a unit of each input ``periods`` later, ``[T, I, U]`` by output."""
    smooth, sigma, policy = local.smooth, local.household.risk_aversion, local.policy
    of_consumption = {"assets": -local.of_used(np.where(smooth.free, smooth.slope, 0.0))}
    by_hours = {} if local.household.labour is None else local.by_hours()
    of_hours = local.of_used(-sigma * smooth.elasticity * policy.hours / policy.consumption)
    of_consumption |= {output: each * of_hours for output, each in by_hours.items()}
    choices = {output: np.empty((periods, len(inputs), local.mass.size)) for output in of_consumption}
    news, at_once = [], smooth.responses()
    for number, name in enumerate(inputs):
        consumption, assets, hours = at_once[name]
        choices["assets"][0, number] = local.of_used(assets)
        for output, each in by_hours.items():
            choices[output][0, number] = each * local.of_used(hours)
        felt = policy.consumption / (sigma * local.budget.gross_return) if name == "gross_return" else 0.0
        news.append(consumption - felt)  # as a change of marginal utility times the return
    following = np.stack(news)
    for period in range(1, periods):
        following = smooth.before(following)
        consumed = local.of_used(following)
        for output, each in of_consumption.items():
            np.multiply(each, consumed, out=choices[output][period])
    return choices


def _forward(local: _Local, level: Floats, periods: int) -> Floats:
    """Return the effect of a unit of assets chosen in period 0 on an output ``1 .. periods`` later, ``[T, U]``."""
    flat = (local.law.below + level.shape[1] * np.arange(len(level))[:, None]).take(local.used)
    effects = np.empty((periods, len(local.used)))
    expected = level
    for period in range(periods):
        expected = local.law.expectation(expected)
        effects[period] = local.law.means.take(flat + 1) - local.law.means.take(flat)
    return local.density * effects
