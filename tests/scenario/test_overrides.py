from __future__ import annotations

from typing import Any

import pytest

from econsim.errors import ScenarioError
from econsim.scenario import load
from econsim.scenario.overrides import patches


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
