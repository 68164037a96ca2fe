from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from econsim.analysis import plots
from econsim.analysis.canvas import INK, SERIES, apart


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.1)."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", [INK, *SERIES])
def test_labels_stand_out_on_white(color: str) -> None:
    # 4.5 to 1 is what WCAG asks of text.
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


def test_a_schedule_is_drawn_as_steps_at_its_thresholds() -> None:
    figure = plots.tax_schedules({"flat": ([0.0], [0.5]), "own": ([0.0, 1000.0, 5000.0], [0.1, 0.2, 0.4])}, "USD")
    axes: Any = figure.axes[0]
    values, edges, _ = axes.patches[1].get_data()
    assert values.tolist() == pytest.approx([10.0, 20.0, 40.0], abs=1e-12)
    assert edges[1:3].tolist() == [1000.0, 5000.0]
    assert axes.get_xlabel() == "income before tax, USD"


def test_labels_never_touch() -> None:
    heights = apart({"a": 0.5, "b": 0.5, "c": 0.51, "d": 0.99, "e": 1.0}, gap=0.05)
    ordered = sorted(heights.values())
    assert all(high - low >= 0.05 - 1e-12 for low, high in pairwise(ordered))
    assert max(ordered) <= 1.0
    assert min(heights, key=lambda label: heights[label]) == "a"


def test_effective_rates_are_shares_of_income_by_decile() -> None:
    people = pd.DataFrame({"player": range(20), "potential_income": range(1, 21), "income": 2.0, "tax": 0.5})
    accounts = people.assign(policy="flat", response="exact", seed=1, rebate=0.5)
    left, right = (axes.lines[0].get_ydata() for axes in plots.effective_rates(accounts, ["flat"]).axes)
    assert list(left) == [25.0] * 10
    assert list(right) == [0.0] * 10


def test_seeds_are_thin_lines_and_their_mean_a_thick_one() -> None:
    curve = pd.DataFrame({"step": [0, 1, 0, 1], "seed": [1, 1, 2, 2], "value": [0.0, 1.0, 2.0, 3.0]})
    axes: Any = plots.learning_curve({"ppo": curve}, {"best": 4.0}, "welfare").axes[0]
    assert [list(line.get_ydata()) for line in axes.lines[:3]] == [[0.0, 1.0], [2.0, 3.0], [1.0, 2.0]]
    assert axes.lines[2].get_linewidth() > axes.lines[0].get_linewidth()


def test_a_welfare_function_that_is_not_defined_has_no_panel() -> None:
    table = pd.DataFrame(
        {"policy": ["a", "b"], "response": "exact", "rawlsian": [1.0, 2.0], "atkinson": [float("nan")] * 2}
    )
    assert [axes.get_title() for axes in plots.welfare_dots(table, ["a", "b"]).axes] == ["rawlsian"]
