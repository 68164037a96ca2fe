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
        camera(time)
    film = camera.film()
    assert (film.stage, len(film)) == ({"unit": "hours"}, 4)
    assert film.frames["time"].tolist() == [0, 1, 2, 3]
    assert film.frames["sign"].tolist() == [[7, 7]]
    assert film.at("sign", 3).tolist() == [7, 7]
    assert film.over_time("sign").shape == (4, 2)
    with pytest.raises(UserError, match="this episode shows no map; its frames are sign, time"):
        film.over_time("map")


def test_running_totals_become_amounts_a_period(film: Recording) -> None:
    assert film.period_ends() == [2, 4]
    assert film.by_period("tax").tolist() == [[0, 8], [0, 0]]
    assert film.by_period("taxed_income").tolist() == [[0, 20], [-3, 3]]


def test_prices_are_coin_a_unit_where_there_was_trade(film: Recording) -> None:
    # Six coin for two stones, then six more for one; two coin for the only wood.
    np.testing.assert_array_equal(prices(film), [[np.nan] * 2, [np.nan] * 2, [3.0, np.nan], [6.0, 2.0]])
    np.testing.assert_array_equal(rolling_prices(film)[2:], [[3.0, np.nan], [4.0, 2.0]])
    np.testing.assert_array_equal(rolling_prices(film, window=1), prices(film))


def test_income_before_tax_begins_anew_with_each_period(film: Recording) -> None:
    # Tax and rebate of step 2 are no income; at the ends of periods it is what was taxed.
    assert gross_income_of_period(film).tolist() == [[0, 0], [0, 20], [0, 20], [0, 0], [-3, 3]]
    ends = film.period_ends()
    np.testing.assert_array_equal(gross_income_of_period(film)[ends], film.by_period("taxed_income"))


def test_few_people_are_shown_one_by_one_and_many_in_quarters_by_pay(film: Recording) -> None:
    assert groups_of(film).described(film) == ["1: 11.0 coin a house", "2: 22.0 coin a house"]
    pay = np.array([5.0, 1.0, 9.0, 3.0, 2.0, 8.0, 7.0, 4.0, 6.0, 9.5, 9.7, 9.9])
    many = groups_of(Recording({"workers": ["worker"] * 12}, {"pay": pay[None], "coin": np.zeros((2, 12))}))
    assert many.of.tolist() == [1, 0, 2, 0, 0, 2, 2, 1, 1, 3, 3, 3]
    assert many.means(pay)[[0, 3]].tolist() == pytest.approx([2.0, 9.7], abs=1e-12)
    assert len(set(many.colors)) == 4


def test_classes_are_named() -> None:
    mixed = Recording({"workers": ["north", "south"]}, {"pay": np.array([[1.0, 2.0]])})
    assert groups_of(mixed).labels == ["1 north", "2 south"]
