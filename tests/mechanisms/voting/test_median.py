"""Preferences with one peak: the median voter decides, and nobody gains by saying something else."""

from __future__ import annotations

import pytest
import torch
from profiles import ballots, drawn, single_peaked

from econsim.mechanisms.voting import (
    RULES,
    condorcet_winner,
    every_ranking,
    median_flat_tax,
    median_position,
    misreports,
)
from econsim.mechanisms.voting import single_peaked as has_one_peak

LINE = 4


def test_the_condorcet_winner_is_the_peak_of_the_median_voter() -> None:
    profiles = single_peaked(500, 9, LINE + 3)
    assert has_one_peak(profiles).all()
    peaks = profiles.argmax(-1).double()
    by_hand = peaks.sort(-1).values[:, 4].long()
    assert torch.equal(condorcet_winner(profiles), by_hand)
    assert torch.equal(RULES["median"].chances(profiles).argmax(-1), by_hand)


def test_the_median_counts_people() -> None:
    positions = torch.tensor([[3.0, 1.0, 2.0]])
    assert median_position(positions, torch.tensor([[1.0, 1.0, 1.0]])).tolist() == [2]
    assert median_position(positions, torch.tensor([[5.0, 1.0, 1.0]])).tolist() == [3]
    assert median_position(positions[:, :2], torch.tensor([[1.0, 1.0]])).tolist() == [1]


def test_one_peak_is_recognised() -> None:
    along = torch.tensor([[1.0, 3, 2], [3.0, 2, 1], [1.0, 2, 3], [2.0, 2, 1], [1.0, 2, 2]])
    assert has_one_peak(along).all()
    assert not has_one_peak(torch.tensor([[2.0, 1, 3], [1.0, 1, 2], [2.0, 1, 1]])).any()


def test_nobody_gains_by_misreporting_to_the_median_rule() -> None:
    found = misreports(RULES["median"], single_peaked(200, 7, LINE))
    assert not found.gain.any()


def test_nobody_gains_against_the_majority_where_all_ballots_have_one_peak() -> None:
    ballots = every_ranking(LINE)
    with_one_peak = ballots[has_one_peak(ballots)]
    assert len(with_one_peak) == 2 ** (LINE - 1)
    for rule in (RULES["minimax"], RULES["maximal_lottery"]):
        assert not misreports(rule, single_peaked(60, 5, LINE), among=with_one_peak).gain.any()


def test_borda_is_manipulable() -> None:
    # Sincerely a has 13 points and b 12; one of the two who like b better buries a, and b has 12 to 11.
    utility = ballots(["abcd"] * 3 + ["bacd"] * 2, "abcd")
    found = misreports(RULES["borda"], utility)
    assert found.gain[0].tolist() == [0, 0, 0, 1, 1]
    burying = found.ballot[0, 3]
    assert burying.argmax() == 1
    assert burying[0] < burying[2:].max()
    changed = utility.double().clone()
    changed[0, 3] = burying
    assert RULES["borda"].chances(changed)[0].tolist() == [0, 1, 0, 0]
    assert not misreports(RULES["minimax"], utility).gain.any()


def test_every_rule_but_dictatorship_can_be_manipulated() -> None:
    # Gibbard and Satterthwaite: with three candidates or more there is a profile for every such rule.
    utility = drawn(400, 5, 3, seed=4)
    for name in ("plurality", "borda", "ranked_choice", "minimax", "approval"):
        found = misreports(RULES[name], utility)
        gains = (found.gain > 0).any(-1)
        assert 0.02 < gains.double().mean() < 1, name


def test_two_candidates_leave_nothing_to_gain() -> None:
    utility = drawn(100, 5, 2, seed=6)
    for name in ("plurality", "borda", "ranked_choice", "minimax", "maximal_lottery", "median"):
        assert not misreports(RULES[name], utility).gain.any(), name


def test_too_many_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 7"):
        misreports(RULES["borda"], drawn(1, 2, 8))


def test_the_flat_tax_of_the_median_voter_maximises_its_utility() -> None:
    elasticity, mean = 0.4, 1.0
    rates = torch.linspace(0, 0.999, 100_000, dtype=torch.float64)
    for own in (0.3, 0.7, 1.0, 1.6):
        kept = 1 - rates
        utility = own * kept ** (1 + elasticity) / (1 + elasticity) + rates * mean * kept**elasticity
        best = float(rates[utility.argmax()])
        # The grid's step is 1e-5.
        assert float(median_flat_tax(torch.tensor(own / mean), elasticity)) == pytest.approx(best, abs=2e-5)
