"""Random draws of :mod:`econsim.random` in kernels, equal to those on tensors bit for bit.

``state_of(key, step, stream)`` is computed once per environment copy, step and stream; ``bits_at(state, position)``
then gives the draw of each position. ``stream`` is ``np.uint64`` of :func:`econsim.random.stream_number`, see
:func:`stream`.
"""

from __future__ import annotations

import numpy as np

from econsim import random
from econsim.kernels.compiling import rule

__all__ = ["bits_at", "integer_below", "state_of", "stream", "uniform_at", "uniform_at_53"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_2_TO_24, _2_TO_53 = 2.0**-24, 2.0**-53  # numba would compute a power in every draw
_30, _27, _31, _40, _11 = (np.uint64(count) for count in (30, 27, 31, 40, 11))


def stream(name: str) -> np.uint64:
    """Return the number of a stream, a constant of kernels."""
    return np.uint64(random.stream_number(name) & ((1 << 64) - 1))


@rule
def _mix(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> _30)) * _MIX_1
    x = (x ^ (x >> _27)) * _MIX_2
    return x ^ (x >> _31)


@rule
def _absorb(state: np.uint64, data: np.uint64) -> np.uint64:
    return _mix((state * _GOLDEN) ^ _mix(data + _GOLDEN))


@rule
def state_of(key: int, step: int, stream: np.uint64) -> np.uint64:
    """Return the state of a stream's draws at one step of one environment copy."""
    return _absorb(_absorb(np.uint64(key), np.uint64(step)), stream)


@rule
def bits_at(state: np.uint64, position: int) -> np.uint64:
    """Return the 64 bits of :func:`econsim.random.bits` at a position."""
    return _absorb(state, np.uint64(position))


@rule
def uniform_at(state: np.uint64, position: int) -> float:
    """Return the number of :func:`econsim.random.uniform` in float32, which float64 holds exactly."""
    return np.int64(bits_at(state, position) >> _40) * _2_TO_24


@rule
def uniform_at_53(state: np.uint64, position: int) -> float:
    """Return the number of :func:`econsim.random.uniform` in float64."""
    return np.int64(bits_at(state, position) >> _11) * _2_TO_53


@rule
def integer_below(state: np.uint64, position: int, high: int) -> np.int64:
    """Return the number of :func:`econsim.random.integers`."""
    return np.int64(uniform_at_53(state, position) * high)
