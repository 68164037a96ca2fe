"""Winners, transitions, rankings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from econsim.analysis.counterfactual import (
    best_by_function,
    disagreement,
    flips,
    gains_by_group,
    mobility,
    rankings,
    transition_matrix,
    winners_and_losers,
)
from econsim.errors import UserError


def test_winners_losers_and_those_for_whom_nothing_changes() -> None:
    shares = winners_and_losers([1.0, 2.0, 3.0, 4.0], [1.5, 2.0 + 1e-9, 2.0, 4.0], people=[1, 1, 2, 0])
    assert shares == pytest.approx((0.25, 0.5, 0.25))
    table = gains_by_group([1.0, 3.0, 4.0], [2.0, 2.0, 4.0], ["a", "b", "b"]).set_index("group")
    assert table.loc["a"].tolist() == pytest.approx([1, 2, 1, 1, 1, 0])
    assert table.loc["b"].tolist() == pytest.approx([3.5, 3, -0.5, -1 / 7, 0, 0.5])
    with pytest.raises(UserError, match="same people"):
        winners_and_losers([1.0], [1.0, 2.0])


def test_transitions_where_nobody_moves_all_swap_or_places_are_drawn_anew() -> None:
    income = np.arange(1000.0)
    stay = transition_matrix(income, 2 * income)
    assert np.array_equal(stay, np.eye(5))
    assert mobility(stay) == 0
    assert np.array_equal(transition_matrix(income, -income), np.eye(5)[::-1])
    drawn = transition_matrix(income, np.tile(np.arange(10.0), 100))
    assert drawn.to_numpy() == pytest.approx(np.full((5, 5), 0.2))
    assert mobility(drawn) == pytest.approx(1)


def test_transitions_between_given_classes_count_people() -> None:
    matrix = transition_matrix([1.0, 1.0, 5.0], [1.0, 5.0, 5.0], classes=[3.0, 9.0], people=[1.0, 3.0, 2.0])
    assert matrix.loc[1].tolist() == pytest.approx([0.25, 0.75, 0])
    assert matrix.loc[2].tolist() == [0, 1, 0]
    assert matrix.loc[3].isna().all()
    with pytest.raises(UserError, match="two or more"):
        transition_matrix([1.0], [1.0], classes=1)


TABLE = pd.DataFrame(
    {"sum": [3.0, 2.0, 1.0], "worst": [1.0, 2.0, 3.0], "half": [2.0, 3.0, 1.0], "none": [np.nan] * 3},
    index=pd.Index(["a", "b", "c"], name="policy"),
)


def test_rankings_and_how_far_functions_disagree() -> None:
    assert rankings(TABLE)["half"].tolist() == [2, 1, 3]
    apart = disagreement(TABLE)
    assert apart.loc["sum", "worst"] == 1
    assert apart.loc["sum", "half"] == pytest.approx(1 / 3)
    assert apart.loc["sum", "sum"] == 0
    assert np.isnan(apart.loc["sum", "none"])
    with pytest.raises(UserError, match="two policies"):
        disagreement(TABLE.iloc[:1])


def test_how_often_rankings_flip_over_seeds() -> None:
    swapped = TABLE.copy()
    swapped.loc["a", "sum"] = 1.9  # below b in one of three seeds, not on average
    share = flips([TABLE, TABLE, swapped])
    assert share["sum"] == pytest.approx(1 / 9)
    assert share["worst"] == 0
    assert np.isnan(share["none"])
    best = best_by_function([TABLE, TABLE, swapped])
    assert best["sum"].tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert best["worst"].tolist() == [0, 0, 1]
    assert best["none"].isna().all()
    with pytest.raises(UserError, match="same policies"):
        flips([TABLE, TABLE.iloc[:2]])


def test_equals_share_the_first_place() -> None:
    equal = pd.DataFrame({"sum": [1.0, 1.0]}, index=["a", "b"])
    assert best_by_function([equal])["sum"].tolist() == [0.5, 0.5]
    assert disagreement(equal.assign(worst=[1.0, 2.0])).loc["sum", "worst"] == 0
