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
from econsim.scenario.library import names
from econsim.scenario.plan import plan_of
from econsim.text.role_text import RoleText

COMMONS: dict[str, Any] = {"preset": "personas"}


ENDPOINT = {"llm.model": "m", "llm.base_url": "http://127.0.0.1:1/v1"}
MOST_CALLS = 300
PRESETS = {
    ("llm_economist", "small"): 124,  # 10 workers, 3 years of 4 steps; rates of 2 years under two sets of workers
    ("llm_economist", "thousand_personas"): 200,
    ("llm_economist_bounded", "small"): 244,
    ("llm_economist_published", "small"): 124,
    ("llm_economist_democratic", "small"): 228,
    ("prisoners_dilemma", "personas"): 8,
    ("commons_harvest", "personas"): 60,
    ("coin_game", "personas"): 40,
    ("bewley", "personas"): 100,
    ("gather_trade_build", "llm_planner"): 10,
    ("dictator", "personas"): 20,
    ("public_goods", "personas"): 20,
    ("ultimatum", "personas"): 40,  # an upper estimate: each of the two is asked once in two steps
}


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_shipped_presets_forecast_fewer_than_300_calls(name: str, preset: str) -> None:
    scenario = load(name, {"preset": preset, **ENDPOINT})
    forecast = forecast_calls(plan_of(scenario, scenario.build_game("cpu")))
    assert forecast is not None
    assert forecast.calls == PRESETS[name, preset] < MOST_CALLS
    assert forecast.usd == 0.0


@pytest.mark.parametrize(("evaluation", "is_uncounted"), [({}, False), ({"evaluation": None}, True)])
def test_a_search_against_workers_who_ask_a_model_is_named_as_uncounted(
    evaluation: dict[str, Any], is_uncounted: bool
) -> None:
    """The search baseline plays thousands of episodes: against exact workers, or else against the model's own."""
    scenario = load("llm_economist_democratic", {**evaluation, **ENDPOINT})
    forecast = forecast_calls(plan_of(scenario, scenario.build_game("cpu")))
    assert forecast is not None
    assert forecast.while_training is is_uncounted


def test_every_shipped_scenario_with_a_language_model_has_a_preset() -> None:
    for name in names("scenarios"):
        scenario = load(name)
        agents = [*scenario.every_agent(), *scenario.policies().values()]
        if any(hasattr(agent.kind.implementation, "connect") for agent in agents):
            assert any((name, preset) in PRESETS for preset in scenario.presets), name
        own = {preset for shipped, preset in PRESETS if shipped == name}
        assert own <= set(scenario.presets)


def test_households_copy_those_with_their_own_persona(server: Server, tmp_path: Path) -> None:
    """Savers consume a tenth, others nine tenths; only ten are asked, under the numbers that they have in the role."""
    server.answer = lambda body: json.dumps({"action": [0.1 if "children" in said(body) else 0.9, 0.3]})
    address = {"llm.model": "m", "llm.base_url": server.base_url, "economy.periods": 2, "panel": "step"}
    alone = {"baselines": [], "evaluation": None, "headline": None}
    run = execute(load("bewley", {"preset": "personas", **alone, **address}), tmp_path / "run", quiet=True)
    entries = run.transcript()
    assert len(entries) == 2 * 10
    assert len({entry.player for entry in entries}) == 10
    assert {entry.persona.count("children") == 1 for entry in entries if (entry.player or 0) % 5 == 0} == {True}
    assert {entry.persona.count("children") == 0 for entry in entries if (entry.player or 0) % 5 > 0} == {True}
    panel = run.panel[(run.panel["axis"] == "household") & (run.panel["response"] == "scenario")]
    last = panel[panel["step"] == 2].set_index("index")
    savers = last[last.index % 5 == 0]
    assert len(savers) == 20
    assert savers["assets"].min() > 0
    # With nine tenths of resources consumed in both periods, at most a tenth of the resources is left.
    assert savers["assets"].mean() > 5 * last[last.index % 5 > 0]["assets"].mean()


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
