"""Several models in one run: each agent asks its own, and each has its own settings, budget and rows in the ledger."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_server import Server, said, serving

from econsim.errors import ScenarioError, UserError
from econsim.llm import Settings
from econsim.llm.service import BudgetSpent
from econsim.runs import execute, resume
from econsim.scenario import load

SMALL: dict[str, Any] = {
    "economy.workers": 4, "economy.tax_years": 2, "economy.steps_per_tax_year": 1, "baselines": [], "evaluation": None,
    "headline": None, "seed": 1, "planner": {"kind": "llm", "llm": "strong", "first": "ask"},
    "agents.worker": [
        {"kind": "llm", "llm": "small", "index": [0, 2], "label": "personas"},
        {"kind": "fixed_hours", "label": "rule"},
    ],
}  # fmt: skip


def answer(body: dict[str, Any]) -> str:
    is_worker = "hours a week" in said(body) and body["model"] == "tiny"
    return json.dumps({"hours": 40}) if is_worker else json.dumps({"rates": [0.2] * 7})


def models(server: Server, other: Server, **small: Any) -> dict[str, Any]:
    own = {"small": {"model": "tiny", **small}, "strong": {"model": "giant", "base_url": other.base_url}}
    return {"llm.base_url": server.base_url, "llm.model": "m", "llm.backoff": 0.0, "llm.models": own}


def test_each_agent_asks_its_own_model_and_the_ledger_says_which(server: Server, tmp_path: Path) -> None:
    with serving() as other:
        server.answer = other.answer = answer
        scenario = load("llm_economist", SMALL | models(server, other, max_tokens=99))
        run = execute(scenario, tmp_path / "run", quiet=True)
        assert {(body["model"], body["max_tokens"]) for body in server.bodies} == {("tiny", 99)}
        assert {(body["model"], body["max_tokens"]) for body in other.bodies} == {("giant", 512)}
    rows = [json.loads(line) for line in (run.path / "calls.jsonl").read_text().splitlines()]
    assert {(row["purpose"], row["llm"], row["model"]) for row in rows} == {
        ("hours", "small", "tiny"), ("rates", "strong", "giant"),
    }  # fmt: skip
    assert {label: of["calls"] for label, of in run.summary["llm"]["purposes"].items()} == {
        "hours (small)": 2 * 2, "rates (strong)": 2,
    }  # fmt: skip
    assert {(entry.role, entry.player) for entry in run.transcript(group="personas")} == {("worker", 0), ("worker", 2)}
    strict = {"llm.mode": "strict_replay", "llm.store": str(run.path)}
    again = execute(
        load("llm_economist", SMALL | models(server, server, max_tokens=99) | strict), tmp_path / "again", quiet=True
    )
    assert again.summary["policies"] == run.summary["policies"]


def test_a_model_that_spent_its_budget_stops_the_run_which_continues_with_more(server: Server, tmp_path: Path) -> None:
    server.answer = answer
    scenario = load("llm_economist", SMALL | models(server, server, budget={"calls": 3}))
    with pytest.raises(BudgetSpent, match=r"llm\.models\.small\.budget\.calls=MORE"):
        execute(scenario, tmp_path / "run", quiet=True)
    run = resume(tmp_path / "run", quiet=True, overrides=["llm.models.small.budget.calls=9"])
    assert len(server.bodies) == 2 * 2 + 2
    assert run.summary["llm"]["purposes"]["hours (small)"]["calls"] == 2 * 2


def test_the_budget_of_the_section_limits_all_models_together(server: Server, tmp_path: Path) -> None:
    server.answer = answer
    scenario = load("llm_economist", SMALL | models(server, server) | {"llm.budget.calls": 4})
    with pytest.raises(BudgetSpent, match=r"llm\.budget\.calls=MORE"):
        execute(scenario, tmp_path / "run", quiet=True)
    assert len(server.bodies) == 4


def test_a_name_that_does_not_exist_and_a_key_that_is_wrong_are_refused_before_a_call(server: Server) -> None:
    with pytest.raises(UserError, match=r"llm=stronk: no such model; llm\.models has small.*strong"):
        execute(load("llm_economist", SMALL | models(server, server) | {"planner.llm": "stronk"}), quiet=True)
    with pytest.raises(ScenarioError, match=r"models\.small\.base_url"):
        load("llm_economist", SMALL | models(server, server, base_url="nowhere"))
    assert not server.bodies


def test_a_named_model_inherits_all_but_the_budget() -> None:
    prices = {"input_per_million": 1, "output_per_million": 2}
    small: dict[str, Any] = {"model": "s", "timeout": 5}
    chosen = {"model": "m", "base_url": "http://h/v1", "prices": prices, "budget": {"usd": 1}, "models": {"s": small}}
    settings = Settings.model_validate(chosen).named("s")
    assert (settings.model, settings.base_url, settings.timeout) == ("s", "http://h/v1", 5.0)
    assert settings.prices is not None
    assert settings.budget.usd is None


MIXED: dict[str, Any] = {
    "economy": {"kind": "one_step", "workers": 4, "tax_years": 1, "steps_per_tax_year": 2, "hours_step": 10},
    "agents.worker": [{"kind": "ppo", "index": [1, 3]}, {"kind": "llm", "label": "personas"}],
    "planner": "flat", "baselines": [], "headline": None, "evaluation": None, "seed": 1,
    "training": {"kind": "two_level", "iterations": 2, "copies": 2, "warm_up": 0},
}  # fmt: skip


def test_trained_workers_and_personas_share_a_role(server: Server, tmp_path: Path) -> None:
    server.answer = answer
    chosen = {"llm.base_url": server.base_url, "llm.model": "tiny"}
    with pytest.raises(UserError, match=r"asked in every step of training.*--yes"):
        execute(load("one_step_mixed", MIXED | chosen), tmp_path / "run", quiet=True, agreed=False)
    assert not server.bodies
    run = execute(load("one_step_mixed", MIXED | chosen), tmp_path / "run", quiet=True)
    assert {entry.player for entry in run.transcript()} == {0, 2}
    assert {entry.response for entry in run.transcript()} == {"training", "learned"}
    worked = run.accounts.set_index("player")["hours"]
    assert list(worked[[0, 2]]) == [40.0, 40.0]
    assert {"flat.mean_hours/worker/ppo", "flat.mean_hours/worker/personas"} <= {
        f"{policy}.{name}" for policy, name in zip(run.metrics["policy"], run.metrics["name"], strict=True)
    }
