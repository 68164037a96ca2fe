"""Panels: accounts by step or period agree exactly with the accounts and metrics of the run."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import torch

from econsim import random
from econsim.analysis.flows import FlowAccounts
from econsim.errors import RunError, UserError
from econsim.play import HeldAction, play
from econsim.report.figures import Figures
from econsim.runs import Run, execute
from econsim.runs.panel import PanelWriter
from econsim.scenario import load

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))
from flow_economy import Wages

# Three tax years, each of one step of the planner and two of the workers.
YEARS: Mapping[str, Any] = {
    "economy.workers": 12,
    "economy.population.sampling": "random",
    "economy.redraw_population": True,
    "economy.tax_years": 3,
    "economy.steps_per_tax_year": 2,
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "baselines": ["free_market"],
    "evaluation": "none",
    "training": "none",
    "headline": "none",
    "episodes": 4,
}
MAP: Mapping[str, Any] = {
    "economy.horizon": 250,
    "episodes": 2,
    "baselines": [],
    "headline": "none",
    "panel": "period",
}


def rows(run: Run, axis: str, **labels: Any) -> pd.DataFrame:
    panel = run.panel
    for name, value in {"axis": axis, **labels}.items():
        panel = panel[panel[name] == value]
    return panel.dropna(axis="columns", how="all")


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("panels") / "years"
    return execute(load("one_step", {**YEARS, "panel": "step"}), out, quiet=True)


@pytest.fixture(scope="module")
def game_on_a_map(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("panels") / "map"
    return execute(load("gather_trade_build", MAP), out, quiet=True)


def test_the_last_step_holds_the_accounts_of_the_run_exactly(years: Run) -> None:
    for label in ("free_market", "flat"):
        last = rows(years, "worker", policy=label, episode=0, step=9).set_index("index")
        stored = years.accounts[years.accounts["policy"] == label].set_index("player")
        for name in ("income", "hours", "tax", "utility"):
            assert np.array_equal(last[name].to_numpy(), stored[name].to_numpy()), name
        rates = rows(years, "bracket", policy=label, episode=0, step=9)["rates"]
        assert rates.tolist() == years.summary["policies"][label]["rates"]


def test_the_metrics_of_the_last_step_are_those_of_the_summary(years: Run) -> None:
    for label, policy in years.summary["policies"].items():
        last = rows(years, "episode", policy=label, step=9)
        assert list(last["episode"]) == [0, 1, 2, 3]
        for name in ("welfare", "mean_hours", "revenue", "income_gini"):
            assert last[name].mean() == policy[years.summary["responses"][0]][name], name


def test_columns_are_tidy(years: Run) -> None:
    panel = years.panel
    keys = ["policy", "response", "seed", "episode", "step", "steps", "axis", "index"]
    assert list(panel.columns[: len(keys)]) == keys
    assert not panel.duplicated(keys).any()
    assert not panel.isna().all().any()
    assert {*panel["axis"]} == {"episode", "worker", "bracket"}
    assert len(rows(years, "worker")) == 2 * 4 * 9 * 12  # policies, episodes, steps, workers


def test_a_panel_changes_no_result(years: Run, tmp_path: Path) -> None:
    without = execute(load("one_step", YEARS), tmp_path / "without", quiet=True)
    assert without.summary["policies"] == years.summary["policies"]
    with pytest.raises(UserError, match="this run has no panel; run the scenario with panel=step or panel=period"):
        _ = without.panel
    assert "trajectories" not in Figures(without).available


def test_periods_end_with_the_step_before_a_leader_acts(game_on_a_map: Run) -> None:
    own = rows(game_on_a_map, "episode", episode=0)
    assert list(own["step"]) == [100, 200, 250]
    assert list(own["steps"]) == [100, 100, 50]
    last = rows(game_on_a_map, "followers", episode=0, step=250).set_index("index")
    stored = game_on_a_map.accounts.set_index("player")
    for name in ("utility", "labour", "consumption", "houses"):
        assert np.array_equal(last[name].to_numpy(), stored[name].to_numpy()), name


def test_the_file_is_covered_by_the_manifest(years: Run, tmp_path: Path) -> None:
    import shutil

    from econsim.runs import open_run

    copy = tmp_path / "copy"
    shutil.copytree(years.path, copy)
    content = bytearray((copy / "panel.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "panel.parquet").write_bytes(content)
    with pytest.raises(RunError, match=r"panel\.parquet: the file is damaged"):
        _ = open_run(copy).panel


def test_trajectories_are_drawn_with_a_band(years: Run) -> None:
    from econsim.report.trajectories import by_step

    assert "trajectories" in Figures(years).available
    (table,) = (by_step(years.panel, ["welfare"])[label] for label in ["flat"])
    values = rows(years, "episode", policy="flat", step=4)["welfare"]
    row = table[table["step"] == 4].iloc[0]
    assert row["value"] == pytest.approx(values.mean())
    assert values.min() <= row["low"] < row["value"] < row["high"] <= values.max()
    plot = Figures(years).interactive("trajectories")
    assert plot is not None
    assert any(trace.get("fill") == "tonexty" for trace in plot["data"])


@pytest.mark.parametrize("every", [1, 2, 5])
def test_flows_of_periods_add_up_and_episodes_that_end_early_end_in_the_panel(every: int) -> None:
    game, file = Wages(), io.BytesIO()
    writer = PanelWriter(game, every, "auto", file)
    recorder = writer.recorder(game, {"policy": "p", "response": "own", "seed": 0})
    flows = FlowAccounts(game)

    def watch(state: Any, over: torch.Tensor) -> None:
        flows(state, over)
        recorder(state, over)

    agents = {name: HeldAction(torch.zeros(1)) for name in game.roles}
    episode = play(game, agents, random.keys(0, 2), watch)  # type: ignore[arg-type]
    recorder.finish()
    writer.close()
    panel = pq.read_table(io.BytesIO(file.getvalue())).to_pandas()
    episodes = panel[panel["axis"] == "episode"]
    assert episodes.groupby("episode")["step"].max().tolist() == [5, 3]
    assert episodes.groupby("episode")["steps"].sum().tolist() == [5, 3]
    workers = panel[(panel["axis"] == "worker") & (panel["episode"] == 1) & (panel["index"] == 2)]
    assert (workers["wage"] * workers["steps"]).sum() == pytest.approx(3 + 4 + 5)  # step + player, of steps 1 to 3
    assert episodes["account_steps"].tolist() == episodes["step"].tolist()
    if every == 1:
        counted = panel[(panel["axis"] == "worker") & (panel["step"] > game.burn_in)]
        means = counted.groupby(["episode", "index"])["wage"].mean().to_numpy().reshape(2, 3)
        assert np.allclose(means, flows.accounts(episode.state)["wage"].numpy(), rtol=1e-14)
