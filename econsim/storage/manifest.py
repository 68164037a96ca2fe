"""Manifests: the SHA-256 checksums of the files of a folder, in ``manifest.json``.

The checksum of a file is recorded before the file appears under its name. From then until the next record, the manifest
lists its old content (``null`` if there was none) and its new content. A process that is killed at any moment therefore
leaves a folder in which each listed file has a listed checksum. One process at a time writes to the folder, under its
lock, and begins with :func:`settle`; any number of processes may read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from econsim.errors import RunError
from econsim.storage.files import appearing, json_text, write_json

__all__ = ["MANIFEST", "check", "check_all", "read_json", "record_json", "record_text", "recorded", "settle"]

MANIFEST = "manifest.json"
_FORMAT = 1
_READS = 3
Entries = dict[str, list[str | None]]
"""The checksums that a file may have, by its path in the folder; ``None``: it may be absent."""


@contextmanager
def recorded(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open the file ``name`` of a folder for writing; its checksum is recorded before it appears.

    Raises:
        RunError: the disk is full or refuses the file; the old file remains, if there was one.
    """

    def record(partial: Path) -> None:
        entries: Entries = {other: checksums[-1:] for other, checksums in _entries(folder).items()}
        entries[name] = [*entries.get(name, [None]), _checksum(partial)]
        _write(folder, entries)

    with appearing(folder / name, record) as file:
        yield file


def record_text(folder: Path, name: str, text: str) -> None:
    """Write a UTF-8 text file atomically and record its checksum."""
    with recorded(folder, name) as file:
        file.write(text.encode())


def record_json(folder: Path, name: str, content: Any) -> None:
    """Write a JSON file atomically and record its checksum; NaN raises ``ValueError``."""
    record_text(folder, name, json_text(content))


def check(folder: Path, name: str) -> None:
    """Check one file against the manifest; a file that is not listed is not checked.

    Raises:
        RunError: the file, or the manifest, is damaged or missing.
    """
    # A process that is writing to the folder may replace the file between the two reads.
    for _ in range(_READS):
        checksum = _checksum(folder / name)
        if checksum in _entries(folder).get(name, [checksum]):
            return
    raise _damaged(folder / name, checksum)


def read_json(folder: Path, name: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a JSON file, after a check of its checksum and of the types of some of its keys.

    Raises:
        RunError: the file is damaged or missing.
    """
    check(folder, name)
    try:
        content = json.loads((folder / name).read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("expected a mapping")
        for key, type_ in keys.items():
            if not isinstance(content.get(key), type_):
                expected = getattr(type_, "__name__", type_)
                raise ValueError(f"key {key}: expected {expected}, found {content.get(key)!r:.80}")
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / name}: the file is damaged ({error})") from error
    return content


def check_all(folder: Path) -> None:
    """Check every listed file.

    Raises:
        RunError: a file, or the manifest, is damaged or missing.
    """
    for name in _entries(folder):
        check(folder, name)


def settle(folder: Path) -> None:
    """Check every listed file, and keep only the checksum that it has; to be called before writing to the folder.

    Raises:
        RunError: a file, or the manifest, is damaged or missing.
    """
    check_all(folder)
    entries = _entries(folder)
    contents = {name: _checksum(folder / name) for name, checksums in entries.items() if len(checksums) > 1}
    if contents:
        settled = {name: [contents.get(name, checksums[-1])] for name, checksums in entries.items()}
        _write(folder, {name: checksums for name, checksums in settled.items() if checksums != [None]})


def _entries(folder: Path) -> Entries:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text("utf-8"))
        entries: Entries = content["files"]
        if content["format"] != _FORMAT:
            raise ValueError(f"expected format {_FORMAT}, found {content['format']}")
        if not all(checksums and _is_inside(name) for name, checksums in entries.items()):
            raise ValueError("it lists a file outside of the folder, or a file without a checksum")
        if content["sha256"] != _checksum_of(entries):
            raise ValueError("its entries do not match its own checksum")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: the file is damaged ({error}); restore it from a copy") from error
    return entries


def _is_inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _write(folder: Path, entries: Entries) -> None:
    entries = dict(sorted(entries.items()))
    write_json(folder / MANIFEST, {"format": _FORMAT, "sha256": _checksum_of(entries), "files": entries})


def _checksum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: the file cannot be read ({error.strerror})") from error


def _checksum_of(entries: Entries) -> str:
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()


def _damaged(path: Path, checksum: str | None) -> RunError:
    reason = "is missing" if checksum is None else "is damaged (its content does not match its checksum)"
    return RunError(f"{path}: the file {reason}; restore it from a copy, or run the scenario again")
