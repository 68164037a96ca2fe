"""Multi-process runs, started by ``torchrun``: the first process writes the results, the helpers only train.

Every process runs the same stages with its share of the environment copies. Each helper has a temporary run folder;
the state that a resumed run needs (environment copies in mid-episode) is in the checkpoints of the first process.
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
    """Join the process group of this run, if there is one, and yield the device that this process uses."""
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
    """Wait until all helpers have read the run folder, before anything in it changes."""
    from torch import distributed

    if distributed.is_initialized():
        distributed.barrier()


def is_helper() -> bool:
    """Return whether this process is a helper, which only trains."""
    from torch import distributed

    return distributed.is_initialized() and distributed.get_rank() > 0


@contextmanager
def folder_of_helper(original: Path | None = None) -> Iterator[Path]:
    """Yield a temporary run folder for a helper: a copy of ``original`` where a run is resumed.

    All processes are synchronised here, so that no file of the original changes while it is copied.
    """
    from torch import distributed

    with tempfile.TemporaryDirectory(prefix="econsim-") as parent:
        folder = Path(parent) / "run"
        if original is not None:
            shutil.copytree(original, folder)
        distributed.barrier()
        yield folder
