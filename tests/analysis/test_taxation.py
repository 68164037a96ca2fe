from __future__ import annotations

import numpy as np
import pytest
import torch

from econsim.analysis.taxation import arc_elasticity, marginal_rates, rates_by_decile, revenue
from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax

THRESHOLDS, RATES = [0.0, 50.0], [0.1, 0.5]
INCOME = np.arange(0.0, 100.0)


@pytest.fixture
def tax() -> np.ndarray:
    thresholds, rates = (torch.tensor(values, dtype=torch.float64) for values in (THRESHOLDS, RATES))
    return brackets_tax(torch.as_tensor(INCOME), thresholds, rates).numpy()


def test_rates_by_decile_by_hand(tax: np.ndarray) -> None:
    table = rates_by_decile(INCOME, tax, THRESHOLDS, RATES, rebate=tax.mean()).set_index("decile")
    assert table["effective_rate"].loc[2] == pytest.approx(0.1)
    assert table["marginal_rate"].tolist() == pytest.approx([0.1] * 5 + [0.5] * 5)
    # Top decile: incomes 90 .. 99, mean 94.5, tax 5 + 44.5 / 2.
    assert table["income"].loc[10] == pytest.approx(94.5)
    assert table["effective_rate"].loc[10] == pytest.approx(27.25 / 94.5)
    assert table["net_rate"].loc[10] == pytest.approx((27.25 - tax.mean()) / 94.5)
    assert table["net_rate"].loc[1] < 0
    # Money that deciles pay adds up to revenue.
    assert table["tax"].sum() * 10 == pytest.approx(revenue(tax))


def test_deciles_may_rank_by_something_else_and_weigh_people(tax: np.ndarray) -> None:
    same = rates_by_decile(INCOME, tax, THRESHOLDS, RATES, rank_by=INCOME * 3, people=np.full(100, 2.0))
    assert same.equals(rates_by_decile(INCOME, tax, THRESHOLDS, RATES))
    assert revenue(tax, np.full(100, 2.0)) == pytest.approx(2 * revenue(tax))


def test_a_decile_without_income_has_no_effective_rate() -> None:
    table = rates_by_decile(np.zeros(10), np.zeros(10), THRESHOLDS, RATES)
    assert table["effective_rate"].isna().all()
    assert table["decile"].tolist() == [6]  # all have the same income, and so share the middle rank
    assert table["marginal_rate"].tolist() == pytest.approx([0.1])


def test_marginal_rates_are_those_of_the_mechanism() -> None:
    assert marginal_rates([-1.0, 0.0, 49.9, 50.0], THRESHOLDS, RATES).tolist() == [0.0, 0.1, 0.1, 0.5]


def test_arc_elasticity_recovers_a_constant_elasticity() -> None:
    skill = np.array([10.0, 40.0, 90.0])
    estimate = arc_elasticity(skill * 0.8**0.4, 0.2, skill * 0.5**0.4, 0.5)
    assert estimate == pytest.approx(0.4, abs=1e-12)


def test_arc_elasticity_needs_income_and_a_difference() -> None:
    with pytest.raises(UserError, match="must differ"):
        arc_elasticity([1.0, 2.0], 0.3, [1.0, 2.0], 0.3)
    with pytest.raises(UserError, match="must differ and be positive"):
        arc_elasticity([1.0, 2.0], 0.3, [1.0, 2.0], 1.0)
    with pytest.raises(UserError, match="nobody has income"):
        arc_elasticity([1.0, 2.0], 0.3, [0.0, 0.0], 0.5)
