"""States: nested mappings of tensors, numbers and strings in a folder, as safetensors and JSON, never pickled.

``state.json`` holds the numbers, the names of the tensors of ``state.safetensors``, and one SHA-256 digest of all of
these.
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
from econsim.storage.files import appearing, appearing_folder, write_json

__all__ = ["digest_of", "is_state", "load_state", "save_state", "written_at"]

_FORMAT = 2
_TENSOR = "$tensor"
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


def is_state(folder: Path) -> bool:
    """Return whether a folder holds a complete state."""
    return (folder / _STATE).is_file()


def written_at(folder: Path) -> float:
    """Return when a complete state was written, in seconds since 1970."""
    return (folder / _STATE).stat().st_mtime


def digest_of(folder: Path) -> str:
    """Return the digest with which a state was saved; :func:`load_state` checks that the content agrees with it.

    Raises:
        RunError: the folder holds no readable state.
    """
    try:
        return str(json.loads((folder / _STATE).read_text("utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder}: not a readable checkpoint ({error})") from error


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
