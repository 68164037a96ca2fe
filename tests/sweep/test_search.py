"""Searches find what is known to be best, go on where they were stopped, and prune what is clearly worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_economy import RULES

from econsim import kinds
from econsim.errors import UserError
from econsim.sweep.search import SearchRequest, search
from econsim.sweep.trials import value_of

pytest.importorskip("optuna")

# Of axes with a single value: that value.
FIXED = {key: value[0] if isinstance(value, list) else value for key, value in RULES.items()}


def request(**more: Any) -> SearchRequest:
    given = {"scenario": "one_step", "over": {"planner.rate": "uniform(0,1)"}, "fixed": FIXED, "metric": "revenue"}
    return SearchRequest.model_validate(given | more)


def test_the_peak_of_the_laffer_curve_is_found(tmp_path: Path) -> None:
    # Hours 60 (1 - t)^0.4 and revenue t v l: the highest at t = 1 / (1 + 0.4), where an elasticity of 0.4 has its peak.
    fixed = FIXED | {"economy.hours_step": None}
    found = search(request(fixed=fixed, method="cma_es"), 25, tmp_path, quiet=True)
    assert found.best["planner.rate"] == pytest.approx(1 / 1.4, abs=0.03)  # what 25 trials of CMA-ES reach
    assert len(found.trials) == 25
    assert (tmp_path / "trials.csv").is_file()


def test_a_search_goes_on_as_if_it_had_never_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = {"planner.rate": "uniform(0,1)", "agents.worker": "elastic_rule,best_response"}
    whole = search(request(over=over, seeds=2), 14, tmp_path / "whole", quiet=True)
    search(request(over=over, seeds=2), 6, tmp_path / "parts", quiet=True)
    stopped = []

    def stopping(self: Any, *given: Any) -> Any:
        stopped.append(1)
        if len(stopped) == 4:
            raise KeyboardInterrupt
        yield from values(self, *given)

    values = search.__globals__["_Searching"]._values
    monkeypatch.setattr("econsim.sweep.search._Searching._values", stopping)
    with pytest.raises(KeyboardInterrupt):
        search(request(over=over, seeds=2), 14, tmp_path / "parts", quiet=True)
    found = search(request(over=over, seeds=2), 14, tmp_path / "parts", quiet=True)
    settled = found.trials[found.trials["state"] != "fail"].drop(columns="trial").reset_index(drop=True)
    assert len(found.trials) == 15
    assert settled.equals(whole.trials.drop(columns="trial"))
    with pytest.raises(UserError, match="this folder holds another search"):
        search(request(over=over, seeds=3), 14, tmp_path / "parts", quiet=True)


def test_a_search_goes_on_under_other_versions_only_where_accepted(tmp_path: Path) -> None:
    search(request(), 1, tmp_path, quiet=True)
    path = tmp_path / "environment.json"
    environment = json.loads(path.read_text())
    path.write_text(json.dumps(environment | {"versions": environment["versions"] | {"numpy": "0.0.1"}}))
    with pytest.raises(UserError, match=r"numpy 0\.0\.1 -> .*the same command and --accept-changed-versions"):
        search(request(), 2, tmp_path, quiet=True)
    assert len(search(request(), 2, tmp_path, quiet=True, accept_changed_versions=True).trials) == 2
    assert "continued with changed software: numpy 0.0.1 -> " in (tmp_path / "log.txt").read_text()


def test_trained_trials_are_pruned_between_seeds(tmp_path: Path) -> None:
    kinds.add_plugin(str(Path(__file__).parents[1] / "runs" / "run_toys"))
    scenario = tmp_path / "orchard.yaml"
    scenario.write_text(
        "econsim: 1\neconomy: {kind: orchard}\nagents: {worker: {kind: best_response}}\n"
        "planner: {kind: mind, label: trained}\ntraining: {kind: walk}\n"
    )
    over = {"training.steps": "whole(1,8)"}
    given = {"scenario": str(scenario), "over": over, "fixed": {}, "metric": "welfare", "seeds": 4, "method": "random"}
    found = search(SearchRequest.model_validate(given), 20, tmp_path / "out", quiet=True)
    assert set(found.trials["state"]) == {"complete", "pruned"}
    pruned = len(found.trials[found.trials["state"] == "pruned"])
    assert sum(1 for _ in (tmp_path / "out" / "trials").glob("*/seed-*")) < 4 * found.trials["training.steps"].nunique()
    assert pruned > 0


def test_a_mistake_shows_before_the_first_trial(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"planner.rte: unknown key \(did you mean rate"):
        search(request(over={"planner.rte": "uniform(0,1)"}), 3, tmp_path, quiet=True)
    with pytest.raises(UserError, match="expected at most 1"):
        search(request(over={"planner.rate": "uniform(0,2)"}), 3, tmp_path, quiet=True)
    with pytest.raises(UserError, match=r"no such metric \(did you mean revenue"):
        search(request(metric="revenu"), 3, tmp_path, quiet=True)


def test_a_metric_is_that_of_the_own_policy_or_of_a_named_one() -> None:
    rows = [("free", "exact", "welfare", 1.0), ("own", "exact", "welfare", 2.0), ("own", "exact", "welfare", 4.0)]
    rows += [("own", "learned", "welfare", 9.0), ("own", "exact", "welfare.rawlsian", 7.0)]
    assert value_of(rows, "welfare") == 3.0
    assert value_of(rows, "free.welfare") == 1.0
    assert value_of(rows, "welfare.rawlsian") == 7.0
