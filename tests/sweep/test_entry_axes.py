"""One entry of a list as an axis of a sweep."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Make
from small_economy import RULES

from econsim.errors import ScenarioError
from econsim.sweep import read_request
from econsim.sweep.table import table_of

LISTED = {"planner": [{"kind": "fixed", "rates": [0.1, 0.15, 0.25, 0.3, 0.35, 0.4, 0.5]}]}


def test_each_level_of_an_entry_is_the_scenario_with_that_entry(sweep: Make) -> None:
    made = sweep({**LISTED, "planner.rates.0": [0.2, 0.6], "planner.rates.4": "0.3,0.4"})
    scenarios = [made.scenario(number) for number in range(4)]
    rates = [scenario.planner.parameters.rates for scenario in scenarios]  # type: ignore[union-attr]
    assert [(of[0], of[4]) for of in rates] == [(0.2, 0.3), (0.2, 0.4), (0.6, 0.3), (0.6, 0.4)]
    assert {of[1:4] + of[5:] for of in rates} == {(0.15, 0.25, 0.3, 0.4, 0.5)}
    revenue = made.metrics[made.metrics["name"] == "revenue"].set_index("run")["value"]
    assert revenue[2] != revenue[0]


def test_packed_and_unpacked_runs_of_an_entry_agree(sweep: Make) -> None:
    axes = {**LISTED, "planner.rates.0": [0.2, 0.6]}
    packed, alone = sweep(axes, "packed"), sweep(axes, "alone", pack=False)
    np.testing.assert_array_equal(packed.metrics["value"], alone.metrics["value"])


def test_an_axis_adds_no_entry_to_a_list() -> None:
    request = read_request("one_step", {**RULES, **LISTED, "planner.rates.7": [0.2, 0.3]})
    with pytest.raises(ScenarioError, match=r"axis: planner.rates.7: the list planner.rates has 7 entries"):
        table_of(request)
