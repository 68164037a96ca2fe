"""Library of YAML files: those in the user's folders, in plug-ins, and in econsim itself.

An axis is one of the folders :data:`AXES`; an entry is one YAML file in it, named by its stem. Accented letters may be
written as one character or as two (NFC or NFD, as macOS writes file names): both are the same name. Entries are looked
up in the working directory, then in the folders of plug-ins, then in the checkout that contains the package or, when
econsim is installed from a wheel, in the copy inside the package.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from econsim import kinds
from econsim.errors import UserError, did_you_mean

AXES = ("scenarios", "agents", "planners")
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Entry:
    """One YAML file of an axis: its name (the stem), its path and the first comment line of the file."""

    name: str
    path: Path
    summary: str


def folders(axis: str) -> list[Path]:
    """Return the existing folders of ``axis``; an earlier folder hides entries of the same name in later ones."""
    roots = [Path.cwd(), *kinds.plugin_folders(), _shipped()]
    return [root / axis for root in dict.fromkeys(root.resolve() for root in roots) if (root / axis).is_dir()]


def names(axis: str) -> list[str]:
    """Return the names of all entries of ``axis``, sorted."""
    return sorted(_paths(axis))


def entries(axis: str) -> list[Entry]:
    """Return all entries of ``axis``, sorted by name."""
    return [Entry(name, path, summary(path)) for name, path in sorted(_paths(axis).items())]


def find(axis: str, name: str) -> Path:
    """Return the file of the entry ``name``.

    Raises:
        UserError: there is no such entry; similar names are listed.
    """
    paths = _paths(axis)
    if _composed(name) not in paths:
        raise UserError(f"{axis}/: no entry {name!r}{did_you_mean(name, paths)}")
    return paths[_composed(name)]


def on_disk(path: Path) -> Path:
    """Return a path as its file is named on the disk, where that differs in the form of accented letters only."""
    # Unlike the methods of Path, these two accept a path that is too long.
    if path.name.isascii() or os.path.exists(path) or not os.path.isdir(path.parent):
        return path
    return next((file for file in path.parent.iterdir() if _composed(file.name) == _composed(path.name)), path)


def summary(path: Path) -> str:
    """Return the first line of a file without its comment sign; empty when that line is not a comment."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline(500)
    return first.lstrip("#").strip() if first.startswith("#") else ""


def kind_summary(room: str, name: str) -> str:
    """Return the first line of a kind's docstring, read from its file without importing the kind."""
    for package in ("econsim", *kinds.plugins()):
        try:
            spec = find_spec(f"{package}.{room}.{name}")
        except ModuleNotFoundError:
            continue
        if spec is not None and spec.origin is not None:
            with Path(spec.origin).open(encoding="utf-8-sig", errors="replace") as file:
                return file.readline(500).strip().strip('r"').strip()
    return ""


def _paths(axis: str) -> dict[str, Path]:
    by_name: dict[str, Path] = {}
    for folder in folders(axis):
        for path in folder.glob("*.yaml"):
            if not path.name.startswith(".") and path.is_file():
                by_name.setdefault(_composed(path.stem), path)
    return by_name


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _shipped() -> Path:
    checkout = _PACKAGE.parent
    return checkout if (checkout / "scenarios").is_dir() else _PACKAGE / "_library"
