"""The environment of a run: versions, git commit, seed and device, without host names or paths."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import econsim
from econsim import kinds

_PACKAGES = ("econsim", "torch", "numpy", "pandas", "pyarrow", "scipy", "matplotlib", "pydantic", "safetensors")


def describe_environment(seed: int, device: str) -> dict[str, Any]:
    """Return the content of ``environment.json``."""
    import torch

    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine(),
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "plugins": [name.split(".")[0] for name in kinds.plugins()],
        "git": _git(),
    }


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
