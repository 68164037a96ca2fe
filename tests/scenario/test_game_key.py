"""``game:`` names a kind of economies or of games; ``economy:`` is the same key by another name."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from toy_kinds import write_plugin

from econsim import kinds
from econsim.errors import ScenarioError
from econsim.scenario import Scenario, load, with_overrides
from econsim.scenario.schema import scenario_schema

GAMES = {
    "games/tag.py": '''
        """Tag: one player chases another."""

        from types import SimpleNamespace

        from pydantic import Field

        from econsim.parameters import Model

        __all__ = ["Parameters", "Tag"]


        class Parameters(Model):
            rounds: int = Field(3, ge=1)
            """How long."""


        class Tag:
            def __init__(self, parameters):
                self.parameters, self.roles = parameters, {"chaser": SimpleNamespace(leads=False)}

            def to(self, device=None, dtype=None):
                return self
    ''',
    "scenarios/tag.yaml": """
        # A game without a planner.
        econsim: 1
        game: {kind: tag, rounds: 5}
        agents: {chaser: angler}
    """,
}


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = write_plugin(tmp_path / "plugins")
    for name, text in GAMES.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    kinds.add_plugin(str(package))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def written(text: str) -> str:
    Path("x.yaml").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return "x.yaml"


def mistakes(text: str, overrides: Any = ()) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load(written(text), overrides)
    return str(raised.value).splitlines()


POND = "agents: {fisher: angler}\nplanner: half\n"


def test_both_names_load_to_equal_scenarios() -> None:
    by_name = [load(written(f"{key}: {{kind: pond, fishers: 3}}\n{POND}")) for key in ("economy", "game")]
    assert by_name[0] == by_name[1]
    assert by_name[0].game is by_name[0].economy
    assert by_name[0].game.parameters.fishers == 3  # type: ignore[attr-defined]


def test_a_kind_of_games_is_found_and_built() -> None:
    scenario = load("tag")
    assert (scenario.game.kind.room, scenario.game.kind.name) == ("games", "tag")
    assert list(scenario.build()[0].roles) == ["chaser"]


@pytest.mark.parametrize(("name", "key"), [("pond", "economy"), ("tag", "game")])
def test_a_resolved_scenario_writes_the_key_of_the_room(name: str, key: str) -> None:
    scenario = load(name)
    lines = scenario.dump().splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith(("economy", "game"))] == [key]
    Path("resolved.yaml").write_text(scenario.dump(), encoding="utf-8")
    assert load("resolved.yaml") == scenario


@pytest.mark.parametrize("key", ["economy", "game"])
@pytest.mark.parametrize("name", ["pond", "tag"])
def test_overrides_know_both_names(name: str, key: str) -> None:
    field = {"pond": "fishers", "tag": "rounds"}[name]
    for scenario in (
        load(name, [f"{key}.{field}=7"]),
        load(name, {key: {field: 7}}),
        with_overrides(load(name), {f"{key}.{field}": 7}),
    ):
        assert getattr(scenario.game.parameters, field) == 7


@pytest.mark.parametrize(("below", "above"), [("economy", "game"), ("game", "economy")])
def test_a_file_extends_one_that_uses_the_other_name(below: str, above: str) -> None:
    Path("scenarios").mkdir()
    Path("scenarios/lower.yaml").write_text(f"{below}: {{kind: pond, fishers: 3}}\n{POND}", encoding="utf-8")
    scenario = load(written(f"extends: lower\n{above}: {{growth: {{growth_rate: 0.2}}}}\n"))
    assert scenario.game.dump()["fishers"] == 3
    assert scenario.game.dump()["growth"]["growth_rate"] == 0.2


def test_a_name_alone_is_opened_by_an_override() -> None:
    assert load(written(f"game: pond\n{POND}"), ["game.fishers=4"]).game.parameters.fishers == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("game: {kind: tag}\nseed: 1\neconomy: {kind: pond}\n", "x.yaml:3: economy: the same key as game (x.yaml:1)"),
        ("economy: {kind: tag}\ngame: {kind: pond}\n", "x.yaml:2: game: the same key as economy (x.yaml:1)"),
    ],
)
def test_both_names_in_one_file_are_a_mistake(text: str, message: str) -> None:
    assert mistakes(text) == [f"{message}; give one of them"]


@pytest.mark.parametrize("key", ["economy", "game"])
def test_messages_name_the_key_as_it_was_written(key: str) -> None:
    text = f"""
        {key}:
          kind: pond
          fisherss: 20
          seasons: [1, x]
        agents: {{fisher: angler}}
        planner: half
    """
    assert mistakes(text) == [
        f"x.yaml:3: {key}.fisherss: unknown key (did you mean fishers or seasons?)",
        f"x.yaml:4: {key}.seasons.1: expected a number, found 'x'",
    ]


def test_each_message_names_the_key_of_its_own_author() -> None:
    text = f"economy: {{kind: pond, fishers: 0}}\n{POND}"
    assert mistakes(text, ["game.growth.births=2"]) == [
        "command line: game.growth.births: unknown key (known: growth_rate, kind)",
        "x.yaml:1: economy.fishers: expected at least 1, found 0",
    ]


def test_a_misspelt_key_is_told_both_names() -> None:
    assert mistakes(f"gme: {{kind: pond}}\neconomyy: {{kind: pond}}\n{POND}")[-2:] == [
        "x.yaml:1: gme: unknown key (did you mean game or name?)",
        "x.yaml:2: economyy: unknown key (did you mean economy or econsim?)",
    ]


def test_kinds_of_both_rooms_are_suggested() -> None:
    assert mistakes("game: tagg\n") == ["x.yaml:1: game: economies, games: no kind 'tagg' (did you mean tag?)"]


def test_python_knows_both_names() -> None:
    game = load("tag").game
    by_name = [Scenario.model_validate({"name": "a", key: game}) for key in ("economy", "game")]
    assert by_name[0] == by_name[1]


def test_the_schema_knows_both_names() -> None:
    properties = scenario_schema()["properties"]
    assert properties["economy"]["$ref"] == "#/properties/game"
    text = json.dumps(properties["game"])
    assert '"fishers"' in text
    assert '"rounds"' in text
