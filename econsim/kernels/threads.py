"""Threads of kernels: slices of a batch of environment copies, as many at once as torch may use threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import getpid
from typing import Any

import torch

__all__ = ["SMALLEST_SLICE", "over_copies", "slices_of"]

SMALLEST_SLICE = 64  # environment copies that are worth handing to a thread


def slices_of(copies: int) -> int:
    """Return the rows of scratch memory for a batch: slice ``first`` uses row ``first // SMALLEST_SLICE``."""
    return copies // SMALLEST_SLICE + 1


def over_copies(kernel: Callable[..., None], copies: int, *arguments: Any, smallest: int = SMALLEST_SLICE) -> None:
    """Run ``kernel(first, last, *arguments)`` over all environment copies, in slices if the run has several threads.

    A slice has at least ``smallest`` copies.
    """
    slices = min(torch.get_num_threads(), copies // smallest)
    if slices <= 1:
        kernel(0, copies, *arguments)
        return
    ends = [copies * part // slices for part in range(slices + 1)]
    pool = _pool(getpid(), slices - 1)
    others = [pool.submit(kernel, ends[part], ends[part + 1], *arguments) for part in range(1, slices)]
    kernel(ends[0], ends[1], *arguments)
    for other in others:
        other.result()


@cache
def _pool(process: int, count: int) -> ThreadPoolExecutor:
    """Return waiting threads, made on first use; a forked process has none of its parent's and makes its own."""
    return ThreadPoolExecutor(count, thread_name_prefix="econsim-kernels")
