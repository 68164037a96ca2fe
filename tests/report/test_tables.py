"""Tables for papers: the numbers of the summary, as CSV that reads back and as LaTeX."""

from __future__ import annotations

import pandas as pd
import pytest

from econsim.report.caveats import caveats
from econsim.report.tables import tables_of, to_latex
from econsim.runs import Run


def test_tables_are_written_beside_the_page(run: Run) -> None:
    names = {path.name for path in (run.path / "tables").iterdir()}
    assert names == {f"{name}.{suffix}" for name in tables_of(run) for suffix in ("csv", "tex")}
    assert {"policies", "schedules", "welfare", "reform"} <= set(tables_of(run))


def test_policies_have_the_numbers_and_intervals_of_the_summary(run: Run) -> None:
    table = pd.read_csv(run.path / "tables" / "policies.csv").set_index(["policy", "response"])
    own = run.summary["policies"]["trained"]
    assert table.loc[("trained", "exact"), "welfare"] == own["exact"]["welfare"]
    assert table.loc[("trained", "exact"), "welfare_low"] == own["intervals"]["exact"]["welfare"]["low"]
    assert len(table) == 8


def test_schedules_stand_side_by_side(run: Run) -> None:
    table = pd.read_csv(run.path / "tables" / "schedules.csv")
    assert list(table.columns) == ["income_from", "free", "half", "best", "trained"]
    assert list(table["half"]) == [0.5]


def test_latex_has_intervals_in_brackets_and_escapes_names() -> None:
    table = pd.DataFrame(
        {"policy": ["us_federal", "50 %"], "welfare": [1234.5, 0.25], "welfare_low": [1200.0, None],
         "welfare_high": [1300.0, None], "idle": [None, None]}
    )  # fmt: skip
    text = to_latex(table)
    assert "us\\_federal & 1,234 [1,200, 1,300] \\\\" in text
    assert "50 \\% & 0.25 \\\\" in text
    assert "idle" not in text
    assert text.count("\\toprule") == 1


def test_figures_are_there_as_svg_too(run: Run) -> None:
    text = (run.path / "figures" / "schedules.svg").read_text("utf-8")
    assert text.lstrip().startswith("<?xml")
    # A file of its own has its own colours, the page's variables would be black there.
    assert "var(--" not in text
    assert "#0068a8" in text


def test_caveats_say_what_is_not_known(run: Run) -> None:
    found = " ".join(caveats(run))
    assert "Warning: apples are not money" in found
    assert "econsim --plugin run_toys equilibrium runs/run" in found
    # Two training seeds, and everybody in the own policy is trained.
    assert "One training seed" not in found
    assert "Not trained" not in found


@pytest.mark.parametrize("section", ["Question", "Results", "Caveats", "How to repeat this run"])
def test_the_page_has_every_section(run: Run, section: str) -> None:
    text = (run.path / "report.html").read_text("utf-8")
    assert f">{section}</h2>" in text
    assert "Which of free, half, best and trained gives the highest welfare in orchard with 40 workers?" in text
