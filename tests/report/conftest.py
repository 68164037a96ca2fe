"""One finished toy run with two training seeds, learned and exact workers, shared by the tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

import econsim
from econsim import kinds
from econsim.report.reported_run import ReportedRun

TOYS = Path(__file__).parents[1] / "runs" / "run_toys"
SCENARIO = """
# Apples & <b>one</b> tax rate.
econsim: 1
name: orchard
economy: {kind: orchard, workers: 40}
agents: {worker: {kind: mind}}
planner: {kind: mind, label: trained}
baselines: {free: {kind: free_market}, half: {kind: flat, rate: 0.5}, best: {kind: tuned}}
training: {kind: walk}
evaluation: {workers: {kind: best_response}, floor: free, ceiling: best}
headline: {metric: half.welfare, value: 5.25, tolerance: 0.001, source: <script>alert(1)</script>}
seed: 7
seeds: 2
"""


@pytest.fixture(autouse=True)
def _toys() -> None:
    kinds.add_plugin(str(TOYS))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> ReportedRun:
    added = list(kinds._added_plugins)
    kinds.add_plugin(str(TOYS))
    folder = tmp_path_factory.mktemp("report")
    (folder / "orchard.yaml").write_text(SCENARIO)
    done = econsim.run(folder / "orchard.yaml", out=folder / "run", quiet=True)
    kinds._added_plugins[:] = added
    return done
