"""The environment of a run: versions, git commit, seed, device and backend, without host names or paths."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import econsim
from econsim import kinds
from econsim.errors import EconsimError, UserError, command
from econsim.runs.backend import KERNELS, TENSORS
from econsim.storage.manifest import read_json

_PACKAGES = ("econsim", "torch", "numpy", "pandas", "pyarrow", "scipy", "matplotlib", "pydantic", "safetensors")

_KEYS = {
    "device": str, "threads": int, "versions": dict, "plugins": list, "backend": str | None,
    "name": str | None, "notes": list | None, "plugin_options": dict | None, "plugin_sha256": dict | None,
}  # fmt: skip
"""The keys that readers use, with their types; ``None``: older versions did not write the key."""


def read_environment(folder: Path) -> dict[str, Any]:
    """Return the environment of a run or sweep.

    Raises:
        RunError: the file ``environment.json`` is damaged or missing.
    """
    return read_json(folder, "environment.json", _KEYS)


def command_on(folder: Path, name: str) -> str:
    """Return a command of econsim on a run or sweep, with the options that add its plug-ins, for messages."""
    try:
        options = kinds.plugin_options(_given(read_environment(folder)))
    except EconsimError:  # the message is about something else
        options = kinds.plugin_options()
    return f"{command(name, folder)}{options}"


def plugin_missing(folder: Path, what: str) -> UserError | None:
    """Return the error that names the plug-ins with which a run or sweep was made and which are not loaded, if any."""
    given = _given(read_environment(folder))
    missing = {name: option for name, option in given.items() if name not in kinds.plugins()}
    if not missing:
        return None
    plural, options = "s" * (len(missing) > 1), kinds.plugin_options(missing).strip()
    return UserError(f"{folder}: this {what} used the plug-in{plural} {', '.join(missing)}; add {options}")


def _given(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return what was given to add each plug-in."""
    options = environment.get("plugin_options") or {}
    return {str(name): str(options.get(name, name)) for name in environment["plugins"]}


def describe_environment(seed: int, device: str, backend: str = TENSORS) -> dict[str, Any]:
    """Return the content of ``environment.json``; the version of numba is part of it where kernels play."""
    import torch

    plugins = kinds.plugins()
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine(),
        "threads": torch.get_num_threads(),
        "backend": backend,
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in (*_PACKAGES, *(["numba"] if backend == KERNELS else []))},
        "plugins": plugins,
        "plugin_options": {name: _option(name) for name in plugins},
        "plugin_sha256": {name: contents_of(name) for name in plugins},
        "git": _git(),
    }


def contents_of(package: str) -> str:
    """Return one SHA-256 checksum of the files of a plug-in that can change numbers.

    These are its Python files, and all files in its folders of kinds. Hidden folders and compiled files are left out.
    """
    digest = hashlib.sha256()
    for folder in kinds.folders_of(package):
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and _matters(path.relative_to(folder))):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _matters(path: Path) -> bool:
    if any(part.startswith(".") or part == "__pycache__" for part in path.parts):
        return False
    return path.suffix == ".py" or (Path(econsim.__path__[0]) / path.parts[0]).is_dir()


def _option(package: str) -> str:
    """Return what the user gave for a plug-in; not the path of its folder, if that was given in full."""
    given = kinds.plugin_given(package)
    return package if Path(given).is_absolute() else given


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git() -> dict[str, Any] | None:
    folder = Path(econsim.__path__[0])
    commit = _git_output(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "changed": bool(_git_output(folder, "status", "--porcelain", "--untracked-files=no"))}


def _git_output(folder: Path, *arguments: str) -> str | None:
    try:
        process = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return process.stdout.strip()
