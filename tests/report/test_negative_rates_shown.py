"""Figures, warnings and the household calculator where marginal rates are negative."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import econsim
from econsim.analysis import plots
from econsim.analysis.taxation import TaxReform, household
from econsim.report import interactive

CREDIT = (-0.40, 0.0, 0.21, 0.25)
ENDS = (0.0, 10_000.0, 20_000.0, 39_048.0)


def run(folder: Path, rates: tuple[float, ...]) -> Any:
    overrides: dict[str, Any] = {
        "economy.workers": 12,
        "economy.brackets": ENDS,
        "economy.status_quo": (0.1, 0.1, 0.2, 0.3),
        "economy.lowest_rate": -1.0,
        "agents.worker": "best_response",
        "training": None,
        "planner": "fixed",
        "planner.rates": rates,
        "baselines": ["free_market"],
        "evaluation.ceiling": None,
    }
    return econsim.run("one_step", out=folder, quiet=True, report=False, **overrides)


def test_axes_of_rates_reach_the_lowest_rate() -> None:
    schedules = {"credit": (ENDS, CREDIT)}
    assert plots.tax_schedules(schedules).axes[0].get_ylim() == (-43.0, 103.0)
    assert interactive.tax_schedules(schedules)["layout"]["yaxis"]["range"] == [-43.0, 103]
    assert plots.tax_schedules({"law": (ENDS, (0.1, 0.2, 0.3, 0.4))}).axes[0].get_ylim() == (-3.0, 103.0)


def test_the_household_calculator_shows_a_refundable_credit() -> None:
    table = household([0.0, 10_000.0, 30_000.0], reform=TaxReform(ENDS, CREDIT))
    assert table["reform_liability"].tolist() == [0.0, -4_000.0, -1_900.0]
    assert table["reform_average_rate"].tolist()[1:] == [-0.4, -1_900.0 / 30_000.0]
    assert table["reform_marginal_rate"].tolist() == [-0.4, 0.0, 0.21]
    curve = household([0.0, 5_000.0, 10_000.0, 40_000.0], reform=TaxReform(ENDS, CREDIT))
    for axes in plots.rate_curves(curve, {"law": "law", "reform": "credit"}, marked=15_000.0).axes:
        assert axes.get_ylim()[0] < -40.0


def test_a_run_pays_credits_and_closes_its_budget(tmp_path: Path) -> None:
    finished = run(tmp_path / "credit", CREDIT)
    accounts = finished.accounts
    credit = accounts[accounts["policy"] == "fixed"]
    poorest = credit.sort_values("income").iloc[0]
    assert poorest["tax"] < 0
    assert abs(float((credit["consumption"] - credit["income"]).mean())) < 1e-6
    assert not [warning for warning in finished.summary["warnings"] if "negative" in warning]


def test_a_levy_that_leaves_negative_consumption_is_reported(tmp_path: Path) -> None:
    # A subsidy of high incomes only: the levy exceeds what low earners keep.
    finished = run(tmp_path / "levy", (0.9, 0.9, 0.0, -1.0))
    warnings = [warning for warning in finished.summary["warnings"] if "consumption is negative" in warning]
    assert len(warnings) == 1
    assert warnings[0].startswith("fixed (")
    assert "levy" in warnings[0]
