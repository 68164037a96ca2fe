"""Figures of a reform: their bars and dots are the numbers of the tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from econsim.analysis import plots, reform_plots

GROUPS = pd.DataFrame(
    {
        "group": ["1", "2", "top 5 %", "all"],
        "winners": [1.0, 0.25, 0.0, 0.5],
        "losers": [0.0, 0.5, 1.0, 0.5],
        "gain": [10.0, 5.0, -20.0, 1.0],
        "gain_low": [8.0, None, -25.0, 0.5],
        "gain_high": [12.0, None, -15.0, 1.5],
        "consumption": [100.0, 200.0, 400.0, 150.0],
        "income": [50.0, 100.0, 400.0, 200.0],
        "tax_change": [2.0, 3.0, -4.0, 1.0],
        "tax_mechanical": [3.0, 5.0, -5.0, 1.5],
        "tax_behavioural": [-1.0, -2.0, 1.0, -0.5],
    }
)


def test_both_parts_of_the_change_of_tax_add_up_to_the_total() -> None:
    axes: Any = reform_plots.revenue_by_group(GROUPS, "USD").axes[0]
    mechanical, behavioural = ([bar.get_width() for bar in bars] for bars in axes.containers)
    total = axes.lines[0].get_xdata()
    assert mechanical == pytest.approx([6.0, 5.0, -1.25, 0.75])  # per cent of income
    assert [one + other for one, other in zip(mechanical, behavioural, strict=True)] == pytest.approx(list(total))
    assert axes.get_xlabel() == "change of tax, % of income"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["decile 1", "decile 2", "top 5 %", "all"]


def test_a_group_without_income_puts_all_groups_into_money() -> None:
    poor = GROUPS.assign(income=[0.0, 100.0, 400.0, 200.0])
    axes: Any = reform_plots.revenue_by_group(poor, "USD").axes[0]
    assert list(axes.lines[0].get_xdata()) == [2.0, 3.0, -4.0, 1.0]
    assert axes.get_xlabel() == "change of tax, per person, USD"


def test_steps_lead_from_the_revenue_of_the_baseline_to_that_of_the_reform() -> None:
    row = {"baseline": 10.0, "mechanical": 5.0, "behavioural": -2.0, "reform": 13.0}
    axes: Any = reform_plots.revenue_steps(row, ("law", "reform"), ("10", "5", "-2", "13"), "USD per person").axes[0]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert spans == [(0.0, 10.0), (10.0, 15.0), (15.0, 13.0), (0.0, 13.0)]
    assert [text.get_text() for text in axes.texts] == ["10", "5", "-2", "13"]


def test_gains_have_their_intervals_and_shares_both_directions() -> None:
    left, right = reform_plots.gains_and_shares(GROUPS, "USD").axes
    dots = next(line for line in left.lines if line.get_marker() == "o")
    assert list(dots.get_xdata()) == pytest.approx([10.0, 2.5, -5.0, 100 / 150])  # per cent of consumption
    assert list(left.lines[0].get_xdata()) == pytest.approx([8.0, 12.0])
    winners, losers = ([bar.get_width() for bar in bars] for bars in right.containers)  # type: ignore[attr-defined]
    assert winners == [100.0, 25.0, 0.0, 50.0]
    assert losers == [-0.0, -50.0, -100.0, -50.0]
    assert len(reform_plots.gains_and_shares(GROUPS.drop(columns="gain"), "USD").axes) == 1


def test_rate_curves_show_negative_rates() -> None:
    curve = pd.DataFrame({"income": [1.0, 10.0, 100.0]})
    for name, rates in {"law": [0.1, 0.2, 0.3], "reform": [-0.4, -0.1, 0.3]}.items():
        curve[f"{name}_average_rate"] = curve[f"{name}_marginal_rate"] = rates
    panels = plots.rate_curves(curve, {"law": "law", "reform": "reform"}, "USD", log=True).axes
    assert all(axes.get_xscale() == "log" for axes in panels)
    assert all(axes.get_ylim()[0] < -40.0 for axes in panels)
