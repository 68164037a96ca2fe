from __future__ import annotations

from typing import get_args

import pytest
import torch

from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax, check_schedule, with_deduction
from econsim.mechanisms.us_law import FilingStatus, Law, federal_schedule


@pytest.mark.parametrize(("wage", "tax"), [(49_750, 3_986), (100_200, 13_885), (299_900, 70_230)])
def test_tax_on_wages_of_2024_equals_the_tax_calculator(wage: float, tax: float) -> None:
    law = federal_schedule(2024, "single")
    schedule = with_deduction(law.thresholds, law.rates, law.standard_deduction)
    computed = brackets_tax(torch.tensor([wage], dtype=torch.float64), *schedule)
    assert float(computed) == pytest.approx(tax, abs=1)  # taxcalc 6.8.0, published to the dollar


@pytest.mark.parametrize(
    ("year", "status", "ends", "deduction"),
    [
        (2023, "single", [11_000, 44_725, 95_375, 182_100, 231_250, 578_125], 13_850),
        (2025, "single", [11_925, 48_475, 103_350, 197_300, 250_525, 626_350], 15_750),
        (2026, "single", [12_400, 50_400, 105_700, 201_775, 256_225, 640_600], 16_100),
        (2024, "married_joint", [23_200, 94_300, 201_050, 383_900, 487_450, 731_200], 29_200),
        # Table 4 of Rev. Proc. 2018-18 (P.L. 115-97), 2019-44, 2021-45, 2022-38, 2023-34, 2024-40 and 2025-32
        (2018, "married_separate", [9_525, 38_700, 82_500, 157_500, 200_000, 300_000], 12_000),
        (2020, "married_separate", [9_875, 40_125, 85_525, 163_300, 207_350, 311_025], 12_400),
        (2022, "married_separate", [10_275, 41_775, 89_075, 170_050, 215_950, 323_925], 12_950),
        (2023, "married_separate", [11_000, 44_725, 95_375, 182_100, 231_250, 346_875], 13_850),
        (2024, "married_separate", [11_600, 47_150, 100_525, 191_950, 243_725, 365_600], 14_600),
        (2025, "married_separate", [11_925, 48_475, 103_350, 197_300, 250_525, 375_800], 15_750),
        (2026, "married_separate", [12_400, 50_400, 105_700, 201_775, 256_225, 384_350], 16_100),
        (2024, "head_of_household", [16_550, 63_100, 100_500, 191_950, 243_700, 609_350], 21_900),
    ],
)
def test_thresholds_are_those_of_the_law(year: int, status: str, ends: list[float], deduction: float) -> None:
    law = federal_schedule(year, status)
    assert law.thresholds.tolist() == [0, *ends]
    assert law.rates.tolist() == [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]
    assert law.standard_deduction == deduction
    assert law.source


def test_every_schedule_of_the_table_is_sound() -> None:
    for year in range(2018, 2027):
        for status in get_args(FilingStatus):
            law = federal_schedule(year, status)
            check_schedule(law.thresholds, law.rates)


@pytest.mark.parametrize("year", range(2018, 2027))
def test_the_brackets_of_couples_filing_separately_are_half_of_those_filing_jointly(year: int) -> None:
    separate = Law(year=year, filing_status="married_separate").schedule()
    joint = federal_schedule(year, "married_joint")
    assert (2.0 * separate.thresholds).tolist() == joint.thresholds.tolist()
    assert separate.rates.tolist() == joint.rates.tolist()
    assert separate.standard_deduction == federal_schedule(year, "single").standard_deduction
    assert separate.source == joint.source


def test_a_caller_cannot_change_the_law() -> None:
    federal_schedule(2024).rates.zero_()
    assert float(federal_schedule(2024).rates[0]) == 0.1


def test_unknown_years_and_statuses_name_the_known() -> None:
    with pytest.raises(UserError, match="2018 to 2026"):
        federal_schedule(1999)
    with pytest.raises(UserError, match="married_joint"):
        federal_schedule(2024, "married")
