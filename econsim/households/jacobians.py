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

    def changes(self, hours: Floats) -> dict[str, Floats]:
        """Return changes of what is worked, from changes of hours ``[..., U]``."""
        gain = self.of_used(self.smooth.gain / (self.scale * self.policy.hours))
        return {"labour": self.productivity * hours, "net_earnings": gain * hours}


def _backward(local: _Local, periods: int, inputs: Sequence[str]) -> dict[str, Floats]:
    """Return changes of choices of period 0 for a unit of each input ``periods`` later, ``[T, I, U]`` by output."""
    smooth, sigma = local.smooth, local.household.risk_aversion
    consumption, assets, hours = (np.empty((periods, len(inputs), local.mass.size)) for _ in range(3))
    consumed, worked = local.of_used(local.policy.consumption), local.of_used(local.policy.hours)
    at_once = smooth.responses()
    news = []
    for number, name in enumerate(inputs):
        for changes, change in zip((consumption, assets, hours), at_once[name], strict=True):
            changes[0, number] = local.of_used(change)
        felt = local.policy.consumption / (sigma * local.budget.gross_return) if name == "gross_return" else 0.0
        news.append(at_once[name][0] - felt)  # as a change of marginal utility times the return
    following = np.stack(news)
    for period in range(1, periods):
        following = smooth.before(following)
        consumption[period] = local.of_used(following)
    saved, elasticity = local.of_used(np.where(smooth.free, smooth.slope, 0.0)), local.of_used(smooth.elasticity)
    assets[1:] = -saved * consumption[1:]
    if local.household.labour is None:
        return {"assets": assets}
    hours[1:] = -(sigma * elasticity * worked / consumed) * consumption[1:]
    return {"assets": assets, **local.changes(hours)}


def _forward(local: _Local, level: Floats, periods: int) -> Floats:
    """Return the effect of a unit of assets chosen in period 0 on an output ``1 .. periods`` later, ``[T, U]``."""
    law = local.law
    states, points = law.below.shape
    flat = law.below + points * np.arange(states)[:, None]
    effects = np.empty((periods, len(local.used)))
    expected = level
    for period in range(periods):
        mean = (law.transition @ expected).ravel()
        lower, upper = mean.take(flat), mean.take(flat + 1)
        effects[period] = local.density * local.of_used(upper - lower)
        expected = upper + law.weight * (lower - upper)
    return effects
