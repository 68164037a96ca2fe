"""Plots to point at: their numbers are those of the tables, their colours the page's."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from econsim.report import drawing, interactive
from econsim.report.figures import Figures
from econsim.report.page import render
from econsim.runs import Run

SCHEDULES = {"flat": ([0.0, 10.0], [0.5, 0.5]), "own": ([0.0, 10.0], [0.1, 0.4])}


def test_a_schedule_is_a_staircase_in_per_cent() -> None:
    plot = interactive.tax_schedules(SCHEDULES, "apples")
    own = plot["data"][1]
    # From a quarter of the lowest threshold to three times the highest; the last rate holds to the end.
    assert own["x"] == [2.5, 10.0, 30.0]
    assert own["y"] == [10.0, 40.0, 40.0]
    assert own["line"]["shape"] == "hv"
    assert plot["layout"]["xaxis"]["title"]["text"] == "income before tax, apples"


def test_the_mean_over_seeds_is_a_line_and_each_seed_a_thin_one() -> None:
    rows = [(step, seed, float(step * (1 + seed))) for step in (0, 1, 2) for seed in (0, 1)]
    curve = pd.DataFrame(rows, columns=["step", "seed", "value"])
    plot = interactive.learning_curve({"own": curve}, {"best": 4.0}, "return")
    by_name = {trace["name"]: trace for trace in plot["data"]}
    assert by_name["own"]["y"] == [0.0, 1.5, 3.0]
    assert by_name["own, seed 1"]["y"] == [0.0, 2.0, 4.0]
    assert by_name["own, seed 1"]["line"]["width"] < by_name["own"]["line"]["width"]
    assert plot["layout"]["shapes"][0]["y0"] == 4.0
    assert plot["layout"]["annotations"][0]["text"] == "best"


def test_long_curves_are_thinned_and_keep_their_end() -> None:
    curve = pd.DataFrame({"step": range(10_000), "seed": 0, "value": [float(value) for value in range(10_000)]})
    line = interactive.learning_curve({"own": curve}, {}, "return")["data"][-1]
    assert len(line["x"]) <= 600
    assert (line["x"][-1], line["y"][-1]) == (9999, 9999.0)


def test_a_single_point_is_a_mark() -> None:
    curve = pd.DataFrame({"step": [3], "seed": [0], "value": [1.0]})
    assert interactive.learning_curve({"own": curve}, {}, "return")["data"][0]["mode"] == "markers"


def test_every_account_has_a_panel_of_its_own() -> None:
    rows = [(step, 0, name, 2.0 * step) for step in range(9) for name in ("play/a", "play/b")]
    curve = pd.DataFrame(rows, columns=["step", "seed", "name", "value"])
    plot = interactive.metrics_over_steps({"own": curve}, {"play/a": "A", "play/b": "B"})
    assert [(trace["xaxis"], trace["yaxis"]) for trace in plot["data"]] == [("x", "y"), ("x2", "y2")]
    # The mean of five neighbours of a straight line is the line itself, but at its ends.
    assert plot["data"][1]["y"][2:-2] == [2.0 * step for step in range(2, 7)]
    ends = [plot["layout"][axis]["domain"] for axis in ("xaxis", "xaxis2")]
    assert ends[0][1] < ends[1][0]
    assert ends[1][1] == pytest.approx(1.0)


def test_colours_are_variables_of_the_page() -> None:
    text = json.dumps(interactive.tax_schedules(SCHEDULES))
    assert "var(--series-1)" in text
    assert not re.search(r"#[0-9a-f]{6}", text)


@pytest.fixture(scope="module")
def drawn(run: Run) -> list[drawing.Drawn]:
    figures = (item for item in Figures(run).captioned() if item.name in ("schedules", "hours"))
    return [drawing.drawn(item) for item in figures]


def test_the_page_carries_plotly_once_and_still_drawings_for_print(run: Run, drawn: list[drawing.Drawn]) -> None:
    pytest.importorskip("plotly")
    text = render(run, drawn, interactive=True)
    data = {name: json.loads(found) for name, found in re.findall(r'json" id="plot-(\w+)">(.*?)</script>', text)}
    assert set(data) == {"schedules"}
    assert [trace["name"] for trace in data["schedules"]["data"]] == ["free", "half", "best", "trained"]
    assert text.count("plotly.js v") == 1
    assert text.count('<svg role="img"') == 2 * len(drawn)
    assert not re.search(r'<(?:script|link|img|iframe)[^>]*\s(?:src|href)="', text)


def test_without_plotly_the_page_is_the_still_one(
    run: Run, drawn: list[drawing.Drawn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.report.page.library", lambda: None)
    text = render(run, drawn, interactive=True)
    assert text == render(run, drawn)
    assert "<script" not in text


def test_figures_show_themselves_in_a_notebook(run: Run) -> None:
    figure: Any = run.plot.learning()
    assert figure._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")
