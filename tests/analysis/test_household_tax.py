"""Household calculator against liabilities computed by hand from the published tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from econsim.analysis.taxation import TaxReform, curve_incomes, household
from econsim.errors import UserError
from econsim.mechanisms.us_law import Law


@pytest.mark.parametrize(
    ("income", "status", "year", "liability", "marginal"),
    [
        # 85,400 - 14,600 = 70,800: 1,160 + 12 % of 35,550 + 22 % of 23,650
        (85_400, "single", 2024, 1_160 + 4_266 + 5_203, 0.22),
        (14_600, "single", 2024, 0, 0.10),
        (14_600 - 1, "single", 2024, 0, 0.0),
        # Taxable income at thresholds; Table 3 of Rev. Proc. 2023-34 states 5,426 and 17,168.50.
        (47_150 + 14_600, "single", 2024, 5_426, 0.22),
        (100_525 + 14_600, "single", 2024, 17_168.50, 0.24),
        # Table 4 of Rev. Proc. 2021-45 states 87,126.75.
        (323_925 + 12_950, "married_separate", 2022, 87_126.75, 0.37),
        (731_200 + 29_200, "married_joint", 2024, 196_669.50, 0.37),
    ],
)
def test_liabilities_of_the_law(income: float, status: str, year: int, liability: float, marginal: float) -> None:
    row = household(income, Law.model_validate({"year": year, "filing_status": status})).iloc[0]
    assert row["law_liability"] == pytest.approx(liability, abs=1e-6)
    assert row["law_average_rate"] == pytest.approx(liability / income)
    assert row["law_marginal_rate"] == marginal


def test_a_reform_is_compared_with_the_law() -> None:
    table = household([0, 85_400], reform=TaxReform([0, 50_000], [0.1, 0.3], 10_000))
    assert table["reform_liability"].tolist() == pytest.approx([0, 5_000 + 0.3 * 25_400])
    assert table["liability_difference"].tolist() == pytest.approx([0, 12_620 - 10_629])
    assert table["marginal_rate_difference"].tolist() == pytest.approx([0, 0.08])
    assert math.isnan(table["law_average_rate"][0])


def test_mistakes_are_named() -> None:
    for income in (-1.0, float("inf"), float("nan")):
        with pytest.raises(UserError):
            household(income)
    with pytest.raises(UserError, match="expected one per bracket"):
        TaxReform([0, 50_000], [0.1])
    with pytest.raises(UserError, match="deduction: expected zero or more"):
        TaxReform([0], [0.1], -1)


@pytest.mark.parametrize(("income", "top"), [(85_000, 200_000), (0, 200_000), (100_000, 200_000), (510_000, 2_000_000)])
def test_a_curve_covers_twice_the_income(income: float, top: float) -> None:
    incomes = curve_incomes(income)
    assert (incomes[0], incomes[-1], len(incomes)) == (0, top, 201)
    assert np.allclose(np.diff(incomes), top / 200)
