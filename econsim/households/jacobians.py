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
            (effects @ choices["assets"][:, :, local.used].reshape(-1, effects.shape[1]).T)
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
    """The stationary policy and its derivatives; arrays are in the order of assets, ``[G * S]``."""

    def __init__(self, household: Household, around: Equilibrium) -> None:
        self.household, self.budget, self.policy = household, around.budget, around.policy
        self.law = Lottery(household.chain, household.grid, around.policy.assets)
        self.smooth = SmoothStep(EulerStep(household, around.budget), around.policy.consumption.ravel())
        self.mass = _by_assets(around.distribution)
        self.used = self.mass > _NO_MASS
        self.productivity = np.tile(household.chain.values, len(household.grid))
        self.scale = around.budget.level * around.budget.wage ** (1 - around.budget.progressivity)

    def level(self, output: str) -> Floats:
        """Return an output by state, ``[S, G]``."""
        worked = self.household.chain.values[:, None] * self.policy.hours
        net = self.budget.net_earnings(self.household.chain.values[:, None], self.policy.hours) / self.scale
        levels: dict[str, Floats] = {"assets": self.policy.assets, "labour": worked, "net_earnings": net}
        return levels[output]

    def changes(self, hours: Floats) -> dict[str, Floats]:
        """Return changes of what is worked, from changes of hours ``[..., G * S]``."""
        gain = _by_assets(self.smooth.gain / (self.scale * self.policy.hours))
        return {"labour": self.productivity * hours, "net_earnings": gain * hours}


def _by_assets(values: Floats) -> Floats:
    return np.ascontiguousarray(values.T).ravel()


def _backward(local: _Local, periods: int, inputs: Sequence[str]) -> dict[str, Floats]:
    """Return changes of choices of period 0 for a unit of each input ``periods`` later, ``[T, I, G * S]`` by output."""
    smooth, sigma = local.smooth, local.household.risk_aversion
    consumption, assets, hours = (np.empty((periods, len(inputs), local.mass.size)) for _ in range(3))
    consumed, worked = _by_assets(local.policy.consumption), _by_assets(local.policy.hours)
    at_once = smooth.responses()
    news = []
    for number, name in enumerate(inputs):
        consumption[0, number], assets[0, number], hours[0, number] = (_by_assets(each) for each in at_once[name])
        felt = consumed / (sigma * local.budget.gross_return) if name == "gross_return" else 0.0
        news.append(consumption[0, number] - felt)  # as a change of marginal utility times the return
    following = np.stack(news, -1)
    step = smooth.moves.T.tocsr()
    for period in range(1, periods):
        following = step @ following
        consumption[period] = following.T
    saved, elasticity = _by_assets(np.where(smooth.free, smooth.slope, 0.0)), _by_assets(smooth.elasticity)
    assets[1:] = -saved * consumption[1:]
    if local.household.labour is None:
        return {"assets": assets}
    hours[1:] = -(sigma * elasticity * worked / consumed) * consumption[1:]
    return {"assets": assets, **local.changes(hours)}


def _forward(local: _Local, level: Floats, periods: int) -> Floats:
    """Return the effect of a unit of assets chosen in period 0 on an output ``1 .. periods`` later, ``[T, used]``."""
    law, grid = local.law, local.household.grid
    states, points = law.below.shape
    flat = law.below + points * np.arange(states)[:, None]
    density = _density(local, grid)
    effects = np.empty((periods, int(local.used.sum())))
    expected = level
    for period in range(periods):
        mean = (law.transition @ expected).ravel()
        lower, upper = mean[flat], mean[flat + 1]
        effects[period] = _by_assets(density * (upper - lower))[local.used]
        expected = upper + law.weight * (lower - upper)
    return effects


def _density(local: _Local, grid: Floats) -> Floats:
    """Return mass over the distance of the grid points around the assets, ``[S, G]``."""
    mass = local.mass.reshape(len(grid), -1).T
    density: Floats = mass / (grid[local.law.below + 1] - grid[local.law.below])
    return density
