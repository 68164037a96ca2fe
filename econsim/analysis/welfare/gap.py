"""The share of the welfare gap between two policies that a third one closes."""

from __future__ import annotations

import math

from econsim.errors import UserError

__all__ = ["share_of_gap_closed"]


def share_of_gap_closed(value: float, floor: float, ceiling: float) -> float:
    """Return the position of welfare ``value`` between ``floor`` (zero) and ``ceiling`` (one).

    Raises:
        UserError: a number that is not finite, or a ceiling that is not above the floor.
    """
    if not all(math.isfinite(number) for number in (value, floor, ceiling)):
        raise UserError(f"share_of_gap_closed: expected finite numbers, found {value}, {floor}, {ceiling}")
    if ceiling <= floor or math.isclose(ceiling, floor, rel_tol=1e-12):
        raise UserError(
            f"the share of the welfare gap closed is not defined: the ceiling ({ceiling:g}) is not above the floor"
            f" ({floor:g}), so that no policy can do better than the floor"
        )
    return (value - floor) / (ceiling - floor)
