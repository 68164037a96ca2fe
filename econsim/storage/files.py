"""Atomic writes: files and folders are written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from econsim.errors import RunError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def appearing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that is renamed to ``path`` once its content is on the disk.

    Raises:
        RunError: the disk is full or refuses the file; no partial file remains.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
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
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


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
