"""Runs whose players remember: over HTTP, resumed, replayed, in mixed populations, and with embeddings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from econsim.errors import ScenarioError, UserError
from econsim.llm.service import BudgetSpent
from econsim.runs import Run, execute, resume
from econsim.runs.llm_session import forecast_calls
from econsim.scenario import Scenario, load
from econsim.scenario.plan import plan_of
from econsim.testing.endpoints import Chat, Scripted, serve
from econsim.testing.endpoints.embeddings import EMBEDDING_MODEL

DEFECTOR = {"kind": "markov_strategy", "probabilities": [[[0.0, 1.0]] * 5]}
MEMORY = {"retrieval": {"count": 2}, "reflection": {"every": 2}}


@pytest.fixture(autouse=True)
def _undrawn(undrawn: None) -> None:
    """Draw no figures."""


def grim(chat: Chat) -> str:
    """Defect from the first conclusion on that the other has defected, and otherwise cooperate."""
    if chat.key == "reflection":
        return json.dumps({"reflection": "The other defects." if "defect" in chat.question else "All is well."})
    return json.dumps({"action": "defect" if "The other defects." in chat.question else "cooperate"})


def repeated(base_url: str, other: Any = "llm", **overrides: Any) -> Scenario:
    """Return the prisoner's dilemma in six rounds; the row player remembers."""
    row = {"kind": "llm", "history": 0, "memory": MEMORY, "characters": ["You are a farmer."]}
    return load(
        "prisoners_dilemma",
        {
            "game": {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": 6, "discount": 1.0},
            **{"agents": {"row": row, "column": other}, "evaluation": "none", "headline": None, "episodes": 1},
            **{"llm.base_url": base_url, "llm.model": "scripted", "llm.temperature": 0.0, **overrides},
        },
    )


def actions(run: Run, role: str = "row") -> list[str]:
    return [str(entry.value) for entry in run.transcript() if (entry.role, entry.purpose) == (role, role)]


def questions(run: Run) -> list[tuple[Any, ...]]:
    return [(entry.role, entry.step, entry.purpose, entry.user, entry.value) for entry in run.transcript()]


def test_conclusions_change_what_a_player_does(tmp_path: Path) -> None:
    with serve(grim) as base_url:
        kind = execute(repeated(base_url), tmp_path / "kind", quiet=True)
        wary = execute(repeated(base_url, DEFECTOR), tmp_path / "wary", quiet=True)
    assert actions(kind) == ["cooperate"] * 6
    assert actions(wary) == ["cooperate"] * 2 + ["defect"] * 4  # its first reflection is before the third round
    counts = {name: counter["questions"] for name, counter in wary.summary["llm"]["purposes"].items()}
    assert counts == {"row": 6, "reflection": 2}
    reflections = [entry for entry in wary.transcript() if entry.purpose == "reflection"]
    assert [(entry.step, entry.persona, entry.value) for entry in reflections] == [
        (3, "You are a farmer.", "The other defects."), (5, "You are a farmer.", "The other defects."),
    ]  # fmt: skip
    assert reflections[0].user.startswith("You are a farmer.")


def test_a_resumed_run_remembers_the_same_and_a_replay_needs_no_server(tmp_path: Path) -> None:
    with serve(grim) as base_url:
        whole = execute(repeated(base_url), tmp_path / "whole", quiet=True)
        with pytest.raises(BudgetSpent):
            execute(repeated(base_url, **{"llm.budget.calls": 9}), tmp_path / "run", quiet=True)
        run = resume(tmp_path / "run", quiet=True, overrides=["llm.budget.calls=100"])
    assert questions(run) == questions(whole)
    assert run.summary["policies"] == whole.summary["policies"]
    assert len((run.path / "calls.jsonl").read_text().splitlines()) == len(
        (whole.path / "calls.jsonl").read_text().splitlines()
    )
    replay = {"llm.mode": "strict_replay", "llm.store": str(whole.path)}
    again = execute(repeated("http://127.0.0.1:1/v1", **replay), tmp_path / "again", quiet=True)
    assert questions(again) == questions(whole)


def test_players_of_a_mixed_population_remember_each_for_itself(tmp_path: Path) -> None:
    """Of five players of the commons, two ask a model, and one of these remembers."""
    asking = {"kind": "llm", "history": 0, "index": [0], "memory": {"reflection": {"every": 1}}, "label": "remembering"}
    plain = {"kind": "llm", "history": 0, "index": [1], "label": "plain"}
    small = {"game.horizon": 3, "episodes": 1, "headline": None, "llm.model": "scripted"}

    def answer(chat: Chat) -> str:
        if chat.key == "reflection":
            return json.dumps({"reflection": "I saw apples."})
        return json.dumps({"action": chat.properties["action"]["enum"][0]})

    mixed = {"agents.player": [asking, plain, {"kind": "harvester"}]}
    with serve(answer) as base_url:
        run = execute(load("commons_harvest", {**small, **mixed, "llm.base_url": base_url}), tmp_path / "r", quiet=True)
    asked = [(entry.player, entry.step, "I saw apples." in entry.user) for entry in run.transcript(group="plain")]
    remembering = [(entry.player, entry.step, entry.purpose) for entry in run.transcript() if entry.player == 0]
    assert [row[:2] for row in asked] == [(1, 1), (1, 2), (1, 3)]
    assert not any(row[2] for row in asked)
    assert [row[1] for row in remembering if row[2] == "reflection"] == [2, 3]


def test_embeddings_come_from_the_server_are_recorded_and_are_in_no_transcript(tmp_path: Path) -> None:
    remembering = {"retrieval": {"count": 1, "embeddings": EMBEDDING_MODEL, "recency": 0.0, "importance": 0.0}}
    with serve(grim) as base_url:
        scenario = repeated(base_url, DEFECTOR, **{"agents.row.memory": remembering})
        run = execute(scenario, tmp_path / "run", quiet=True)
    purposes = run.summary["llm"]["purposes"]
    assert purposes["embedding"]["calls"] > 0
    assert purposes["embedding"]["input_tokens"] > 0
    assert {entry.purpose for entry in run.transcript()} == {"row", "reflection"}
    replay = {"llm.mode": "strict_replay", "llm.store": str(run.path), "agents.row.memory": remembering}
    again = execute(repeated("http://127.0.0.1:1/v1", DEFECTOR, **replay), tmp_path / "again", quiet=True)
    assert questions(again) == questions(run)


def test_workers_who_choose_hours_remember_too(tmp_path: Path) -> None:
    """Exact responses, computed from the numbers of the prompt, are the same with memories in it."""
    memory = {"history": 0, "best": 0, "memory": {"retrieval": {"count": 1}, "reflection": {"every": 2}}}
    alone = {"planner": "us_federal", "baselines": [], "evaluation": "none", "headline": None, "episodes": 1}
    small = {"economy.workers": 3, "economy.tax_years": 1, "economy.steps_per_tax_year": 4, **alone}
    with serve(Scripted()) as base_url:
        model = {"llm.base_url": base_url, "llm.model": Scripted.name}
        plain = execute(load("llm_economist", {**small, **model}), tmp_path / "plain", quiet=True)
        workers = {f"agents.worker.{name}": value for name, value in memory.items()}
        scenario = load("llm_economist", {**small, **model, **workers})
        run = execute(scenario, tmp_path / "run", quiet=True)
    own = [(policy, scores["scenario"]) for policy, scores in run.summary["policies"].items()]
    assert own == [(policy, scores["scenario"]) for policy, scores in plain.summary["policies"].items()]
    counts = {name: counter["questions"] for name, counter in run.summary["llm"]["purposes"].items()}
    assert counts == {"hours": 3 * 4, "reflection": 3}
    forecast = forecast_calls(plan_of(scenario, scenario.build_game("cpu")))
    assert forecast is not None
    assert forecast.calls == sum(counts.values())
    first, _, _, last = [entry for entry in run.transcript(player=1) if entry.purpose == "hours"]
    assert "remember" not in first.user
    rates, chosen = "10 12 22 24 32 35 37", f"You chose {first.value:g} hours. After it, last income: "
    assert f"- Step 1: you observed tax rates in per cent: {rates}. {chosen}" in last.user
    assert f"\nStep 4. The tax rates now, lowest bracket first: {rates} %." in last.user
    assert "I am a scripted model, and I conclude nothing." in last.user


MEM = "agents.player.memory"


@pytest.mark.parametrize(
    ("scenario", "overrides", "message"),
    [
        ("commons_harvest", {MEM: "dreams"}, "no kind of memory 'dreams'; the kinds are retrieval"),
        ("commons_harvest", {MEM: {"reflection": {"every": 0}}}, r"reflection\.every: expected at least 1, found 0"),
        (
            "llm_economist",
            {"agents.worker.order": "reversed"},
            "order of kind llm apply in games without hours",
        ),
        ("llm_economist", {"planner.memory": "retrieval"}, "planner: memory of kind llm apply in games without tax"),
        ("commons_harvest", {f"{MEM}.wording": "no/folder"}, r"agents\.player\.memory\.wording: no wording"),
    ],
)
def test_memory_that_cannot_be_is_explained(scenario: str, overrides: dict[str, Any], message: str) -> None:
    base = {"agents.player": {"kind": "llm", "memory": {"retrieval": {}}}} if scenario == "commons_harvest" else {}
    with pytest.raises((ScenarioError, UserError), match=message):
        _check(scenario, {**base, "llm.model": "m", **overrides})


def _check(name: str, overrides: dict[str, Any]) -> None:
    scenario = load(name, overrides)
    plan_of(scenario, scenario.build_game("cpu")).check_agents()


def test_the_shipped_preset_needs_few_calls() -> None:
    scenario = repeated("http://127.0.0.1:1/v1", "remembering_personas", **{"agents.row": "remembering_personas"})
    forecast = forecast_calls(plan_of(scenario, scenario.build_game("cpu")))
    assert forecast is not None
    assert forecast.calls == 2 * (6 + 1)
