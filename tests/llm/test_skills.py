"""Personas in any game, skills in long games, and the calls that the shipped scenarios need."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_server import Server, said

from econsim.errors import ScenarioError, UserError
from econsim.runs import execute
from econsim.runs.llm_session import forecast_calls
from econsim.scenario import load
from econsim.scenario.plan import plan_of
from econsim.text.role_text import RoleText

COMMONS: dict[str, Any] = {"agents.player": "commons_personas", "episodes": 1}


@pytest.mark.parametrize(
    ("name", "overrides", "calls"),
    [
        ("prisoners_dilemma", {"agents": {"row": "personas", "column": "personas"}, "episodes": 4}, 8),
        ("commons_harvest", COMMONS, 60),
        ("gather_trade_build", {"planner": "llm", "episodes": 1}, 10),
    ],
)
def test_shipped_presets_forecast_fewer_than_300_calls(name: str, overrides: dict[str, Any], calls: int) -> None:
    scenario = load(name, {**overrides, "llm.model": "m", "llm.base_url": "http://127.0.0.1:1/v1"})
    forecast = forecast_calls(plan_of(scenario, scenario.build_game("cpu")))
    assert forecast is not None
    assert forecast.calls == calls < 300
    assert forecast.usd == 0.0


def test_players_of_the_prisoners_dilemma_read_their_own_persona(server: Server, tmp_path: Path) -> None:
    farmer, trader = "You are a farmer.", "You are a trader."
    server.answer = lambda body: json.dumps({"action": "cooperate" if "farmer" in said(body) else "defect"})
    own = {"row": {"kind": "llm", "characters": [farmer]}, "column": {"kind": "llm", "characters": [trader]}}
    scenario = load("prisoners_dilemma", {"agents": own, "llm.model": "m", "llm.base_url": server.base_url})
    run = execute(scenario, tmp_path / "run", quiet=True)
    heard = {(entry.role, entry.persona, entry.value) for entry in run.transcript()}
    assert heard == {("row", farmer, "cooperate"), ("column", trader, "defect")}
    assert all(said(body).startswith((farmer, trader)) for body in server.bodies)
    assert run.summary["policies"]["agents"]["scenario"]["return_row"] == 0.0


def test_a_skill_acts_until_the_model_is_asked_again(server: Server, tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> str:
        is_late = "take_all" in said(body).split("Your last actions", 1)[-1].split("\n")[0]
        return json.dumps({"action": "spare_the_last" if is_late else "take_all"})

    server.answer = answer
    small = {"game.horizon": 12, "agents.player.every": 4, "llm.model": "m", "llm.base_url": server.base_url}
    run = execute(load("commons_harvest", COMMONS | small), tmp_path / "run", quiet=True)
    entries = run.transcript()
    assert {entry.step for entry in entries} == {1, 5, 9}
    assert {entry.player for entry in entries} == set(range(5))
    assert {(entry.step, entry.value) for entry in entries} == {
        (1, "take_all"), (5, "spare_the_last"), (9, "spare_the_last"),
    }  # fmt: skip
    rules = entries[0].system
    assert "spare_the_last" in rules
    assert "(spare = 3)" in rules
    assert "You act every 4 steps" in rules


def test_players_follow_the_skill_that_was_chosen(server: Server, tmp_path: Path) -> None:
    left = {}
    for skill in ("take_all", "spare_the_last"):
        server.answer = lambda body, skill=skill: json.dumps({"action": skill})  # type: ignore[misc]
        chosen = {"llm.model": skill, "llm.base_url": server.base_url, "game.horizon": 60}
        run = execute(load("commons_harvest", COMMONS | chosen), tmp_path / skill, quiet=True)
        left[skill] = run.summary["policies"]["agents"]["scenario"]["apples_left"]
    alone = execute(load("commons_harvest", {"game.horizon": 60, "episodes": 1}), tmp_path / "alone", quiet=True)
    assert left["take_all"] == alone.summary["policies"]["agents"]["scenario"]["apples_left"]
    assert left["spare_the_last"] > left["take_all"]


def test_a_single_skill_and_characters_of_workers_are_refused() -> None:
    with pytest.raises(ScenarioError, match="at least two"):
        load("commons_harvest", {"agents.player": {"kind": "llm", "skills": {"only": {"kind": "harvester"}}}})
    scenario = load("llm_economist", {"agents.worker.characters": ["You like work."], "llm.model": "m"})
    with pytest.raises(UserError, match=r"personas of workers are those of economy\.population"):
        plan_of(scenario, scenario.build_game("cpu")).check_agents()


def test_a_planner_of_incentives_and_its_players_read_the_rules_and_payoffs_of_the_game_itself() -> None:
    game = load("prisoners_dilemma_planner").build_game("cpu")
    for role in game.roles.values():
        rules = RoleText(game, role).rules
        assert "Incentives: a planner who announces payments" in rules
        assert "The game itself" in rules
        assert "row: cooperate, column: defect. Paid: row 0, column 5" in rules
