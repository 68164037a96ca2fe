"""Training in several processes at once, started by ``torchrun``: copies of the game are shared out, sums are pooled.

Every process holds the same networks and plays its own part of the copies; whatever is averaged over copies is summed
over all of them first, so that the processes learn as one with all copies would. Alone, everything here does nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed

from econsim.errors import UserError

__all__ = ["count", "is_first", "own_part", "summed"]


def count() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_first() -> bool:
    """Return whether this is the process that reports and writes."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def own_part(keys: Tensor) -> Tensor:
    """Return this process's part of the keys ``[B]`` of all copies.

    Raises:
        UserError: the copies cannot be shared out evenly.
    """
    processes = count()
    if processes == 1:
        return keys
    if keys.shape[0] % processes:
        raise UserError(f"training: {keys.shape[0]} copies cannot be shared out evenly among {processes} processes")
    return keys.chunk(processes)[distributed.get_rank()]


def summed(*values: Tensor) -> list[Tensor]:
    """Return the values added up over all processes."""
    if count() == 1:
        return list(values)
    flat = torch.cat([value.reshape(-1) for value in values])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [value.numel() for value in values])
    return [part.view_as(value) for part, value in zip(parts, values, strict=True)]
