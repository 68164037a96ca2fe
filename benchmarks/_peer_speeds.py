"""Speeds of Foundation and EconoJax under random legal play, each measured in its own environment and process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import _peers
from _foundation_configuration import configuration

FOUNDATION_STEPS = 150  # played for each second of a round, a tenth of what it does in a second


def foundation(workers: int, seconds: float, seed: int) -> float:
    """Return Foundation's environment steps per CPU-second."""
    settings = {"configuration": configuration(workers, "random_planner"), "warm_up": 20, "seed": seed}
    return _speed(_peers.FOUNDATION, "_foundation_speed.py", {**settings, "steps": int(FOUNDATION_STEPS * seconds)})


def econojax(workers: int, copies: int, seconds: float, seed: int, settings: str) -> float:
    """Return EconoJax's environment steps per CPU-second; ``settings`` is a name in ``_econojax_speed.SETTINGS``."""
    peer = _peers.ECONOJAX
    _peers.ready(peer)
    folders = {"source": str(peer.source), "cache": str(peer.folder / "compiled")}
    job = {**folders, "workers": workers, "copies": copies, "seconds": seconds, "seed": seed, "settings": settings}
    return _speed(peer, "_econojax_speed.py", job)


def _speed(peer: _peers.Peer, script: str, job: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path, output = Path(folder, "job.json"), Path(folder, "output.json")
        path.write_text(json.dumps({**job, "output": str(output)}))
        _peers.run(peer, script, str(path))
        return float(json.loads(output.read_text())["steps_per_cpu_second"])
