"""A process killed with SIGKILL at any moment and resumed gives the run of one that was never killed, byte for byte."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from forked_commands import Commands

MOMENTS = 10
RESULTS = ("metrics.parquet", "accounts.parquet", "summary.json", "scenario.yaml")


def test_killed_at_ten_moments_and_resumed(commands: Commands, tmp_path: Path) -> None:
    done = commands.run_script(Path(__file__).with_name("killed_process.py"), tmp_path, str(MOMENTS))
    assert done.returncode == 0, done.stderr
    ends = json.loads(done.stdout)["ends"]
    assert [end["killed"] for end in ends] == [signal.SIGKILL] * MOMENTS  # the wait status of a process killed by it
    assert [end["resumed"] for end in ends] == [0] * MOMENTS
    for moment in range(MOMENTS):
        folder, whole = tmp_path / str(moment) / "run", tmp_path / "whole" / "run"
        differing = [name for name in RESULTS if (folder / name).read_bytes() != (whole / name).read_bytes()]
        assert differing == [], f"moment {moment}, file event {ends[moment]['killed_at']}"
