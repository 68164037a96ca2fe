"""Poverty and growth incidence of a run, from its people's consumption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from econsim.report.distribution import distribution, growth_incidence_of
from econsim.report.tables import tables_of
from econsim.runs import Run


def test_the_line_is_half_the_median_under_the_baseline_for_all_policies(run: Run) -> None:
    table = distribution(run).set_index(["policy", "response"])
    rows = run.accounts[(run.accounts["policy"] == run.summary["baseline"]) & (run.accounts["response"] == "exact")]
    consumption = np.sort(rows["consumption"].to_numpy())
    line = 0.5 * consumption[(len(consumption) + 1) // 2 - 1]
    assert table["poverty_line"].to_numpy() == pytest.approx(line)
    assert table.loc[("free", "exact"), "headcount"] == pytest.approx((consumption < line).mean())
    halved = run.accounts[(run.accounts["policy"] == "half") & (run.accounts["response"] == "exact")]["consumption"]
    assert table.loc[("half", "exact"), "headcount"] == pytest.approx((halved < line).mean())
    # Half of all income is shared equally.
    assert table.loc[("half", "exact"), "top_10_share"] < table.loc[("free", "exact"), "top_10_share"]
    assert set(distribution(run, line=1e9)["headcount"]) == {1.0}


def test_a_redistribution_grows_the_lowest_percentiles_most(run: Run) -> None:
    growth = growth_incidence_of(run)["growth"]
    assert growth.iloc[0] > growth.iloc[-1]
    assert {"distribution", "growth_incidence"} <= set(tables_of(run))
    assert Path(run.path / "tables" / "growth_incidence.csv").is_file()
