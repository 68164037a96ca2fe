"""Files given by a user: read only if they are regular files of a bounded size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from econsim.errors import UserError

__all__ = ["read_user_file", "shown"]

_LONGEST_SHOWN = 300  # characters
_FILE_TYPES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_UNREADABLE = {
    errno.EISDIR: "is a folder; expected a file",
    errno.ELOOP: "a loop of symbolic links",
    errno.ENAMETOOLONG: "the path is too long",
    errno.ENXIO: "a socket; write its content to a file first",
}


def read_user_file(path: Path, most_bytes: int) -> bytes:
    """Return the content of a file that a user gave.

    Raises:
        UserError: it cannot be opened, is not a regular file, or is larger than ``most_bytes``.
    """
    name = shown(path)
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                kind = _FILE_TYPES.get(stat.S_IFMT(mode), "not a file")
                raise UserError(f"{name}: {kind}; write its content to a file first")
            content = file.read(most_bytes + 1)
    except ValueError:
        raise UserError(f"{name}: a path cannot contain a zero byte or half a character") from None
    except OSError as error:
        reason = _UNREADABLE.get(error.errno or 0) or (error.strerror or "cannot be read").lower()
        raise UserError(f"{name}: {reason}") from None
    if len(content) > most_bytes:
        raise UserError(f"{name}: larger than {most_bytes:,} bytes")
    return content


def shown(path: Path) -> str:
    """Return a path as it is shown in messages: relative to the working directory if it is inside it."""
    text = str(path)
    try:
        resolved, working_directory = path.resolve(), Path.cwd()
        if resolved.is_relative_to(working_directory):
            text = str(resolved.relative_to(working_directory))
    except (OSError, RuntimeError, ValueError):  # the path is a loop, too long or no path at all
        pass
    text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
