"""Interest rates of Huggett's (1993) pure credit economy, and what each ingredient of the computation changes.

Yearly rates at credit limits of 2, 4, 6 and 8 endowments, with risk aversion 1.5, beside those of the paper's Table 1:
the limit on claims or on their value today, the rounding of the discount factor, grids, capital in the place of nothing
(the preset ``huggett`` of the scenario bewley), and decision rules that have not converged.

Run: ``python benchmarks/huggett.py``, some seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _record import record
from scipy.optimize import brentq

from econsim.economies.bewley import Bewley
from econsim.households.chains import chain_of
from econsim.households.distributions import stationary_distribution
from econsim.households.policies import best_policy
from econsim.households.problem import Budget, Household, asset_grid
from econsim.households.steps import EulerStep
from econsim.scenario import load

LIMITS, PUBLISHED = (-2.0, -4.0, -6.0, -8.0), (-7.1, 2.3, 3.4, 4.0)
CHAIN = chain_of([0.1, 1.0], [[0.5, 0.5], [0.075, 0.925]], normalise=False)
STOPPED = (0.01, 0.01, 0.002, 0.0015)


def yearly(rate: float) -> float:
    """Return a rate of two months as one of a year, in per cent."""
    return 100 * ((1 + rate) ** 6 - 1)


def rate(
    limit: float,
    claims: bool = True,
    discount: float = 0.99322,
    points: int = 400,
    highest: float = 20.0,
    curvature: float = 1.5,
    change: float = 0.0,
) -> float:
    """Return the yearly rate at which assets add up to zero; ``change`` is that at which iterations stop."""

    def held(price: float) -> float:
        grid = asset_grid(price * limit if claims else limit, highest, points, curvature)
        household, budget = Household(discount, 1.5, CHAIN, grid), Budget(1 / price, 1.0)
        assets = _stopped(household, budget, change) if change else best_policy(household, budget).assets
        return float((stationary_distribution(CHAIN, grid, assets)[0] * assets).sum())

    return yearly(1 / brentq(held, discount + 2e-4, 1.03, xtol=1e-8) - 1)


def _stopped(household: Household, budget: Budget, change: float) -> Any:
    step = EulerStep(household, budget)
    before = (budget.gross_return * household.grid + CHAIN.values[:, None] - household.grid[0]).ravel()
    while np.abs((after := step(before).copy()) - before).max() > change:
        before = after
    return step.assets


def of_preset(limit: float) -> float:
    """Return the rate of the preset, with a limit in units of the higher endowment."""
    mean = float(CHAIN.stationary @ CHAIN.values)
    game = load("bewley", ["preset=huggett", f"economy.lowest_assets={limit / mean}"]).build_game()
    assert isinstance(game, Bewley)
    return yearly(game.equilibrium.interest_rate)


def main() -> None:
    """Write the result."""
    converged = [rate(limit) for limit in LIMITS]
    on_value = [rate(limit, claims=False) for limit in LIMITS]
    others = {
        "value": on_value,
        "discount": [rate(limit, discount=0.96 ** (1 / 6)) for limit in LIMITS],
        "grid": [rate(limit, points=800, highest=30.0) for limit in LIMITS],
        "twenty": [rate(limit, points=20, highest=4.0, curvature=1.0) for limit in LIMITS],
        "stopped": [rate(limit, change=change) for limit, change in zip(LIMITS, STOPPED, strict=True)],
    }
    changes = {name: [new - old for new, old in zip(found, converged, strict=True)] for name, found in others.items()}
    preset = [of_preset(limit) for limit in LIMITS]
    changes["capital"] = [new - old for new, old in zip(preset, on_value, strict=True)]
    year = of_preset(-6 * float(CHAIN.stationary @ CHAIN.values))
    result = {"published": PUBLISHED, "converged": converged, "changes": changes, "preset_of_a_year": year}
    record("huggett", result, None)


if __name__ == "__main__":
    main()
