"""Zero-sum games by linear program: the value in closed form, and a certificate that does not rest on the program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import econsim
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.analysis.equilibrium.matrix_games import zero_sum
from econsim.errors import UserError
from econsim.expected_play import expected_returns
from econsim.games.normal_form import NormalForm, Parameters
from econsim.learning import Certificate, Solution
from econsim.solvers.zero_sum import saddle_point


def two_player(row: Any, column: Any = None) -> dict[str, Any]:
    column = (-np.array(row)).tolist() if column is None else column
    return {"row": np.array(row).tolist(), "column": column}


def mixes(solution: Solution) -> dict[str, list[float]]:
    return {
        role: list(agent.parameters.probabilities or ())
        for role, agent in solution.agents.items()
        if isinstance(agent, MixedStrategy)
    }


@pytest.mark.parametrize("name", ["matching_pennies", "rock_paper_scissors"])
def test_the_classics_are_mixed_equally(name: str) -> None:
    solution = econsim.solve("normal_form", "zero_sum", classic=name)
    options = {"matching_pennies": 2, "rock_paper_scissors": 3}[name]
    for mix in mixes(solution).values():
        assert mix == pytest.approx([1 / options] * options)
    assert solution.certificate.lower == solution.certificate.upper == pytest.approx(0.0, abs=1e-12)
    assert solution.residuals["duality_gap"] == pytest.approx(0.0, abs=1e-12)


def test_a_game_of_two_by_two_in_closed_form() -> None:
    # Of [[a, b], [c, d]] without a saddle: row plays its first option with (d - c) / (a - b - c + d).
    table = [[3.0, -1.0], [-2.0, 4.0]]
    solution = econsim.solve("normal_form", "zero_sum", payoffs=two_player(table))
    assert mixes(solution)["row"] == pytest.approx([0.6, 0.4])
    assert mixes(solution)["column"] == pytest.approx([0.5, 0.5])
    game = NormalForm(Parameters.model_validate({"payoffs": two_player(table)}))
    returns = expected_returns(game, solution.agents)
    assert returns is not None
    assert float(returns["row"]) == pytest.approx((3 * 4 - 1 * 2) / 10)


def test_one_linear_program_gives_the_strategies_of_both_players() -> None:
    row, column = saddle_point(np.array([[3.0, -1.0], [-2.0, 4.0]]))
    assert row == pytest.approx([0.6, 0.4])
    assert column == pytest.approx([0.5, 0.5])
    payoff = np.random.default_rng(3).normal(size=(7, 4))
    row, column = saddle_point(payoff)
    assert (row @ payoff).min() == pytest.approx((payoff @ column).max(), abs=1e-9)  # minimax theorem


def test_payoffs_may_add_up_to_any_constant() -> None:
    table = np.array([[3.0, -1.0], [-2.0, 4.0]])
    solution = econsim.solve("normal_form", "zero_sum", payoffs=two_player(table, (10 - table).tolist()))
    assert mixes(solution)["row"] == pytest.approx([0.6, 0.4])
    assert solution.residuals["duality_gap"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("shape", [(7, 3), (2, 9), (12, 12)])
def test_random_games_have_no_gain_and_the_value_of_the_table(shape: tuple[int, int]) -> None:
    table = np.random.default_rng(3).normal(size=shape)
    payoffs = two_player(table)
    solution = econsim.solve("normal_form", "zero_sum", payoffs=payoffs)
    assert solution.certificate.upper == pytest.approx(0.0, abs=1e-9)
    game = NormalForm(Parameters.model_validate({"payoffs": payoffs}))
    returns = expected_returns(game, solution.agents)
    assert returns is not None
    assert float(returns["row"]) == pytest.approx(zero_sum(table).row_value, abs=1e-9)


def test_out_of_time_it_returns_what_it_has_with_the_gain_that_is_left() -> None:
    table = [[3.0, -1.0], [-2.0, 4.0]]
    solution = econsim.solve("normal_form", "zero_sum", time_limit=0.0, payoffs=two_player(table))
    assert solution.certificate.method == "enumerated"
    # Both mix equally: row is paid 1, and 1 by either option; column loses 1, and 0.5 by its first.
    assert mixes(solution) == {"row": [0.5, 0.5], "column": [0.5, 0.5]}
    assert solution.certificate.lower == solution.certificate.upper == pytest.approx(0.5)


def test_a_scenario_is_solved_by_name_and_loaded() -> None:
    by_name = econsim.solve("matching_pennies", solver={"kind": "zero_sum"})
    loaded = econsim.solve(econsim.load("matching_pennies"), solver="zero_sum", classic="rock_paper_scissors")
    assert mixes(by_name)["row"] == pytest.approx([0.5, 0.5])
    assert mixes(loaded)["row"] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("game", "solver", "parameters", "message"),
    [
        ("prisoners_dilemma", "zero_sum", {}, "not zero-sum: payoffs add up to 2 at some choices and to 6 at others"),
        ("one_step", "zero_sum", {}, "enumerable payoffs; OneStep is not such a game"),
        ("normal_form", "zero_sum", {"payoffs": {"player_1": [1, 2]}}, "expected two players; NormalForm has 1"),
        ("public_goods", "lemke_howson", {}, "two players; PublicGoods has 4; use the solver correlated"),
        ("kuhn", "correlated", {}, "enumerable payoffs; ExtensiveForm is .*; use the solver sequence_form"),
        ("soccer", "sequence_form", {}, "Tabular is not such a game; use the solver backward_induction"),
        ("prisoners_dilemma", "backward_induction", {}, "NormalForm is .*; use the solver vertex_enumeration"),
        ("matching_pennies", "zero_summ", {}, r"solvers: no kind 'zero_summ' \(did you mean zero_sum\?\)"),
        ("matching_pennies", {"kind": "zero_sum", "steps": 3}, {}, r"solver\.steps: unknown key"),
        ("matching_pennies", {"steps": 3}, {}, "expected a name or a mapping with a key 'kind'"),
        ("matching_pennis", "zero_sum", {}, "did you mean matching_pennies"),
    ],
)
def test_what_cannot_be_solved_is_said(game: str, solver: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.solve(game, solver, **parameters)


def test_no_player_can_be_fixed() -> None:
    solution = econsim.solve("matching_pennies", "zero_sum")
    with pytest.raises(UserError, match="both players are solved for; row cannot be fixed"):
        econsim.solve("matching_pennies", "zero_sum", {"row": solution.agents["row"]})


def test_a_certificate_has_its_bounds_in_order() -> None:
    with pytest.raises(ValueError, match="above the upper one"):
        Certificate(1.0, 0.5, "any", "none")
    assert Certificate(1.0, None, "any", "none").upper is None
