from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from econsim.errors import ScenarioError
from econsim.scenario import load

pytestmark = pytest.mark.usefixtures("workspace")


def test_a_resolved_scenario_loads_to_an_equal_one() -> None:
    scenario = load("pond", ["planner.catch_share=1e-5", "headline={metric: a, value: 1, tolerance: 0, source: 'no'}"])
    Path("resolved.yaml").write_text(scenario.dump(), encoding="utf-8")
    again = load("resolved.yaml")
    assert again == scenario
    assert again.planner_label == "half"
    assert again.dump() == scenario.dump()


def test_replacing_the_planner_of_a_resolved_scenario_replaces_its_label() -> None:
    Path("resolved.yaml").write_text(load("pond").dump(), encoding="utf-8")
    changed = load("resolved.yaml", ["planner=no_fishing", "evaluation.ceiling=no_fishing"])
    assert changed.planner_label == "no_fishing"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_text_survives(text: str) -> None:
    scenario = load("pond", {"description": text})
    Path("resolved.yaml").write_text(scenario.dump(), encoding="utf-8")
    assert load("resolved.yaml").description == text


def test_policies_are_the_baselines_and_then_the_planner() -> None:
    assert list(load("pond").policies()) == ["no_fishing", "quota", "half"]
    assert list(load("pond", ["planner=quota", "evaluation=none"]).policies()) == ["no_fishing", "quota"]
    assert list(load("pond", ["planner=none", "evaluation=none"]).policies()) == ["no_fishing", "quota"]


def test_parts_are_all_kinds_those_nested_included() -> None:
    assert [(kind.room, kind.name) for kind in load("pond").parts()] == [
        ("economies", "pond"),
        ("populations", "shoal"),
        ("agents", "angler"),
        ("planners", "quota"),
        ("training", "practice"),
    ]


def test_building_puts_the_planner_under_the_leading_role() -> None:
    game, agents = load("pond").build()
    assert game.roles.keys() == agents.keys() == {"fisher", "warden"}
    assert type(agents["warden"]).__name__ == "Quota"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["agents.fishr=angler"], r"pond: agents.fishr: unknown role \(did you mean fisher\?\)"),
        (["agents.warden=angler"], "pond: planner: the game has no leading role, or its agent is given under agents"),
    ],
)
def test_roles_are_those_of_the_game(overrides: list[str], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        load("pond", overrides).build()


def test_a_scenario_does_not_change() -> None:
    with pytest.raises(Exception, match="frozen"):
        load("pond").seed = 3  # type: ignore[misc]
