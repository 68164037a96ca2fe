"""Four rooms: slips, outcomes and ends as stated, and the exact dynamic program against plain Python and play."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.value_iteration import Parameters as Values
from econsim.agents.value_iteration import ValueIteration
from econsim.errors import UserError
from econsim.games.four_rooms import FourRooms, Parameters, State
from econsim.markov import soft_policy
from econsim.planners.search import Parameters as SearchParameters
from econsim.planners.search import Search
from econsim.play import HeldAction, play
from econsim.scenario import load
from econsim.solvers.value_iteration import Parameters as Program
from econsim.solvers.value_iteration import ValueIteration as DynamicProgram
from econsim.testing import check_game
from econsim.text.observations import acting_players, seen_by
from econsim.text.role_text import RoleText

ROOT = Path(__file__).resolve().parents[2]
UP, DOWN, LEFT, RIGHT = range(4)
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # in this order
SMALL = """
#######
#S.#.G#
#..D..#
#..##.#
#T...D#
#######
"""
HORIZON, COST, TEMPERATURE = 30, 0.3, 0.02
INNER = {"kind": "four_rooms", "map": SMALL, "slip": 0.2, "horizon": HORIZON, "discount": 0.95}
TARGET = {"paid": {"player": ["reach target"]}, "lowest": 0.0, "highest": 1.0, "budget": 1.0, "cost_of_funds": COST}


def rooms(**parameters: Any) -> FourRooms:
    return FourRooms(Parameters(**{"map": SMALL, "slip": 0.0, **parameters}))


def cell(row: int, column: int) -> int:
    return 7 * row + column


def walked(game: FourRooms, *moves: int) -> tuple[State, list[list[float]]]:
    """Return the state after moves of one player, and the outcomes of each step."""
    state, outcomes = game.reset(random.keys(0, 1)), []
    for move in moves:
        done = game.step(state, {"player": torch.tensor([[move]])})
        outcomes.append(game.outcomes(state, done.state)["player"][0, 0].tolist())
        state = done.state
    return state, outcomes


def test_it_keeps_every_promise_of_a_game() -> None:
    game = rooms(players=3, slip=0.5, pooled_share=0.5, horizon=4)
    assert [check for check in check_game(game, steps=4) if not check.passed] == []


def test_outcomes_are_doors_entered_the_first_visit_and_the_arrival() -> None:
    game = rooms()
    assert game.outcome_labels("player") == ("enter door 1", "enter door 2", "reach target", "reach goal")
    state, outcomes = walked(game, DOWN, DOWN, DOWN, UP, DOWN, UP, UP, RIGHT, RIGHT, UP, RIGHT, UP)
    assert [step for step, found in enumerate(outcomes) if found[2]] == [2]  # the first of two visits
    assert [step for step, found in enumerate(outcomes) if found[0]] == [8]  # blocked above the door, it does not count
    assert sum(found[1] for found in outcomes) == 0
    assert state.position.item() == cell(1, 4)
    done = game.step(state, {"player": torch.tensor([[RIGHT]])})
    assert (done.rewards["player"].item(), done.terminated.item(), done.truncated.item()) == (1.0, True, False)
    after = game.step(done.state, {"player": torch.tensor([[LEFT]])})
    assert (after.rewards["player"].item(), after.state.position.item()) == (0.0, cell(1, 5))


def test_a_player_slips_in_each_other_direction_alike() -> None:
    game, copies = rooms(map="#####\n#...#\n#.S.#\n#.TG#\n#####", slip=0.3), 4000
    state = game.reset(random.keys(3, copies))
    after = game.step(state, {"player": torch.zeros(copies, 1, dtype=torch.int64)}).state.position
    share = [float((after == place).double().mean()) for place in (7, 17, 11, 13)]
    assert share == pytest.approx([0.7, 0.1, 0.1, 0.1], abs=4 * (0.3 * 0.7 / copies) ** 0.5)  # four standard errors


def moved(place: tuple[int, int], move: int) -> tuple[int, int]:
    row, column = (place[0] + (-1, 1, 0, 0)[move], place[1] + (0, 0, -1, 1)[move])
    return place if SMALL.strip().splitlines()[row][column] == "#" else (row, column)


def in_plain_python(payment: float) -> tuple[float, float]:
    """Return the returns of planner and player in the small map, by the stated equations and loops over its cells."""
    rows, discount, slip = SMALL.strip().splitlines(), 0.95, 0.2
    sign = {(r, c): mark for r, row in enumerate(rows) for c, mark in enumerate(row) if mark != "#"}
    states = [(place, been) for place in sign for been in (False, True)]

    def steps(state: tuple[tuple[int, int], bool], choice: int) -> Any:
        """Yield probability, next state, arrival and first visit."""
        for move in range(4):
            place = moved(state[0], move)
            visit = sign[place] == "T" and not state[1]
            yield (1 - slip if move == choice else slip / 3), (place, state[1] or visit), sign[place] == "G", visit

    def worth(values: dict[Any, float], state: Any, choice: int) -> float:
        return sum(
            p * (arrives + payment * visits + discount * values[after])
            for p, after, arrives, visits in steps(state, choice)
        )

    values, policy = dict.fromkeys(states, 0.0), {}
    for _ in range(250):
        found = dict(values)
        for state in states:
            if sign[state[0]] != "G":
                scaled = [math.exp(worth(values, state, choice) / TEMPERATURE) for choice in range(4)]
                policy[state] = [each / sum(scaled) for each in scaled]
                found[state] = TEMPERATURE * math.log(sum(scaled) / 4)
        values = found
    law, planner, player = {((1, 1), False): 1.0}, 0.0, 0.0
    for time in range(1, HORIZON + 1):
        following: dict[Any, float] = {}
        for state, mass in law.items():
            for choice, chosen in enumerate(policy[state]):
                for p, after, arrives, visits in steps(state, choice):
                    weight = mass * chosen * p
                    planner += discount**time * weight * (arrives + (1.0 - COST * payment) * visits)
                    player += discount**time * weight * (arrives + payment * visits)
                    if not arrives:
                        following[after] = following.get(after, 0.0) + weight
        law = following
    return planner, player


@pytest.fixture(scope="module")
def exact() -> dict[str, Tensor]:
    """Returns by payment in hundredths, by the program of the benchmark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        benchmark = import_module("four_rooms")
    scenario = load("four_rooms_planner", {f"game.game.{key}": value for key, value in INNER.items()})
    found: dict[str, Tensor] = benchmark.returns(scenario, torch.arange(101, dtype=torch.float64) / 100, TEMPERATURE)
    return found


