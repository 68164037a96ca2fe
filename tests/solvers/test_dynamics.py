"""Dynamics and ranks against known rest points, by an independent gap computation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.learning import Solution
from econsim.solvers.alpha_rank import stationary

VALUE, COST = 2.0, 6.0
HAWK = [[(VALUE - COST) / 2, VALUE], [0.0, VALUE / 2]]
HAWK_DOVE = {"row": HAWK, "column": np.transpose(HAWK).tolist()}
SHAPLEY = {"row": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "column": [[0, 1, 0], [0, 0, 1], [1, 0, 0]]}


def gap_by_tables(payoffs: dict[str, Any], solution: Solution) -> float:
    """Return the largest gain of two players by matrix products."""
    own, other = (np.array(table) for table in payoffs.values())
    row, column = (np.array(mix) for mix in solution.profiles[0].strategies.values())
    return max(float((own @ column).max() - row @ own @ column), float((row @ other).max() - row @ other @ column))


def test_fictitious_play_of_a_zero_sum_game_approaches_its_equilibrium() -> None:
    solution = econsim.solve("matching_pennies", {"kind": "fictitious_play", "gap": 0.02})
    assert solution.certificate.lower <= 0.02 * 2
    biased = {"row": [[3.0, -1.0], [-2.0, 4.0]], "column": [[-3.0, 1.0], [2.0, -4.0]]}
    found = econsim.solve("normal_form", {"kind": "fictitious_play", "gap": 0.01}, payoffs=biased)
    assert found.profiles[0].strategies["row"][0] == pytest.approx(0.6, abs=0.05)
    assert found.certificate.lower == pytest.approx(gap_by_tables(biased, found), abs=1e-12)


def test_fictitious_play_does_not_converge_in_shapleys_game_and_says_so() -> None:
    solver = {"kind": "fictitious_play", "iterations": 500}
    payoffs = {**SHAPLEY, "row": [[1, 0, 0], [0, 1, 0.1], [0, 0, 1]]}  # uniform beliefs are not an equilibrium
    solution = econsim.solve("normal_form", solver, payoffs=payoffs)
    assert solution.notes[0].startswith("Stopped after 500 iterations, above the gap of 0.001")
    assert solution.certificate.lower == pytest.approx(gap_by_tables(payoffs, solution), abs=1e-12)


def test_one_population_of_hawks_and_doves_converges_to_the_stable_share() -> None:
    solution = econsim.solve("normal_form", {"kind": "replicator", "population": "shared"}, payoffs=HAWK_DOVE)
    assert solution.profiles[0].strategies["row"][0] == pytest.approx(VALUE / COST, abs=1e-5)
    assert gap_by_tables(HAWK_DOVE, solution) <= 1e-6 * (VALUE + (COST - VALUE) / 2)
    assert solution.notes == ()


def test_two_populations_of_hawks_and_doves_split() -> None:
    solver = {"kind": "replicator", "start": {"row": [0.4, 0.6]}}
    solution = econsim.solve("normal_form", solver, payoffs=HAWK_DOVE)
    assert solution.profiles[0].strategies["row"][0] == pytest.approx(0.0, abs=1e-5)
    assert solution.profiles[0].strategies["column"][0] == pytest.approx(1.0, abs=1e-5)


def test_a_shared_population_needs_a_symmetric_game() -> None:
    with pytest.raises(UserError, match="shared needs a symmetric game"):
        econsim.solve("matching_pennies", {"kind": "replicator", "population": "shared"})
    with pytest.raises(UserError, match=r"solver.start.row: expected 2 shares"):
        econsim.solve("matching_pennies", {"kind": "replicator", "start": {"row": [1.0]}})


@pytest.mark.parametrize("kind", ["fictitious_play", "replicator"])
def test_three_players_and_a_time_limit(kind: str) -> None:
    tables = np.random.default_rng(2).random((3, 2, 2, 2))
    payoffs = {name: table.tolist() for name, table in zip("abc", tables, strict=True)}
    solution = econsim.solve("normal_form", kind, time_limit=0.0, payoffs=payoffs)
    game = econsim.make("normal_form", payoffs=payoffs)
    certificate = certificate_of(game, solution.agents)
    assert certificate is not None
    assert solution.certificate.lower == pytest.approx(certificate.lower)
    assert solution.residuals["iterations"] == 1


def test_rock_paper_scissors_has_equal_alpha_ranks() -> None:
    solution = econsim.solve("normal_form", "alpha_rank", classic="rock_paper_scissors")
    assert solution.agents["row"].parameters.probabilities == pytest.approx((1 / 3,) * 3)  # type: ignore[attr-defined]


def test_alpha_rank_of_two_options_is_the_ratio_of_fixation_probabilities() -> None:
    # One player: the chain between two options balances where both flows are equal. With d the gain of the second
    # option, their ratio is exp((m - 1) a d): here m = 3, a = 1, and d = 1 is the range of payoffs.
    table = np.array([[0.0, 2.0]])
    ranks = stationary(table, alpha=1.0, population=3)
    assert ranks[1] / ranks[0] == pytest.approx(np.exp(2.0))


def test_alpha_rank_satisfies_its_balance_equations() -> None:
    table = np.random.default_rng(4).random((2, 2, 3))
    ranks = stationary(table, alpha=0.5, population=5)

    def rate(gain: float) -> float:
        return (1 - np.exp(-0.5 * gain)) / (1 - np.exp(-2.5 * gain))

    inflow, outflow = np.zeros((2, 3)), np.zeros((2, 3))
    for player, spread in enumerate(np.ptp(table, axis=(1, 2))):
        for a in np.ndindex(2, 3):
            for option in range(table.shape[1 + player]):
                b = (option, a[1]) if player == 0 else (a[0], option)
                if b != a:
                    flow = ranks[a] * rate((table[player][b] - table[player][a]) / spread)
                    outflow[a] += flow
                    inflow[b] += flow
    assert inflow == pytest.approx(outflow, rel=1e-9)


def test_rates_of_very_different_size_keep_their_precision() -> None:
    # As above with m = 50 and a = 10: the ratio is exp(490), about 1e213.
    ranks = stationary(np.array([[2.0, 0.0]]), alpha=10.0, population=50)
    assert np.log(ranks[0] / ranks[1]) == pytest.approx(490.0)
    # Stag hunt has two strict equilibria. Leaving (stag, stag) costs 1, leaving (hare, hare) costs 2, of a range of 3:
    # the chain leaves the second exp(490 / 3) times more rarely.
    solution = econsim.solve("normal_form", "alpha_rank", classic="stag_hunt")
    assert solution.joint is not None
    assert solution.joint.outcomes == ((1, 1),)


def test_strong_selection_leads_to_the_only_strict_equilibrium() -> None:
    solution = econsim.solve("prisoners_dilemma", "alpha_rank")
    assert solution.joint is not None
    ranks = dict(zip(solution.joint.outcomes, solution.joint.probabilities, strict=True))
    assert ranks[1, 1] == pytest.approx(1.0, abs=1e-6)
    assert torch.tensor(solution.joint.probabilities).sum() == pytest.approx(1.0)


def test_logit_dynamics_end_at_the_logit_equilibrium() -> None:
    for payoffs in (HAWK_DOVE, {"row": [[3.0, -1.0], [-2.0, 4.0]], "column": [[-3.0, 1.0], [2.0, -4.0]]}):
        found = econsim.solve("normal_form", {"kind": "logit_dynamics", "precision": 1.5}, payoffs=payoffs)
        traced = econsim.solve("normal_form", {"kind": "logit_equilibrium", "precision": 1.5}, payoffs=payoffs)
        for player, mix in traced.profiles[0].strategies.items():
            assert found.profiles[0].strategies[player] == pytest.approx(mix, abs=1e-7)
        assert found.residuals["distance"] <= 1e-9
        assert found.certificate.lower == pytest.approx(gap_by_tables(payoffs, found), abs=1e-12)
    start = {"kind": "logit_dynamics", "precision": 3.0, "start": {"row": [0.9, 0.1], "column": [0.1, 0.9]}}
    split = econsim.solve("normal_form", start, payoffs=HAWK_DOVE)  # the path keeps the order of its start
    assert split.profiles[0].strategies["row"][0] > 0.9 > 0.1 > split.profiles[0].strategies["column"][0]


def test_time_in_profiles_of_a_potential_game_is_that_of_gibbs() -> None:
    # Payoffs are the potential plus a number that depends on the others only (Blume 1993: shares are proportional to
    # exp(lambda potential)).
    draws = np.random.default_rng(3)
    potential = draws.random((2, 3, 2))
    others = (draws.random((1, 3, 2)), draws.random((2, 1, 2)), draws.random((2, 3, 1)))
    payoffs = {name: (potential + of).tolist() for name, of in zip("abc", others, strict=True)}
    found = econsim.solve("normal_form", {"kind": "logit_dynamics", "view": "stationary"}, payoffs=payoffs)
    assert found.joint is not None
    gibbs = np.exp(10 * potential) / np.exp(10 * potential).sum()
    shares = dict(zip(found.joint.outcomes, found.joint.probabilities, strict=True))
    for profile, share in shares.items():
        assert share == pytest.approx(gibbs[profile], rel=1e-9)
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-6)


def test_a_high_precision_selects_the_risk_dominant_equilibrium() -> None:
    found = econsim.solve("normal_form", {"kind": "logit_dynamics", "view": "stationary"}, classic="stag_hunt")
    assert found.joint is not None
    shares = dict(zip(found.joint.outcomes, found.joint.probabilities, strict=True))
    assert shares[1, 1] > 0.9999  # hare, hare: leaving it costs 2, leaving (stag, stag) costs 1


def test_a_path_of_logit_dynamics_that_is_stopped_says_so() -> None:
    stopped = econsim.solve("normal_form", {"kind": "logit_dynamics", "iterations": 3}, payoffs=HAWK_DOVE)
    assert stopped.notes == ("Stopped after 3 steps, where shares still change; this is not a rest point.",)
    with pytest.raises(UserError, match=r"solver.start: no player is called 'left'"):
        econsim.solve("normal_form", {"kind": "logit_dynamics", "start": {"left": [1.0, 0.0]}}, payoffs=HAWK_DOVE)
