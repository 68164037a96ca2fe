"""Checkpoints: nested mappings of tensors, numbers and strings, stored as safetensors and JSON, never pickled.

A folder ``step-000120/`` is written under a temporary name and then renamed, so that every folder with a final name is
complete, whenever a run is killed. ``state.json`` holds the numbers, the names of the tensors of ``state.safetensors``,
and one SHA-256 digest of all of these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from econsim.errors import RunError
from econsim.storage.files import appearing, appearing_folder, remove_folder, write_json

__all__ = ["Checkpoints", "load_state", "save_state"]

_FORMAT = 2
_TENSOR = "$tensor"
_ONE_BEFORE = "delete this folder to continue from the one before"
_STATE, _TENSORS = "state.json", "state.safetensors"


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write ``state`` as ``folder``, replacing an existing folder.

    Raises:
        TypeError: a leaf is not a tensor, number, string, boolean or ``None``, or a key is not a plain string.
        RunError: the disk is full; an existing folder is left unchanged.
    """
    tensors: dict[str, Tensor] = {}
    tree = _packed(state, "", tensors)
    content = save(tensors)
    with appearing_folder(folder) as partial:
        with appearing(partial / _TENSORS) as file:
            file.write(content)
        write_json(partial / _STATE, {"format": _FORMAT, "sha256": _digest(content, tree), "state": tree})


def load_state(folder: Path, remedy: str = "restore it from a copy, or run the scenario again") -> dict[str, Any]:
    """Return the state that :func:`save_state` wrote, with its tensors on the CPU.

    Args:
        folder: the folder of the state.
        remedy: what the user can do if it is damaged.

    Raises:
        RunError: the folder is not a checkpoint of this format, or its bytes are damaged.
    """
    try:
        content = (folder / _TENSORS).read_bytes()
        description = json.loads((folder / _STATE).read_text("utf-8"))
        if description["format"] != _FORMAT:
            raise RunError(
                f"{folder / _STATE}: expected checkpoint format {_FORMAT}, found {description['format']}; resume it"
                f" with the version of econsim that wrote it, or, if the file is damaged, {remedy}"
            )
        tree = description["state"]
        if _digest(content, tree) != description["sha256"]:
            raise ValueError(f"{_TENSORS} or {_STATE} does not match the digest")
        state: dict[str, Any] = _unpacked(tree, load(content))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RunError(f"{folder}: not a readable checkpoint ({error}); {remedy}") from error
    return state


class Checkpoints:
    """The checkpoints of one stage of a run, of which the newest ``keep`` are kept."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the checkpoint of ``step`` and remove the oldest ones."""
        save_state(self._of(step), state)
        for old in self._complete()[: -self.keep]:
            remove_folder(old)

    def newest(self, at_most: int | None = None) -> dict[str, Any] | None:
        """Return the newest complete checkpoint, if given up to step ``at_most``, or ``None`` if there is none."""
        steps = [step for step in self.steps() if at_most is None or step <= at_most]
        return load_state(self._of(steps[-1]), _ONE_BEFORE) if steps else None

    def steps(self) -> list[int]:
        """Return the steps of all complete checkpoints in ascending order."""
        return [int(folder.name.removeprefix("step-")) for folder in self._complete()]

    def newest_written(self) -> tuple[int, float] | None:
        """Return the newest step and when it was stored, in seconds since 1970; ``None`` if there is none."""
        steps = self.steps()
        return (steps[-1], (self._of(steps[-1]) / _STATE).stat().st_mtime) if steps else None

    def drop_after(self, step: int) -> None:
        """Remove the checkpoints of steps after ``step``."""
        for later_step in self.steps():
            if later_step > step:
                remove_folder(self._of(later_step))

    def clear(self) -> None:
        """Remove all checkpoints."""
        for folder in self._complete():
            remove_folder(folder)

    def _of(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}"

    def _complete(self) -> list[Path]:
        return sorted(folder for folder in self.folder.glob("step-*") if (folder / _STATE).is_file())


def _digest(content: bytes, tree: Any) -> str:
    """Return the digest of the tensors and of the numbers."""
    digest = hashlib.sha256(content)
    digest.update(json.dumps(tree).encode())
    return digest.hexdigest()


def _packed(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) or key.startswith("$") for key in value):
            raise TypeError(f"checkpoint entry {name or 'state'}: keys must be strings that do not start with $")
        return {key: _packed(entry, f"{name}/{key}", tensors) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(entry, f"{name}/{index}", tensors) for index, entry in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"checkpoint entry {name}: expected a tensor, number or string, found {type(value).__name__}")


def _unpacked(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if _TENSOR in value:
            return tensors[value[_TENSOR]]
        return {key: _unpacked(entry, tensors) for key, entry in value.items()}
    if isinstance(value, list):
        return [_unpacked(entry, tensors) for entry in value]
    return value
