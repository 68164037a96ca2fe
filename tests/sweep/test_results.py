"""The tables of a sweep: the same however it was made, and what is read off them."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Make
from small_economy import RULES, Here
from typer.testing import CliRunner

import econsim
from econsim.cli.application import app
from econsim.errors import RunError, UserError
from econsim.sweep import Options, open_sweep, read_request, resume_sweep, start_sweep
from econsim.sweep.dominance import pareto_front
from econsim.sweep.index import DONE, WAITING, Index

AXES = {"planner.rate": "lin(0,0.9,4)", "economy.workers": [12, 16], "seed": "0:3", "economy.redraw_population": True}


def test_packed_and_unpacked_sweeps_have_the_same_tables(sweep: Make) -> None:
    packed, alone = sweep(AXES, "packed"), sweep(AXES, "alone", pack=False)
    assert packed.finished
    assert alone.finished
    pd.testing.assert_frame_equal(packed.runs, alone.runs)
    pd.testing.assert_frame_equal(packed.metrics, alone.metrics, check_exact=True)
    pd.testing.assert_frame_equal(packed.accounts, alone.accounts, check_exact=True)
    assert set(packed.keys) == {"planner.rate", "economy.workers", "seed"}
    assert len(packed.accounts) == 12 * (12 + 16)


def test_runs_are_read_one_by_one(sweep: Make) -> None:
    made = sweep({"planner.rate": [0.1, 0.2]}, pack=False)
    assert made.scenario(1) == made.run(1).scenario
    assert made.levels(1)["planner.rate"] == 0.2
    own = made.metrics_of(1).set_index("name")["value"]
    assert own["welfare"] == made.run(1).summary["policies"]["flat"]["scenario"]["welfare"]
    with pytest.raises(UserError, match="no run 2; the last run is 1"):
        made.scenario(2)


def test_a_packed_run_has_a_scenario_and_no_folder(sweep: Make) -> None:
    made = sweep({"planner.rate": [0.1, 0.2]})
    assert made.scenario(1).planner is not None
    with pytest.raises(UserError, match="executed in a batch and has no folder"):
        made.run(1)


def test_trained_runs_of_a_plug_in_are_made_in_their_folders(sweep: Make, tmp_path: Path) -> None:
    from econsim import kinds

    kinds.add_plugin(str(Path(__file__).parents[1] / "runs" / "run_toys"))
    scenario = tmp_path / "orchard.yaml"
    scenario.write_text(
        "econsim: 1\neconomy: {kind: orchard}\nagents: {worker: {kind: best_response}}\n"
        "planner: {kind: mind, label: trained}\ntraining: {kind: walk}\n"
    )
    request = read_request(str(scenario), {"training.steps": [3, 5], "seed": "0:2"})
    made = start_sweep(request, tmp_path / "trained", Options(workers=1), quiet=True)
    assert made.finished
    training = made.metrics[made.metrics["name"] == "training/return"]
    assert training.groupby("run").size().tolist() == [3, 3, 5, 5]


def test_sql_reads_the_tables_and_nothing_else(sweep: Make, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    made = sweep({"planner.rate": [0.1, 0.2], "seed": "0:3"})
    sql = """select r."planner.rate" as rate, avg(m.value) as mean from metrics m join runs r using (run)
             where m.name = 'welfare' group by rate order by rate"""
    answer = made.query(sql)
    welfare = made.metrics[made.metrics["name"] == "welfare"].groupby("planner.rate")["value"].mean()
    np.testing.assert_allclose(answer["mean"], welfare)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match="query: "):
        made.query(f"select * from read_csv('{tmp_path / 'secret.csv'}')")
    with pytest.raises(UserError, match="query: "):
        made.query("selec")
    assert made.query("with kept as (from runs) select count(*) as runs from kept")["runs"].tolist() == [6]
    assert "planner.rate" in set(made.query("describe runs")["column_name"])


WRITING = (
    "copy (select 1 as run) to '{folder}/metrics.parquet'",
    "with written as (copy (select 1 as run) to '{folder}/metrics.parquet') select * from written",
    "copy runs from '{folder}/metrics.parquet'",
    "export database '{folder}/exported'",
    "import database '{folder}'",
    "attach '{folder}/new.duckdb'",
    "attach '{folder}/index.sqlite' (type sqlite)",
    "create table mine as select 1",
    "insert into runs values (1)",
    "update runs set run = 7",
    "delete from runs",
    "drop view runs",
    "set enable_external_access = true",
    "pragma enable_logging",
    "install httpfs",
    "prepare later as copy runs to '{folder}/runs.parquet'",
    "explain analyze copy (select 1) to '{folder}/runs.parquet'",
    "select 1; copy (select 1) to '{folder}/runs.parquet'",
    "",
)


def test_no_statement_of_a_query_changes_a_file(sweep: Make) -> None:
    pytest.importorskip("duckdb")
    made = sweep({"planner.rate": [0.1, 0.2]})
    made.query("select 1 from runs")  # gathers the tables
    before = _contents(made.path)
    assert {"runs.parquet", "metrics.parquet"} <= set(before)
    for statement in WRITING:
        with pytest.raises(UserError, match=r"expected one SELECT statement of the tables runs, .*save .* --csv FILE"):
            made.query(statement.format(folder=made.path))
        assert _contents(made.path) == before, statement


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unfinished_sweep_can_be_read_as_far_as_it_is(sweep: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopping(Here):
        def wait(self, seconds: float) -> Any:
            if len(self.made) == 2:
                raise KeyboardInterrupt
            return super().wait(seconds)

    make = sweep
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Stopping())
    with pytest.raises(KeyboardInterrupt, match="stopped; continue with: econsim resume") as stopped:
        make({"seed": "0:4"}, pack=False)
    made = open_sweep(stopped.value.path)  # type: ignore[attr-defined]
    assert set(made.metrics["run"]) == {0, 1}
    assert set(made.runs["state"]) == {"done", "waiting", "running"}
    assert not made.finished
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())
    again = resume_sweep(made.path, quiet=True)
    assert set(again.metrics["run"]) == {0, 1, 2, 3}
    assert set(made.query("select run from metrics")["run"]) == {0, 1, 2, 3}


def test_a_batch_that_fails_is_made_run_by_run(sweep: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*given: Any) -> Any:
        raise RuntimeError("one of them is at fault")

    monkeypatch.setattr("econsim.sweep.batch.packed_scores", refusing)
    made = sweep({"planner.rate": [0.1, 0.2]})
    assert made.finished
    assert made.run(1).finished


def test_a_failure_is_tried_again_as_often_as_told(sweep: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from econsim.runs import execute

    failures = [RuntimeError("bad luck"), RuntimeError("bad luck again")]

    def unlucky(*given: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return execute(*given, **more)

    monkeypatch.setattr("econsim.runs.execute", unlucky)
    assert sweep({"seed": "0:2"}, "twice", pack=False, retries=2).finished
    failures += [RuntimeError("bad luck")] * 2
    once = sweep({"seed": [0]}, "once", pack=False, retries=1)
    assert once.counts["failed"] == 1
    assert "RuntimeError: bad luck" in once.runs["error"][0]
    assert resume_sweep(once.path, quiet=True).finished


def test_results_behind_a_url(sweep: Make, tmp_path: Path) -> None:
    # "local" is fsspec's own name of this machine's files: copied like to any other storage.
    url = f"local://{tmp_path / 'elsewhere'}"
    packed = sweep({"seed": "0:3"}, "packed", results=url + "/packed")
    alone = sweep({"seed": "0:3"}, "alone", pack=False, results=url + "/alone")
    assert not (alone.path / "runs").exists()
    assert (tmp_path / "elsewhere" / "alone" / "runs" / "000002" / "summary.json").is_file()
    pd.testing.assert_frame_equal(packed.metrics, alone.metrics, check_exact=True)
    (tmp_path / "elsewhere" / "alone" / "runs" / "000002" / "metrics.parquet").unlink()
    with pytest.raises(RunError, match="this file of the sweep is missing"):
        alone.metrics_of(2)
    with pytest.raises(UserError, match="--results nothing://x"):
        sweep({"seed": "0:2"}, "wrong", results="nothing://x")


def test_the_summary_agrees_with_pandas(sweep: Make) -> None:
    made = sweep(AXES)
    found = made.summary("welfare")
    welfare = made.metrics[made.metrics["name"] == "welfare"]
    by_point = welfare.groupby(["planner.rate", "economy.workers"])["value"].agg(["mean", "std"])
    assert len(found.means) == 8
    for row in found.means.to_dict("records"):
        point = by_point.loc[(row["planner.rate"], row["economy.workers"])]
        assert row["mean"] == pytest.approx(point["mean"])
        # Student's t with two degrees of freedom: 4.302653 at 97.5 % (any table).
        assert row["high"] - row["mean"] == pytest.approx(4.302653 * point["std"] / 3**0.5, rel=1e-6)
    assert found.best["mean"].iloc[0] == by_point["mean"].max()
    effects = found.effects.set_index(["key", "level"])["mean"]
    assert effects["economy.workers", 16] == pytest.approx(welfare[welfare["economy.workers"] == 16]["value"].mean())
    rates = found.front["planner.rate"].tolist()
    assert rates == sorted(rates, reverse=True)  # higher flat taxes: more equal, less produced
    with pytest.raises(UserError, match=r"no metric 'welfair' \(did you mean welfare"):
        made.summary("welfair")


def test_the_front_holds_what_nothing_beats() -> None:
    draws = np.random.default_rng(0).normal(size=(200, 2)).round(1)
    beaten = [any((other >= one).all() and (other > one).any() for other in draws) for one in draws]
    assert pareto_front(draws[:, 0], draws[:, 1]) == [not each for each in beaten]


def test_folders_that_are_no_sweeps(sweep: Make, tmp_path: Path) -> None:
    made = sweep({"seed": "0:2"}, "mine")
    with pytest.raises(UserError, match=r"no such sweep \(did you mean mine"):
        open_sweep(tmp_path / "mien")
    with pytest.raises(UserError, match="not the folder of a sweep"):
        open_sweep(tmp_path)
    with pytest.raises(UserError, match="this folder already holds a sweep; continue it with: econsim resume"):
        start_sweep(read_request("one_step", RULES), made.path, quiet=True)
    assert repr(econsim.open_sweep(made.path)) == f"Sweep({str(made.path)!r})"


def test_an_index_of_another_format_is_refused(sweep: Make) -> None:
    made = sweep({"seed": "0:2"})
    with Index(made.path / "index.sqlite") as index:
        index._base.execute("update about set value = '9' where name = 'format'")
    with pytest.raises(UserError, match="expected sweep format 1, found 9"):
        open_sweep(made.path).counts  # noqa: B018
    (made.path / "index.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RunError, match="damaged"):
        open_sweep(made.path).counts  # noqa: B018


def test_states_of_the_index(sweep: Make) -> None:
    made = sweep({"seed": "0:4"}, pack=False)
    with Index(made.path / "index.sqlite") as index:
        assert index.counts()[DONE] == 4
        index.fail(2, "no luck", again=True)
        assert index.waiting() == [2]
        assert index.record(2).error == "no luck"
        assert index.start(2) == 2
        index.finish(2, 1.5)
        assert index.record(2).seconds == 1.5
        index.forget((DONE,))
        assert index.counts()[WAITING] == 4


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Stand in for the programs of trackers, and list what they are told."""
    calls: list[tuple[Any, ...]] = []
    mlflow: Any = types.ModuleType("mlflow")
    for name in ("set_experiment", "start_run", "log_params", "log_metric", "end_run"):
        setattr(mlflow, name, lambda *given, _name=name, **more: calls.append((_name, *given, more)))
    wandb: Any = types.ModuleType("wandb")
    run = types.SimpleNamespace(
        log=lambda numbers: calls.append(("log", numbers)), finish=lambda: calls.append(("finish",))
    )
    wandb.init = lambda **more: calls.append(("init", more)) or run
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    return calls


