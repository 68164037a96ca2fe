"""The report of a reform: its page, its tables and figures, and the folder that they are written to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.report import write_reform_report
from econsim.report.reform_report import ReformContents, new_reform_folder, render_reform
from econsim.report.reform_report.rounding import parts_in_words
from econsim.runs import Run, execute
from econsim.runs.counterfactual import Counterfactual, counterfactual
from econsim.scenario import load

LAW: dict[str, Any] = {
    "description": "=HYPERLINK(1) & <b>50 %</b> of {people}",
    "economy.workers": 60,
    "economy.population": {"kind": "lognormal", "sampling": "random"},
    "economy.standard_deduction": 14_600,
    "economy.redraw_population": True,
    "agents.worker": "best_response",
    "planner": "us_federal",
    "baselines": ["flat"],
    "evaluation": {"workers": "best_response", "floor": None, "ceiling": None},
    "training": "none",
    "headline": "none",
}


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return execute(load("one_step", LAW), tmp_path_factory.mktemp("reform") / "law", quiet=True)


@pytest.fixture(scope="module")
def result(law: Run) -> Counterfactual:
    return counterfactual(law, ["planner=flat", "planner.rate=0.3", "economy.standard_deduction=5000"], episodes=8)


@pytest.fixture(scope="module")
def page(result: Counterfactual) -> Path:
    return write_reform_report(result)


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text("utf-8")


def rows_of(text: str, label: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a table of the page."""
    table = text[text.index(f'aria-label="{label}"') :].partition("</tbody>")[0].partition("<tbody>")[2]
    for row in table.split("</tr>")[:-1]:
        yield [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]


def number(cell: str) -> Decimal:
    return Decimal(cell.partition(" [")[0].replace(",", ""))


def test_the_page_names_both_sides_and_what_changes(text: str) -> None:
    assert "compared with current law (us_federal)?" in text
    changes = {row[0]: row[1:] for row in rows_of(text, "Keys that the reform changes")}
    assert changes["planner.kind"] == ["us_federal", "flat"]
    assert changes["economy.standard_deduction"] == ["14600.0", "5000.0"]
    assert "the same 60 workers: workers who play exact best responses" in text
    assert "over 8 episodes" in text
    assert "&lt;b&gt;50 %&lt;/b&gt;" in text  # the description is escaped
    assert "<script" not in text
    assert "--policy us_federal --followers evaluation --episodes 8 --report</pre>" in text


def test_numbers_add_up_as_they_are_shown(text: str) -> None:
    rows = list(rows_of(text, "Revenue and other totals"))
    assert [row[0] for row in rows[:2]] == ["Revenue, USD per person", "Total revenue, USD"]
    for _, before, after, change, _, mechanical, behavioural in rows:
        assert number(before) + number(change) == number(after)
        assert number(mechanical) + number(behavioural) == number(change)
    groups = list(rows_of(text, "Changes by income group"))
    assert [row[0] for row in groups][-4:] == ["decile 10", "top 5 %", "top 1 %", "all"]
    for row in groups:
        assert number(row[4]) + number(row[5]) == number(row[3])


def test_winners_have_intervals_and_units(result: Counterfactual, text: str) -> None:
    everybody = list(rows_of(text, "Winners and losers by income group"))[-1]
    assert result.shares is not None
    assert everybody[2].startswith(f"{result.shares.winners:.1%} [")
    assert "Gain in utility, USD per person" in text
    assert "Winners are people whose utility rises" in text


def test_the_tables_have_titles_with_units(page: Path) -> None:
    tables = {path.stem: pd.read_csv(path) for path in (page.parent / "tables").glob("*.csv")}
    assert set(tables) == {"by_income", "changes", "effects", "revenue", "tax_rate_curves", "tax_rates"}
    assert tables["revenue"].loc[0, ["Quantity", "Unit"]].tolist() == ["Revenue", "USD per person"]
    assert (
        tables["revenue"]["Change"].tolist()
        == (tables["revenue"]["Mechanical"] + tables["revenue"]["Behavioural"]).tolist()
    )
    assert "Gain in utility, USD per person_low" in tables["by_income"]
    latex = (page.parent / "tables" / "by_income.tex").read_text("utf-8")
    assert r"top 5 \%" in latex
    assert "% 95 % intervals in brackets" in latex
    assert {path.name for path in (page.parent / "figures").iterdir()} == {
        f"{name}.{kind}" for name in ("revenue", "revenue_by_group", "winners", "tax_rates") for kind in ("png", "svg")
    }


