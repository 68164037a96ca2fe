"""Indices against closed forms of the lognormal distribution, identities, and what every index must satisfy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, pareto

from econsim.analysis.bootstrap import bootstrap
from econsim.analysis.inequality import (
    INDICES,
    Dominance,
    atkinson_index,
    between_within,
    by_decile,
    by_group,
    deciles,
    dominance,
    generalised_entropy,
    generalised_lorenz_curve,
    gini,
    inequality_table,
    mean_log_deviation,
    palma,
    share_ratio,
    theil,
    top_share,
)
from econsim.errors import UserError

SPREAD = 0.6
MIDDLES = (np.arange(200_000) + 0.5) / 200_000
LOGNORMAL = np.exp(SPREAD * norm.ppf(MIDDLES))
# 200,000 middles of equal slices cut the tails of the distribution off; what they hold is below this.
TAILS = 2e-4


@pytest.mark.parametrize(
    ("index", "truth"),
    [
        (gini, 2 * norm.cdf(SPREAD / math.sqrt(2)) - 1),
        (theil, SPREAD**2 / 2),
        (mean_log_deviation, SPREAD**2 / 2),
        (lambda x: generalised_entropy(x, 2.0), (math.exp(SPREAD**2) - 1) / 2),
        (lambda x: generalised_entropy(x, -1.0), (math.exp(SPREAD**2) - 1) / 2),
        (lambda x: atkinson_index(x, 1.0), 1 - math.exp(-(SPREAD**2) / 2)),
        (lambda x: atkinson_index(x, 2.0), 1 - math.exp(-(SPREAD**2))),
        (lambda x: top_share(x, 0.1), norm.cdf(SPREAD - norm.ppf(0.9))),
        (palma, norm.cdf(SPREAD - norm.ppf(0.9)) / norm.cdf(norm.ppf(0.4) - SPREAD)),
        (lambda x: share_ratio(x, 0.2, 0.2), norm.cdf(SPREAD - norm.ppf(0.8)) / norm.cdf(norm.ppf(0.2) - SPREAD)),
    ],
)
def test_closed_forms_of_the_lognormal(index: object, truth: float) -> None:
    assert index(LOGNORMAL) == pytest.approx(truth, rel=10 * TAILS)  # type: ignore[operator]


def test_pareto_gini_and_top_share() -> None:
    amounts = pareto(3.0).ppf(MIDDLES)
    # A power tail with parameter 3 beyond the last middle holds (1 / 400,000)^(2/3) of the total.
    assert gini(amounts) == pytest.approx(1 / 5, abs=2e-4)
    assert top_share(amounts, 0.01) == pytest.approx(0.01 ** (2 / 3), abs=2e-4)


@pytest.mark.parametrize("name", INDICES)
def test_every_index_counts_people_ignores_scale_and_is_lowest_where_all_have_the_same(name: str) -> None:
    index, amounts, people = INDICES[name], np.array([3.0, 1.0, 8.0, 2.5]), np.array([1.0, 4.0, 2.0, 3.0])
    repeated = np.repeat(amounts, people.astype(int))
    one = np.ones_like(repeated)
    assert index(amounts, people) == pytest.approx(index(repeated, one))
    assert index(amounts * 7, people * 0.1) == pytest.approx(index(amounts, people))
    assert index(one, one) < index(repeated, one)
    # Transfers from the two richest to the two poorest people (Pigou and Dalton) lower it.
    fairer = np.sort(repeated) + np.array([0.5, 0.5, *[0.0] * 6, -0.5, -0.5])
    assert index(fairer, one) < index(repeated, one)


def test_somebody_who_has_nothing() -> None:
    assert theil([0.0, 1.0]) == pytest.approx(math.log(2))
    assert math.isnan(mean_log_deviation([0.0, 1.0]))
    assert math.isnan(atkinson_index([0.0, 1.0], 1.0))
    assert math.isnan(palma([0.0, 0.0, 0.0, 0.0, 1.0]))
    assert math.isnan(theil([-1.0, 3.0]))
    assert theil([0.0, 2.0, 4.0], people=[0.0, 1.0, 1.0]) == pytest.approx(theil([2.0, 4.0]))


@pytest.mark.parametrize("alpha", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_between_and_within_add_up(alpha: float) -> None:
    generator = np.random.default_rng(0)
    amounts, people = generator.lognormal(size=300), generator.uniform(size=300)
    groups = generator.choice(["a", "b", "c"], 300)
    table, total = between_within(amounts * np.where(groups == "a", 2.0, 1.0), groups, people, alpha)
    # An identity of 300 sums: only rounding is left.
    assert total["total"] == pytest.approx(total["between"] + total["within"], rel=1e-12)
    assert table["within"].sum() == pytest.approx(total["within"])
    assert (table["index"] > 0).all()
    assert table["people_share"].sum() == pytest.approx(1)


def test_between_groups_only_and_within_groups_only() -> None:
    _, apart = between_within([1.0, 1.0, 3.0, 3.0], ["a", "a", "b", "b"])
    assert apart["within"] == pytest.approx(0, abs=1e-15)
    assert apart["total"] == pytest.approx(theil([1.0, 3.0]))
    _, alike = between_within([1.0, 3.0, 1.0, 3.0], ["a", "a", "b", "b"])
    assert alike["between"] == pytest.approx(0, abs=1e-15)


def test_generalised_lorenz_dominance() -> None:
    # Everybody richer: better under every function, though as unequal. A sacrifice at the top for the poor crosses.
    assert dominance([2.0, 4.0], [1.0, 2.0]) is Dominance.first
    assert dominance([2.0, 4.0], [1.0, 2.0], generalised=False) is Dominance.equal
    assert dominance([1.0, 9.0], [2.0, 4.0]) is Dominance.crossing
    assert dominance([1.0, 9.0], [2.0, 4.0], generalised=False) is Dominance.second
    assert dominance([5.0, 5.0, 5.0], [5.0], second_people=[2.0]) is Dominance.equal
    curve = generalised_lorenz_curve([1.0, 2.0, 6.0])
    assert curve["amount_a_head"].tolist() == pytest.approx([0, 1 / 3, 1, 3])


def test_means_and_shares_by_any_group() -> None:
    table = by_group([1.0, 2.0, 6.0], ["north", "south", "south"], people=[2.0, 1.0, 1.0]).set_index("group")
    assert table.loc["south"].tolist() == pytest.approx([0.5, 4.0, 0.8])


def test_a_table_of_distributions() -> None:
    table = inequality_table({"before": [1.0, 3.0], "after": [2.0, 2.0]}, people=[1.0, 1.0])
    assert table.columns.tolist() == list(INDICES)
    assert table.loc["before", "gini"] == pytest.approx(0.25)
    assert table.loc["after", "gini"] == pytest.approx(0)


def test_wrong_samples_are_named() -> None:
    with pytest.raises(UserError, match="one finite number per person"):
        theil([1.0, math.nan])
    with pytest.raises(UserError, match="people: expected a non-negative weight"):
        theil([1.0, 2.0], people=[1.0, -1.0])
    with pytest.raises(UserError, match="inequality aversion"):
        atkinson_index([1.0, 2.0], -1.0)
    with pytest.raises(UserError, match="fraction of people"):
        top_share([1.0, 2.0], 10)
    with pytest.raises(UserError, match="one label per person"):
        between_within([1.0, 2.0], ["a"])


def test_bootstrap_gives_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(size=400)
    found = bootstrap(values.tolist(), np.mean, resamples=2000)
    # The error of a standard deviation from 2,000 resamples is 1 / sqrt(4,000) of it, 1.6 %; three times that.
    assert found.error == pytest.approx(values.std() / 20, rel=0.05)
    assert found.low < found.value < found.high
    assert found == bootstrap(values.tolist(), np.mean, resamples=2000)
    with pytest.raises(UserError, match="two seeds"):
        bootstrap([1.0], np.mean)


def test_a_group_that_has_nothing_adds_nothing_within() -> None:
    table, total = between_within([0.0, 0.0, 3.0, 4.0], ["a", "a", "b", "b"])
    # The second group has everything, and half of the people: within is its own index.
    assert total["within"] == pytest.approx(theil([3.0, 4.0]))
    assert total["within"] == pytest.approx(0.010239, abs=5e-7)
    assert total["between"] + total["within"] == pytest.approx(total["total"])
    assert table["within"].tolist() == [0.0, pytest.approx(total["within"])]


def test_an_entry_of_weight_zero_is_in_no_eleventh_decile() -> None:
    assert deciles([1.0, 2.0, 3.0], [1.0, 1.0, 0.0]).tolist() == [3, 8, 10]


def test_the_gini_coefficient_has_no_value_without_a_positive_total() -> None:
    assert math.isnan(gini([-5.0, 0.0, 5.0]))
    assert math.isnan(gini([-5.0, 0.0, 2.0]))
    assert gini([0.0, 0.0]) == 0.0


@pytest.mark.parametrize("index", [gini, theil, palma, deciles, by_decile])
def test_negative_weights_and_empty_samples_are_refused(index: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="non-negative weight"):
        index([1.0, 2.0, 3.0], people=[1.0, -1.0, 1.0])
    with pytest.raises(UserError, match="one finite number per person"):
        index([])
