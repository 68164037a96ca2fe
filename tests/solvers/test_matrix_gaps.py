"""Gaps of games of any number of players, against direct sums over all profiles and known equilibria."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from econsim.expected_play import cce_gap, ce_gap, joint_of, joint_payoffs, nash_gap

SWERVE = torch.tensor([[[6.0, 2.0], [7.0, 0.0]], [[6.0, 7.0], [2.0, 0.0]]], dtype=torch.float64)
"""Chicken with the payoffs of Aumann 1974."""


def random_game(shape: tuple[int, ...], seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    payoffs = torch.rand((len(shape), *shape), generator=generator, dtype=torch.float64)
    joint = torch.rand(shape, generator=generator, dtype=torch.float64)
    return payoffs, joint / joint.sum()


def gains_by_sums(payoffs: Tensor, joint: Tensor) -> tuple[float, float]:
    """Return the CCE and the CE gap by loops over players, recommendations, deviations and profiles."""
    shape, coarse, fine = joint.shape, [], []
    for player, options in enumerate(shape):
        gain = torch.zeros(options, options, dtype=torch.float64)
        for profile in product(*map(range, shape)):
            for option in range(options):
                other = (*profile[:player], option, *profile[player + 1 :])
                more = payoffs[(player, *other)] - payoffs[(player, *profile)]
                gain[profile[player], option] += joint[profile] * more
        coarse.append(float(gain.sum(0).max()))
        fine.append(float(gain.amax(1).sum()))
    return max(0.0, *coarse), max(0.0, *fine)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 2), (2, 2, 2, 2)])
def test_gaps_are_sums_over_all_profiles(shape: tuple[int, ...]) -> None:
    payoffs, joint = random_game(shape, seed=len(shape))
    coarse, fine = gains_by_sums(payoffs, joint)
    assert cce_gap(payoffs, joint).lower == pytest.approx(coarse, abs=1e-12)
    assert ce_gap(payoffs, joint).lower == pytest.approx(fine, abs=1e-12)
    assert fine >= coarse


def test_the_three_gaps_agree_where_players_are_independent() -> None:
    payoffs, _ = random_game((3, 2, 2), seed=1)
    strategies = [torch.tensor(mix, dtype=torch.float64) for mix in ([0.2, 0.3, 0.5], [0.6, 0.4], [0.1, 0.9])]
    gap, joint = nash_gap(payoffs, strategies), joint_of(strategies)
    assert gap.lower > 0.01
    assert cce_gap(payoffs, joint).lower == pytest.approx(gap.lower, abs=1e-12)
    # Recommendations carry no information, so that the same option is best against all of them.
    assert ce_gap(payoffs, joint).lower == pytest.approx(gap.lower, abs=1e-12)


def test_a_correlated_equilibrium_of_chicken_that_no_independent_play_attains() -> None:
    # Aumann's traffic light: each of the three profiles other than a crash with probability 1/3.
    joint = torch.tensor([[1 / 3, 1 / 3], [1 / 3, 0.0]], dtype=torch.float64)
    assert joint_payoffs(SWERVE, joint).tolist() == pytest.approx([5.0, 5.0])
    assert ce_gap(SWERVE, joint).upper == pytest.approx(0.0, abs=1e-12)


def test_a_coarse_correlated_equilibrium_that_is_not_a_correlated_one() -> None:
    # Rock, paper, scissors with ties only (Moulin and Vial): before the recommendation is seen nobody gains, since the
    # other player's option is uniform; after it, the option that beats it gains 1.
    row = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], dtype=torch.float64)
    payoffs, joint = torch.stack([row, -row]), torch.eye(3, dtype=torch.float64) / 3
    assert cce_gap(payoffs, joint).lower == pytest.approx(0.0, abs=1e-12)
    assert ce_gap(payoffs, joint).lower == pytest.approx(1.0)


def test_each_gap_states_its_deviation_class_and_that_it_is_exact() -> None:
    payoffs, joint = random_game((2, 2), seed=3)
    uniform = torch.full((2,), 0.5, dtype=torch.float64)
    gaps = [nash_gap(payoffs, [uniform, uniform]), cce_gap(payoffs, joint), ce_gap(payoffs, joint)]
    assert len({gap.deviation_class for gap in gaps}) == 3
    assert all(gap.exact for gap in gaps)


def test_gains_below_the_rounding_of_sums_are_zero_and_small_true_gains_are_kept() -> None:
    cycle = torch.tensor([[0.0, -0.1, 0.7], [0.7, 0.0, -0.1], [-0.1, 0.7, 0.0]], dtype=torch.float64)
    payoffs, thirds = torch.stack([cycle, cycle.T]), [torch.full((3,), 1 / 3, dtype=torch.float64)] * 2
    assert nash_gap(payoffs, thirds).upper == 0.0  # sums in another order differ by 1e-17 from each other
    better = payoffs.clone()
    better[0, 0] += 3e-12  # what the first player gains by its first option, less what it has of it already
    assert nash_gap(better, thirds).lower == pytest.approx(2e-12, rel=1e-3)
