"""Storage of results: a folder that all workers share, or a URL that fsspec supports (such as ``s3://bucket/sweep``).

In a folder, runs are written in place. With a URL, they are written to a temporary folder and copied when they are
finished; the file that marks a result as finished is copied last.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from econsim.errors import RunError, UserError
from econsim.storage.files import appearing_folder
from econsim.storage.locks import LOCK

__all__ = ["BATCH_MARK", "RUN_MARK", "Place", "is_full"]

RUN_MARK, BATCH_MARK = "summary.json", "metrics.parquet"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Place:
    """The location of results: a folder or a URL.

    Raises:
        UserError: no installed package supports the URL.
    """

    def __init__(self, place: str) -> None:
        self.place = place.removeprefix("file://").rstrip("/")
        self.remote = "://" in self.place
        if self.remote:
            self._files, self._root = _opened(self.place)

    @contextmanager
    def run_folder(self, name: str) -> Iterator[Path | None]:
        """Yield the folder in which to execute a run, or ``None`` if the run is finished."""
        if self.has(f"{name}/{RUN_MARK}"):
            yield None
        elif self.remote:
            with self._copied(name, RUN_MARK) as folder:
                yield folder
        else:
            yield Path(self.place) / name

    @contextmanager
    def batch_folder(self, name: str) -> Iterator[Path | None]:
        """Yield an empty folder that becomes the folder of the batch on exit, or ``None`` if the batch is finished."""
        if self.has(f"{name}/{BATCH_MARK}"):
            yield None
        elif self.remote:
            with self._copied(name, BATCH_MARK) as folder:
                folder.mkdir()
                yield folder
        else:
            with appearing_folder(Path(self.place) / name) as folder:
                yield folder

    def has(self, name: str) -> bool:
        """Return whether there is a file with this name."""
        if self.remote:
            return bool(self._files.exists(f"{self._root}/{name}"))
        return (Path(self.place) / name).is_file()

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file for reading.

        Raises:
            RunError: the file does not exist.
        """
        try:
            file = self._files.open(f"{self._root}/{name}") if self.remote else (Path(self.place) / name).open("rb")
        except FileNotFoundError as error:
            raise RunError(f"{self.place}/{name}: this file of the sweep is missing") from error
        with file:
            yield file

    @contextmanager
    def _copied(self, name: str, mark: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="econsim-") as parent:
            folder = Path(parent) / "results"
            yield folder
            results = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
            files = sorted(results, key=lambda path: path.name == mark)
            for path in files:
                target = f"{self._root}/{name}/{path.relative_to(folder).as_posix()}"
                self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(path), target)


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, reports a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_SPACE:
            return True
        error = error.__cause__ or error.__context__
    return False


def _opened(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        files, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UserError(f"--results {url}: {error}") from None
    return files, str(root).rstrip("/")
