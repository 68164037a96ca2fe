"""The section of a report about households who save: the numbers of the run, by policy and set of households."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from econsim.learning import Curve
from econsim.report import write_report
from econsim.report.games.curves import curves_block
from econsim.report.household_gaps import household_table, statistics_table
from econsim.runs import Run, execute
from econsim.scenario import load

SMALL: dict[str, Any] = {
    "economy": {"households": 60, "periods": 2, "grid_points": 20, "productivity": {"states": 2}},
    "episodes": 1,
    "headline": None,
}


def test_a_run_of_households_has_the_section_with_its_numbers(tmp_path: Path) -> None:
    run = execute(load("bewley", SMALL), tmp_path / "run", quiet=True)
    table = household_table(run)
    assert table is not None
    gaps = run.summary["households"]["rows"]
    assert [row[0] for row in table.rows] == list(gaps) == ["free_market", "fixed"]
    (of_fixed,) = gaps["fixed"].values()
    assert table.rows[1][2:] == [f"{of_fixed['welfare']:+.2%}", f"{of_fixed['mean']:.2%}", f"{of_fixed['largest']:.2%}"]
    shown = statistics_table(run)
    assert shown is not None
    (found,) = run.summary["households"]["statistics"]["fixed"].values()
    assert shown.rows[1][2] == f"{found['marginal propensity to consume: mean']:.3f}"
    # The fixed policy is the status quo, in whose equilibrium, that of econsim solve, exact households stay.
    # The tolerance is that of tests/economies/test_bewley_statistics.py, and rounding to three digits.
    played, solved = ([float(number) for number in row[2:]] for row in shown.rows[1:3])
    assert played == pytest.approx(solved, abs=2e-4 + 1e-3)
    assert shown.rows[3][7] == "0.830"
    page = write_report(run).read_text(encoding="utf-8")
    assert "Welfare of households, and their distance from a best response" in page
    assert f"{of_fixed['welfare']:+.2%}" in page
    assert "Marginal propensities to consume, and inequality of wealth" in page


def test_curves_are_drawn_with_what_their_lines_mark() -> None:
    curves = [
        Curve("revenue", "labour tax", (0.1, 0.5, 0.9), (1.0, 2.0, 0.5), "goods", now=0.25, best=0.5),
        Curve("capital", "labour tax", (0.1, 0.5, 0.9), (-1.0, 2.0, 3.0)),
    ]
    block = curves_block(curves)
    assert block is not None
    assert block.figure is not None
    assert "highest revenue, at 50 %" in block.figure.caption
    assert "in force, 25 %" in block.figure.caption
    first, second = block.figure.figure.axes
    solved, now, best = first.lines
    assert list(solved.get_xdata()) == [10, 50, 90]
    assert (list(now.get_xdata()), list(best.get_xdata())) == ([25, 25], [50, 50])
    assert first.get_ylim()[0] == 0
    assert second.get_ylim()[0] == -1
    assert len(second.lines) == 1
    assert curves_block([]) is None


def test_other_games_have_none() -> None:
    run = cast(Run, SimpleNamespace(summary={"policies": {}}))
    assert household_table(run) is None
    assert statistics_table(run) is None
