"""Folder of a reform's report: a new one in the folder of the run, or an empty one that the user names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from econsim.errors import UserError
from econsim.runs.folder import Run
from econsim.storage.files import new_folder
from econsim.storage.user_files import check_name, check_writable

__all__ = ["REFORMS", "new_reform_folder"]

REFORMS = "reforms"
"""The folder for reforms within the folder of a run."""
_LONGEST = 60  # characters


@contextmanager
def new_reform_folder(run: Run, reform: Sequence[str], out: Path | None = None) -> Iterator[Path]:
    """Create an empty folder for the report of a reform; an error within the context removes it again.

    Args:
        run: the run.
        reform: the texts ``key=value`` of the reform, which name the folder.
        out: the folder; by default a new one in ``reforms`` of the run, numbered where its name is taken.

    Raises:
        UserError: the folder is not empty, or it cannot be created or written to.
    """
    existed = out is not None and out.exists()
    if out is not None:
        check_name(out)
    try:
        folder = new_folder(run.path / REFORMS / _name(reform)) if out is None else out
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(
            f"{error.filename or out or run.path}: cannot create the folder of the report ({reason}); name a folder"
            " that you can write to with --out FOLDER"
        ) from None
    if occupied:
        raise UserError(
            f"{folder}: this folder is not empty, and nothing in it is overwritten; name a new folder with --out, or"
            f" leave --out out, so that the report gets a new folder in {run.path / REFORMS}"
        )
    check_writable(folder)
    try:
        yield folder
    except BaseException:
        _clear(folder)
        if not existed:
            folder.rmdir()
        if out is None:
            with suppress(OSError):  # it holds reports of other reforms
                folder.parent.rmdir()
        raise


def _clear(folder: Path) -> None:
    """Remove what was written into a folder that was empty."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _name(reform: Sequence[str]) -> str:
    """Return a folder's name for a reform: ``planner-flat`` for ``planner=flat``."""
    return re.sub(r"[^\w.]+", "-", " ".join(reform))[:_LONGEST].strip("-.") or "reform"
