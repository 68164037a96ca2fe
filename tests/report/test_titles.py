"""A title above the axes is laid out without measuring the ticks once more, and stands where it would otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.axis import YAxis

from econsim.analysis.canvas import new_figure, write_title
from econsim.report.drawing import settle_layout


def test_a_title_does_not_measure_the_ticks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[YAxis] = []
    original = YAxis.get_tightbbox

    def counted(self: YAxis, *args: Any, **named: Any) -> Any:
        measured.append(self)
        return original(self, *args, **named)

    monkeypatch.setattr(YAxis, "get_tightbbox", counted)
    counts = []
    for titled in (False, True):
        figure, (axes,) = new_figure()
        if titled:
            write_title(axes, "hours per week")
        measured.clear()
        settle_layout(figure)
        counts.append(len(measured))
    assert counts[0] == counts[1] > 0


def test_a_title_stands_where_matplotlib_would_place_it() -> None:
    places = []
    for given in (False, True):
        figure, (axes,) = new_figure()
        axes.plot([0, 1], [0, 1])
        write_title(axes, "hours") if given else axes.set_title("hours", fontsize=9.5)
        settle_layout(figure)
        places.append(axes.title.get_window_extent().bounds)
    assert places[0] == pytest.approx(places[1])
