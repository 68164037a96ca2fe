from __future__ import annotations

import pytest

from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError


def test_interval_by_the_table_of_student() -> None:
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    # t(0.975, 4) = 2.776 and the standard error is sqrt(2.5 / 5).
    assert (interval.mean, interval.count) == (3.0, 5)
    assert interval.high == pytest.approx(3 + 2.776445 * 0.5**0.5, abs=1e-5)
    assert interval.low == pytest.approx(3 - 2.776445 * 0.5**0.5, abs=1e-5)


def test_a_higher_confidence_is_wider() -> None:
    assert mean_interval([1.0, 2.0], 0.99).high > mean_interval([1.0, 2.0], 0.9).high  # type: ignore[operator]


@pytest.mark.parametrize(("values", "confidence"), [([], 0.95), ([1.0, float("nan")], 0.95), ([1.0, 2.0], 1.0)])
def test_bad_input_is_refused(values: list[float], confidence: float) -> None:
    with pytest.raises(UserError):
        mean_interval(values, confidence)
