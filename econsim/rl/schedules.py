"""Schedules of values that change during training."""

from __future__ import annotations

from bisect import bisect_right

Points = tuple[tuple[float, float], ...]
Schedule = float | Points
"""A number, or points ``[[share_done, value], ...]`` with linear interpolation, such as ``[[0, 1e-3], [1, 0]]``."""


def value_at(schedule: Schedule, share_done: float) -> float:
    """Return the value at ``share_done`` in [0, 1]; it is constant before the first and after the last point."""
    if not isinstance(schedule, tuple):
        return float(schedule)
    index = bisect_right([share for share, _ in schedule], share_done)
    if index in (0, len(schedule)):
        return schedule[max(index - 1, 0)][1]
    (start, low), (end, high) = schedule[index - 1 : index + 1]
    return low + (high - low) * (share_done - start) / (end - start)


def checked(schedule: Schedule, lowest: float, open_below: bool = False) -> Schedule:
    """Return the schedule; raises ``ValueError`` if its shares are not increasing or a value is too low."""
    points = schedule if isinstance(schedule, tuple) else ((0.0, schedule),)
    shares, values = [share for share, _ in points], [value for _, value in points]
    if not points or shares != sorted(set(shares)) or not 0 <= shares[0] <= shares[-1] <= 1:
        raise ValueError("points must be [share_done, value], with increasing shares between 0 and 1")
    if min(values) < lowest or (open_below and max(values) <= lowest):
        raise ValueError(f"values must be {'above' if open_below else 'at least'} {lowest:g}")
    return schedule
