"""Figures with little room for the texts inside of them: heat maps with many cells, points close to each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from econsim.analysis.canvas import new_figure
from econsim.report import interactive_points
from econsim.report.crowding import CELL, POINT, fit_texts
from econsim.report.drawing import settle_layout
from econsim.report.narrow import lay_out_narrowly
from econsim.sweep import plots


def map_of(rows: int, columns: int) -> pd.DataFrame:
    values = np.arange(10_000.0, 10_000.0 + rows * columns).reshape(rows, columns)
    return pd.DataFrame(values, map(str, range(rows)), map(str, range(columns)))


def test_numbers_of_cells_are_turned_on_a_phone_and_left_out_where_that_is_not_enough() -> None:
    figure = plots.heat_maps({"flat": map_of(3, 7)}, "planner.rate", "economy.utility.elasticity", "Welfare, USD")
    numbers = [text for text in figure.axes[0].texts if text.get_label() == CELL]
    assert len(numbers) == 21
    settle_layout(figure)
    assert {(number.get_visible(), number.get_rotation()) for number in numbers} == {(True, 0.0)}
    lay_out_narrowly(figure)
    settle_layout(figure)
    assert {(number.get_visible(), number.get_rotation()) for number in numbers} == {(True, 90.0)}
    crowded = plots.heat_maps({"flat": map_of(10, 6)}, "x", "y", "Welfare, USD")
    lay_out_narrowly(crowded)
    settle_layout(crowded)
    assert not any(text.get_visible() for text in crowded.axes[0].texts)


def test_labels_of_maps_of_several_policies_do_not_overlap() -> None:
    names = "economy.utility.elasticity", "economy.utility.untaxed_hours"
    maps = {policy: map_of(2, 7) for policy in ("us_federal", "free_market", "flat")}
    figure = plots.heat_maps(maps, *names, "Welfare, USD")
    settle_layout(figure)
    *panels, bar = figure.axes
    boxes = [label.get_window_extent() for axes in panels for label in axes.get_xticklabels()]
    boxes += [axes.title.get_window_extent() for axes in panels] + [panels[-1].xaxis.label.get_window_extent()]
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    assert [axes.get_xlabel() for axes in panels] == ["", "", names[0]]
    assert [label.get_text() for label in bar.get_yticklabels()][1] == "10,002"  # as other numbers of the report
    plot = interactive_points.heat_maps(maps, *names, "Welfare, USD")["layout"]
    assert [plot[f"xaxis{number}"]["title"]["text"] for number in ("", "2", "3")] == ["", "", names[0]]
    domains = [plot[f"yaxis{number}"]["domain"] for number in ("", "2", "3")]
    assert all(lower[1] < upper[0] for upper, lower in pairwise(domains))
    assert [note["text"] for note in plot["annotations"]] == list(maps)


def test_labels_of_points_stay_inside_and_apart() -> None:
    figure, (axes,) = new_figure()
    axes.plot([0.0, 1.0], [0.0, 1.0])
    for x, y in ((1.0, 0.5), (0.99, 0.5), (0.98, 0.5), (0.97, 0.5), (0.96, 0.5), (0.1, 0.9)):
        label = axes.annotate("flat, rate 0.5, elasticity 0.2", (x, y), (5, 4), textcoords="offset points")
        label.set_label(POINT)
        label.set_in_layout(False)
    settle_layout(figure)
    fit_texts(figure)  # a second time changes nothing
    shown = [text for text in axes.texts if text.get_visible()]
    boxes = [text.get_window_extent() for text in shown]
    assert len(shown) == 3  # two at the right edge, to the left of their points, and the last
    assert all(box.count_overlaps(boxes) == 1 and box.x1 <= axes.get_window_extent().x1 for box in boxes)
