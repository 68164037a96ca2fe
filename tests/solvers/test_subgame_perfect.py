"""Backward induction on game trees: closed forms of agenda setting, every subgame, chance, and hidden moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import econsim
from econsim.errors import UserError
from econsim.expected_play import expected_returns
from econsim.learning import Solution
from econsim.solvers import default_solver
from econsim.solvers.subgame_perfect import Parameters, SubgamePerfect

# Nature draws 0 or 1; player 1 sees it and moves; player 2 sees both and moves.
WITH_CHANCE = """EFG 2 R "chance" { "a" "b" }
c "" 1 "" { "low" 1/4 "high" 3/4 } 0
p "" 1 1 "low" { "in" "out" } 0
p "" 2 1 "low in" { "l" "r" } 0
t "" 1 "" { 1, 2 }
t "" 2 "" { 5, 1 }
t "" 3 "" { 2, 0 }
p "" 1 2 "high" { "in" "out" } 0
p "" 2 2 "high in" { "l" "r" } 0
t "" 4 "" { 0, 0 }
t "" 5 "" { 4, 3 }
t "" 6 "" { 2, 0 }
"""


def solved(**parameters: Any) -> tuple[Any, Solution]:
    game = econsim.make("agenda", **parameters)
    return game, SubgamePerfect(Parameters()).solve(game, {})


def played(solution: Solution, player: str) -> dict[str, str]:
    strategy: Any = solution.agents[player]
    return {name: max(shares, key=shares.get) for name, shares in strategy.parameters.probabilities.items()}


@pytest.mark.parametrize(
    ("quo", "voter", "setter", "adopted"),
    [
        (0.2, 0.5, 1.0, 0.8),  # 2 v - q
        (0.1, 0.5, 0.7, 0.7),  # the setter's own ideal point
        (0.6, 0.4, 1.0, 0.6),  # the status quo is better for the setter than all that the voter accepts
        (0.9, 0.4, 1.0, 0.9),
        (0.0, 0.5, 0.3, 0.3),
    ],
)
def test_the_setter_gets_what_romer_and_rosenthal_say(quo: float, voter: float, setter: float, adopted: float) -> None:
    game, solution = solved(status_quo=quo, voters=[voter], setter=setter)
    returns = expected_returns(game, solution.agents)
    assert returns is not None
    assert float(returns["setter"]) == pytest.approx(-abs(adopted - setter), abs=1e-12)
    assert float(returns["voter_1"]) == pytest.approx(-abs(adopted - voter), abs=1e-12)
    assert solution.certificate.upper == pytest.approx(0.0, abs=1e-12)


def closed_form(policies: list[float], quo: float, setter: float, amender: float, voters: list[float]) -> float:
    """Return the policy that sophisticated majorities adopt, by comparing final results only."""

    def passes(new: float, old: float) -> bool:
        return 2 * sum(round(abs(new - v), 9) <= round(abs(old - v), 9) for v in voters) > len(voters)

    def result(policy: float) -> float:
        return policy if passes(policy, quo) else quo

    def amended(proposal: float) -> float:
        ends = [result(a) if passes(result(a), result(proposal)) else result(proposal) for a in policies]
        return min(ends, key=lambda end: round(abs(end - amender), 9))

    return min(map(amended, policies), key=lambda end: round(abs(end - setter), 9))


@pytest.mark.parametrize(("amender", "quo"), [(0.0, 0.0), (0.0, 0.7), (0.5, 1.0), (1.0, 0.2), (1.0, 0.4)])
def test_proposal_amendment_and_votes_adopt_the_sophisticated_result(amender: float, quo: float) -> None:
    policies, voters = [0.0, 0.4, 1.0], [0.25, 0.6, 0.9]
    game, solution = solved(policies=policies, status_quo=quo, setter=0.8, amender=amender, voters=voters)
    adopted = closed_form(policies, quo, 0.8, amender, voters)
    returns = expected_returns(game, solution.agents)
    assert returns is not None
    for name, ideal in {"setter": 0.8, "amender": amender, "voter_2": 0.6}.items():
        assert float(returns[name]) == pytest.approx(-abs(adopted - ideal), abs=1e-12)
    assert solution.certificate.upper == pytest.approx(0.0, abs=1e-12)


def test_the_voter_accepts_and_rejects_in_every_subgame_not_only_on_the_path() -> None:
    game, solution = solved(status_quo=0.2, voters=[0.5])
    assert default_solver(game) == "subgame_perfect"
    accepted = {name for name, vote in played(solution, "voter_1").items() if vote == "yes"}
    assert accepted == {f"proposal {p:g} final {p:g}" for p in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)}


def test_a_game_with_chance_is_solved_by_hand(tmp_path: Any) -> None:
    path = tmp_path / "chance.efg"
    path.write_text(WITH_CHANCE)
    solution = econsim.solve("extensive_form", file=str(path))
    assert played(solution, "a") == {"low": "out", "high": "in"}
    assert played(solution, "b") == {"low in": "l", "high in": "r"}
    returns = expected_returns(econsim.make("extensive_form", file=str(path)), solution.agents)
    assert returns is not None
    assert [float(value) for value in returns.values()] == pytest.approx([0.25 * 2 + 0.75 * 4, 0.75 * 3])


@pytest.mark.parametrize("classic", ["kuhn", "goofspiel"])
def test_hidden_moves_are_an_error_that_names_another_solver(classic: str) -> None:
    with pytest.raises(UserError, match="expected a game in which players observe all earlier moves"):
        econsim.solve("extensive_form", "subgame_perfect", classic=classic)


def test_a_time_limit_leaves_the_rest_to_uniform_play() -> None:
    game = econsim.make("agenda")
    solution = SubgamePerfect(Parameters()).solve(game, {}, time_limit=0.0)
    assert "information sets unsolved" in solution.notes[0]
    assert solution.certificate.lower > 0.01
    assert expected_returns(game, solution.agents) is not None


def test_too_large_an_agenda_says_how_large_it_may_be() -> None:
    with pytest.raises(UserError, match="expected at most 100,000 ends, found"):
        econsim.make("agenda", policies=list(np.linspace(0, 1, 101)), amender=0.0, voters=[0.2, 0.5, 0.8])
    with pytest.raises(UserError, match="policies: expected different positions"):
        econsim.make("agenda", policies=[0.5, 0.5])


def test_prompts_say_the_rules_with_the_player_s_ideal_point() -> None:
    game = econsim.make("agenda", policies=[0.0, 1.0], amender=0.0, loss="quadratic")
    assert "square of the distance" in game.briefing("amender")["page"]  # type: ignore[attr-defined]
