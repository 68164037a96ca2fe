from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from econsim.accounts import Format
from econsim.errors import UserError
from econsim.report import content
from econsim.report.content import Group
from econsim.report.games.convergence import convergence_block
from econsim.report.interval_notes import interval_notes
from econsim.runs import Run
from econsim.runs.metric_columns import shown


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (38380.4, "amount", "38,380"),
        (-12345.6, "amount", "-12,346"),
        (2.74971, "amount", "2.75"),
        (0.8964, "share", "89.6%"),
        (-0.0001, "share", "0.0%"),
        (34.04, "hours", "34.0"),
        (0.5211, "index", "0.521"),
    ],
)
def test_numbers_are_short(value: float, kind: Format, text: str) -> None:
    assert shown(value, kind) == text


def test_responses_stand_side_by_side_where_both_matter(run: Run) -> None:
    table = content.policy_table(run.summary)
    assert table.groups[:3] == [
        Group("Welfare", "apples", 2),
        Group("Gap closed", "", 2),
        Group("Mean hours", "hours", 2),
    ]
    assert table.responses[:2] == ["exact", "learned"]
    assert all(len(cells) == sum(group.columns for group in table.groups) for _, cells in table.rows)


def test_a_game_without_money_gets_a_headline_too() -> None:
    summary: dict[str, Any] = {
        "responses": ["scenario"],
        "workers": {"scenario": {"short": "own", "words": "the scenario's own players (always)"}},
        "evaluation": None,
        "policies": {"agents": {"scenario": {"return_row": 1.5, "return_column": -0.25}}},
    }
    assert content.headline(summary) == (
        "Under agents, return row is 1.5, scored under the scenario's own players (always). Return column -0.25."
    )


def test_welfare_functions_agree_with_the_run(run: Run) -> None:
    table = content.welfare_by_function(run).set_index(["policy", "response"])
    # The orchard's own welfare is that of its least well-off picker.
    assert table.loc[("half", "exact"), "rawlsian"] == pytest.approx(5.25, abs=1e-12)
    assert len(table) == 8


def test_intervals_are_told_for_the_trained_policy(run: Run) -> None:
    notes = interval_notes(run.summary)
    assert notes[0].startswith(
        "trained, under workers who play exact best responses: mean welfare over 2 training seeds"
    )
    assert "(Student's t)" in notes[0]
    # Both policies face the same people in the same episode; the floor has one seed, which is that of every pair.
    assert notes[2].startswith("trained minus free, under workers who play exact best responses: welfare ")
    assert "paired over 2 training seeds" in notes[2]
    assert notes[-1].startswith("Training seeds differ in training only")


def test_constants_describe_themselves(run: Run) -> None:
    assert content.constants(run) == [content.Constant("workers", "40", "Number of pickers.")]


def test_welfare_that_is_defined_by_no_function_is_no_figure() -> None:
    people = {"response": "own", "seed": 1, "policy": "fixed", "utility": math.nan, "consumption": math.nan}
    people |= {"income": math.nan, "weight": 1.0}
    run = SimpleNamespace(path="odd", players=lambda *names: pd.DataFrame([people] * 3))
    with pytest.raises(UserError, match="odd: no welfare function is defined"):
        content.welfare_by_function(run)  # type: ignore[arg-type]


def test_iterations_on_a_logarithmic_axis_start_at_zero() -> None:
    block = convergence_block({"gap": [(0, 1.0), (10, 0.1), (1000, 0.001)]}, "a game")
    assert block is not None
    assert block.figure is not None
    (axes, *_) = block.figure.figure.axes
    assert axes.get_xlim()[0] == 0
    assert min(axes.get_xticks()) >= 0
