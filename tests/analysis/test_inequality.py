from __future__ import annotations

import numpy as np
import pytest
import torch

from econsim.analysis.inequality import by_decile, deciles, gini, lorenz_curve

INCOMES = np.array([40.0, 10.0, 30.0, 20.0])


def test_lorenz_curve_by_hand() -> None:
    curve = lorenz_curve(INCOMES)
    assert curve["population_share"].tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert curve["amount_share"].tolist() == pytest.approx([0, 0.1, 0.3, 0.6, 1])


def test_gini_is_twice_the_area_between_the_lorenz_curve_and_equality() -> None:
    people = np.array([1.0, 5.0, 2.0, 0.5])
    curve = lorenz_curve(INCOMES, people)
    area = np.trapezoid(curve["amount_share"], curve["population_share"])
    assert gini(INCOMES, people) == pytest.approx(1 - 2 * area)
    assert gini(torch.as_tensor(INCOMES)) == pytest.approx(0.25)


def test_deciles_hold_a_tenth_each_whatever_the_order() -> None:
    shuffled = np.random.default_rng(0).permutation(1000)
    tenth = deciles(shuffled)
    assert np.bincount(tenth).tolist() == [0] + [100] * 10
    assert np.array_equal(tenth, shuffled // 100 + 1)


def test_deciles_count_people_not_rows() -> None:
    assert deciles([1.0, 2.0, 3.0], people=[8.0, 1.0, 1.0]).tolist() == [5, 9, 10]


def test_means_and_shares_by_decile() -> None:
    amount = np.arange(1.0, 21.0)
    table = by_decile(amount)
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["mean"].tolist() == pytest.approx([1.5 + 2 * tenth for tenth in range(10)])
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].iloc[-1] == pytest.approx(39 / 210)
    backwards = by_decile(amount, rank_by=-amount)
    assert backwards["mean"].tolist() == table["mean"].tolist()[::-1]
