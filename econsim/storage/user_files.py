"""Files and texts given by a user, checked before work starts: regular files of a bounded size, and writable text."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from econsim.errors import UserError

__all__ = ["check_name", "check_writable", "decoded", "is_writable_text", "open_user_file", "read_user_file", "shown"]

_SMALL = 1 << 20  # bytes
_LONGEST_SHOWN = 300  # characters
_FILE_TYPES = {stat.S_IFIFO: "a named pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_REASONS = {
    errno.EISDIR: "is a directory; expected a file",
    errno.ELOOP: "a loop of symbolic links",
    errno.ENAMETOOLONG: "file name too long",
    errno.ENXIO: "a socket; expected a file",
}


@contextmanager
def open_user_file(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """Open a file that a user gave.

    Raises:
        UserError: it cannot be opened, is not a regular file, or is larger than ``most_bytes``.
    """
    name = shown(path)
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:
        raise UserError(f"{name}: a path cannot contain a zero byte or half a character") from None
    except OSError as error:
        raise UserError(f"{name}: {_reason(error)}") from None
    try:
        _check_regular(name, os.fstat(descriptor), most_bytes)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_user_file(path: Path, most_bytes: int) -> bytes:
    """Return the content of a file that a user gave; raises as :func:`open_user_file`."""
    with open_user_file(path, most_bytes) as file:
        size = os.fstat(file.fileno()).st_size
        return file.read(min(most_bytes, max(size, _SMALL)))  # a larger request would reserve memory that is not used


def decoded(raw: bytes, name: str, key: str) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark.

    Raises:
        UserError: the file is not UTF-8 text.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{key}: cannot read {name}:{line}: expected UTF-8 text; save the file as UTF-8") from None


def check_name(folder: Path) -> None:
    """Raise :class:`UserError` if the name of a folder cannot be written into tables and logs."""
    if not is_writable_text(str(folder.absolute())):
        raise UserError(f"{shown(folder)}: the name of this folder is not valid Unicode text; choose another")


def check_writable(folder: Path) -> None:
    """Raise :class:`UserError` if files cannot be written into an existing folder."""
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{shown(folder)}: cannot write into this folder ({_reason(error)}); change its permissions, or copy it"
        ) from None


def is_writable_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: it contains no lone surrogate (half of a character)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def shown(path: Path) -> str:
    """Return a path as it is shown in messages: relative to the working directory if it is inside it."""
    text = str(path)
    try:
        resolved, working_directory = path.resolve(), Path.cwd()
        if resolved.is_relative_to(working_directory):
            text = str(resolved.relative_to(working_directory))
    except (OSError, RuntimeError, ValueError):  # the path is a loop, is too long or holds a zero byte
        pass
    text = text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _check_regular(name: str, status: os.stat_result, most_bytes: int) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise UserError(f"{name}: {_REASONS[errno.EISDIR]}")
    if kind != stat.S_IFREG:
        raise UserError(f"{name}: {_FILE_TYPES.get(kind, 'not a file')}; write its content to a file first")
    if status.st_size > most_bytes:
        raise UserError(f"{name}: larger than {most_bytes:,} bytes")


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or (error.strerror or "cannot be read").lower()
