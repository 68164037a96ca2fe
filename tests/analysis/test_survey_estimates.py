"""Estimates of samples against textbook formulas, and their coverage over all samples of a small population."""

from itertools import combinations

import pytest
from scipy.stats import t

from econsim.analysis.survey_estimates import estimate

PEOPLE = [3.0, 7.0, 1.0, 9.0, 4.0, 4.0, 8.0, 2.0, 6.0, 5.0]


def test_the_mean_of_a_simple_random_sample_has_the_textbook_interval() -> None:
    sample = PEOPLE[:5]
    found = estimate(sample, [1.0] * 5, [True] * 5, 10)
    assert found is not None
    mean = sum(sample) / 5
    variance = sum((value - mean) ** 2 for value in sample) / 4
    error = (0.5 * variance / 5) ** 0.5  # Cochran (1977), equation 2.20
    assert (found.value, found.count) == (pytest.approx(mean), 5)
    assert found.high == pytest.approx(mean + t.ppf(0.975, 4) * error)


def test_the_variance_is_unbiased_over_all_samples() -> None:
    samples = [estimate(sample, [1.0] * 4, [True] * 4, 10) for sample in combinations(PEOPLE, 4)]
    means = [found.value for found in samples if found is not None]
    errors = [(found.high - found.value) / t.ppf(0.975, 3) for found in samples if found and found.high is not None]
    truth = sum(PEOPLE) / 10
    assert sum(means) / len(means) == pytest.approx(truth)
    spread = sum((mean - truth) ** 2 for mean in means) / len(means)
    assert sum(error**2 for error in errors) / len(errors) == pytest.approx(spread)


def test_weights_count_people_and_a_complete_population_has_no_error() -> None:
    found = estimate([1.0, 0.0], [3.0, 1.0], [True, True], 2, share=True)
    assert found is not None
    assert (found.value, found.low, found.high) == (0.75, 0.75, 0.75)


def test_an_interval_of_a_share_stays_between_0_and_1_and_a_share_of_1_has_none() -> None:
    found = estimate([1.0] + [0.0] * 9, [1.0] * 10, [True] * 10, 1000, share=True)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert 0.0 < found.low < 0.1 < found.high < 1.0
    certain = estimate([1.0] * 10, [1.0] * 10, [True] * 10, 1000, share=True)
    assert certain is not None
    assert (certain.low, certain.high) == (None, None)
    assert estimate([1.0], [1.0], [False], 10) is None
