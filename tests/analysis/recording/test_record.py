from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from econsim.analysis.recording import FrameCollector, Recording
from econsim.analysis.recording._people import groups_of
from econsim.analysis.recording._series import gross_income_of_period, prices, rolling_prices
from econsim.errors import UserError
from econsim.game import Recordable


class Clock:
    """Shows the time of two copies, and a sign that never changes."""

    def stage(self) -> dict[str, Any]:
        return {"unit": "hours"}

    def frame(self, state: int) -> dict[str, Tensor]:
        return {"time": torch.tensor([state, 100 + state]), "sign": torch.tensor([[7, 7], [8, 8]])}


def test_a_camera_keeps_every_moment_of_the_first_copy_and_what_stays_once() -> None:
    game = Clock()
    assert isinstance(game, Recordable)
    camera = FrameCollector(game)
    for time in range(4):
        camera(time, torch.tensor([time == 3]))
    recording = camera.recording()
    assert (recording.stage, len(recording)) == ({"unit": "hours"}, 4)
    assert recording.frames["time"].tolist() == [0, 1, 2, 3]
    assert recording.frames["sign"].tolist() == [[7, 7]]
    assert recording.at("sign", 3).tolist() == [7, 7]
    assert recording.over_time("sign").shape == (4, 2)
    with pytest.raises(UserError, match="this episode has no frame map; its frames are sign, time"):
        recording.over_time("map")


def test_running_totals_become_amounts_a_period(recording: Recording) -> None:
    assert recording.period_ends() == [2, 4]
    assert recording.by_period("tax").tolist() == [[0, 8], [0, 0]]
    assert recording.by_period("taxed_income").tolist() == [[0, 20], [-3, 3]]


def test_prices_are_coin_a_unit_where_there_was_trade(recording: Recording) -> None:
    # Six coin for two stones, then six more for one; two coin for the only wood.
    np.testing.assert_array_equal(prices(recording), [[np.nan] * 2, [np.nan] * 2, [3.0, np.nan], [6.0, 2.0]])
    np.testing.assert_array_equal(rolling_prices(recording)[2:], [[3.0, np.nan], [4.0, 2.0]])
    np.testing.assert_array_equal(rolling_prices(recording, window=1), prices(recording))


def test_income_before_tax_begins_anew_with_each_period(recording: Recording) -> None:
    # Tax and rebate of step 2 are no income; at the ends of periods it is what was taxed.
    assert gross_income_of_period(recording).tolist() == [[0, 0], [0, 20], [0, 20], [0, 0], [-3, 3]]
    ends = recording.period_ends()
    np.testing.assert_array_equal(gross_income_of_period(recording)[ends], recording.by_period("taxed_income"))


def test_few_people_are_shown_one_by_one_and_many_in_quarters_by_pay(recording: Recording) -> None:
    assert groups_of(recording).described(recording) == ["1: 11.0 coin per house", "2: 22.0 coin per house"]
    pay = np.array([5.0, 1.0, 9.0, 3.0, 2.0, 8.0, 7.0, 4.0, 6.0, 9.5, 9.7, 9.9])
    many = groups_of(Recording({"workers": ["worker"] * 12}, {"pay": pay[None], "coin": np.zeros((2, 12))}))
    assert many.of.tolist() == [1, 0, 2, 0, 0, 2, 2, 1, 1, 3, 3, 3]
    assert many.means(pay)[[0, 3]].tolist() == pytest.approx([2.0, 9.7], abs=1e-12)
    assert len(set(many.colors)) == 4


def test_classes_are_named() -> None:
    mixed = Recording({"workers": ["north", "south"]}, {"pay": np.array([[1.0, 2.0]])})
    assert groups_of(mixed).labels == ["1 north", "2 south"]
