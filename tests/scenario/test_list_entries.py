"""One entry of a list as a dotted key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.errors import ScenarioError
from econsim.scenario import load
from econsim.scenario.yaml_reader import parse

FIXED = {"planner": "fixed"}  # planners/fixed.yaml has seven rates
TWO = {"agents.worker": [{"agent": "best_response", "share": 0.25}, {"agent": "elastic_rule", "share": 0.75}]}


def content(overrides: Any, scenario: Any = "one_step") -> dict[str, Any]:
    loaded: dict[str, Any] = parse(load(scenario, overrides).dump(), lambda line: "dump").plain()
    return loaded


@pytest.mark.parametrize("overrides", [["planner=fixed", "planner.rates.4=0.2"], {**FIXED, "planner.rates.4": 0.2}])
def test_one_entry_of_a_list_changes_and_the_others_stay(overrides: Any) -> None:
    assert content(overrides)["planner"]["rates"] == [0.10, 0.15, 0.25, 0.30, 0.2, 0.40, 0.50]


def test_a_later_override_of_the_same_entry_wins_and_others_add_up() -> None:
    given = ["planner=fixed", "planner.rates.0=0.9", "planner.rates.6=0.8", "planner.rates.0=0"]
    assert content(given)["planner"]["rates"] == [0.0, 0.15, 0.25, 0.30, 0.35, 0.40, 0.8]


def test_an_entry_of_the_default_of_a_list_can_be_changed() -> None:
    changed = content({"economy.planners.0": "state"}, "gather_trade_build")["economy"]["planners"]
    assert changed == ["state"]


def test_a_part_of_an_entry_is_changed_within_the_entry() -> None:
    before, after = content(TWO)["agents"]["worker"], content({**TWO, "agents.worker.1.elasticity": 0.125})
    assert after["agents"]["worker"] == [before[0], {**before[1], "elasticity": 0.125}]
    other = content({**TWO, "agents.worker.1.agent": "best_response"})["agents"]["worker"]
    assert [(share["kind"], share["share"]) for share in other] == [("best_response", 0.25), ("best_response", 0.75)]


def test_a_scenario_that_extends_another_changes_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    text = "econsim: 1\nextends: one_step\nplanner: {kind: fixed, rates: [0.1, 0.2, 0.3]}\n"
    (tmp_path / "scenarios" / "lower.yaml").write_text(text)
    upper = tmp_path / "scenarios" / "upper.yaml"
    upper.write_text("econsim: 1\nextends: lower\nplanner:\n  rates:\n    1: 0.7\n")
    assert content({}, "upper")["planner"]["rates"] == [0.1, 0.7, 0.3]
    upper.write_text("econsim: 1\nextends: lower\nplanner:\n  rates:\n    3: 0.7\n")
    with pytest.raises(ScenarioError, match=r"upper.yaml:5: planner.rates.3: the list planner.rates has 3 entries"):
        load("upper")


@pytest.mark.parametrize(
    ("key", "name", "length", "highest"),
    [
        ("planner.rates.7", "planner.rates", "7 entries", 6),
        ("planner.rates.-1", "planner.rates", "7 entries", 6),
        ("baselines.9", "baselines", "2 entries", 1),
        ("agents.worker.2.share", "agents.worker", "2 entries", 1),
    ],
)
def test_a_list_gets_no_further_entries(key: str, name: str, length: str, highest: int) -> None:
    overrides = {**FIXED, **TWO, "baselines": ["free_market", "us_federal"], key: 0.5}
    expected = f"the list {name} has {length}, counted from 0; expected a position from 0 to {highest}"
    with pytest.raises(ScenarioError) as raised:
        load("one_step", overrides)
    assert str(raised.value).startswith("argument: ")
    assert expected in str(raised.value)


def test_a_wrong_entry_of_a_default_is_named_as_its_author_wrote_it() -> None:
    with pytest.raises(ScenarioError) as raised:
        load("gather_trade_build", ["economy.planners.3=state"])
    assert "command line: economy.planners.3: the list economy.planners has 1 entry, counted from 0" in str(
        raised.value
    )
