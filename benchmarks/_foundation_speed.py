"""Speed of Foundation under random legal play, including observations and masks.

The script runs in Foundation's environment as ``python _foundation_speed.py JOB``, where ``JOB`` is a JSON file with
``configuration``, ``steps``, ``seed`` and ``output``. It writes steps per CPU-second, and a checksum over all
observations and rewards.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy
from _foundation_random import actions
from _foundation_world import build


def measure(job: dict[str, Any]) -> dict[str, float]:
    """Return the speed over ``job["steps"]`` steps after a warm-up; a new episode starts when one ends."""
    world = build(job["configuration"])
    numpy.random.seed(job["seed"])
    generator = numpy.random.default_rng(job["seed"])
    seen, checksum = world.reset(), 0.0
    for step in range(job["warm_up"] + job["steps"]):
        if step == job["warm_up"]:
            start = time.process_time()
        seen, rewards, done, _ = world.step(actions(seen, generator))
        checksum += sum(rewards.values()) + sum(float(numpy.sum(entry["flat"])) for entry in seen.values())
        if done["__all__"]:
            seen = world.reset()
    return {"steps_per_cpu_second": job["steps"] / (time.process_time() - start), "checksum": checksum}


if __name__ == "__main__":
    order = json.loads(Path(sys.argv[1]).read_text())
    Path(order["output"]).write_text(json.dumps(measure(order)))
