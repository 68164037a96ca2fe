"""Comparisons of behaviour against the definition of their intervals, and against what is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from econsim.analysis.behaviour import FEWEST, change, compared
from econsim.errors import UserError


def test_the_interval_is_students_with_bonferronis_level() -> None:
    differences = np.array([0.1, 0.3, 0.2, 0.15, 0.25])
    found = change(differences, "left", comparisons=4).difference
    margin = student.ppf(1 - 0.05 / 4 / 2, 4) * differences.std(ddof=1) / math.sqrt(5)
    assert found.mean == pytest.approx(0.2)
    assert found.high == pytest.approx(0.2 + margin)


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.5, 0.4, 0.6, 0.5, 0.45], "changes"),
        ([-0.5, -0.4, -0.6, -0.5, -0.45], "changes"),
        ([0.01, -0.01, 0.0, 0.01, -0.01], "does not change"),
        ([0.5, -0.5, 0.2, 0.0, -0.2], "no verdict"),
        ([0.5] * (FEWEST - 1), "no verdict"),  # too few, however clear
        ([0.5] * FEWEST, "changes"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side_of_the_bound(differences: list[float], verdict: str) -> None:
    found = change(differences)
    assert found.verdict == verdict
    assert found.units == len(differences)


def test_the_option_that_differs_most_decides() -> None:
    base = np.tile([0.2, 0.3, 0.5], (6, 1))
    other = base + np.array([0.3, 0.0, -0.3]) + np.linspace(-0.02, 0.02, 6)[:, None] * np.array([1, 0, -1])
    found = compared(base, other, ["a", "b", "c"])
    assert (found.choice, found.verdict) in {("a", "changes"), ("c", "changes")}
    assert abs(found.difference.mean) == pytest.approx(0.3)
    assert compared(base, base, ["a", "b", "c"]).verdict == "does not change"
    noisy = base + np.array([[0.4, 0, -0.4], [-0.4, 0, 0.4]] * 3)
    assert compared(base, noisy, ["a", "b", "c"]).verdict == "no verdict"  # though b does not change
    with pytest.raises(UserError, match="expected \\[units, 2 choices\\]"):
        compared(base, base, ["a", "b"])


def test_as_many_units_as_are_named_give_a_verdict_four_times_in_five() -> None:
    """Against simulation: normal differences with the mean and the spread that a sample of ten had."""
    draws = np.random.default_rng(3)
    sample = draws.normal(0.25, 0.3, 10)
    needed = change(sample, comparisons=2).units_needed
    assert needed is not None
    repeated = draws.normal(sample.mean(), sample.std(ddof=1), (2000, needed))
    margin = student.ppf(1 - 0.05 / 4, needed - 1) * repeated.std(1, ddof=1) / math.sqrt(needed)
    share = (repeated.mean(1) - margin > 0.05).mean()
    # Three standard errors of 2,000 draws are 0.027; the rest is the normal approximation of few units.
    assert 0.75 <= share <= 0.87
