"""The page about several runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.report import write_comparison
from econsim.runs import Run, execute
from econsim.scenario import load


@pytest.fixture
def other(run: Run, tmp_path: Path) -> Run:
    return beside(run, tmp_path / "small", **{"economy.workers": 30})


def beside(run: Run, folder: Path, **changes: object) -> Run:
    """Run the scenario of a run once more, under another seed and without figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("econsim.report.figures._CAPTIONS", ())
        return execute(load(run.path / "scenario.yaml", {"seed": 9, **changes}), folder, quiet=True)


def test_the_page_shows_numbers_schedules_and_differences(run: Run, other: Run, tmp_path: Path) -> None:
    page = write_comparison([run.path, other.path], tmp_path / "both.html")
    text = page.read_text("utf-8")
    assert "How do run and small compare?" in text
    assert '<th scope="row">economy.workers</th>\n<td>40</td>\n<td>30</td>' in text
    assert '<th scope="row">small: trained</th>' in text
    assert "<h2>Marginal tax rates</h2>" in text
    assert "<script" not in text
    files = {path.name for path in (tmp_path / "both_files").rglob("*.*")}
    assert {"numbers.png", "numbers.svg", "schedules.svg", "comparison.csv", "comparison.tex"} <= files
    table = pd.read_csv(tmp_path / "both_files" / "tables" / "comparison.csv")
    assert set(table["scenario"]) == {"orchard", "orchard (2)"}


def test_runs_of_one_scenario_are_one_row_with_its_interval(run: Run, tmp_path: Path) -> None:
    twin = beside(run, tmp_path / "twin")
    text = write_comparison([run.path, twin.path], tmp_path / "both.html", ["welfare"]).read_text("utf-8")
    # A flat tax of one half gives both runs the same welfare, so that there is no interval, and the reason is given.
    assert '<th scope="row">orchard, 2 runs: half</th>\n<td>5.25</td>' in text
    assert "no interval: all values are equal" in text
    assert "(Student&#39;s t" in text


def test_a_page_that_cannot_be_written_is_refused_before_anything_is(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        write_comparison([run.path], tmp_path / "nowhere" / "both.html")
    with pytest.raises(UserError, match="none of the runs has this metric"):
        write_comparison([run.path], tmp_path / "both.html", ["wellfare"])
    assert list(tmp_path.iterdir()) == []
