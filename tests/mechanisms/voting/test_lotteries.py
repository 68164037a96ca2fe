"""The maximal lottery against closed forms, its definition and a linear-programming package."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from profiles import ballots, drawn
from scipy.optimize import linprog
from torch import Tensor

from econsim.mechanisms.voting import condorcet_winner, margins, maximal_lottery
from econsim.mechanisms.voting.lotteries import unbeaten

# Pivots of small tableaus with entries of order one lose a few of sixteen digits.
EXACT = 1e-10


def test_the_condorcet_paradox_is_a_fair_draw() -> None:
    assert maximal_lottery(ballots(["abc", "bca", "cab"], "abc"))[0].tolist() == pytest.approx([1 / 3] * 3, abs=EXACT)


def test_a_lopsided_cycle() -> None:
    # Three rankings in a circle with shares q below one half: chances 1 - 2 q of the next type's favourite.
    shares = torch.tensor([0.40, 0.25, 0.35], dtype=torch.float64)
    found = maximal_lottery(ballots(["abc", "bca", "cab"], "abc"), shares)[0]
    assert found.tolist() == pytest.approx([1 - 2 * 0.35, 1 - 2 * 0.40, 1 - 2 * 0.25], abs=EXACT)


def test_a_condorcet_winner_is_certain() -> None:
    profiles = drawn(300, 9, 4)
    winner = condorcet_winner(profiles)
    there = winner >= 0
    assert 100 < there.sum() < 300
    chances = maximal_lottery(profiles[there])
    assert torch.allclose(chances.gather(1, winner[there, None]), torch.ones(1, dtype=chances.dtype), atol=EXACT)


@pytest.mark.parametrize("candidates", [2, 3, 5, 8, 13])
@pytest.mark.parametrize("levels", [0, 3])
def test_no_lottery_beats_it(candidates: int, levels: int) -> None:
    margin = margins(drawn(300, 7, candidates, levels=levels))
    chances = unbeaten(margin)
    assert torch.allclose(chances.sum(-1), torch.ones(300, dtype=torch.float64))
    against = torch.einsum("bc,bcd->bd", chances, margin)
    assert float(against.min()) > -EXACT * candidates
    if candidates <= 8:
        assert float(chances.min()) >= 0


def test_with_an_odd_number_of_strict_rankings_it_is_that_of_a_linear_program() -> None:
    margin = margins(drawn(40, 7, 6, seed=5))
    for found, matrix in zip(unbeaten(margin).numpy(), margin.numpy(), strict=True):
        assert found == pytest.approx(by_linear_program(matrix), abs=1e-8)  # the package's own tolerance


def by_linear_program(matrix: np.ndarray) -> np.ndarray:
    size = len(matrix)
    solved = linprog(np.zeros(size), A_ub=-matrix.T, b_ub=np.zeros(size), A_eq=np.ones((1, size)), b_eq=[1.0])
    return np.asarray(solved.x)


def test_candidates_who_lose_and_clones_do_not_change_it() -> None:
    cycle = ballots(["abcd", "bcad", "cabd"], "abcd")
    assert maximal_lottery(cycle)[0].tolist() == pytest.approx([1 / 3] * 3 + [0.0], abs=EXACT)
    cloned = ballots(["aAbc", "bcaA", "caAb"], "aAbc")  # A stands right behind a: together they keep a third
    chances = maximal_lottery(cloned)[0]
    assert chances.tolist() == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=EXACT)


def test_where_all_tie_it_is_the_first() -> None:
    level: Tensor = torch.zeros(2, 3, 3)
    assert unbeaten(level).tolist() == [[1, 0, 0]] * 2
