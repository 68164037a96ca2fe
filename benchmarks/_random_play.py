"""Kernels of random play: uniform legal options equal to those that tensors draw, and a checksum over all outputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.kernels.allocation import addresses_of, contiguous
from econsim.kernels.compiling import entry, part, row_at, rule
from econsim.kernels.draws import state_of, stream, uniform_at
from econsim.kernels.threads import SMALLEST_SLICE, over_copies, slices_of

WORD = 8  # bytes that a checksum adds at once
_stream = cache(stream)


def legal(mask: Tensor, key: Tensor, time: Tensor, name: str) -> Tensor:
    """Return uniform legal options ``[B, n]`` for masks ``[B, n, A]``: the ``k``-th legal option for a random ``k``."""
    copies, drawn, options = mask.shape
    chosen = torch.empty((copies, drawn), dtype=torch.int64)
    read, work = contiguous([mask, key, time]), np.empty((slices_of(copies), options), np.int16)
    over_copies(_draw, copies, addresses_of([*read, chosen]), drawn, options, _stream(name), work)
    return chosen


def checksum(outputs: Sequence[Tensor]) -> float:
    """Return the sum of the bytes of contiguous tensors, eight at a time as one whole number, modulo a million."""
    words = np.array([tensor.nbytes // WORD for tensor in outputs], np.int64)
    return float(_add_up(addresses_of(outputs), words) % 1_000_000)


@rule
def legal_options(mask: Any, legal: Any) -> int:
    """Write the numbers of the legal options of a mask, and return how many there are."""
    count = np.int64(0)
    for option in range(mask.size):
        legal[count] = option
        count += mask[option]
    return count


@entry
def _draw(first: int, last: int, addresses: Any, drawn: int, options: int, drawn_from: Any, work: Any) -> None:
    """Draw for the environment copies ``first`` to ``last - 1``; ``work`` is scratch memory ``[slices, A]``."""
    legal = work[first // SMALLEST_SLICE]
    for b in range(first, last):
        masks = row_at(addresses[0], b, (drawn * options,), np.uint8)
        key, time = row_at(addresses[1], b, (1,), np.int64), row_at(addresses[2], b, (1,), np.int64)
        chosen = row_at(addresses[3], b, (drawn,), np.int64)
        state = state_of(key[0], time[0], drawn_from)
        for n in range(drawn):
            count, before = legal_options(part(masks, n * options, options), legal), np.int64(0)
            if count > 1:
                before = np.int64(np.float32(uniform_at(state, n)) * np.float32(count))
            chosen[n] = legal[before]


@entry
def _add_up(addresses: Any, words: Any) -> int:
    """Return the sum of the words of all arrays, modulo 2 to the power of 64."""
    total = np.int64(0)
    for output in range(words.size):
        array = row_at(addresses[output], 0, (words[output],), np.int64)
        for word in range(array.size):
            total += array[word]
    return total
