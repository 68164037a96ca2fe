"""Locks of the folders of runs, sweeps and audits: one process at a time writes to such a folder.

The operating system holds the lock, so that a killed process leaves none behind. The workers of a sweep inherit it: a
new sweep waits until the last worker of a killed sweep has ended, and two sweeps never write at the same time.
"""

from __future__ import annotations

import errno
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from econsim.errors import EconsimWarning, UserError

__all__ = ["LOCK", "locked"]

LOCK = "lock"
"""The name of the lock file; it remains in the folder, and holds the number of the last process that had the lock."""
_PATIENCE = 20.0  # seconds that the workers of a killed sweep have to end
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}


@contextmanager
def locked(folder: Path, patience: float = _PATIENCE) -> Iterator[int]:
    """Hold the lock of a folder; yield the file descriptor that the workers of a sweep inherit.

    Args:
        folder: the folder of a run, a sweep or an audit.
        patience: seconds to wait for the workers of a killed process.

    Raises:
        UserError: another process is using the folder, or nothing can be written to it.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    except OSError as error:
        raise UserError(f"{path}: cannot lock this folder ({error.strerror})") from error
    try:
        _acquire(descriptor, folder, time.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, until: float) -> None:
    while not _acquired(descriptor, folder):
        owner = os.pread(descriptor, 20, 0).decode(errors="replace")
        if (owner.isdecimal() and _alive(int(owner))) or time.monotonic() > until:
            raise UserError(
                f"{folder}: another process is using this folder (process {owner or 'unknown'}); wait until it ends"
            )
        time.sleep(0.05)


def _acquired(descriptor: int, folder: Path) -> bool:
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError) as error:
        if getattr(error, "errno", None) in _TAKEN:
            return False
        message = f"{folder}: this folder cannot be locked ({error}); make sure that no second process writes to it"
        warnings.warn(message, EconsimWarning, stacklevel=2)
    return True


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
