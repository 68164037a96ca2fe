from __future__ import annotations

from pathlib import Path

import pytest

from econsim.errors import ScenarioError, UserError
from econsim.scenario import game_choice, load, with_overrides
from econsim.scenario.loading import validate_file

pytestmark = pytest.mark.usefixtures("workspace")


def mistakes(text: str, *overrides: str) -> list[str]:
    Path("x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        load("x.yaml", overrides)
    return str(raised.value).splitlines()


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    text = """# A pond with mistakes.
econsim: 1
economy:
  kind: pond
  fisherss: 20
  growth: {kind: logistic, growth_rate: 2}
agents: {fisher: patient_anglr}
planner: {kind: quota, catch_share: -0.1}
training: {kind: practice, iterationss: 5}
seed: 1.5
nme: wrong
"""
    assert mistakes(text) == [
        "x.yaml:5: economy.fisherss: unknown key (did you mean fishers or seasons?)",
        "x.yaml:6: economy.growth.growth_rate: expected at most 1, found 2",
        "x.yaml:7: agents.fisher: there is no 'patient_anglr' in agents/ (did you mean patient_angler or angler?)",
        "x.yaml:8: planner.catch_share: expected at least 0, found -0.1",
        "x.yaml:9: training.iterationss: unknown key (did you mean iterations?)",
        "x.yaml:10: seed: expected a whole number, got a number with a fractional part, found 1.5",
        "x.yaml:11: nme: unknown key (did you mean name, game or panel?)",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("economy.fisher=3", "command line: economy.fisher: unknown key (did you mean fishers?)"),
        ("economi.fishers=3", "command line: economi: unknown key (did you mean economy or econsim?)"),
        ("economy.fishers=many", "command line: economy.fishers: expected a whole number, found 'many'"),
        ("economy.fishers=.nan", "command line: economy.fishers: expected a finite number, found nan"),
        ("economy.fishers.x=3", "command line: economy.fishers: expected a whole number, found a mapping"),
        ("economy.seasons=3", "command line: economy.seasons: expected a list, found 3"),
        ("economy.seasons=[1, x]", "command line: economy.seasons.1: expected a number, found 'x'"),
        ("economy=pnd", "command line: economy: economies, games: no kind 'pnd' (did you mean pond?)"),
        ("economy.growth={kind: logstic}", "command line: economy.growth: no kind 'logstic' (did you mean logistic?)"),
        ("economy.growth.births=3", "command line: economy.growth.births: unknown key (known: growth_rate, kind)"),
        ("economy.stock=shol", "command line: economy.stock: populations: no kind 'shol' (did you mean shoal?)"),
        ("planner=[1]", "command line: planner: expected a name or a mapping with a key 'kind'"),
        ("training=practise", "command line: training: training: no kind 'practise' (did you mean practice?)"),
        ("baselines=[half, half]", "command line: baselines: 'half' is listed twice"),
        ("baselines=[{kind: quota}]", "command line: baselines: expected a list of names; to give parameters"),
        ("baselines.a/b=half", "pond.yaml:8: baselines.a/b: expected letters, digits, spaces"),
        (
            "evaluation.floor=no_fish",
            "'no_fish' is not the label of a baseline or of the planner (did you mean no_fishing?)",
        ),
        ("planner=quota planner.catch_share=0.9", "planner: there is another baseline with the label 'quota'"),
        ("seed=-1", "command line: seed: expected at least 0, found -1"),
        ("seed=9223372036854775808", "command line: seed: expected less than 9223372036854775808"),
        (
            "name=../x",
            "command line: name: expected letters, digits, spaces and . _ + - ( ) ', at most 100, found '../x'",
        ),
        ("econsim=2", "command line: econsim: expected scenario format 1, found 2"),
    ],
)
def test_a_mistaken_override(override: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load("pond", override.split(" ") if override.startswith("planner=quota") else [override])
    assert message in str(raised.value)


def test_a_mistake_in_the_file_of_an_agent_is_told_with_that_file() -> None:
    with pytest.raises(ScenarioError) as raised:
        load("pond", ["agents.fisher=clumsy_angler"])
    assert str(raised.value).endswith("clumsy_angler.yaml:3: agents.fisher.cach: unknown key (did you mean catch?)")


def test_what_is_missing_is_told() -> None:
    assert mistakes("seed: 1\n") == ["x.yaml:1: game: missing"]


def test_a_broken_file_is_an_error_even_where_a_kind_has_its_name() -> None:
    Path("agents").mkdir()
    Path("agents/angler.yaml").write_text("kind: angler\nkind: angler\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"agents/angler.yaml:2: the key 'kind' is given twice"):
        load("pond", ["agents.fisher=angler"])


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"scenarios/: no entry 'pnod' \(did you mean pond\?\)"):
        load("pnod")
    with pytest.raises(UserError, match=r"absent\.yaml: no such file"):
        load("absent.yaml")


def test_overrides_apply_to_a_loaded_scenario() -> None:
    scenario = load("pond")
    assert with_overrides(scenario, {}) == scenario
    assert with_overrides(scenario, {"economy.fishers": 3}) == load("pond", ["economy.fishers=3"])


def test_a_game_by_kind_or_scenario() -> None:
    assert game_choice("pond", {"fishers": 2, "growth.growth_rate": 0.1}).dump()["growth"]["growth_rate"] == 0.1
    with pytest.raises(ScenarioError, match=r"fisherss: unknown key \(did you mean fishers\b"):
        game_choice("pond", {"fisherss": 2})
    with pytest.raises(UserError, match=r"there is no game or scenario 'pnod' \(did you mean pond\b"):
        game_choice("pnod", {})


def test_files_are_validated_by_the_folder_they_lie_in(pond_plugin: Path) -> None:
    validate_file(pond_plugin / "scenarios" / "pond.yaml")
    validate_file(pond_plugin / "planners" / "half.yaml")
    with pytest.raises(ScenarioError, match=r"clumsy_angler.yaml:3: cach: unknown key"):
        validate_file(pond_plugin / "agents" / "clumsy_angler.yaml")
