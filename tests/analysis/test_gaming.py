"""Tax gaming: two-period figures of the reference, and the sign by the shape of the schedule."""

from __future__ import annotations

import numpy as np
import pytest

from econsim.analysis.gaming import alternation, cost_of_unevenness, gaming
from econsim.errors import UserError

THRESHOLDS = [0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3]
FEDERAL = [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]
# The published formula on a lognormal population, elasticity 0.5 (spec, 3.1).
SAEZ = [0.6485, 0.6993, 0.5601, 0.4729, 0.4252, 0.3631, 0.2952]


def share(income: list[float], rates: list[float]) -> float:
    table = gaming([income], THRESHOLDS, rates)
    return float(table["tax"].iloc[0]) / sum(income)


def test_two_periods_have_the_known_effective_rates() -> None:
    """240 coin in two periods: 19.15 % smooth and 24.66 % alternating under federal law (spec, 3.3)."""
    assert share([120.0, 120.0], FEDERAL) == pytest.approx(0.1915, abs=5e-5)
    assert share([240.0, 0.0], FEDERAL) == pytest.approx(0.2466, abs=5e-5)


def test_the_formula_on_a_lognormal_population_rewards_alternating() -> None:
    """57.72 % smooth and 50.44 % alternating (spec, 3.3), for a lognormal population of unstated spread: to a point."""
    assert share([120.0, 120.0], SAEZ) == pytest.approx(0.5772, abs=0.01)
    assert share([240.0, 0.0], SAEZ) == pytest.approx(0.5044, abs=0.01)


@pytest.mark.parametrize(("rates", "sign"), [(FEDERAL, 1), ([0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3], -1), ([0.3] * 7, 0)])
def test_the_sign_is_that_of_the_curvature(rates: list[float], sign: int) -> None:
    """Jensen: for any incomes, positive under rising rates, negative under falling ones, zero under a flat tax."""
    incomes = np.random.default_rng(0).uniform(0, 600, (200, 10))
    cost = cost_of_unevenness(incomes, THRESHOLDS, rates)
    if sign == 0:
        assert np.abs(cost).max() < 1e-9
    else:
        assert (sign * cost > -1e-9).all()  # zero where all incomes fall into one bracket
        assert (sign * cost > 1.0).mean() > 0.9


def test_alternation_is_a_correlation() -> None:
    found = alternation(np.array([[1, 3, 1, 3, 1, 3], [1, 2, 3, 4, 5, 6], [2] * 6, [0.1] * 6]))
    assert found[0] == pytest.approx(-1.0)
    assert found[1] == pytest.approx(1.0)
    assert np.isnan(found[2:]).all()
    assert np.isnan(alternation([[1.0, 2.0]])).all()


def test_the_table_names_who_games() -> None:
    table = gaming([[240, 0, 240, 0], [120, 120, 120, 120], [240, 0, 240, 0]], THRESHOLDS, [SAEZ] * 4)
    assert table["games"].tolist() == [True, False, True]
    honest = gaming([[240, 0, 240, 0]], THRESHOLDS, FEDERAL)
    assert not honest["games"].any()
    assert honest["cost_of_unevenness"].iloc[0] == pytest.approx(480 * (0.2466 - 0.1915), abs=0.05)


def test_schedules_may_differ_between_periods() -> None:
    table = gaming([[100.0, 100.0]], [0.0], [[0.1], [0.5]])
    assert table["tax"].iloc[0] == pytest.approx(60.0)


@pytest.mark.parametrize(("income", "rates"), [([1.0, 2.0], FEDERAL), ([[1.0, 2.0]], [FEDERAL] * 3)])
def test_shapes_that_do_not_fit_are_refused(income: object, rates: object) -> None:
    with pytest.raises(UserError, match="expected"):
        gaming(income, THRESHOLDS, rates)  # type: ignore[arg-type]
