"""Distributed training in several processes started by ``torchrun``.

Every process holds the same networks and plays its own share of the environment copies. Sums over environment copies
are added up over all processes before they are used, so that the processes together learn what one process with all
copies would learn. In a single process, the functions of this module do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, distributed

from econsim.errors import UserError

__all__ = ["count", "gathered", "own_part", "own_share", "summed"]


def count() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def own_part(keys: Tensor) -> Tensor:
    """Return this process's share of the keys ``[B]`` of all environment copies.

    Raises:
        UserError: the number of environment copies is not a multiple of the number of processes.
    """
    processes = count()
    if processes == 1:
        return keys
    if keys.shape[0] % processes:
        raise UserError(
            f"training: {keys.shape[0]} environment copies cannot be divided evenly among {processes} processes; choose"
            " a multiple of the number of processes"
        )
    return keys.chunk(processes)[distributed.get_rank()]


def gathered(local: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of all ``W`` processes stacked, ``[W, ...]`` each, for a checkpoint."""
    return {name: torch.stack(_from_all_processes(tensor)) for name, tensor in local.items()}


def own_share(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return this process's tensors from the result of :func:`gathered`.

    Raises:
        UserError: the tensors were gathered from another number of processes.
    """
    written_by = {value.shape[0] for value in stored.values()}
    if written_by - {count()}:
        raise UserError(
            f"training: the checkpoint was written by {written_by.pop()} processes, but this run has {count()}; resume"
            " with the same number of processes (torchrun --nproc-per-node)"
        )
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    return {name: value[rank] for name, value in stored.items()}


def _from_all_processes(local: Tensor) -> list[Tensor]:
    if count() == 1:
        return [local]
    device = torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
    # Sent as bytes, because not every backend supports every dtype.
    content = local.contiguous().reshape(-1).view(torch.uint8).to(device)
    received = [torch.empty_like(content) for _ in range(count())]
    distributed.all_gather(received, content)
    return [content.to(local.device).view(local.dtype).reshape(local.shape) for content in received]


def summed(*values: Tensor) -> list[Tensor]:
    """Return the sums of the values over all processes."""
    if count() == 1:
        return list(values)
    flat = torch.cat([value.reshape(-1) for value in values])
    distributed.all_reduce(flat)
    sums = torch.split(flat, [value.numel() for value in values])
    return [total.view_as(value) for total, value in zip(sums, values, strict=True)]
