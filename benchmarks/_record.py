"""Records of benchmark results, with machine, load, versions, date and seed.

``ECONSIM_RESULTS`` names another folder for them.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(os.environ.get("ECONSIM_RESULTS", Path(__file__).parent / "results"))
PACKAGES = ("econsim", "torch", "numpy", "scipy", "pydantic")


def processor() -> str:
    """Return the name of the processor, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def card() -> str | None:
    """Return the name of the CUDA card that this process uses, if any."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch is not None and torch.cuda.is_initialized() else None


def record(name: str, result: dict[str, Any], seed: int | None = None) -> None:
    """Write ``<name>.json`` into the folder of results and print it."""
    entry = {
        "benchmark": name,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "load": list(os.getloadavg()), "card": card()},
        "versions": {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}},
        "seed": seed,
        "result": result,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(entry, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)
