"""Every shipped scenario still plays as it did; the comparison notices a change and a permutation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_games import Gifts

from econsim.errors import UserError
from econsim.scenario import library, load
from econsim.testing.golden import TOLERANCE, _append, _main, compare_golden, golden_trace, write_golden

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_plays_as_it_did(name: str) -> None:
    assert compare_golden(load(name), ROOT / "tests" / "golden") == []


def test_no_golden_trace_without_a_scenario() -> None:
    stored = {path.stem for path in (ROOT / "tests" / "golden").glob("*.json")}
    assert stored <= set(library.names("scenarios"))


class _Scenario:
    """What a golden trace needs of a scenario."""

    name = "gifts"

    def __init__(self, endowment: float = 5.0) -> None:
        self.endowment = endowment

    def build(self, device: str = "cpu", dtype: torch.dtype | None = None) -> tuple[Any, dict[str, Any]]:
        endowment = torch.tensor(self.endowment, dtype=torch.float64)
        return Gifts().with_parameters(endowment=endowment).to(dtype=dtype), {}


SCENARIO: Any = _Scenario()


def test_a_trace_has_a_row_a_step_and_a_number_a_copy() -> None:
    trace = golden_trace(SCENARIO)
    assert trace["scenario"] == "gifts"
    assert {name: len(rows) for name, rows in trace["rewards"].items()} == {"giver": 6, "collector": 6}
    assert {len(row) for rows in trace["accounts"].values() for row in rows} == {2}
    assert [len(rows) for rows in golden_trace(SCENARIO, steps=2)["accounts"].values()] == [2, 2]


def test_a_written_trace_compares_equal_and_is_plain_json(tmp_path: Path) -> None:
    path = write_golden(SCENARIO, tmp_path / "new")
    assert json.loads(path.read_text()) == golden_trace(SCENARIO)
    assert compare_golden(SCENARIO, tmp_path / "new") == []


@pytest.mark.parametrize(("relative", "same"), [(TOLERANCE / 10, True), (TOLERANCE * 10, False)])
def test_the_comparison_notices_what_is_above_its_tolerance(relative: float, same: bool, tmp_path: Path) -> None:
    write_golden(SCENARIO, tmp_path)
    other: Any = _Scenario(endowment=5.0 * (1 + relative))
    assert (compare_golden(other, tmp_path) == []) is same


def test_differences_say_where(tmp_path: Path) -> None:
    path = write_golden(SCENARIO, tmp_path)
    trace = json.loads(path.read_text())
    trace["rewards"]["giver"][3][0] += 1.0
    del trace["accounts"]["treasury"], trace["accounts"]["coins"][-1]
    path.write_text(json.dumps(trace))
    found = compare_golden(SCENARIO, tmp_path)
    assert found[0].startswith("rewards: giver at step 3 is ")
    assert found[1:] == ["accounts: treasury is in one trace only", "accounts: coins has 6 steps, expected 5"]


def test_two_players_who_change_places_are_noticed() -> None:
    table: dict[str, list[list[float]]] = {}
    _append(table, {"coins": torch.tensor([[1.0, 2.0], [2.0, 1.0]])})
    assert table["coins"] == [[5.0, 4.0]]


def test_a_missing_trace_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"python -m econsim\.testing\.golden write gifts"):
        compare_golden(SCENARIO, tmp_path)


@pytest.mark.parametrize("arguments", [[], ["write"], ["read", "one_step"], ["write", "no_such_scenario_at_all"]])
def test_wrong_use_of_the_command_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
