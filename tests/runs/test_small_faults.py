"""Intervals of the gap closed, returns of weighted people, old checkpoints, and settings of a resumed run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim.analysis.metrics import measure
from econsim.errors import RunError, ScenarioError, UserError
from econsim.runs import execute
from econsim.runs.scoring import Score
from econsim.runs.summary import gap_closed, schedule_of
from econsim.scenario import load
from econsim.storage.states import load_state, save_state

DRAWN: dict[str, Any] = {
    "economy.workers": 10,
    "economy.population": {"kind": "lognormal", "sampling": "random"},
    "economy.redraw_population": True,
    "agents.worker": "best_response",
    "planner": "us_federal",
    "baselines": ["free_market", "flat"],
    "evaluation": {"workers": "best_response", "floor": "free_market", "ceiling": "flat"},
    "training": "none",
    "headline": "none",
    "episodes": 12,
}


def score(policy: str, values: list[float]) -> Score:
    return Score(
        policy, "exact", 1, {"welfare": float(np.mean(values))}, [], {}, {}, by_episode={"welfare": np.array(values)}
    )


def test_the_gap_closed_has_an_interval_over_paired_episodes(tmp_path: Path) -> None:
    summary = execute(load("one_step", DRAWN), tmp_path / "run", quiet=True).summary
    own = summary["policies"]["us_federal"]
    entry = own["intervals"]["exact"]["gap_closed"]
    assert entry["low"] < own["exact"]["gap_closed"] < entry["high"]
    assert (entry["count"], entry["over"]) == (12, "episodes")
    for label in ("free_market", "flat"):  # by definition 0 and 1 in every draw
        assert summary["policies"][label]["intervals"]["exact"]["gap_closed"]["low"] is None


def test_the_gap_of_episodes_that_move_together_does_not_vary() -> None:
    floor = np.array([1.0, 5.0, 2.0, 9.0])
    scores = [score("low", list(floor)), score("own", list(floor + 1)), score("high", list(floor + 4))]
    scenario = load("one_step")
    evaluation = scenario.evaluation.model_copy(update={"floor": "low", "ceiling": "high"})  # type: ignore[union-attr]
    measured, reasons = gap_closed(scores, scenario.model_copy(update={"evaluation": evaluation}))
    assert reasons == []
    assert measured[1].by_episode["gap_closed"] == pytest.approx(np.full(4, 0.25), abs=1e-12)


def test_returns_count_people() -> None:
    game = econsim.make("one_step", workers=3)
    accounts = dict(game.accounts(game.reset(torch.zeros(1, dtype=torch.int64))))
    accounts["weight"] = torch.tensor([[1.0, 1.0, 2.0]])
    returns = {"worker": torch.tensor([[0.0, 4.0, 8.0]]), "planner": torch.tensor([[3.0]])}
    metrics = measure(game, accounts, returns)
    assert metrics["return_worker"].tolist() == [5.0]
    assert metrics["return_planner"].tolist() == [3.0]


def test_returns_of_groups_count_their_own_people() -> None:
    workers = [{"index": [2, 0], "kind": "elastic_rule"}, {"kind": "fixed_hours"}]
    scenario = load("one_step", {**DRAWN, "economy.workers": 3, "agents.worker": workers, "evaluation": "none"})
    game = scenario.build_game()
    accounts = dict(game.accounts(game.reset(torch.zeros(1, dtype=torch.int64))))
    accounts["weight"] = torch.tensor([[1.0, 10.0, 3.0]])
    names = [name for name in game.roles if name.startswith("worker/")]
    returns = dict(zip(names, (torch.tensor([[8.0, 4.0]]), torch.tensor([[1.0]])), strict=True))
    of_players = {0: 8.0, 2: 4.0} if game.groups["worker"]["elastic_rule"] == (0, 2) else {2: 8.0, 0: 4.0}
    metrics = measure(game, accounts, returns)
    expected = (of_players[0] * 1 + of_players[2] * 3) / 4
    assert metrics["return/worker/elastic_rule"].tolist() == [expected]
    assert metrics["return_worker"].tolist() == [pytest.approx((expected * 4 + 1.0 * 10) / 14)]


def test_an_older_checkpoint_is_refused_by_its_format(tmp_path: Path) -> None:
    save_state(tmp_path / "state", {"weights": torch.ones(2)})
    path = tmp_path / "state" / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 1}))
    with pytest.raises(RunError, match="expected checkpoint format 2, found 1"):
        load_state(tmp_path / "state")


def test_an_agent_and_a_kind_in_one_entry_are_refused() -> None:
    workers = [{"share": 0.5, "agent": "elastic_rule", "kind": "fixed_hours"}, {"kind": "fixed_hours"}]
    with pytest.raises(ScenarioError, match=r"agents\.worker.*either agent, a name, or kind, found both"):
        load("one_step", {"agents.worker": workers})


def test_current_law_in_other_brackets_is_explained_once(tmp_path: Path) -> None:
    coarse = {**DRAWN, "economy.brackets": [0.0, 50_000.0], "economy.redraw_population": False, "episodes": 1}
    warnings = execute(load("one_step", coarse), tmp_path / "run", quiet=True).summary["warnings"]
    assert sum("brackets of the game are not those of the law" in warning for warning in warnings) == 1


def test_settings_of_a_resumed_run_are_stored_only_after_their_key_is_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from econsim.llm.key_hosts import key_in_words
    from econsim.runs import resume
    from econsim.runs.folder import create_run

    monkeypatch.setenv("MODEL_KEY", "secret")
    monkeypatch.setenv("ECONSIM_LLM_KEY_HOSTS", "MODEL_KEY@127.0.0.1:9")
    settings = {"llm.base_url": "http://127.0.0.1:9/v1", "llm.model": "none"}
    run = create_run(load("llm_economist", settings), tmp_path / "run", "cpu")
    before = (run.path / "scenario.yaml").read_text()
    overrides = ["llm.api_key_env=MODEL_KEY"]
    assert not key_in_words(run.scenario.llm)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="Confirm with --yes"):
        resume(run.path, quiet=True, overrides=overrides)
    assert (run.path / "scenario.yaml").read_text() == before


def test_rates_of_something_else_than_brackets_are_no_tax_schedule() -> None:
    assert schedule_of({"rates": [0.1, 0.2], "thresholds": [0.0, 10.0]}) == ([0.0, 10.0], [0.1, 0.2])
    assert schedule_of({"rates": [0.1, 0.2]}) is None
    assert schedule_of({"thresholds": [], "rates": []}) is None


def test_a_policy_that_play_shows_to_be_infeasible_leaves_an_empty_folder(tmp_path: Path) -> None:
    bewley = ["economy.households=20", "economy.periods=2", "economy.grid_points=40", "headline=none", "episodes=1"]
    bewley += ["economy.productivity={states: 3}", "evaluation=null", "baselines=[]"]
    bewley += [
        "economy.budget={adjusts: spending, transfer: 0.06}",
        "economy.status_quo={labour_tax: 0.25, spending_share: 0}",
    ]
    bewley += ["economy.instruments=[labour_tax]"]
    with pytest.raises(UserError, match="public consumption would be negative"):
        execute(load("bewley", [*bewley, "planner.action=[0]"]), tmp_path / "run", quiet=True)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"lock"}  # --out can name it again
    run = execute(load("bewley", [*bewley, "planner.action=[0.3]"]), tmp_path / "run", quiet=True)
    assert run.finished
