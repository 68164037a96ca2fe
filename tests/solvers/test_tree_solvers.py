"""Solvers of games of several moves: published values and gaps, the compiled and the plain iterations, and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.expected_play import expected_returns
from econsim.game import Game
from econsim.information_tree import HasInformationTree, InformationTree
from econsim.learning import Solution
from econsim.solvers._counterfactual import VARIANTS, PlainIterations, Variant
from econsim.solvers._counterfactual_kernels import CompiledIterations


def game_of(**parameters: Any) -> Game[Any]:
    return econsim.make("extensive_form", **parameters)


def tree_of(**parameters: Any) -> InformationTree:
    game = game_of(**parameters)
    assert isinstance(game, HasInformationTree)
    return game.information_tree()


def exploitability(tree: InformationTree, iterations: PlainIterations | CompiledIterations) -> float:
    plans = iterations.averages()
    return float((tree.best_values(plans) - tree.values(plans)).mean())


# Exploitability after 10, 100 and 1000 iterations of OpenSpiel's solvers, to the digits that it was measured to.
PUBLISHED: list[tuple[str, Variant, tuple[float, ...], float]] = [
    ("kuhn", "vanilla", (6.87e-2, 8.23e-3, 9.38e-4), 1e-3),
    ("kuhn", "plus", (3.27e-2, 1.19e-3, 8.74e-5), 4e-3),
    ("leduc", "vanilla", (0.889, 9.57e-2, 1.18e-2), 3e-3),
    ("leduc", "plus", (0.610, 1.34e-2, 2.57e-4), 3e-3),
]


@pytest.mark.parametrize(("classic", "variant", "gaps", "tolerance"), PUBLISHED)
def test_the_gap_falls_as_published(classic: str, variant: Variant, gaps: tuple[float, ...], tolerance: float) -> None:
    tree, done = tree_of(classic=classic), 0
    process = CompiledIterations(tree, variant)
    for number, gap in zip((10, 100, 1000), gaps, strict=True):
        process.run(done + 1, number)
        done = number
        assert exploitability(tree, process) == pytest.approx(gap, rel=tolerance)


@pytest.mark.parametrize(("variant", "gap"), [("vanilla", 1.13e-4), ("plus", 9.63e-6)])
def test_ten_thousand_iterations_of_kuhn_poker_have_the_published_gap(variant: Variant, gap: float) -> None:
    tree = tree_of(classic="kuhn")
    process = CompiledIterations(tree, variant)
    process.run(1, 10_000)
    assert exploitability(tree, process) == pytest.approx(gap, rel=5e-3)  # three digits are published


def test_discounted_and_linear_averages_fall_as_published() -> None:
    tree = tree_of(classic="kuhn")
    gaps: dict[Variant, float] = {"discounted": 1.67e-3, "linear": 1.09e-3}
    for variant, gap in gaps.items():
        process = CompiledIterations(tree, variant)
        process.run(1, 100)
        assert exploitability(tree, process) == pytest.approx(gap, rel=4e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_compiled_iterations_are_the_plain_ones(variant: Variant) -> None:
    tree = tree_of(classic="kuhn", players=3)
    plain, compiled = PlainIterations(tree, variant), CompiledIterations(tree, variant)
    for process in (plain, compiled):
        process.run(1, 7)
        process.run(8, 20)
    for one, other in zip(plain.averages(), compiled.averages(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def returns(game: Game[Any], solution: Solution) -> list[float]:
    expected = expected_returns(game, solution.agents)
    assert expected is not None
    return [float(value) for value in expected.values()]


@pytest.mark.parametrize(("classic", "value"), [("kuhn", -1 / 18), ("leduc", -0.085606424078), ("goofspiel", 0.0)])
def test_the_linear_program_finds_the_value_of_the_game(classic: str, value: float) -> None:
    solution = econsim.solve("extensive_form", classic=classic)  # by default
    assert solution.residuals["value"] == pytest.approx(value, abs=1e-12)
    assert returns(game_of(classic=classic), solution) == pytest.approx([value, -value], abs=1e-9)
    assert solution.certificate.upper == pytest.approx(0.0, abs=1e-9)
    assert solution.certificate.method == "tree"


def test_the_linear_program_solves_games_of_constant_sum() -> None:
    efg = 'EFG 2 R "" { "a" "b" }\np "" 1 1 "" { "x" "y" } 0\n' + "".join(
        f'p "" 2 1 "" {{ "x" "y" }} 0\nt "" {n} "" {{ {row} {10 - row} }}\nt "" {n + 1} "" {{ {other} {10 - other} }}\n'
        for n, (row, other) in zip((1, 3), ((3, -1), (-2, 4)), strict=True)
    )
    solution = econsim.solve("extensive_form", "sequence_form", efg=efg)
    assert solution.residuals["value"] == pytest.approx(1.0)  # (3 * 4 - (-1)(-2)) / (3 + 4 + 1 + 2)
    probabilities = solution.agents["a"].parameters.probabilities  # type: ignore[attr-defined]
    assert probabilities["1"] == pytest.approx({"x": 0.6, "y": 0.4})


def test_regret_minimisation_stops_at_the_gap_and_its_agents_have_it() -> None:
    solution = econsim.solve("extensive_form", {"kind": "counterfactual_regret", "gap": 1e-3}, classic="kuhn")
    assert solution.residuals["exploitability"] <= 1e-3
    assert solution.certificate.upper is not None
    assert solution.certificate.upper <= 2 * solution.residuals["exploitability"] + 1e-12  # the sum of two gains
    assert solution.notes == ()
    # All equilibria of Kuhn poker: bets with K are three times those with J, calls with Q a third more.
    first = solution.agents["player_1"].parameters.probabilities  # type: ignore[attr-defined]
    share = first["J"]["bet"]
    assert 0 <= share <= 1 / 3 + 0.02
    assert first["K"]["bet"] == pytest.approx(3 * share, abs=0.05)
    assert first["Q pass bet"]["bet"] == pytest.approx(share + 1 / 3, abs=0.05)


def test_out_of_iterations_or_time_it_says_so() -> None:
    solution = econsim.solve("extensive_form", {"kind": "counterfactual_regret", "iterations": 3}, classic="kuhn")
    assert solution.notes == ("Stopped after 3 iterations, above the gap of 0.0001 asked for.",)
    at_once = econsim.solve("extensive_form", "counterfactual_regret", time_limit=0.0, classic="kuhn")
    assert at_once.residuals == {"exploitability": pytest.approx(11 / 24), "iterations": 0}
    unsolved = econsim.solve("extensive_form", "sequence_form", time_limit=0.0, classic="kuhn")
    assert unsolved.notes[0].startswith("The time limit was reached first")


def test_three_players_are_solved_with_a_certificate_and_a_warning() -> None:
    settings = {"kind": "counterfactual_regret", "gap": 0.01}
    solution = econsim.solve("extensive_form", settings, classic="kuhn", players=3)
    assert solution.certificate.upper is not None
    assert solution.certificate.upper <= 0.03
    assert "need not approach equilibrium" in solution.notes[0]
    with pytest.raises(UserError, match="use the solver counterfactual_regret"):
        econsim.solve("extensive_form", "sequence_form", classic="kuhn", players=3)


def test_other_games_are_refused() -> None:
    for solver in ("counterfactual_regret", "sequence_form"):
        with pytest.raises(UserError, match=f"{solver}: expected a game whose information sets can be listed"):
            econsim.solve("matching_pennies", solver)
    with pytest.raises(UserError, match="use the solver sequence_form"):
        econsim.solve("extensive_form", "vertex_enumeration", classic="kuhn")
