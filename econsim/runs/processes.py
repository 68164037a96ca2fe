"""A run in several processes, started by ``torchrun``: the first one writes, the others help to train.

Every process runs the same stages with its part of the copies. The others keep a run folder of their own, which is
thrown away; what has to outlive them (copies in the middle of play) is in the first one's checkpoints.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["folder_of_helper", "is_helper", "joined", "wait_for_helpers"]


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the other processes of this run, if there are any, and give the device that this one has to use."""
    import torch
    from torch import distributed

    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or distributed.is_initialized():
        yield device
        return
    if device.startswith("cuda"):
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield device
        distributed.barrier()
    finally:
        distributed.destroy_process_group()


def wait_for_helpers() -> None:
    """Let helpers look at the run folder before anything in it changes."""
    from torch import distributed

    if distributed.is_initialized():
        distributed.barrier()


def is_helper() -> bool:
    """Return whether this process only helps to train."""
    from torch import distributed

    return distributed.is_initialized() and distributed.get_rank() > 0


@contextmanager
def folder_of_helper(original: Path | None = None) -> Iterator[Path]:
    """Give a run folder that goes when the helper is done; a copy of ``original`` where a run is resumed.

    All processes pass through here together, so that no file of the original changes while it is copied.
    """
    from torch import distributed

    with tempfile.TemporaryDirectory(prefix="econsim-") as parent:
        own = Path(parent) / "run"
        if original is not None:
            shutil.copytree(original, own)
        distributed.barrier()
        yield own
