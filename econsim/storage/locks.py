"""One sweep at a time on a folder: a lock that lives as long as any process that works on it.

The operating system holds it, so that nothing is left behind by a process that is killed. Workers inherit it: a new
sweep waits until the last worker of a killed one is gone, and none writes beside another.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from econsim.errors import UserError

__all__ = ["locked"]

_PATIENCE = 20.0  # seconds for the workers of a killed sweep to notice


@contextmanager
def locked(folder: Path, patience: float = _PATIENCE) -> Iterator[int]:
    """Hold the lock of a sweep's folder; give the descriptor that workers inherit.

    Raises:
        UserError: another sweep works on it.
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
            raise UserError(f"{folder}: another sweep works on this folder (process {owner or 'unknown'}); let it end")
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
