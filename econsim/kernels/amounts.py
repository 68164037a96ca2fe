"""Rules that several kernels share: numbers of environment copies at memory addresses, and powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.kernels.compiling import row_at, rule

__all__ = ["number", "power", "put", "whole"]


@rule
def number(addresses: Any, place: int, b: int) -> float:
    """Return an amount of an environment copy, float64."""
    return row_at(addresses[place], b, (1,), np.float64)[0]  # type: ignore[no-any-return]


@rule
def put(addresses: Any, place: int, b: int, value: float) -> None:
    """Write an amount of an environment copy, float64."""
    row_at(addresses[place], b, (1,), np.float64)[0] = value


@rule
def whole(addresses: Any, place: int, b: int) -> int:
    """Return a whole number of an environment copy, int64."""
    return row_at(addresses[place], b, (1,), np.int64)[0]  # type: ignore[no-any-return]


@rule
def power(base: float, exponent: float) -> float:
    """Return a power of a positive number, zero for others; see :func:`econsim.mechanisms.numerics.power`.

    Products take a tenth of the time of a logarithm and an exponential function: none where the exponent is zero, as
    that of a flat tax, and two where it is three, as that of hours with a Frisch elasticity of a half.
    """
    if not base > 0.0:
        return 0.0
    if exponent == 0.0:
        return 1.0
    if exponent == 3.0:
        return base * base * base
    return np.exp(exponent * np.log(base))  # type: ignore[no-any-return]
