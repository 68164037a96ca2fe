"""A process killed with SIGKILL at any moment and resumed gives the run of one that was never killed, byte for byte."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = 10
RESULTS = ("metrics.parquet", "accounts.parquet", "summary.json", "scenario.yaml")

# The whole pipeline on a small budget: a formula, a search and two-level training. The report's figures take longer
# than all of that and are made again by every resume; the moments to be killed at shall fall into the run.
PROGRAM = """
import sys
from pathlib import Path
from econsim.runs import execute, resume
from econsim.scenario import load

out = Path(sys.argv[1])
if (out / "environment.json").exists():
    resume(out, quiet=True)
else:
    scenario = load("one_step", {
        "economy.workers": 12, "economy.population.sampling": "random",
        "baselines.search": {"kind": "search", "starts": 2, "generations": 3},
        "training.warm_up": 4, "training.iterations": 20, "training.checkpoint_every": 3,
        "training.copies": 4, "training.leader_copies": 4,
    })
    execute(scenario, out, quiet=True)
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, env=environment)


def finish(folder: Path) -> dict[str, bytes]:
    assert start(folder).wait(timeout=300) == 0
    return {name: (folder / name).read_bytes() for name in RESULTS}


def seconds_of_work(process: subprocess.Popen[bytes], folder: Path) -> float:
    """Wait for the end and return the seconds since the folder could be resumed."""
    wait_until_resumable(process, folder)
    begun = time.monotonic()
    assert process.wait(timeout=300) == 0
    return time.monotonic() - begun


def wait_until_resumable(process: subprocess.Popen[bytes], folder: Path) -> None:
    while not (folder / "environment.json").exists():
        assert process.poll() is None
        time.sleep(0.005)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    folder = tmp_path_factory.mktemp("whole") / "run"
    seconds = seconds_of_work(start(folder), folder)
    return {name: (folder / name).read_bytes() for name in RESULTS}, seconds


def test_killed_at_ten_moments_and_resumed(reference: tuple[dict[str, bytes], float], tmp_path: Path) -> None:
    whole, seconds = reference
    draws, interrupted = random.Random(0), 0
    for moment in range(MOMENTS):
        folder = tmp_path / str(moment) / "run"
        process = start(folder)
        wait_until_resumable(process, folder)
        time.sleep(seconds * (moment + draws.random()) / MOMENTS)
        process.send_signal(signal.SIGKILL)
        interrupted += process.wait() == -signal.SIGKILL
        resumed = finish(folder)
        assert [name for name in RESULTS if resumed[name] != whole[name]] == [], f"moment {moment}"
    # A machine that is busy while the reference runs and idle later finishes before the later moments.
    assert interrupted >= 3
