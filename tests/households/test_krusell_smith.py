"""Aggregate shocks: the law of motion of Krusell and Smith beside the published one, on a small grid."""

from __future__ import annotations

import numpy as np
import pytest

from econsim.errors import UserError
from econsim.households.krusell_smith import Economy, LawOfMotion, _Model, drawn_times, krusell_smith
from econsim.households.problem import asset_grid

SMALL = Economy(assets=asset_grid(0.0, 300.0, 60, 4.0), capital=np.linspace(9.5, 14.0, 5))


@pytest.fixture(scope="module")
def law() -> LawOfMotion:
    """The law of motion over 600 quarters."""
    return krusell_smith(SMALL, drawn_times(SMALL, 600, 1), 100, tolerance=1e-4)


def test_the_law_of_motion_is_close_to_the_published_one(law: LawOfMotion) -> None:
    # log K' = 0.085 + 0.965 log K in bad times and 0.095 + 0.962 log K in good ones: compared at the mean of capital.
    published = np.array([[0.085, 0.965], [0.095, 0.962]])
    at_mean = np.array([1.0, np.log(11.6)])
    assert law.coefficients @ at_mean == pytest.approx(published @ at_mean, abs=2e-3)
    assert law.coefficients[:, 1] == pytest.approx(published[:, 1], abs=5e-3)
    assert min(law.explained) > 0.9999
    assert law.residual <= 1e-4
    assert law.forecast_error < 0.01
    assert law.distribution.sum() == pytest.approx(1.0)


def test_households_respond_to_the_law_that_they_forecast_with(law: LawOfMotion) -> None:
    model = _Model(SMALL, drawn_times(SMALL, 100, 1))
    capital = model.simulated(law.coefficients)
    more = model.simulated(law.coefficients + np.array([0.01, 0.0]))
    # More capital is expected, and lower interest: households save less.
    assert more[-1] < capital[-1] * 0.99


def test_unemployment_stays_as_calibrated() -> None:
    jobs = SMALL.employment()
    for now, before in enumerate(SMALL.unemployment):
        for later, after in enumerate(SMALL.unemployment):
            assert jobs[now, later].sum(1) == pytest.approx([1.0, 1.0])
            assert before * jobs[now, later, 0, 0] + (1 - before) * jobs[now, later, 1, 0] == pytest.approx(after)
    assert drawn_times(SMALL, 4000, 2).mean() == pytest.approx(0.5, abs=0.06)


def test_a_law_that_does_not_converge_is_no_result() -> None:
    with pytest.raises(UserError, match=r"did not converge: after 1 rounds a coefficient changes by .* \(tolerance"):
        krusell_smith(SMALL, drawn_times(SMALL, 60, 1), 10, rounds=1)
