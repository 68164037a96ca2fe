"""A folder with a finished run that keeps an episode, and one that is still going on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from econsim import kinds
from econsim.analysis.recording import Recording
from econsim.runs import Run, execute
from econsim.runs.metrics_table import MetricRow, MetricsWriter
from econsim.runs.recordings import save_recording
from econsim.scenario import load

TOYS = Path(__file__).parents[1] / "runs" / "run_toys"
SCENARIO = """
econsim: 1
name: orchard
economy: {kind: orchard, workers: 9}
agents: {worker: {kind: mind}}
planner: {kind: mind, label: trained}
baselines: {half: {kind: flat, rate: 0.5}}
training: {kind: walk}
evaluation: {workers: {kind: best_response}}
seed: 7
"""
STAGE: dict[str, Any] = {
    "horizon": 4, "unit": "apples", "goods": ["apple"], "workers": ["worker"] * 2, "planners": ["planner"],
    "taxed_by": [0, 0], "highest_price": 10, "period": 2, "thresholds": [0.0, 10.0],
}  # fmt: skip


def recording() -> Recording:
    """Return five moments of two people who walk over a map, and two tax periods."""
    still = np.zeros((1, 3, 4), dtype=np.uint8)
    frames = {
        "ground": still, "stock": still, "owner": still,
        "row": np.array([[0, 2]], dtype=np.int16),
        "column": np.array([[0, 3], [0, 3], [0, 3], [1, 3], [2, 3]], dtype=np.int16),
        "coin": np.zeros((5, 2), dtype=np.float32),
        "pay": np.array([[11.0, 22.0]], dtype=np.float32),
        "rates": np.array([[[0.0, 0.0]], [[0.1, 0.7]], [[0.1, 0.7]], [[0.5, 0.5]], [[0.5, 0.5]]], dtype=np.float32),
    }  # fmt: skip
    return Recording(STAGE, frames)


@pytest.fixture(autouse=True)
def _toys() -> None:
    kinds.add_plugin(str(TOYS))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    added = list(kinds._added_plugins)
    kinds.add_plugin(str(TOYS))
    place = tmp_path_factory.mktemp("watch")
    (place / "orchard.yaml").write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("econsim.report.figures._CAPTIONS", ())
        done = execute(load(place / "orchard.yaml"), place / "runs" / "done", quiet=True)
    save_recording(done, "trained", recording())
    _going_on(done, place / "runs" / "live")
    kinds._added_plugins[:] = added
    return place / "runs"


def _going_on(done: Run, path: Path) -> None:
    """Make what a run has written some way into its training."""
    path.mkdir()
    for name in ("scenario.yaml", "environment.json"):
        shutil.copy(done.path / name, path / name)
    (path / "log.txt").write_text("2026-01-01T00:00:00 trained: walk, seed 7: 3 of 9, 0:20 left\n")
    writer = MetricsWriter(path / "metrics.parts", "live")
    for step in range(3):
        writer.add(MetricRow("trained", "", 7, "planner", step, "training/return", float(step)))
        writer.add(MetricRow("trained", "", 7, "planner", step, "audit/rate_0", 0.1 * step))
        writer.flush()


@pytest.fixture
def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "done" / "summary.json").read_text("utf-8"))
    return found
