"""Locks of sweep folders, which exclude a second sweep while any process works on the folder.

The operating system holds the lock, so that a killed process leaves none behind. Workers inherit it: a new sweep waits
until the last worker of a killed sweep has ended, and two sweeps never write at the same time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from econsim.errors import UserError

__all__ = ["locked"]

_PATIENCE = 20.0  # seconds that the workers of a killed sweep have to end


@contextmanager
def locked(folder: Path, patience: float = _PATIENCE) -> Iterator[int]:
    """Hold the lock of a sweep's folder; yield the file descriptor that workers inherit.

    Args:
        folder: the folder of the sweep.
        patience: seconds to wait for the workers of a killed sweep.

    Raises:
        UserError: another sweep is using the folder.
    """
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(descriptor, folder, time.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, until: float) -> None:
    while not _taken(descriptor):
        owner = os.pread(descriptor, 20, 0).decode(errors="replace")
        if (owner.isdecimal() and _alive(int(owner))) or time.monotonic() > until:
            raise UserError(
                f"{folder}: another sweep is using this folder (process {owner or 'unknown'}); wait until it ends"
            )
        time.sleep(0.05)


def _taken(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
