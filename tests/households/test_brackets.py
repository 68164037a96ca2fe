"""Income taxes with brackets, and borrowing, beside value-function iteration on fine grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats, chain_of, rouwenhorst
from econsim.households.closures import Closure
from econsim.households.distributions import stationary_distribution
from econsim.households.equilibrium import Taxes, Technology, stationary_equilibrium
from econsim.households.policies import best_policy
from econsim.households.problem import Budget, Household, Labour, asset_grid
from econsim.households.reforms import reform
from econsim.households.welfare import stationary_value

FIRM = Technology(0.36, 0.08)
SCHEDULE = ((0.0, 0.25, 0.45), (0.1, 0.3, 0.6))
HOUSEHOLD = Household(0.9, 1.0, rouwenhorst(0.8, 0.4, 3), asset_grid(0.0, 12.0, 150), Labour(8.0, 2.0))


def _iterated_values(flow: Floats, chain: Chain, discount: float) -> tuple[Floats, Floats]:
    """Return values and the choices of next assets ``[S, G]`` from utilities ``[S, G, G']``, by policy iteration."""
    states, points = flow.shape[:2]
    value = np.zeros((states, points))
    for _ in range(200):
        choice = (flow + discount * (chain.transition @ value)[:, None, :]).argmax(2)
        used = np.take_along_axis(flow, choice[:, :, None], 2)[:, :, 0]
        before = value
        for _ in range(60):
            expected = chain.transition @ value
            value = used + discount * np.take_along_axis(expected, choice, 1)
        if np.abs(value - before).max() < 1e-10:
            break
    return value, choice


def test_choices_at_kinks_are_those_of_value_function_iteration() -> None:
    budget = Budget(1.03, 1.2, 0.05, 0.05, brackets=SCHEDULE)
    labour, grid, values = HOUSEHOLD.labour, HOUSEHOLD.grid, HOUSEHOLD.chain.values
    assert labour is not None
    policy = best_policy(HOUSEHOLD, budget)
    # By brute force: the best of 3,000 hours for every amount that is left after saving, then of the assets' grid.
    fine, hours = asset_grid(0.0, 12.0, 450), np.linspace(1e-3, 1.0, 3000)
    left = np.linspace(-1.25, 12.5, 1500)
    flows = np.empty((3, len(fine), len(fine)))
    for state, productivity in enumerate(values):
        net = budget.net_earnings(np.asarray(productivity), hours)
        cost = labour.weight * hours**3 / 3
        best = np.full(len(left), -1e10)
        for number, amount in enumerate(left):
            consumed = (amount + net) / 1.05
            possible = consumed > 0
            if possible.any():
                best[number] = (np.log(consumed[possible]) - cost[possible]).max()
        cash = 1.03 * fine[:, None] + 0.05 - fine[None, :]
        flows[state] = np.where(cash < left[0], -1e10, np.interp(cash, left, best))
    value, _ = _iterated_values(flows, HOUSEHOLD.chain, HOUSEHOLD.discount)
    own = stationary_value(HOUSEHOLD, policy).total
    brute = np.stack([np.interp(grid, fine, row) for row in value])
    # Neither is better than the other by more than 0.03 % of consumption, the order of the squared steps of both grids.
    gains = np.expm1((1 - HOUSEHOLD.discount) * (own - brute))[:, :120]
    assert np.abs(gains).max() < 3e-4
    # Households bunch at both thresholds, and none works beyond one while its marginal rate makes that a loss.
    gross = budget.wage * values[:, None] * policy.hours
    for threshold in SCHEDULE[0][1:]:
        assert (np.abs(gross - threshold) < 1e-12).mean() > 0.02
    kept = 1 - np.array(SCHEDULE[1])[np.searchsorted(SCHEDULE[0], gross, "right") - 1]
    gain = budget.wage * values[:, None] * kept / (1.05 * policy.consumption)
    inside = np.abs(gross[..., None] - np.array(SCHEDULE[0])).min(-1) > 1e-9
    assert gain[inside] == pytest.approx((labour.weight * policy.hours**2)[inside], rel=1e-9)


def test_one_bracket_is_a_flat_tax_and_an_equilibrium_with_brackets_clears_all_markets() -> None:
    household = replace(HOUSEHOLD, grid=asset_grid(0.0, 40.0, 60), discount=0.94)
    flat, one = Taxes(labour_level=0.7, spending_share=0.5), Taxes(spending_share=0.5, brackets=((0.0,), (0.3,)))
    rates = [stationary_equilibrium(household, FIRM, taxes).interest_rate for taxes in (flat, one)]
    assert rates[0] == pytest.approx(rates[1], abs=1e-9)
    old = Taxes(0.05, capital_income=0.2, spending_share=0.5, brackets=((0.0, 0.5, 1.5), (0.1, 0.25, 0.4)))
    found = reform(household, FIRM, (old, replace(old, brackets=((0.0, 0.5, 1.5), (0.0, 0.25, 0.5)))), 0, 150)
    assert max(found.before.residuals.values()) < 1e-8
    residuals = dict(found.path.residuals)
    residuals.pop("capital in the last period")
    assert max(residuals.values()) <= 1e-8
    # Lower rates for the poor, higher ones for the rich.
    assert found.gains[0, 0] > 0.01 > found.gains[-1, -1]
    with pytest.raises(UserError, match=r"marginal rates that fall with income, 0.3, 0.1.* rates that do not fall"):
        stationary_equilibrium(household, FIRM, replace(old, brackets=((0.0, 1.0), (0.3, 0.1))))
    with pytest.raises(UserError, match="brackets have no level that could close the budget"):
        stationary_equilibrium(household, FIRM, replace(old, spending_share=0.0, closure=Closure("labour_tax")))


def test_the_rate_at_which_borrowing_households_hold_nothing_in_sum_is_that_of_value_function_iteration() -> None:
    # Huggett (1993): two endowments, six periods a year, a credit limit of 4 at the price q of a claim on one unit.
    chain = chain_of([0.1, 1.0], [[0.5, 0.5], [0.075, 0.925]], normalise=False)
    discount, limit = 0.99322, -4.0

    def held(price: float, top: float = 12.0, points: int = 200) -> float:
        household = Household(discount, 1.5, chain, asset_grid(price * limit, top, points, 1.5))
        policy = best_policy(household, Budget(1 / price, 1.0))
        mass, _ = stationary_distribution(chain, household.grid, policy.assets)
        return float((mass * policy.assets).sum())

    price = brentq(held, 0.9935, 1.01, xtol=1e-7)
    yearly = 100 * (price**-6 - 1)
    # 1.2 % with any of 200 to 2,000 points. By brute force on 500 points, choices being points of the grid:
    grid = np.linspace(limit, 6.0, 500)

    def held_by_force(price: float) -> float:
        consumed = chain.values[:, None, None] + grid[:, None] - price * grid
        flow = np.where(consumed > 1e-6, -2 * np.maximum(consumed, 1e-6) ** -0.5, -1e10)
        _, choice = _iterated_values(flow, chain, discount)
        mass, _ = stationary_distribution(chain, grid, grid[choice])
        return float((mass * grid).sum())

    # The sum of what is held changes sign within 0.15 percentage points of the rate.
    around = [held_by_force((1 + (yearly + change) / 100) ** (-1 / 6)) for change in (-0.15, 0.15)]
    assert around[0] < 0 < around[1]
    # A looser limit: a higher rate, as in Huggett's table, below the rate of time preference, 4.17 %.
    limit = -8.0
    looser = 100 * (brentq(held, 0.9935, 1.01, xtol=1e-6) ** -6 - 1)
    assert yearly + 1 < looser < 4.17
