from __future__ import annotations

import pytest
import torch

from econsim.analysis.equilibrium import paired_gain


def test_episodes_are_the_units_where_their_luck_differs() -> None:
    own = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64)
    gain = paired_gain(own, own + torch.tensor([[1.0], [2.0], [3.0]]))
    # Differences 1, 2, 3: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.302653.
    assert (gain.own, gain.reached, gain.difference, gain.gain) == (3.5, 5.5, 2.0, 2.0)
    assert (gain.over, gain.count, gain.largest) == ("episodes", 3, 2.0)
    assert gain.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-5)
    assert gain.relative == pytest.approx(2 / 3.5)


def test_people_are_the_units_where_all_episodes_are_alike() -> None:
    own = torch.zeros((3, 2), dtype=torch.float64)
    gain = paired_gain(own, own + torch.tensor([0.0, 2.0]))
    assert (gain.over, gain.count, gain.difference, gain.largest) == ("people", 2, 1.0, 2.0)
    assert gain.relative is None


def test_one_number_has_no_interval_and_rounding_is_no_gain() -> None:
    own = torch.full((4, 1), 7.0, dtype=torch.float64)
    gain = paired_gain(own, own + 1e-13)
    assert (gain.difference, gain.low, gain.high, gain.over) == (0.0, None, None, "nothing")


def test_a_loss_is_shown_and_counts_as_no_gain() -> None:
    own = torch.ones((2, 2), dtype=torch.float64)
    gain = paired_gain(own, own - torch.tensor([[0.25], [0.75]]))
    assert (gain.difference, gain.gain, gain.relative) == (-0.5, 0.0, 0.0)
    assert gain.plain()["difference"] == -0.5
