"""Scores from pairwise shares against textbook values, and the shares of noisy voters."""

from __future__ import annotations

import pytest
import torch
from profiles import TENNESSEE_SHARES, ballots, drawn, tennessee

from econsim.mechanisms.voting import (
    borda_scores,
    bradley_terry_shares,
    condorcet_winner,
    copeland_scores,
    preference_shares,
    schulze_scores,
)
from econsim.mechanisms.voting.pairwise import borda

# The example of Schulze (2011), section 3.1: 45 voters, winner E, order E > A > C > B > D.
SCHULZE = {"ACBED": 5, "ADECB": 5, "BEDAC": 8, "CABED": 3, "CAEBD": 7, "CBADE": 2, "DCEBA": 7, "EBADC": 8}


def test_shares_are_exact_and_add_up_to_one() -> None:
    shares = preference_shares(tennessee(), TENNESSEE_SHARES)[0]
    assert shares[1].tolist() == pytest.approx([0.58, 0.5, 0.68, 0.68])  # Nashville beats all others
    assert torch.allclose(shares + shares.T, torch.ones(1, dtype=shares.dtype))


def test_precise_voters_are_sure() -> None:
    utility = drawn(5, 9, 4)
    sure = preference_shares(utility)
    assert torch.allclose(preference_shares(utility, precision=1e7), sure, atol=1e-2)
    noisy = preference_shares(utility, precision=3.0)
    assert torch.allclose(noisy + noisy.mT, torch.ones(1, dtype=noisy.dtype))
    assert bool(((noisy - 0.5).abs() < 0.5).all())


def test_schulze_orders_the_published_example() -> None:
    shares = preference_shares(
        ballots(list(SCHULZE), "ABCDE"), torch.tensor(list(SCHULZE.values()), dtype=torch.float64)
    )
    assert schulze_scores(shares)[0].tolist() == [3.0, 1.0, 2.0, 0.0, 4.0]


def test_a_condorcet_winner_has_the_highest_copeland_and_schulze_scores() -> None:
    profiles = drawn(200, 9, 4)
    winner = condorcet_winner(profiles)
    there = winner >= 0
    shares = preference_shares(profiles[there])
    for scores in (copeland_scores(shares), schulze_scores(shares)):
        assert torch.equal(scores.argmax(-1), winner[there])
        assert bool((scores.amax(-1) == 3.0).all())


def test_borda_scores_rank_as_borda_points() -> None:
    profiles = drawn(200, 9, 4)
    best = borda_scores(preference_shares(profiles))
    assert bool((borda(profiles).gather(1, best.argmax(-1, keepdim=True)) > 0).all())


def test_bradley_terry_recovers_strengths_and_the_published_example() -> None:
    strength = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    shares = strength[:, None] / (strength[:, None] + strength)
    assert bradley_terry_shares(shares[None])[0].tolist() == pytest.approx(strength.tolist(), abs=1e-9)
    cycle = preference_shares(ballots(["abc", "bca", "cab"], "abc"), torch.tensor([0.40, 0.25, 0.35]))
    scores = bradley_terry_shares(cycle)[0]
    assert int(scores.argmax()) == 0  # although the lottery puts most on the third
    assert borda_scores(cycle)[0, 0] == pytest.approx((0.75 + 0.4) / 2)


def test_voters_without_weight_are_an_error() -> None:
    with pytest.raises(ValueError, match="at least one voter with a positive weight"):
        preference_shares(tennessee(), torch.zeros(4))
