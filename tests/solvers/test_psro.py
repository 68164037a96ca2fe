"""Policy-space response oracles on Kuhn poker: the known value, gaps computed independently, and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.expected_play import expected_play, expected_returns
from econsim.game import Agent, Game
from econsim.information_tree import HasInformationTree
from econsim.learning import Solution
from econsim.solvers._tree_oracles import best_plan

KUHN = econsim.make("extensive_form", classic="kuhn")
SHORT = {"iterations": 8, "copies": 64, "follower": {"learning_rate": 0.02, "minibatches": 1}}


def solved(game: Game[Any] = KUHN, time_limit: float | None = None, **parameters: Any) -> Solution:
    from econsim.scenario.loading import solver_choice

    return solver_choice({"kind": "psro", **parameters}).build().solve(game, {}, time_limit)


def gains(agents: dict[str, Agent]) -> Any:
    expected = expected_play(KUHN, agents)
    assert expected is not None
    return (expected.best - expected.own).flatten()


def test_exact_oracles_reach_the_value_of_the_game() -> None:
    solution = solved()
    agents = dict(solution.agents)
    # Kuhn (1950): the value is -1/18; the linear program is solved to about 1e-9.
    assert float(expected_returns(KUHN, agents)["player_1"]) == pytest.approx(-1 / 18, abs=1e-9)
    assert float(gains(agents).max()) < 1e-6
    assert solution.certificate.upper == pytest.approx(solution.residuals["gap"], abs=1e-9)
    assert solution.residuals["policies"] < 64  # each player has 64 pure strategies


@pytest.mark.parametrize(
    ("meta_solver", "iterations", "gap"), [("nash", 3, 0.3), ("uniform", 100, 0.05), ("alpha_rank", 20, 0.1)]
)
def test_the_gap_falls_under_each_meta_solver(meta_solver: str, iterations: int, gap: float) -> None:
    solution = solved(meta_solver=meta_solver, iterations=iterations)
    largest = float(gains(dict(solution.agents)).max())
    assert largest == pytest.approx(solution.residuals["gap"], abs=1e-9)
    assert 0 < largest < gap  # uniform play, where all begin, has 13/24
    assert any(f"Stopped after {solution.residuals['iterations']:.0f} iterations" in note for note in solution.notes)


def test_policies_that_ppo_trains_lower_the_gap() -> None:
    solution = solved(oracle="ppo", iterations=1, training=SHORT, hidden=[16])
    assert solution.residuals["policies"] == 4
    assert float(gains(dict(solution.agents)).max()) < 13 / 24 - 0.01


def test_three_players_are_mixed_by_other_meta_solvers() -> None:
    game = econsim.make("extensive_form", classic="kuhn", players=3)
    with pytest.raises(UserError, match="nash is for two players, and this game has 3; use uniform or alpha_rank"):
        solved(game)
    solution = solved(game, meta_solver="uniform", iterations=10)
    assert solution.certificate.upper == pytest.approx(solution.residuals["gap"], abs=1e-9)


def test_a_game_without_constant_sum_ends_at_an_equilibrium_of_the_meta_game() -> None:
    solution = solved(econsim.make("extensive_form", classic="ultimatum", units=3))
    assert solution.certificate.upper == pytest.approx(0.0, abs=1e-9)


def test_the_best_mixture_is_returned_at_the_time_limit() -> None:
    solution = solved(time_limit=0.0)
    assert solution.residuals["iterations"] == 0
    assert solution.certificate.upper == pytest.approx(13 / 24)


def test_a_game_without_information_sets_is_refused() -> None:
    with pytest.raises(UserError, match="psro: expected a game whose information sets can be listed"):
        solved(econsim.make("normal_form", classic="chicken"))


def test_the_best_plan_has_the_best_value() -> None:
    assert isinstance(KUHN, HasInformationTree)
    tree = KUHN.information_tree()
    draws = np.random.default_rng(0)
    for player, own in enumerate(tree.players):
        others = [other.plan(draws.random(len(other.option)) * other.uniform) for other in tree.players]
        gradient = tree.gradient(player, others)
        assert float(gradient @ best_plan(own, gradient)) == pytest.approx(own.best_value(gradient), abs=1e-12)
