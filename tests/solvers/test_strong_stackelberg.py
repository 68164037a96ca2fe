"""Commitment to mixed strategies: a published value, a search over all commitments, and either player as leader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import econsim
from econsim.errors import UserError

# Conitzer and Sandholm 2006, figure 1: committing to both options equally pays 3.5, and no equilibrium more than 2.
LEADER, FOLLOWER = [[2, 4], [1, 3]], [[1, 0], [0, 1]]


def test_the_commitment_of_the_published_game_pays_three_and_a_half() -> None:
    solution = econsim.solve("normal_form", "strong_stackelberg", payoffs={"row": LEADER, "column": FOLLOWER})
    (profile,) = solution.profiles
    assert profile.payoffs["row"] == pytest.approx(3.5)
    assert profile.strategies["row"] == pytest.approx((0.5, 0.5))
    assert profile.strategies["column"] == (0.0, 1.0)
    assert solution.residuals["follower_gain"] == pytest.approx(0.0, abs=1e-9)
    # The leader would gain 4 - 3.5 by its first option, once the follower has answered.
    assert solution.certificate.lower == pytest.approx(0.5)
    (nash,) = econsim.solve("normal_form", payoffs={"row": LEADER, "column": FOLLOWER}).profiles
    assert nash.payoffs["row"] == 2


def test_either_player_can_lead() -> None:
    payoffs = {"row": np.transpose(FOLLOWER).tolist(), "column": np.transpose(LEADER).tolist()}
    solution = econsim.solve("normal_form", {"kind": "strong_stackelberg", "leader": "column"}, payoffs=payoffs)
    assert solution.profiles[0].payoffs["column"] == pytest.approx(3.5)
    assert solution.residuals["leader_payoff"] == pytest.approx(3.5)


def test_no_commitment_on_a_grid_pays_more() -> None:
    leader, follower = np.random.default_rng(8).random((2, 3, 4))
    solution = econsim.solve(
        "normal_form", "strong_stackelberg", payoffs={"row": leader.tolist(), "column": follower.tolist()}
    )
    first, second = np.meshgrid(np.linspace(0, 1, 201), np.linspace(0, 1, 201))
    kept = first + second <= 1
    mixes = np.stack([first[kept], second[kept], (1 - first - second)[kept]], 1)
    answers = (mixes @ follower).argmax(1)
    paid = (mixes @ leader)[np.arange(len(mixes)), answers].max()
    assert paid <= solution.residuals["leader_payoff"] + 1e-9
    assert paid == pytest.approx(solution.residuals["leader_payoff"], abs=0.01)  # a step of the grid


def test_out_of_time_the_leader_mixes_equally() -> None:
    solution = econsim.solve("normal_form", "strong_stackelberg", time_limit=0.0, classic="chicken")
    assert "time limit" in solution.notes[1]
    assert solution.profiles[0].strategies["row"] == (0.5, 0.5)


def test_a_leader_that_does_not_play_is_refused() -> None:
    solver: dict[str, Any] = {"kind": "strong_stackelberg", "leader": "rwo"}
    with pytest.raises(UserError, match=r"solver.leader: no player is called 'rwo' \(did you mean row\?\)"):
        econsim.solve("matching_pennies", solver)
