"""Coverage of 95 % intervals of means: skewed samples use the bootstrap-t, others keep Student's t to the bit."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

import pytest
import torch
from scipy.special import stdtrit

from econsim import random
from econsim.analysis.bootstrap import bootstrap_t
from econsim.analysis.statistics import BOOTSTRAP, EQUAL, SINGLE, STUDENT, Interval, mean_interval
from econsim.errors import UserError

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "results" / "interval_coverage.json"
LOGNORMAL = "lognormal, standard deviation of the logarithm 1"
SAMPLES = 1500


def normal_samples(count: int) -> torch.Tensor:
    """Return ``[SAMPLES, count]`` standard normal numbers, other ones than those of the benchmark."""
    return random.normal(random.keys(29, SAMPLES), count, "coverage test", (count,), torch.float64)


def coverage(intervals: list[Interval], mean: float) -> float:
    covered = [one.low <= mean <= one.high for one in intervals]  # type: ignore[operator]
    return sum(covered) / len(covered)


@pytest.mark.parametrize("count", [10, 20])
def test_means_of_lognormal_samples_are_covered_as_often_as_documented(count: int) -> None:
    recorded = json.loads(BENCHMARK.read_text())["result"]["coverage"][LOGNORMAL][str(count)]
    samples = normal_samples(count).exp().tolist()
    default = coverage([mean_interval(sample) for sample in samples], math.exp(0.5))
    student = coverage([mean_interval(sample, method="student") for sample in samples], math.exp(0.5))
    # Three binomial standard errors of a coverage of 92 %, over these samples and over the benchmark's 5,000.
    tolerance = 3 * math.sqrt(0.92 * 0.08 * (1 / SAMPLES + 1 / 5000))
    assert default == pytest.approx(recorded["default"], abs=tolerance)
    # Both intervals are of the same samples; the benchmark measures a difference of 6 and 5 percentage points.
    assert default - student > 0.03


def test_means_of_normal_samples_are_covered_as_before() -> None:
    intervals = [mean_interval(sample) for sample in normal_samples(10).tolist()]
    assert coverage(intervals, 0.0) == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / SAMPLES))


def test_the_interval_of_a_skewed_sample_reaches_further_towards_its_tail() -> None:
    waiting = [0.1, 0.2, 0.3, 0.5, 0.8, 1.3, 2.1, 5.5]
    interval = mean_interval(waiting)
    student = mean_interval(waiting, method="student")
    assert (interval.method, student.method) == (BOOTSTRAP, STUDENT)
    assert interval.mean == student.mean == statistics.fmean(waiting)
    assert interval.high > student.high  # type: ignore[operator]
    assert interval.low > student.low  # type: ignore[operator]
    assert (interval.low, interval.high) == bootstrap_t(waiting)
    # An affine change of units changes the interval likewise.
    scaled = mean_interval([3.0 - 2.0 * value for value in waiting])
    assert scaled.low == pytest.approx(3.0 - 2.0 * interval.high)  # type: ignore[operator]
    assert scaled.high == pytest.approx(3.0 - 2.0 * interval.low)  # type: ignore[operator]


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.5, 4.0, 5.25, 6.0], [1.0, 1.0, 9.0], [0.5, 0.25]])
def test_samples_without_skew_and_those_below_five_keep_student_to_the_bit(values: list[float]) -> None:
    count, mean = len(values), statistics.fmean(values)
    margin = float(stdtrit(count - 1, 0.975)) * (statistics.stdev(values) / math.sqrt(count))
    assert mean_interval(values) == Interval(mean, mean - margin, mean + margin, count, STUDENT)


def test_one_outlier_does_not_make_the_interval_arbitrarily_long() -> None:
    """A third of the resamples lack the outlier and have nearly no spread; without a bound the length is 900."""
    values = [100.0, 100.1, 99.9, 100.05, 99.95, 100.02, 99.98, 100.01, 99.99, 50.0]
    interval, student = mean_interval(values), mean_interval(values, method="student")
    assert interval.method == BOOTSTRAP
    assert interval.high - interval.low < 3 * (student.high - student.low)  # type: ignore[operator]


def test_where_nothing_varies_there_is_no_interval_and_the_reason_is_given() -> None:
    assert mean_interval([4.0]) == Interval(4.0, None, None, 1, SINGLE)
    assert mean_interval([4.0, 4.0, 4.0]) == Interval(4.0, None, None, 3, EQUAL)
    # The same sums in another order differ by rounding only.
    assert mean_interval([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1]).method == EQUAL
    assert mean_interval([0.0, 0.0]).method == EQUAL


def test_the_bootstrap_of_too_few_values_is_refused() -> None:
    with pytest.raises(UserError, match="at least 5 values, found 4"):
        mean_interval([1.0, 2.0, 3.0, 10.0], method="bootstrap")
