"""Poverty, quantiles and growth incidence against values computed by hand; weights are people."""

from __future__ import annotations

import numpy as np
import pytest

from econsim.analysis.inequality import (
    growth_incidence,
    percentile_ratio,
    poverty_index,
    poverty_table,
    quantile,
    top_share,
)
from econsim.errors import UserError

# Foster, Greer and Thorbecke by hand: of 1, 2, 4 and 9 with a line of 4, shortfalls are 3/4, 1/2, 0 and 0.
INCOME = [1.0, 2.0, 4.0, 9.0]


def test_headcount_gap_and_squared_gap_by_hand() -> None:
    table = poverty_table(INCOME, 4.0)
    assert table["headcount"] == 2 / 4  # who is at the line is not poor
    assert table["poverty_gap"] == pytest.approx((3 / 4 + 1 / 2) / 4)
    assert table["squared_poverty_gap"] == pytest.approx((9 / 16 + 1 / 4) / 4)
    # The person with 1 stands for two people.
    assert poverty_index(INCOME, 4.0, 1.0, [2, 1, 1, 1]) == pytest.approx((2 * 3 / 4 + 1 / 2) / 5)
    assert poverty_index(INCOME, 0.5) == 0.0
    assert poverty_index([-1.0, 1.0], 1.0, 1.0) == pytest.approx(1.0)  # a shortfall of twice the line


def test_quantiles_and_their_ratio_by_hand() -> None:
    amounts = np.arange(1.0, 11.0)
    assert [quantile(amounts, level) for level in (0.0, 0.1, 0.5, 0.51, 1.0)] == [1, 1, 5, 6, 10]
    assert percentile_ratio(amounts) == 9.0
    assert quantile([1.0, 5.0], 0.5, [1, 3]) == 5.0
    assert np.isnan(percentile_ratio([0.0, 1.0]))


def test_growth_is_of_percentiles_and_not_of_persons() -> None:
    before = np.arange(1.0, 101.0)
    doubled_below = np.where(before <= 50, 2 * before, before)
    curve = growth_incidence(before, 1.5 * before).set_index("percentile")
    assert curve["growth"].to_numpy() == pytest.approx(0.5)
    # The same people in another order: nobody's quantile changes.
    assert growth_incidence(before, before[::-1])["growth"].to_numpy() == pytest.approx(0.0)
    low = growth_incidence(before, doubled_below, percentiles=[10, 99]).set_index("percentile")
    assert low.loc[10, ["before", "after"]].tolist() == [10, 20]
    assert low.loc[99, "growth"] == pytest.approx(1 / 99)  # 99 before; two people have 100 after
    missing = growth_incidence([0.0, 1.0], [1.0, 1.0], percentiles=[50])
    assert missing["growth"].isna().all()


@pytest.mark.parametrize("seed", range(5))
def test_a_person_split_into_two_of_half_the_weight_changes_nothing(seed: int) -> None:
    draws = np.random.default_rng(seed)
    amount, after = draws.lognormal(size=(2, 37))
    people = draws.uniform(0.1, 3.0, size=37)
    halves = np.repeat(people, 2) / 2
    measures = [
        lambda x, w: poverty_index(x, 0.8, 0.0, w),
        lambda x, w: poverty_index(x, 0.8, 1.0, w),
        lambda x, w: poverty_index(x, 0.8, 2.0, w),
        lambda x, w: percentile_ratio(x, people=w),
        lambda x, w: top_share(x, 0.1, w),
    ]
    for measure in measures:
        assert measure(np.repeat(amount, 2), halves) == pytest.approx(measure(amount, people), rel=1e-9)
    whole = growth_incidence(amount, after, people)["growth"].to_numpy()
    split = growth_incidence(np.repeat(amount, 2), np.repeat(after, 2), halves)["growth"].to_numpy()
    assert split == pytest.approx(whole)


def test_bad_input_is_refused() -> None:
    with pytest.raises(UserError, match="poverty line above 0"):
        poverty_index(INCOME, 0.0)
    with pytest.raises(UserError, match="poverty aversion"):
        poverty_index(INCOME, 1.0, -1.0)
    with pytest.raises(UserError, match="fraction of people"):
        quantile(INCOME, 1.5)
    with pytest.raises(UserError, match="finite number"):
        poverty_index([1.0, float("nan")], 1.0)
