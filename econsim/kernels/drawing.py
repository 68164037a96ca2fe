"""Draws of :mod:`econsim.random` by kernels, for tensors on the CPU: the same numbers in one pass over each copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.kernels.compiling import entry
from econsim.kernels.draws import bits_at, state_of, uniform_at, uniform_at_53
from econsim.kernels.threads import over_copies

__all__ = ["write_draws"]


@entry
def _draw_bits(first: int, last: int, key: Any, step: Any, stream: np.uint64, drawn: Any) -> None:
    for b in range(first, last):
        state = state_of(key[b], step[b], stream)
        for position in range(drawn.shape[1]):
            drawn[b, position] = np.int64(bits_at(state, position))


@entry
def _draw_24_bits(first: int, last: int, key: Any, step: Any, stream: np.uint64, drawn: Any) -> None:
    for b in range(first, last):
        state = state_of(key[b], step[b], stream)
        for position in range(drawn.shape[1]):
            drawn[b, position] = uniform_at(state, position)


@entry
def _draw_53_bits(first: int, last: int, key: Any, step: Any, stream: np.uint64, drawn: Any) -> None:
    for b in range(first, last):
        state = state_of(key[b], step[b], stream)
        for position in range(drawn.shape[1]):
            drawn[b, position] = uniform_at_53(state, position)


_KERNELS = {torch.int64: _draw_bits, torch.float32: _draw_24_bits, torch.float64: _draw_53_bits}


def write_draws(key: Tensor, step: int | Tensor, stream: int, drawn: Tensor) -> None:
    """Write draws into a tensor.

    Args:
        key: ``[B]`` int64.
        step: the time of the draw, a number of 64 bits with a sign or ``[B]``.
        stream: the number of the stream, see :func:`econsim.random.stream_number`.
        drawn: ``[B, ...]``, contiguous: int64 for bits, float32 or float64 for numbers uniform on [0, 1).
    """
    copies = len(key)
    steps = step.long().expand(copies).contiguous().numpy() if isinstance(step, Tensor) else np.full(copies, step)
    number = np.uint64(stream & ((1 << 64) - 1))
    rows = drawn.view(copies, math.prod(drawn.shape[1:])).numpy()
    over_copies(_KERNELS[drawn.dtype], copies, key.contiguous().numpy(), steps, number, rows)
