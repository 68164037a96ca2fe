from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.errors import ScenarioError
from econsim.scenario import load, with_overrides
from econsim.scenario.loading import validate_file
from econsim.scenario.overrides import patches
from econsim.sweep.variants import composed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=3", {"seed": 3}),
        ("economy.growth_rate=1e-3", {"economy": {"growth_rate": 0.001}}),
        ("a.b.c=[1, no, {d: ~}]", {"a": {"b": {"c": [1, "no", {"d": None}]}}}),
        ("training=none", {"training": "none"}),
        ("training=", {"training": None}),
        ("description=a=b", {"description": "a=b"}),
    ],
)
def test_a_text_is_a_dotted_key_and_a_yaml_value(text: str, expected: Any) -> None:
    assert [patch.plain() for patch in patches([text])] == [expected]


def test_a_mapping_says_the_same_as_texts() -> None:
    from_python = patches({"economy.rates": (0.1, 0.2), "planner": {"kind": "quota"}, "seed": 1})
    from_text = patches(["economy.rates=[0.1, 0.2]", "planner={kind: quota}", "seed=1"])
    assert [patch.plain() for patch in from_python] == [patch.plain() for patch in from_text]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed"], "command line: seed: expected key=value"),
        (["=3"], "command line: expected a dotted key"),
        (["a..b=3"], "command line: a..b: expected a dotted key"),
        (["a.b=[1"], "command line: a.b: not YAML"),
        (["a=\x00"], "command line: a: not YAML"),
        ([".".join("a" * 1000) + "=1"], "nested deeper than 40 levels"),
        ({"a": {1, 2}}, "argument: a: expected plain data (numbers, text, lists, mappings), found set"),
        ({"a": {"b": object()}}, "argument: a: expected plain data"),
    ],
)
def test_a_mistake_names_the_override(overrides: Any, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        patches(overrides)
    assert message in str(raised.value)


def test_python_data_that_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ScenarioError, match="nested deeper"):
        patches({"a": circle})


def test_the_word_none_empties_every_optional_key() -> None:
    keys = ("evaluation.ceiling", "evaluation.floor", "economy.hours_step")
    loaded = load("one_step", [f"{key}=none" for key in keys])
    assert loaded == load("one_step", [f"{key}=null" for key in keys])
    assert loaded.evaluation is not None
    assert (loaded.evaluation.ceiling, loaded.evaluation.floor) == (None, None)
    assert loaded.economy.parameters.hours_step is None  # type: ignore[attr-defined]
    assert load("one_step", ["panel=none"]).panel == "none"  # an option of this name stays


PRESETS = """
econsim: 1
game: {kind: one_step, workers: 20}
agents: {worker: best_response}
planner: {kind: flat, rate: 0.3}
presets:
  small: {economy: {workers: 5}, planner: {rate: 0.1}}
  broken: {economy: {workrs: 5}}
"""


def test_a_preset_is_a_set_of_overrides_over_which_others_take_precedence(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PRESETS)
    mine = tmp_path / "mine.yaml"
    by_name = load(mine, ["preset=small"])
    assert by_name.economy == load(mine, ["economy.workers=5", "planner.rate=0.1"]).economy
    assert by_name.changed == ("economy.workers", "planner.rate")
    other = load(mine, ["planner.rate=0.2", "preset=small"])
    assert (other.economy.parameters.workers, other.planner.parameters.rate) == (5, 0.2)  # type: ignore[union-attr]
    assert with_overrides(load(mine), {"preset": "small"}) == by_name


def test_an_extending_scenario_inherits_presets_and_changes_them_key_by_key(tmp_path: Path) -> None:
    own = "extends: llm_economist\npresets: {small: {economy: {workers: 6}}}\n"
    (tmp_path / "own.yaml").write_text(own)
    economy: Any = load(tmp_path / "own.yaml", ["preset=small"]).economy.parameters
    base: Any = load("llm_economist", ["preset=small"]).economy.parameters
    assert (economy.workers, economy.tax_years) == (6, base.tax_years)


def test_mistakes_about_presets_name_the_file_or_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PRESETS)
    with pytest.raises(ScenarioError, match="preset: the scenario has no preset 'tiny'; there are small, broken"):
        load(tmp_path / "mine.yaml", ["preset=tiny"])
    with pytest.raises(ScenarioError, match="preset: the scenario has no preset 3; it has none"):
        load("one_step", {"preset": 3})
    with pytest.raises(ScenarioError, match=r"mine\.yaml:8: economy\.workrs: .*did you mean workers"):
        validate_file(tmp_path / "mine.yaml")
    (tmp_path / "flat.yaml").write_text(PRESETS.replace("{economy: {workrs: 5}}", "5"))
    with pytest.raises(ScenarioError, match=r"presets\.broken"):
        load(tmp_path / "flat.yaml", ["preset=small"])


def test_a_sweep_over_presets_varies_what_they_set(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(PRESETS)
    content = composed(tmp_path / "mine.yaml", {"preset": "small"}, load(tmp_path / "mine.yaml"))
    assert content["game"]["workers"] == 5
    assert content["changed"] == ["economy.workers", "planner.rate"]
