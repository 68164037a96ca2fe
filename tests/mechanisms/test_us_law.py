from __future__ import annotations

import pytest
import torch

from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax, check_schedule, with_deduction
from econsim.mechanisms.us_law import federal_schedule


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
        for status in ("single", "married_joint", "head_of_household"):
            law = federal_schedule(year, status)
            check_schedule(law.thresholds, law.rates)


def test_a_caller_cannot_change_the_law() -> None:
    federal_schedule(2024).rates.zero_()
    assert float(federal_schedule(2024).rates[0]) == 0.1


def test_unknown_years_and_statuses_name_the_known() -> None:
    with pytest.raises(UserError, match="2018 to 2026"):
        federal_schedule(1999)
    with pytest.raises(UserError, match="married_joint"):
        federal_schedule(2024, "married")
