"""Figures for phones: the same panels one below the other, as wide as the screen, with text of a legible size."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from econsim.analysis.canvas import new_figure
from econsim.report import write_figures
from econsim.report.dots import interval_dots
from econsim.report.drawing import drawn
from econsim.report.figures import Captioned
from econsim.report.narrow import lay_out_narrowly
from econsim.report.page import fill

PHONE = 350
"""Pixels of a figure on a phone 390 pixels wide, without the margins of the page."""


def outcomes() -> Captioned:
    metrics = ["welfare", "hours", "gini"]
    rows = [
        {"scenario": "s", "policy": policy, "metric": metric, "mean": 1.0, "low": 0.5, "high": 1.5}
        for policy in ("free_market", "saez")
        for metric in metrics
    ]
    return Captioned("metrics", "Outcomes", interval_dots(pd.DataFrame(rows)), "Means.", "Outcomes of two policies.")


def size_of(svg: str) -> tuple[float, float]:
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box is not None
    return float(box[1]), float(box[2])


def test_the_narrow_variant_has_legible_text_and_every_label() -> None:
    picture = drawn(outcomes())
    wide, narrow = size_of(picture.wide), size_of(picture.narrow)
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", picture.narrow)]
    assert min(sizes) * PHONE / narrow[0] >= 11
    assert min(sizes) * PHONE / wide[0] < 7
    assert narrow[1] > 2 * wide[1]
    assert picture.wide.count(">saez<") == 1
    assert picture.narrow.count(">saez<") == 3  # panels below each other have labels of their own


def test_panels_that_share_the_labels_beside_them_get_their_own() -> None:
    figure, (left, right) = new_figure(2)
    for axes in (left, right):
        axes.plot([1, 2], [1, 2])
    left.set_ylabel("mean income, USD")
    right.tick_params(labelleft=False)
    lay_out_narrowly(figure)
    figure.draw_without_rendering()
    assert right.get_position().y1 < left.get_position().y0
    assert right.get_ylabel() == "mean income, USD"
    assert right.yaxis.get_tick_params()["labelleft"]


def test_pictures_stay_two_beside_each_other() -> None:
    figure, panels = new_figure(8, 2, 2.1)
    for axes in panels:
        axes.set_axis_off()
    lay_out_narrowly(figure)
    assert {axes.get_subplotspec().get_gridspec().get_geometry() for axes in panels} == {(4, 2)}  # type: ignore[union-attr]


def test_a_page_shows_the_narrow_variant_on_phones_only(tmp_path: Path) -> None:
    (picture,) = write_figures(tmp_path / "figures", [outcomes()])
    assert (tmp_path / "figures" / "metrics.svg").read_text("utf-8") == picture.wide
    page = fill("sweep.html", [picture], False, {"sweep": "s", "runs": "2 runs done.", "sections": [], "repeat": []})
    assert page.count("<svg") == 2
    assert re.search(r"@media screen and \(max-width: 40rem\) \{\s*\.wide \{ display: none; \}", page)
    assert "Scroll sideways" not in page
    assert "DejaVu" not in page  # text is in the font of the page


def test_a_figure_whose_labels_fill_a_phone_keeps_its_wide_layout() -> None:
    figure, (axes,) = new_figure()
    axes.set_yticks([0, 1], ["0.5, 0.5, " * 12, "0.2, 0.8, " * 12])
    picture = drawn(Captioned("labels", "Labels", figure, "", ""))
    assert size_of(picture.narrow) == size_of(picture.wide)
    identifiers = [set(re.findall(r'\sid="([^"]+)"', text)) for text in (picture.wide, picture.narrow)]
    assert identifiers[0]
    assert not identifiers[0] & identifiers[1]
