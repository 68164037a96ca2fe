"""Processes that are killed take nothing with them: after a resume the tables are those of an undisturbed sweep.

The moments are few here; ``benchmarks/sweep_faults.py`` takes more of them, on Ray too.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Make
from small_economy import RULES, until

from econsim.errors import RunError, UserError
from econsim.storage.locks import locked
from econsim.sweep import open_sweep, resume_sweep
from econsim.sweep.index import DONE, RUNNING, Index
from econsim.sweep.launchers.local import Local
from econsim.sweep.launching import launcher_for

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("runs.parquet", "metrics.parquet", "accounts.parquet")
AXES = {"planner.rate": "lin(0,0.9,4)", "economy.workers": [12, 16], "seed": "0:3"}
START = """
import sys
from pathlib import Path
from econsim.sweep import Options, read_request, start_sweep
start_sweep(read_request("one_step", eval(sys.argv[2])), Path(sys.argv[1]), Options(workers=1, pack=False), quiet=True)
"""


def begun(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", START, str(folder), repr(RULES | AXES)], env=environment)


def done(folder: Path) -> int:
    return sum(1 for _ in (folder / "runs").glob("*/summary.json"))


def test_killed_parents_and_workers_change_nothing(
    sweep: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, moment = tmp_path / "killed", random.Random(1).randint(2, 12)
    process = begun(folder)
    until(lambda: done(folder) >= moment)
    with pytest.raises(UserError, match="another process is using this folder"):
        resume_sweep(folder, quiet=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with locked(folder):  # the worker has noticed, and is gone
        made = {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*/summary.json")}
    assert 0 < len(made) < 24

    # Resumed in this process, whose worker is killed in turn.
    killed: list[int] = []
    wait = Local.wait

    def killing(self: Local, seconds: float) -> object:
        if not killed and done(folder) >= len(made) + 4:
            killed.append(self.processes[0])
            os.kill(killed[-1], signal.SIGKILL)
        return wait(self, min(seconds, 0.01))

    monkeypatch.setattr(Local, "wait", killing)
    with monkeypatch.context() as real:
        real.setattr("econsim.sweep.launch.launcher_for", launcher_for)
        assert resume_sweep(folder, quiet=True).finished
    assert killed
    undisturbed = sweep(AXES, pack=False).path
    assert [name for name in TABLES if (folder / name).read_bytes() != (undisturbed / name).read_bytes()] == []
    assert {path: path.stat().st_mtime_ns for path in made} == made  # nothing was made twice


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    arguments = [f"{key}={value}" for key, value in AXES.items() if isinstance(value, str)]
    fixed = ["agents.worker=elastic_rule", "planner=flat", "baselines=[]", "evaluation=none", "training=none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "econsim", "sweep", "one_step", *arguments, *fixed, "headline=none", "--no-pack",
         "--workers", "1", "--out", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    until(lambda: done(folder) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"stopped; continue with: econsim resume {folder}" in said
    assert "Traceback" not in said
    with Index(folder / "index.sqlite") as index, locked(folder, patience=0):
        assert index.counts()[DONE] >= 1


def test_a_failed_run_is_recorded_and_stops_no_other(sweep: Make) -> None:
    # Two rates for seven brackets: sound as a scenario, impossible in the game.
    made = sweep({"planner": "fixed", "planner.rates": [[0.1, 0.2], [0.1] * 7], "seed": "0:2"}, retries=0)
    assert made.counts == {"waiting": 0, "running": 0, "done": 2, "failed": 2}
    failed = made.runs[made.runs["state"] == "failed"]
    assert failed["error"].str.contains("expected 7 rates, one per bracket, found 2").all()
    assert set(made.metrics["run"]) == {2, 3}


def test_a_full_disk_stops_the_sweep_and_leaves_it_resumable(
    sweep: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def refusing(source: Path, target: Path) -> None:
        if Path(target).match("runs/000002/*"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr("os.replace", refusing)
    with pytest.raises(RunError, match="the disk is full") as told:
        sweep({"seed": "0:4"}, pack=False)
    folder = tmp_path / "sweep"
    assert told.value.__notes__ == [f"finished runs are kept; continue with: econsim resume {folder}"]
    assert open_sweep(folder).counts == {"waiting": 2, "running": 0, "done": 2, "failed": 0}
    monkeypatch.setattr("os.replace", replace)
    assert resume_sweep(folder, quiet=True).finished


def test_units_in_hand_when_a_sweep_was_killed_wait_again(sweep: Make) -> None:
    made = sweep({"seed": "0:2"})
    with Index(made.path / "index.sqlite") as index:
        index.start(0)
        assert index.counts()[RUNNING] == 2
    assert resume_sweep(made.path, quiet=True).finished
    assert open_sweep(made.path).counts[DONE] == 2
