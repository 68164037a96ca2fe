"""Log-linear taxes fitted to brackets: exact schedules, an independent regression, and why federal law is not 0.181."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from econsim.analysis.taxation import TaxReform, fit_schedule
from econsim.errors import UserError
from econsim.runs.tax_fit import taxed_incomes, taxed_incomes_of

ROOT = Path(__file__).resolve().parents[2]


def test_brackets_through_a_log_linear_tax_give_it_back() -> None:
    # A bracket from each income to the next, with the rate between their liabilities: exact at all of the incomes.
    income = np.geomspace(0.4, 6.0, 50)
    liability = income - 0.85 * income ** (1 - 0.181)
    thresholds = np.append(0.0, income[:-1])
    schedule = TaxReform(thresholds.tolist(), (np.diff(liability, prepend=0.0) / np.diff(income, prepend=0.0)).tolist())
    people = np.random.default_rng(0).uniform(1, 3, 50)
    fit = fit_schedule(schedule, income, people)
    assert fit.schedule.progressivity == pytest.approx(0.181, abs=1e-8)
    # lambda of the tax in money is that of incomes in units of their mean, times its power.
    assert fit.schedule.level * fit.mean_income**0.181 == pytest.approx(0.85, abs=1e-8)
    assert fit.schedule.r_squared == pytest.approx(1, abs=1e-8)
    assert fit.average_rate_error == pytest.approx(0, abs=1e-8)
    rates = fit.rates(schedule, income)
    assert rates["fitted_average_rate"].to_numpy() == pytest.approx(liability / income, abs=1e-8)
    assert rates["fitted_marginal_rate"].to_numpy() == pytest.approx(1 - 0.85 * 0.819 * income**-0.181, abs=1e-8)


def test_a_table_of_brackets_by_an_independent_regression() -> None:
    given = taxed_incomes(["brackets=[0,30000,90000]", "rates=[0.1,0.25,0.4]", "incomes=lognormal", "people=500"])
    income, transfer, lowest = given.income, 3_000.0, 8_000.0
    fit = fit_schedule(given.schedule, income, given.people, transfer, lowest)
    kept = income[income >= lowest]
    tax = 0.1 * kept + 0.15 * np.maximum(kept - 30_000, 0) + 0.15 * np.maximum(kept - 90_000, 0)
    slope, level = np.polyfit(np.log(kept / kept.mean()), np.log((kept - tax + transfer) / kept.mean()), 1)
    assert fit.schedule[:2] == pytest.approx((np.exp(level), 1 - slope), abs=1e-10)
    assert fit.left_out == pytest.approx(1 - len(kept) / 500)
    marginal = np.select([kept < 30_000, kept < 90_000], [0.1, 0.25], 0.4)
    error = 1 - np.exp(level) * slope * (kept / kept.mean()) ** (slope - 1) - marginal
    assert fit.marginal_rate_error == pytest.approx(np.sqrt((error**2).mean()), abs=1e-10)


def test_why_federal_law_alone_is_less_progressive_than_taxes_and_transfers() -> None:
    # The figures of docs/metrics.md. Each step makes the fit more like the published one, 0.181: households with enough
    # labour income, and transfers, which are no part of the income tax.
    given = taxed_incomes([])
    steps = {"": (0.0, 0.0), "without low incomes": (0.0, 15_000.0), "with a transfer": (5_000.0, 15_000.0)}
    fitted = [
        fit_schedule(given.schedule, given.income, given.people, transfer, lowest).schedule.progressivity
        for transfer, lowest in steps.values()
    ]
    stated = "{:.3f} over US individuals, {:.3f} without incomes below 15,000 dollars, and {:.3f} with a transfer"
    page = " ".join((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").split())
    assert stated.format(*fitted) in page
    assert fitted[0] < fitted[1] < fitted[2] < 0.181


def test_brackets_of_scenarios() -> None:
    given = taxed_incomes_of("bewley", ["preset=brackets", "economy.grid_points=40"])
    # Labour incomes are relative to their mean, and the standard deduction is a first bracket without tax.
    assert np.average(given.income, weights=given.people) == pytest.approx(1)
    assert given.schedule.rates[0] == 0
    assert 0.05 < fit_schedule(given.schedule, given.income, given.people).schedule.progressivity < 0.181
    stepped = taxed_incomes_of("one_step", ["economy.standard_deduction=14600"])
    law = taxed_incomes([])
    assert (stepped.schedule.thresholds, stepped.schedule.rates) == (law.schedule.thresholds, law.schedule.rates)
    assert stepped.income.tolist() == law.income.tolist()


def test_what_cannot_be_fitted() -> None:
    flat = TaxReform([0.0], [0.3])
    with pytest.raises(UserError, match="expected at least two different ones"):
        fit_schedule(flat, [1.0, 2.0], lowest_income=1.5)
    with pytest.raises(UserError, match="transfer: expected zero or more, found -1"):
        fit_schedule(flat, [1.0, 2.0], transfer=-1.0)
    with pytest.raises(UserError, match="has no brackets of an income tax"):
        taxed_incomes_of("log_linear_tax", [])
