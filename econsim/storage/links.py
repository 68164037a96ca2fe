"""Refusal of symbolic links in folders that may come from elsewhere.

A link inside the folder of a run could direct what is written or deleted there to any other place of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from econsim.errors import UserError

__all__ = ["refuse_links"]


def refuse_links(folder: Path, everywhere: bool = True) -> None:
    """Check that a folder contains no symbolic link; the folder itself may be one.

    Args:
        folder: the folder.
        everywhere: look into the folders in it, too.

    Raises:
        UserError: there is a link; the message names it.
    """
    for link in _links(folder, everywhere):
        raise UserError(
            f"{link}: this is a symbolic link, and links inside the folder of a run, a sweep or an audit are not"
            " followed; replace it by the file or folder that it stands for, or remove it"
        )


def _links(folder: Path, everywhere: bool) -> Iterator[str]:
    remaining = [os.fspath(folder)]
    while remaining:
        # A run in progress removes old checkpoints, so a folder can disappear before it is listed.
        with suppress(FileNotFoundError), os.scandir(remaining.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield entry.path
                elif everywhere and entry.is_dir(follow_symlinks=False):
                    remaining.append(entry.path)