def test_trackers_are_told_of_every_run(sweep: Make, told: list[tuple[Any, ...]]) -> None:
    made = sweep({"seed": "0:2"}, track=("mlflow", "wandb"))
    welfare = made.metrics_of(1).set_index("name")["value"]["welfare"]
    assert ("log_metric", "flat/scenario/welfare", welfare, {"step": 0}) in told
    assert ("log", {"flat/scenario/welfare": welfare, "flat/scenario/welfare/step": 0}) in told
    assert sum(call[0] == "end_run" for call in told) == sum(call[0] == "finish" for call in told) == 2
    assert any(call[0] == "init" and call[1]["name"] == "sweep-000001" for call in told)
    with pytest.raises(UserError, match=r"no kind 'wandbb' \(did you mean wandb"):
        sweep({"seed": "0:2"}, "other", track=("wandbb",))


def test_trackers_are_told_of_a_single_run(
    told: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fixed = [f"{key}={value}" for key, value in RULES.items() if isinstance(value, (str, int))]
    command = ["run", "one_step", *fixed, "baselines=[]", "--out", "mine", "--track"]
    refused = CliRunner().invoke(app, [*command, "wandbb"])
    assert refused.exit_code == 2
    assert "no kind 'wandbb' (did you mean wandb" in refused.output
    assert list(tmp_path.iterdir()) == []  # nothing was run
    made = CliRunner().invoke(app, [*command, "mlflow", "--track", "wandb", "--quiet"])
    assert made.exit_code == 0, made.output
    welfare = econsim.open_run("mine").summary["policies"]["flat"]["scenario"]["welfare"]
    assert ("log_metric", "flat/scenario/welfare", welfare, {"step": 0}) in told
    (start,) = [call for call in told if call[0] == "init"]
    assert (start[1]["name"], start[1]["config"]) == ("mine", {"scenario": "one_step", "seed": 42})
    told.clear()
    again = CliRunner().invoke(app, ["resume", "mine", "--track", "mlflow", "--quiet"])
    assert again.exit_code == 0, again.output
    assert ("log_metric", "flat/scenario/welfare", welfare, {"step": 0}) in told


def test_tensorboard_reads_what_it_is_told(sweep: Make) -> None:
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    made = sweep({"seed": "0:2"}, track=("tensorboard",))
    events = reading.EventAccumulator(str(made.path / "tensorboard" / "sweep-000001")).Reload()
    (scalar,) = events.Scalars("flat/scenario/welfare")
    # TensorBoard keeps single precision.
    assert scalar.value == pytest.approx(made.metrics_of(1).set_index("name")["value"]["welfare"], rel=1e-6)
