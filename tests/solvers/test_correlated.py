"""Correlated equilibria against published weights and direct gap computations, for any number of players."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from test_matrix_gaps import gains_by_sums

import econsim
from econsim.errors import UserError
from econsim.learning import Solution
from econsim.solvers import correlated

CHICKEN = {"row": [[0, 7], [2, 6]], "column": [[0, 2], [7, 6]]}


def joint_of(solution: Solution, shape: tuple[int, ...]) -> torch.Tensor:
    assert solution.joint is not None
    joint = torch.zeros(shape, dtype=torch.float64)
    for outcome, probability in zip(solution.joint.outcomes, solution.joint.probabilities, strict=True):
        joint[outcome] = probability
    return joint


def gaps(payoffs: dict[str, Any], solution: Solution) -> tuple[float, float]:
    table = torch.tensor(list(payoffs.values()), dtype=torch.float64)
    return gains_by_sums(table, joint_of(solution, table.shape[1:]))


def test_the_best_correlated_equilibrium_of_chicken() -> None:
    solution = econsim.solve("normal_form", "correlated", payoffs=CHICKEN)
    assert joint_of(solution, (2, 2)).flatten().tolist() == pytest.approx([0.0, 0.25, 0.25, 0.5], abs=1e-9)
    assert solution.joint is not None
    assert solution.joint.total == pytest.approx(10.5)
    assert gaps(CHICKEN, solution)[1] == pytest.approx(0.0, abs=1e-9)
    assert solution.certificate.deviation_class == "any option in response to each recommendation"
    assert solution.certificate.exact
    # The lowest sum is 7.2, with weights (1/5, 2/5, 2/5, 0), where both incentive constraints bind: 12 / 7.2 = 5 / 3.
    assert solution.notes[1] == "Price of anarchy 1.667, price of stability 1.143."


def test_the_highest_sum_of_the_battle_of_the_sexes_with_payoffs_of_1_and_2() -> None:
    payoffs = {"row": [[2, 0], [0, 1]], "column": [[1, 0], [0, 2]]}
    solution = econsim.solve("normal_form", "correlated", payoffs=payoffs)
    assert solution.joint is not None
    assert solution.joint.total == pytest.approx(3.0)


def test_the_lowest_sum_and_the_best_for_one_player_are_ends_of_the_set() -> None:
    worst = econsim.solve("normal_form", {"kind": "correlated", "objective": "min_welfare"}, payoffs=CHICKEN)
    best = econsim.solve("normal_form", {"kind": "correlated", "objective": "player row"}, payoffs=CHICKEN)
    assert worst.joint is not None
    assert best.joint is not None
    assert best.joint.payoffs["row"] == pytest.approx(7.0)  # the pure equilibrium in which only row dares
    assert joint_of(worst, (2, 2)).flatten().tolist() == pytest.approx([0.2, 0.4, 0.4, 0.0], abs=1e-9)
    for solution in (worst, best):
        assert gaps(CHICKEN, solution)[1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("concept", ["ce", "cce"])
@pytest.mark.parametrize("objective", ["max_welfare", "min_welfare", "max_entropy", "player c"])
def test_three_players_have_no_gain_left(concept: str, objective: str) -> None:
    tables = np.random.default_rng(5).random((3, 3, 2, 3))
    payoffs = {name: table.tolist() for name, table in zip("abc", tables, strict=True)}
    solution = econsim.solve(
        "normal_form", {"kind": "correlated", "concept": concept, "objective": objective}, payoffs=payoffs
    )
    coarse, fine = gaps(payoffs, solution)
    assert (fine if concept == "ce" else coarse) <= 1e-7
    assert solution.certificate.lower == pytest.approx(fine if concept == "ce" else coarse, abs=1e-7)


def test_coarse_equilibria_are_a_larger_set() -> None:
    tables = np.random.default_rng(6).random((2, 4, 4))
    payoffs = {"row": tables[0].tolist(), "column": tables[1].tolist()}
    totals = {}
    for concept in ("ce", "cce"):
        solution = econsim.solve("normal_form", {"kind": "correlated", "concept": concept}, payoffs=payoffs)
        assert solution.joint is not None
        totals[concept] = solution.joint.total
    best_nash = max(profile.total for profile in econsim.solve("normal_form", payoffs=payoffs).profiles)
    assert best_nash - 1e-9 <= totals["ce"] <= totals["cce"] + 1e-9


@pytest.mark.parametrize("classic", ["matching_pennies", "rock_paper_scissors"])
def test_the_entropy_of_a_symmetric_zero_sum_game_is_that_of_uniform_play(classic: str) -> None:
    solution = econsim.solve("normal_form", {"kind": "correlated", "objective": "max_entropy"}, classic=classic)
    assert solution.joint is not None
    assert solution.joint.probabilities == pytest.approx(
        [1 / len(solution.joint.probabilities)] * len(solution.joint.probabilities)
    )


def test_the_highest_entropy_in_chicken_is_that_of_a_search() -> None:
    # By symmetry x = (a, b, b, c) with a + 2b + c = 1, 2a <= b and c <= 2b; a search over a grid bounds the entropy.
    solution = econsim.solve("normal_form", {"kind": "correlated", "objective": "max_entropy"}, payoffs=CHICKEN)
    joint = joint_of(solution, (2, 2))
    assert float(joint[0, 1]) == pytest.approx(float(joint[1, 0]), abs=1e-6)
    grid = torch.cartesian_prod(*[torch.linspace(0.001, 0.5, 400, dtype=torch.float64)] * 2)
    a, b = grid.unbind(1)
    c = 1 - a - 2 * b
    allowed = (2 * a <= b) & (c <= 2 * b) & (c > 0)
    entropy = -(a * a.log() + 2 * b * b.log() + c * c.log())[allowed]
    assert float(torch.special.entr(joint).sum()) == pytest.approx(float(entropy.max()), abs=2e-4)
    assert float(torch.special.entr(joint).sum()) >= float(entropy.max()) - 1e-8


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("concept", ["ce", "cce"])
def test_an_interior_point_and_the_simplex_method_find_the_same_optimum(concept: str, sign: float) -> None:
    table = np.random.default_rng(7).random((2, 9, 7))
    total, constraints = sign * table.sum(0).ravel(), correlated.incentives(table, concept)
    few_steps = correlated._by_simplex(total, constraints, np.inf, steps=1)
    simplex = correlated._by_simplex(total, constraints, np.inf)
    interior = correlated._by_interior_point(total, constraints, np.inf)
    assert few_steps is None
    assert simplex is not None
    assert interior is not None
    assert total @ interior == pytest.approx(total @ simplex, abs=1e-8)
    assert (constraints @ interior).max() <= 1e-9  # the feasibility asked for, 1e-10, times the number of terms
    assert interior.sum() == pytest.approx(1.0, abs=1e-9)


def test_out_of_time_it_returns_a_distribution_with_the_gain_that_is_left() -> None:
    for objective in ("max_welfare", "max_entropy"):
        solver = {"kind": "correlated", "objective": objective}
        solution = econsim.solve("normal_form", solver, time_limit=0.0, payoffs=CHICKEN)
        assert solution.notes == ("The time limit was reached.",)
        assert solution.certificate.lower == pytest.approx(gaps(CHICKEN, solution)[1])


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ("welfare", "expected max_welfare, min_welfare, max_entropy or 'player NAME', found 'welfare'"),
        ("player rwo", r"no player is called 'rwo' \(did you mean row\?\)"),
    ],
)
def test_an_unknown_objective_is_refused(objective: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.solve("normal_form", {"kind": "correlated", "objective": objective}, payoffs=CHICKEN)


def test_a_game_that_is_too_large_is_refused_with_its_size() -> None:
    table = np.zeros((33, 33)).tolist()
    solver = {"kind": "correlated", "objective": "max_entropy"}
    with pytest.raises(UserError, match="33 by 33 options have 2,112 incentive constraints"):
        econsim.solve("normal_form", solver, payoffs={"row": table, "column": table})