@pytest.mark.parametrize("cents", [0, 35])
def test_the_dynamic_program_agrees_with_plain_python(exact: dict[str, Tensor], cents: int) -> None:
    planner, player = in_plain_python(cents / 100)
    assert float(exact["planner"][cents]) == pytest.approx(planner, abs=1e-6)
    assert float(exact["player"][cents]) == pytest.approx(player, abs=1e-6)


def players() -> dict[str, Any]:
    return {"player": ValueIteration(Values(temperature=TEMPERATURE))}


def test_play_agrees_with_the_dynamic_program(exact: dict[str, Tensor]) -> None:
    game, copies = econsim.make("incentives", game=INNER, **TARGET), 1500
    payments = torch.tensor([0.0, 0.35]).repeat_interleave(copies)[:, None]
    episode = play(game, {**players(), "planner": HeldAction(payments)}, random.keys(1, 2 * copies))
    for role in ("planner", "player"):
        for returns, cents in zip(episode.returns[role][:, 0].split(copies), (0, 35), strict=True):
            error = float(returns.std()) / copies**0.5
            assert abs(float(returns.mean() - exact[role][cents])) < 4 * error


def test_a_search_finds_the_best_payment(exact: dict[str, Tensor]) -> None:
    game = econsim.make("incentives", game=INNER, **TARGET)
    planner = Search(SearchParameters(method="coordinate", starts=1, episodes=64, finest_step=0.05))
    planner.fit(game, game.roles["planner"], players(), 3, MemoryRecorder())
    payment = float(planner.action(game, game.roles["planner"]))
    best, nothing = float(exact["planner"].max()), float(exact["planner"][0])
    assert 0.0 < payment < 1.0
    # Its 64 episodes have a standard error of 0.03 of the return, of which the difference of two payments has a part.
    assert float(exact["planner"][round(100 * payment)]) > best - 0.03 > nothing + 0.1


def test_the_headlines_are_those_of_the_committed_program() -> None:
    result = json.loads((ROOT / "benchmarks" / "results" / "four_rooms.json").read_text("utf-8"))["result"]
    alone, planned = load("four_rooms").headline, load("four_rooms_planner").headline
    rows = result["by_payment"]
    best = rows[f"{result['best_payment']:g}"]
    assert alone is not None
    assert alone.value == pytest.approx(rows["0"]["without_payment"], abs=0.001)
    assert planned is not None
    assert planned.value == pytest.approx(best["planner"], abs=0.001)
    assert best["planner"] - rows["0"]["planner"] > 4 * planned.tolerance


