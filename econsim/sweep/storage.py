"""Where results lie: a folder that all workers see, or a place behind a URL (``s3://bucket/sweep``, any of fsspec).

In a folder, runs are made where they stay. Behind a URL, they are made in a temporary folder and copied when they are
finished, the file that marks them as finished last.
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

__all__ = ["BATCH_MARK", "RUN_MARK", "Place", "is_full"]

RUN_MARK, BATCH_MARK = "summary.json", "metrics.parquet"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Place:
    """A folder or a URL.

    Raises:
        UserError: a URL of a kind that nothing installed can read.
    """

    def __init__(self, place: str) -> None:
        self.place = place.removeprefix("file://").rstrip("/")
        self.remote = "://" in self.place
        if self.remote:
            self._files, self._root = _opened(self.place)

    @contextmanager
    def run_folder(self, name: str) -> Iterator[Path | None]:
        """Give the folder to make a run in, ``None`` where it is finished."""
        if self.has(f"{name}/{RUN_MARK}"):
            yield None
        elif self.remote:
            with self._copied(name, RUN_MARK) as folder:
                yield folder
        else:
            yield Path(self.place) / name

    @contextmanager
    def batch_folder(self, name: str) -> Iterator[Path | None]:
        """Give an empty folder that becomes the batch's when it is filled, ``None`` where it is finished."""
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
        """Return whether there is such a file."""
        if self.remote:
            return bool(self._files.exists(f"{self._root}/{name}"))
        return (Path(self.place) / name).is_file()

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file for reading.

        Raises:
            RunError: it is not there.
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
            folder = Path(parent) / "made"
            yield folder
            files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.name == mark)
            for path in files:
                target = f"{self._root}/{name}/{path.relative_to(folder).as_posix()}"
                self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(path), target)


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one behind it, says that there is no space left."""
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