def test_rates_of_law_and_reform_are_after_the_deduction_of_each(page: Path) -> None:
    rates = pd.read_csv(page.parent / "tables" / "tax_rates.csv").set_index("Income before tax, USD")
    assert rates.loc[14_600, "us_federal: marginal tax rate, fraction"] == pytest.approx(0.1)
    assert rates.loc[5_000, "us_federal: marginal tax rate, fraction"] == 0.0
    top = rates.loc[609_350 + 14_600]
    # Rev. Proc. 2023-34: 183,647.25 plus 37 % of the amount over 609,350.
    assert top["us_federal: tax liability, USD"] == pytest.approx(183_647.25)
    assert top["reform: tax liability, USD"] == pytest.approx(0.3 * (609_350 + 14_600 - 5_000))
    assert top["reform: average tax rate, fraction"] == pytest.approx(0.3 * (1 - 5_000 / 623_950))


ROUNDED = {
    (14_668.55, 8_677.39, -582.24): ("14,669", "22,764", "8,095", "8,677", "-582"),
    (0.0, 2.0 / 3.0, -1.0 / 3.0): ("0.0000", "0.3333", "0.3333", "0.6667", "-0.3334"),
    (50.0, 0.0, 0.0): ("50.00", "50.00", "0.00", "0.00", "0.00"),
}


@pytest.mark.parametrize("parts", ROUNDED)
def test_levels_are_rounded_and_changes_are_their_differences(parts: tuple[float, float, float]) -> None:
    assert parts_in_words(*parts) == ROUNDED[parts]


def test_each_reform_has_a_folder_of_its_own_in_the_run(law: Run, page: Path) -> None:
    assert page.parent.parent == law.path / "reforms"
    with new_reform_folder(law, ["planner=flat", "planner.rate=0.3", "economy.standard_deduction=5000"]) as second:
        assert second.name == f"{page.parent.name}-2"
    with new_reform_folder(law, ["planner=../../etc"]) as odd:
        assert odd.parent == law.path / "reforms"


def test_nothing_is_overwritten_and_a_failure_leaves_nothing(law: Run, page: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"not empty, and nothing in it is overwritten; name a new folder with --out"):
        write_reform_report(counterfactual(law, ["planner=free_market"], episodes=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with suppress(KeyboardInterrupt), new_reform_folder(law, ["x=1"], tmp_path / "new") as folder:
        (folder / "figures").mkdir()
        raise KeyboardInterrupt
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_a_read_only_run_names_the_option_that_helps(law: Run, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    user = os.geteuid()
    os.chmod(tmp_path, 0o755)
    os.chmod(locked, 0o555)
    os.seteuid(65534) if user == 0 else None
    try:
        with (
            pytest.raises(UserError, match=r"cannot create the folder of the report \(permission denied\).*--out"),
            new_reform_folder(Run(locked), ["planner=flat"]),
        ):
            pass
    finally:
        os.seteuid(user)
    assert list(locked.iterdir()) == []


def test_people_without_random_draws_have_no_interval_and_the_reason(tmp_path: Path) -> None:
    fixed = execute(load("one_step", LAW | {"economy.redraw_population": False}), tmp_path / "run", quiet=True)
    given = {"planner": {"kind": "flat", "rate": 0.2, "label": "reform"}}
    text = render_reform(ReformContents(counterfactual(fixed, given, episodes=3)), [])
    assert "no interval: all values are equal" in text
    assert "All 3 are identical here, so that nothing varies." in text
    assert all("[" not in cell for row in rows_of(text, "Winners and losers by income group") for cell in row)
