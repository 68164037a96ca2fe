"""Who gains and who loses between the baseline and a run's own policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.report.content import baseline_of
from econsim.report.interval_notes import interval_notes
from econsim.report.reform import reform_by_decile, reform_in_words
from econsim.runs import Run, execute
from econsim.scenario import load

FLAT: dict[str, Any] = {
    "economy.workers": 40,
    "economy.population": {"kind": "lognormal"},
    "agents.worker": "best_response",
    "planner": {"kind": "flat", "rate": 0.6, "label": "reform"},
    "baselines": ["free_market", "us_federal"],
    "evaluation": {"workers": "best_response", "floor": "free_market", "ceiling": None},
    "training": "none",
    "headline": "none",
}


def made(folder: Path, **changes: Any) -> Run:
    return execute(load("one_step", FLAT | changes), folder / "run", quiet=True)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("reform"))


def test_the_baseline_is_current_law_and_not_the_floor(flat: Run) -> None:
    assert flat.summary["evaluation"]["floor"] == "free_market"
    assert flat.summary["baseline"] == baseline_of(flat.summary) == "us_federal"
    words = reform_in_words(flat)
    assert words is not None
    assert "From us_federal to reform" in words.note


def test_without_current_law_the_baseline_is_the_floor(tmp_path: Path) -> None:
    run = made(tmp_path, baselines=["saez", "free_market"])
    assert run.summary["baseline"] == "free_market"


def test_rates_in_force_are_the_status_quo_whatever_their_policy_is_called(tmp_path: Path) -> None:
    changes = {"economy.brackets": [0, 50_000], "economy.status_quo": [0.25, 0.25]}
    run = made(tmp_path, baselines={"free_market": "free_market", "law": {"kind": "flat", "rate": 0.25}}, **changes)
    assert run.summary["baseline"] == "law"


def test_changes_of_income_tax_and_rebate_add_up_to_that_of_consumption(flat: Run) -> None:
    table = reform_by_decile(flat).set_index("decile")
    assert list(table.index) == [*range(1, 11), "all"]
    parts = table["income_change"] - table["tax_change"] + table["rebate_change"]
    assert parts.to_numpy(dtype=float) == pytest.approx(table["consumption_change"].to_numpy(dtype=float), abs=1e-6)
    assert "other_change" not in table
    # The rebate is what was paid, so that the mean changes of tax and rebate are the same.
    assert table.loc["all", "tax_change"] == pytest.approx(table.loc["all", "rebate_change"])
    assert (table.loc[[8, 9, 10], "income_change"] < 0).all()


def test_winners_are_those_whose_utility_rises_though_consumption_may_fall(flat: Run) -> None:
    accounts = flat.accounts[flat.accounts["response"] == "exact"].set_index(["policy", "player"])
    amounts = accounts[["utility", "consumption"]]
    change = amounts.loc["reform"] - amounts.loc["us_federal"]
    by_utility, by_consumption = (change[name] > 0 for name in ("utility", "consumption"))
    assert (by_utility & ~by_consumption).any()  # they work less, and would be losers by consumption
    everybody = reform_by_decile(flat).set_index("decile").loc["all"]
    assert everybody["winners"] == pytest.approx(by_utility.mean())
    assert everybody["winners"] + everybody["losers"] == pytest.approx(1.0)
    # Utility of the shipped one-step economy is in money.
    assert everybody["gain"] == pytest.approx(change["utility"].mean())


def test_the_table_in_words_names_units_utility_and_workers(flat: Run) -> None:
    words = reform_in_words(flat)
    assert words is not None
    assert {"Winners, by utility", "Losers, by utility", "Gain in utility, in money"} <= set(words.header)
    assert "in USD" in words.note
    assert "under workers who play exact best responses" in words.note
    assert [row[0] for row in words.rows] == [*map(str, range(1, 11)), "all"]


def test_seeds_are_compared_with_the_one_seed_of_the_baseline(run: Run) -> None:
    """The orchard's own planner was trained under two seeds, its baseline under none."""
    table = reform_by_decile(run).set_index("decile")
    rows = run.accounts[run.accounts["response"] == run.summary["responses"][0]]
    means = rows.groupby("policy")["income"].mean()
    expected = means["trained"] - means[run.summary["baseline"]]
    assert table.loc["all", "income_change"] == pytest.approx(expected)
    assert any("trained minus free" in note for note in interval_notes(run.summary))


def test_one_policy_or_few_people_have_no_table(tmp_path: Path) -> None:
    alone = made(tmp_path, baselines=[], evaluation=None)
    with pytest.raises(UserError, match="no baseline"):
        reform_by_decile(alone)
    few = made(tmp_path / "few", **{"economy.workers": 6})
    with pytest.raises(UserError, match="at least 20 people"):
        reform_by_decile(few)
    assert reform_in_words(few) is None


def test_the_csv_holds_the_table(flat: Run) -> None:
    from econsim.report.tables import tables_of

    table = tables_of(flat)["reform"]
    assert isinstance(table, pd.DataFrame)
    assert np.isfinite(table.drop(columns="decile").to_numpy(dtype=float)).all()
