"""A node of a Ray cluster that is killed takes nothing with it. Needs the extra ``ray``, and half a minute."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from small_economy import RULES, Here, until

from econsim.sweep import Options, read_request, start_sweep

AXES = {"planner.rate": "lin(0,0.9,6)", "economy.workers": [12, 16], "seed": "0:3"}
TABLES = ("runs.parquet", "metrics.parquet", "accounts.parquet")

pytest.importorskip("ray")


def done(folder: Path) -> int:
    return sum(1 for _ in (folder / "runs").glob("*/summary.json"))


# Ray's own warnings on its threads, sockets and settings to come.
@pytest.mark.filterwarnings("ignore")
def test_a_node_that_is_killed_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    folder, request = tmp_path / "cluster", read_request("one_step", RULES | AXES)

    def kill_the_node() -> None:
        until(lambda: done(folder) >= 5)
        cluster.remove_node(second, allow_graceful=False)

    killing = threading.Thread(target=kill_the_node)
    killing.start()
    try:
        options = Options(launcher="ray", address=cluster.address, pack=False, retries=3)
        made = start_sweep(request, folder, options, quiet=True)
    finally:
        killing.join()
        cluster.shutdown()
    assert made.finished
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())
    here = start_sweep(request, tmp_path / "here", Options(pack=False), quiet=True)
    assert [name for name in TABLES if (folder / name).read_bytes() != (here.path / name).read_bytes()] == []
