"""Training in several processes at once, started by ``torchrun``: copies of the game are shared out, sums are pooled.

Every process holds the same networks and plays its own part of the copies; whatever is averaged over copies is summed
over all of them first, so that the processes learn as one with all copies would. Alone, everything here does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, distributed

from econsim.errors import UserError

__all__ = ["count", "gathered", "own_part", "own_share", "summed"]


def count() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


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


def gathered(parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the same tensors of all processes, ``[W, ...]`` each: what a checkpoint keeps of every process."""
    return {name: torch.stack(_of_everyone(part)) for name, part in parts.items()}


def own_share(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return this process's tensors of what :func:`gathered` returned.

    Raises:
        UserError: it was gathered from another number of processes.
    """
    held = {value.shape[0] for value in stored.values()}
    if held - {count()}:
        raise UserError(
            f"training: the checkpoint was written by {held.pop()} processes and this is a run in {count()};"
            f" resume with as many: torchrun --nproc-per-node"
        )
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    return {name: value[rank] for name, value in stored.items()}


def _of_everyone(part: Tensor) -> list[Tensor]:
    if count() == 1:
        return [part]
    device = torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
    # As bytes: not every backend takes every type.
    content = part.contiguous().reshape(-1).view(torch.uint8).to(device)
    found = [torch.empty_like(content) for _ in range(count())]
    distributed.all_gather(found, content)
    return [each.to(part.device).view(part.dtype).reshape(part.shape) for each in found]


def summed(*values: Tensor) -> list[Tensor]:
    """Return the values added up over all processes."""
    if count() == 1:
        return list(values)
    flat = torch.cat([value.reshape(-1) for value in values])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [value.numel() for value in values])
    return [part.view_as(value) for part, value in zip(parts, values, strict=True)]
