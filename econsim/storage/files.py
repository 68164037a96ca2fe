"""Atomic writes: files and folders are written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from econsim.errors import RunError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def appearing(path: Path, before_it_appears: Callable[[Path], None] | None = None) -> Iterator[BinaryIO]:
    """Open a file for writing that is renamed to ``path`` once its content is on the disk.

    Args:
        path: the final path.
        before_it_appears: called with the path of the complete file before the file is renamed.

    Raises:
        RunError: the disk is full or refuses the file, or ``path`` is a folder, a device or a named pipe; no partial
            file remains.
    """
    if path.exists() and not path.is_file():
        raise RunError(f"cannot write {path}: this is not a file, and is left as it is; give the name of a file")
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with partial.open("xb") as file:  # fails where another process has put a file or a link in its place
            yield file
            file.flush()
            os.fsync(file.fileno())
        if before_it_appears is not None:
            before_it_appears(partial)
        os.replace(partial, path)
        _keep_name(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _refused(path, error) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """Create a folder that is renamed to ``path`` once all its files are written.

    Raises:
        RunError: the disk is full or refuses the folder; no partial folder remains.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        if path.exists():
            shutil.rmtree(path)
        os.replace(partial, path)
        _keep_name(path.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise _refused(path, error) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with appearing(path) as file:
        file.write(text.encode())


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file atomically; numbers keep all digits, and NaN raises ``ValueError``."""
    write_text(path, json_text(content))


def json_text(content: Any) -> str:
    """Return the text of a JSON file; numbers keep all digits, and NaN raises ``ValueError``."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def new_folder(path: Path) -> Path:
    """Create and return a folder that no other process uses: ``path``; where it exists, ``path-2``, ``path-3``, ..."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder, number = path, 1
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            folder = path.with_name(f"{path.name}-{number}")
        else:
            return folder


def remove_folder(path: Path) -> None:
    """Remove a folder; a process that is killed meanwhile leaves no incomplete folder under its name."""
    removed = path.with_name(f".{path.name}.removed")
    shutil.rmtree(removed, ignore_errors=True)
    os.replace(path, removed)
    shutil.rmtree(removed)


def _keep_name(folder: Path) -> None:
    # A rename survives a power failure only once the folder itself is on the disk.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refused(path: Path, error: OSError) -> RunError:
    if error.errno in _NO_SPACE:
        return RunError(f"no space left to write {path}: free some space, then resume the run")
    return RunError(f"cannot write {path}: {error.strerror or error}")
