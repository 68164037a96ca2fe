"""Other launchers give the tables of this process; a cluster is stood in for by this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Make
from small_economy import RULES

from econsim.errors import UserError
from econsim.sweep import Options, read_request
from econsim.sweep.launch import start_sweep
from econsim.sweep.launchers.slurm import Slurm
from econsim.sweep.launching import launcher_for
from econsim.sweep.tasks import Task

AXES = {"seed": "0:2", "economy.workers": [12, 16]}


# The debug executor of submitit leaves the log files of its jobs open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_jobs_of_submitit_give_the_same_tables(sweep: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    here = sweep(AXES, "here")
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", launcher_for)
    options = Options(launcher="slurm", workers=2, cluster={"cluster": "debug", "timeout_min": 5})
    made = start_sweep(read_request("one_step", RULES | AXES), tmp_path / "jobs", options, quiet=True)
    pd.testing.assert_frame_equal(made.metrics, here.metrics, check_exact=True)
    assert not (made.path / "logs" / "jobs.txt").exists()


def test_a_job_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setattr("econsim.sweep.launchers.slurm.perform_plain", _dying)
    slurm = Slurm(tmp_path, 1, 1.0, 0.0, {"cluster": "local", "timeout_min": 1})
    slurm.submit(Task(7, False, [], {}, str(tmp_path)))
    assert not slurm.free()
    outcomes: list[Any] = []
    while not outcomes:
        outcomes = slurm.wait(1.0)
    assert outcomes[0].unit == 7
    assert "the job failed" in str(outcomes[0].error)
    assert slurm.free()


def _dying(task: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_launcher_lacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    with pytest.raises(UserError, match=r"--cluster: .*partitoin"):
        Slurm(tmp_path, 1, 1.0, 0.0, {"cluster": "local", "partitoin": "short"})
    with pytest.raises(UserError, match=r"no such launcher \(did you mean slurm\?\)"):
        launcher_for(Options(launcher="slrum"), tmp_path, 0)
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'econsim\[ray\]'"):
        launcher_for(Options(launcher="ray"), tmp_path, 0)
