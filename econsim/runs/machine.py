"""Devices and CPU threads of runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from econsim.errors import UserError

__all__ = ["computing_on", "device_named"]


@contextmanager
def computing_on(threads: int) -> Iterator[None]:
    """Set the number of torch threads within the context, and let the process keep freed memory from now on."""
    import torch

    from econsim.acceleration import keep_memory

    keep_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_named(name: str) -> str:
    """Return the device that ``name`` stands for; ``auto`` stands for a GPU if there is one.

    Raises:
        UserError: this machine has no such device.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"--device {name}: expected auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected auto, cpu or cuda")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return name
