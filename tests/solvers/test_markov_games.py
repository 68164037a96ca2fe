"""Solvers of finite Markov games: equilibria whose gaps are computed from the tensors, not by the solver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

import econsim
from econsim import random
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_returns
from econsim.games.tabular import Parameters, Tabular
from econsim.learning import Solution
from econsim.markov import MarkovForm, MarkovSolution, cce_gains, ce_gains, mixture_gap, values
from econsim.play import play
from econsim.solvers._markov import in_words
from econsim.solvers.zero_sum import maximin


def game_of(**parameters: Any) -> Tabular:
    return Tabular(Parameters.model_validate(parameters))


def solved(concept: str | None = None, **parameters: Any) -> tuple[Tabular, MarkovSolution]:
    solution: Solution = econsim.solve("tabular", {"kind": "backward_induction", "concept": concept}, **parameters)
    assert isinstance(solution, MarkovSolution)
    return game_of(**parameters), solution


@pytest.mark.parametrize(
    "parameters",
    [
        {"random": {"states": 3, "options": 3, "zero_sum": True, "seed": 4}},
        {"random": {"states": 3, "options": 3, "seed": 4}},
        {"repeats": "rock_paper_scissors", "horizon": 3, "discount": 0.5},
        {"repeats": "battle_of_the_sexes", "horizon": 3},
    ],
)
def test_nash_agents_have_no_gain_and_play_as_expected(parameters: dict[str, Any]) -> None:
    game, solution = solved(**parameters)
    gap = certificate_of(game, solution.agents)
    assert gap is not None
    assert gap.upper is not None
    assert gap.upper <= 1e-9
    expected = expected_returns(game, solution.agents)
    sampled = play(game, solution.agents, random.keys(1, 4000)).returns
    assert expected is not None
    for name, values_of_role in expected.items():
        error = 4 * float(sampled[name].std()) / 4000**0.5
        assert float(sampled[name].mean()) == pytest.approx(float(values_of_role), abs=error + 1e-6)


def test_the_value_of_a_zero_sum_game_is_that_of_its_recursion() -> None:
    game, solution = solved(random={"states": 2, "options": 3, "zero_sum": True, "seed": 8})
    form = game.markov_form()
    later = np.zeros(2)
    for period in reversed(range(3)):
        tables = form.rewards[period, 0].numpy() + form.transitions[period].numpy() @ later
        later = np.array([maximin(table)[1] for table in tables])
    returns = expected_returns(game, solution.agents)
    assert returns is not None
    assert float(returns["player_1"]) == pytest.approx(later[0], abs=1e-9)


@pytest.mark.parametrize(("concept", "gains"), [("ce", ce_gains), ("cce", cce_gains)])
def test_correlated_policies_have_no_gain_by_an_independent_gap(concept: str, gains: Any) -> None:
    game, solution = solved(concept, random={"players": 3, "states": 2, "options": 3, "seed": 6})
    assert solution.joint_policy is not None
    assert solution.agents == {}
    assert float(gains(game.markov_form(), solution.joint_policy).max()) <= 1e-9
    assert solution.certificate.upper is not None
    assert solution.certificate.upper <= 1e-9


def test_coarse_equilibria_have_the_highest_total_of_one_round_and_chicken_is_exact() -> None:
    # One round of chicken with payoffs 0, 2, 6, 7: total 10.5 as correlated equilibrium (weights 0, 1/4, 1/4, 1/2).
    rewards = {"a": [[[0, 7], [2, 6]]], "b": [[[0, 2], [7, 6]]]}
    tables = {"rewards": rewards, "transitions": np.ones((1, 2, 2, 1)).tolist(), "horizon": 1}
    game, solution = solved("ce", **tables)
    assert solution.joint_policy is not None
    torch.testing.assert_close(
        solution.joint_policy[0, 0], torch.tensor([[0, 0.25], [0.25, 0.5]]).double(), rtol=0, atol=1e-9
    )
    _, coarse = solved("cce", **tables)
    assert coarse.joint_policy is not None
    form = game.markov_form()
    totals = [float(values(form, each)[0].sum()) for each in (solution.joint_policy, coarse.joint_policy)]
    assert totals[0] == pytest.approx(10.5, abs=1e-9)
    assert totals[1] >= totals[0] - 1e-9


def independent_prox(anchor: Tensor, cost: Tensor) -> Tensor:
    """Return the proximal point by bisection of the normalisation, for one strategy ``[A]``."""
    shift, low, high = 1.0 / len(anchor), -50.0, 50.0
    for _ in range(200):
        middle = (low + high) / 2
        point = ((anchor + shift) * (middle - cost).exp() - shift).clamp(min=0.0)
        low, high = (low, middle) if point.sum() > 1 else (middle, high)
    return point


def test_the_proximal_step_agrees_with_bisection() -> None:
    from econsim.solvers.layered_mirror_descent import _prox

    draws = random.uniform(random.keys(0, 20), 0, "prox", (2, 4), torch.float64)
    for anchor, cost in zip(draws[:, 0] / draws[:, 0].sum(-1, keepdim=True), 6 * draws[:, 1], strict=True):
        torch.testing.assert_close(_prox(anchor, cost), independent_prox(anchor, cost), rtol=0, atol=1e-9)


def mixture_of(solution: Solution) -> Any:
    assert isinstance(solution, MarkovSolution)
    return solution.mixture


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_layered_mirror_descent_has_a_history_gap_of_at_most_6_hundredths(seed: int) -> None:
    law = {"players": 2, "states": 2, "options": 2, "concentration": 0.5, "seed": seed}
    solution = econsim.solve("tabular", "layered_mirror_descent", random=law)
    game = game_of(random=law)
    form: MarkovForm = game.markov_form()
    gap = mixture_gap(form, mixture_of(solution), "history")
    assert gap.lower == gap.upper
    assert 0.0 < gap.lower <= 0.06
    markov = mixture_gap(form, mixture_of(solution), "markov")
    assert gap.lower - 0.01 <= markov.lower <= gap.lower + 1e-12
    own = certificate_of(game, solution.agents)
    assert own is not None
    assert own.lower == pytest.approx(solution.certificate.lower, abs=1e-9)


def test_out_of_time_the_result_so_far_has_its_gap() -> None:
    game = game_of(repeats="prisoners_dilemma", horizon=3)
    solution = econsim.solve("tabular", "backward_induction", time_limit=0.0, repeats="prisoners_dilemma", horizon=3)
    gap = certificate_of(game, solution.agents)
    assert gap is not None
    # Both mix equally: defection pays 3 instead of the mean 2.25 in each of three rounds.
    assert gap.lower == solution.certificate.lower == pytest.approx(2.25)
    assert "0 of 15 rounds are solved" in " ".join(solution.notes)
    learned = econsim.solve("tabular", "layered_mirror_descent", time_limit=0.0, repeats="prisoners_dilemma")
    assert len(mixture_of(learned).weights) == 1


def test_what_cannot_be_solved_is_said() -> None:
    with pytest.raises(UserError, match=r"concept nash needs 2 players, found 3; use solver.concept=cce"):
        solved("nash", random={"players": 3})
    with pytest.raises(UserError, match="expected a finite Markov game, such as one of the kind tabular; NormalForm"):
        econsim.solve("matching_pennies", "backward_induction")


def test_the_command_prints_and_writes_the_policy(tmp_path: Path) -> None:
    scenario = tmp_path / "dilemma.yaml"
    scenario.write_text(
        "econsim: 1\ngame: {kind: tabular, repeats: prisoners_dilemma, horizon: 2}\n"
        "agents: {row: mixed_strategy, column: mixed_strategy}\n"
    )
    table = tmp_path / "policy.csv"
    done = CliRunner().invoke(app, ["solve", str(scenario), "--csv", str(table)], env={"COLUMNS": "150"})
    assert done.exit_code == 0, done.output
    assert "defect, defect" in done.output
    assert "Expected returns: row 2, column 2." in done.output
    lines = table.read_text().splitlines()
    assert lines[:2] == ["period,state,row,column,probability", "1,start,defect,defect,1.0"]
    assert len(lines) == 1 + 2 * 5


def test_returns_in_words_have_no_noise_from_rounding() -> None:
    game = econsim.make("tabular", repeats="matching_pennies", horizon=3)
    assert in_words(game, [-1.2e-17, -0.0]) == "Expected returns: row 0, column 0."
    solution = econsim.solve("tabular", repeats={"payoffs": {"row": [[0.1, 0.2]], "column": [[-0.1, -0.2]]}}, horizon=3)
    assert "Expected returns: row 0.3, column -0.3." in solution.notes  # 0.1 + 0.1 + 0.1 is 0.30000000000000004
