from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from econsim.analysis.welfare import FUNCTIONS, share_of_gap_closed, welfare_table
from econsim.errors import UserError

CONSUMPTION = np.array([1.0, 4.0])
ACCOUNTS = {"utility": CONSUMPTION - 0.5, "consumption": CONSUMPTION, "potential_income": np.array([1.0, 3.0])}


def test_table_by_hand() -> None:
    table = welfare_table({"a": ACCOUNTS, "b": {**ACCOUNTS, "utility": torch.tensor([2.0, 2.0])}})
    assert table.index.tolist() == ["a", "b"]
    assert table.columns.tolist() == list(FUNCTIONS)
    row = table.loc["a"]
    assert row["utilitarian"] == pytest.approx(2.0)
    assert row["inverse_income"] == pytest.approx((3 * 0.5 + 3.5) / 4)
    assert row["rawlsian"] == pytest.approx(0.5)
    assert row["atkinson_1"] == pytest.approx(2.0)
    assert row["atkinson_2"] == pytest.approx(1.6)
    assert row["equality_times_productivity"] == pytest.approx((1 - 0.3 * 2) * 2.5)
    assert table.loc["b", ["utilitarian", "inverse_income", "rawlsian"]].tolist() == pytest.approx([2.0] * 3)


def test_an_equal_transfer_raises_welfare_in_money_by_its_amount() -> None:
    table = welfare_table({"before": ACCOUNTS, "after": {**ACCOUNTS, "utility": ACCOUNTS["utility"] + 7.0}})
    gain = table.loc["after"] - table.loc["before"]
    assert gain[["utilitarian", "inverse_income", "rawlsian"]].tolist() == pytest.approx([7.0] * 3)


def test_people_with_weights_count_as_often() -> None:
    weighted = welfare_table({"p": {**ACCOUNTS, "weight": np.array([0.5, 1.5])}}).loc["p"]
    copies = {name: np.repeat(values, [1, 3]) for name, values in ACCOUNTS.items()}
    truth = welfare_table({"p": copies}).loc["p"]
    per_head = ["utilitarian", "inverse_income", "rawlsian", "atkinson_1", "atkinson_2"]
    assert weighted[per_head].tolist() == pytest.approx(truth[per_head].tolist())


def test_atkinson_is_missing_where_somebody_consumes_nothing() -> None:
    row = welfare_table({"p": {**ACCOUNTS, "consumption": np.array([0.0, 4.0])}}).loc["p"]
    assert math.isnan(row["atkinson_1"])
    assert row["utilitarian"] == pytest.approx(2.0)


def test_share_of_the_gap_closed() -> None:
    # The published economy B: federal rates close 38.3 % of the way from no taxes to the optimum.
    assert share_of_gap_closed(21_632.7, 11_302.7, 38_292.4) == pytest.approx(0.383, abs=5e-4)
    assert share_of_gap_closed(1.0, 2.0, 4.0) == -0.5


@pytest.mark.parametrize(("floor", "ceiling"), [(5.0, 5.0), (5.0, 4.0), (5.0, 5.0 + 1e-13), (5.0, math.nan)])
def test_no_gap_no_share(floor: float, ceiling: float) -> None:
    with pytest.raises(UserError):
        share_of_gap_closed(4.5, floor, ceiling)


def test_an_economy_without_income_at_40_hours_is_judged_by_the_other_functions() -> None:
    known = {name: values for name, values in ACCOUNTS.items() if name != "potential_income"}
    row, full = (welfare_table({"a": accounts}).loc["a"] for accounts in (known, ACCOUNTS))
    assert math.isnan(row["inverse_income"])
    assert row.drop("inverse_income").tolist() == full.drop("inverse_income").tolist()