def test_language_models_see_the_map() -> None:
    game = rooms()
    seen = game.observe(game.reset(random.keys(0, 1)))["player"]
    text = RoleText(game, game.roles["player"])
    question = [re.sub(" +", " ", line) for line in text.question(seen_by(seen, acting_players(seen))[0]).splitlines()]
    assert "w y . w . g w" in [line.strip() for line in question]
    assert "slip" in text.rules


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"map": "SGTx"}, "row 1: expected the signs . # S G T D, found 'x'"),
        ({"map": "SG.."}, "expected at least one cell with T, a target"),
        ({"slip": 1.5}, "slip: expected at most 1, found 1.5"),
    ],
)
def test_a_mistake_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        econsim.make("four_rooms", **given)


def test_value_iteration_needs_decision_problems() -> None:
    game = econsim.load("public_goods").game.build()
    with pytest.raises(UserError, match="PublicGoods lists no decision problems of its players; use four_rooms"):
        players()["player"].start(game, game.roles["player"], 1)


def test_copies_with_other_slips_have_the_policies_of_games_of_their_own() -> None:
    slips = torch.tensor([0.1, 0.4], dtype=torch.float64)
    both, key = rooms(discount=0.9).with_parameters(slip=slips), random.keys(0, 2)
    agent = ValueIteration(Values(temperature=0.1))
    together, _ = agent.policy(both.observe(both.reset(key))["player"], agent.start(both, both.roles["player"], 2))
    for copy, slip in enumerate(slips.tolist()):
        one = rooms(discount=0.9, slip=slip)
        seen = one.observe(one.reset(key[copy : copy + 1]))["player"]
        alone, _ = agent.policy(seen, agent.start(one, one.roles["player"], 1))
        torch.testing.assert_close(together.probabilities[copy], alone.probabilities[0], rtol=0, atol=1e-8)


def test_values_that_do_not_converge_are_an_error() -> None:
    game = rooms(discount=1.0)
    problem = game.decisions("player", game.observe(game.reset(random.keys(0, 1)))["player"])
    with pytest.raises(UserError, match="value iteration did not converge: after 3 sweeps"):
        soft_policy(problem, TEMPERATURE, most=3)


@pytest.mark.parametrize("payment", [None, "0.4"])
def test_solve_agrees_with_the_forward_program_of_the_benchmark(payment: str | None) -> None:
    # The benchmark carries the law of the state forward, the solver carries values backward. With a planner, the
    # announcement takes one step, which discounts the player's return; the benchmark states four digits.
    rows = json.loads((ROOT / "benchmarks/results/four_rooms.json").read_text())["result"]["by_payment"]
    scenario = load("four_rooms" if payment is None else "four_rooms_planner")
    game = scenario.build_game()
    if payment is not None:
        game = game.announced_game(torch.tensor([float(payment)], dtype=torch.float64))  # type: ignore[attr-defined]
    solution = DynamicProgram(Program()).solve(game, {})
    own = {entry.name: entry.value for entry in solution.quantities if entry.group == "player, value_iteration"}
    stated = rows["0"]["without_payment"] if payment is None else rows[payment]["player"] / 0.99
    assert own["expected return"] == pytest.approx(stated, abs=1e-4)
    best = {entry.name: entry.value for entry in solution.quantities if entry.group == "player, best policy"}
    gain = best["expected return"] - own["expected return"]
    assert gain > 0.01  # a temperature of 0.005 costs more than that on a way of 12 steps and more
    assert solution.certificate.lower == solution.certificate.upper == pytest.approx(gain)
    colder = DynamicProgram(Program(temperature=1e-5)).solve(game, {}).certificate.upper
    assert colder is not None
    assert colder < 1e-4  # the softly optimal policy becomes optimal


def test_the_best_policy_on_a_small_map_is_that_of_plain_python() -> None:
    rows = ["#####", "#S.G#", "#.T.#", "#####"]
    game = econsim.make("four_rooms", map="\n".join(rows), slip=0.3, horizon=6, discount=0.9)

    @cache
    def worth(time: int, row: int, column: int) -> float:
        if time == 6 or rows[row][column] == "G":
            return 0.0
        values = []
        for chosen in range(4):
            value = 0.0
            for turn, (down, right) in enumerate(STEPS):
                to = (row + down, column + right)
                to = (row, column) if rows[to[0]][to[1]] == "#" else to
                chance = 0.7 if turn == chosen else 0.1
                value += chance * ((rows[to[0]][to[1]] == "G") + 0.9 * worth(time + 1, *to))
            values.append(value)
        return max(values)

    solution = DynamicProgram(Program()).solve(game, {})
    best = next(entry.value for entry in solution.quantities if entry.group == "player, best policy")
    assert best == pytest.approx(worth(0, 1, 1), abs=1e-12)
