"""The blocks about games: payoffs with best responses, equilibria with welfare, graphs, trees, and what is left out."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest

import econsim
from econsim.agents import mixed_strategy
from econsim.game import Game
from econsim.report.games import blocks_of_game
from econsim.report.games.blocks import Block
from econsim.report.games.payoffs import payoff_block
from econsim.report.games.play import Play
from econsim.report.games.player_types import rows_by_type
from econsim.report.games.response_graph import graph_block
from econsim.report.games.solving import Solved, solved
from econsim.report.games.welfare import welfare_block
from econsim.report.references import in_words
from econsim.solvers import _pace, sequence_form, vertex_enumeration

NOTHING = Solved(None, "", ())


def uniform(game: Game[Any]) -> Play:
    agents = {name: mixed_strategy.MixedStrategy(mixed_strategy.Parameters()) for name in game.roles}
    return Play(agents, "players who choose equally", "played")


def blocks_of(game: Game[Any], beside: Solved | None = None) -> dict[str, Block]:
    return {block.title: block for block in blocks_of_game(game, uniform(game), beside)}


def texts(block: Block) -> list[list[str]]:
    return [[label, *(", ".join(part.text for part in cell.parts) for cell in cells)] for label, cells in block.rows]


def test_a_bimatrix_marks_best_responses_and_the_equilibrium() -> None:
    blocks = blocks_of(econsim.make("normal_form", classic="prisoners_dilemma"))
    payoffs = blocks["Payoffs"]
    assert texts(payoffs) == [["cooperate", "3, 3", "0, 5"], ["defect", "5, 0", "1, 1"]]
    cells = [cell for _, row in payoffs.rows for cell in row]
    assert [[part.best for part in cell.parts] for cell in cells] == [
        [False] * 2,
        [False, True],
        [True, False],
        [True] * 2,
    ]
    assert [cell.equilibrium for cell in cells] == [False, False, False, True]
    assert texts(blocks["Play and best responses"]) == [["row", "2.25", "3", "0.75"], ["column", "2.25", "3", "0.75"]]
    assert texts(blocks["Equilibria"])[0][:3] == ["1", "defect", "defect"]
    welfare = {row[0]: row[1:] for row in texts(blocks["Welfare in equilibrium"])}
    assert welfare["coarse correlated equilibria"] == ["2", "2", "3", "3"]
    assert welfare["played"][0] == "4.5"
    assert blocks["Best-response graph"].figure is not None


def test_an_equilibrium_beside_play_does_not_depend_on_the_speed_of_the_machine(monkeypatch: Any) -> None:
    hours = count(0.0, 3600.0)
    for module in (sequence_form, vertex_enumeration, _pace):
        monkeypatch.setattr(module, "monotonic", lambda: next(hours))  # an hour passes between any two looks
    shown = solved(econsim.make("extensive_form", classic="kuhn"))
    assert shown.label == "equilibrium"
    assert "left out" not in " ".join(blocks_of(econsim.make("normal_form", classic="chicken"))["Equilibria"].notes)
    assert len(blocks_of(econsim.make("normal_form", classic="chicken"))["Equilibria"].rows) == 3


def test_games_that_are_too_large_for_a_report_say_so() -> None:
    large = econsim.make("normal_form", random={"options": 13, "seed": 1})
    assert "13 by 13 options are too many to search" in " ".join(blocks_of(large)["Equilibria"].notes)
    long = econsim.make("tabular", repeats="prisoners_dilemma", horizon=30_000)
    assert "No equilibrium is shown beside it: 1,200,000 payoffs are more than a report solves" in solved(long).notes[0]


def test_prices_of_costs_are_those_of_pigou() -> None:
    blocks = blocks_of(econsim.make("congestion", drivers=10))
    welfare = {row[0]: row[1:] for row in texts(blocks["Welfare in equilibrium"])}
    assert welfare["pure Nash equilibria"][:3] == ["-10", "-9.1", "1.333"]
    assert [row[1:] for row in texts(blocks["Equilibria"])] == [
        ["country_road 1, motorway 9", "country_road -1, motorway -0.9", "-9.1", "10"],
        ["motorway 10", "motorway -1", "-10", "1"],
    ]
    assert blocks["Schelling diagram"].figure is not None
    assert [row[0] for row in texts(blocks["Play and best responses"])] == ["each of 10 drivers"]


def test_many_players_have_rows_instead_of_columns() -> None:
    # Six players who are paid 1 each for an option that exactly one of them may choose in any equilibrium: the first
    # gains from it whatever others do, the others only where the first does not choose it.
    players = [f"player_{number}" for number in range(1, 7)]
    chosen = np.indices((2,) * 6)
    paid = {name: chosen[place] * (1.0 if place == 0 else 1.0 - 2.0 * chosen[0]) for place, name in enumerate(players)}
    game = econsim.make("normal_form", payoffs={name: table.tolist() for name, table in paid.items()})
    block = blocks_of(game)["Equilibria"]
    assert block.header == ("", "player", "strategy", "payoff")
    assert texts(block) == [
        ["1", "player_1", "1", "1"],
        *(["", name, "0", "0"] for name in players[1:]),
        ["", "total", "", "1"],
    ]


def test_players_of_one_type_share_a_row() -> None:
    game = econsim.make("congestion", drivers=6)
    rows = rows_by_type(game, 1, ["motorway"] * 4 + ["country_road"] * 2, [-0.5] * 4 + [-1.0] * 2, "largest gain 0")
    assert rows == [
        ["1", "driver, 4 of 6", "motorway", "-0.5"],
        ["", "driver, 2 of 6", "country_road", "-1"],
        ["", "total", "largest gain 0", "-4"],
    ]


@pytest.mark.parametrize(("options", "table", "figure"), [(3, True, False), (20, False, True), (70, False, False)])
def test_many_options_are_a_heat_map_and_too_many_are_left_out(options: int, table: bool, figure: bool) -> None:
    payoffs = np.random.default_rng(0).normal(size=(2, options, options))
    names = [list(map(str, range(options)))] * 2
    block = payoff_block(payoffs, ("row", "column"), names)
    assert (bool(block.rows), block.figure is not None) == (table, figure)
    assert any("70 by 70 options are too many" in note for note in block.notes) == (options == 70)
    graph = graph_block(payoffs, ("row", "column"), names)
    assert (graph.figure is not None) == (options == 3)
    assert any("too many to be drawn" in note for note in graph.notes) == (options > 3)


def test_constant_welfare_and_welfare_without_prices_are_said() -> None:
    pennies = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    assert "welfare is constant" in welfare_block(pennies, [0.0], True, {}).notes[0]
    mixed = np.array([[[1.0, -3.0], [0.0, 0.0]], [[1.0, 0.0], [-3.0, 0.0]]])
    assert any("no prices" in note for note in welfare_block(mixed, [0.0, 2.0], True, {}).notes)


def test_a_tree_is_drawn_beside_its_strategies_and_their_reach() -> None:
    blocks = blocks_of(econsim.make("extensive_form", classic="kuhn"))
    assert blocks["Game tree"].figure is not None
    strategies = blocks["Strategies by information set"]
    assert strategies.header == ("player", "information set", "reached", "played", "equilibrium")
    rows = {row[1]: row for row in texts(strategies)}
    assert rows["J pass bet"][2:4] == ["0.0833", "pass 0.5, bet 0.5"]
    assert rows["K bet"] == ["player_2", "K bet", "0.167", "pass 0.5, bet 0.5", "bet"]
    assert any("sequence_form" in note for note in strategies.notes)


def test_a_large_tree_says_what_is_left_out() -> None:
    blocks = blocks_of(econsim.make("extensive_form", classic="leduc"), NOTHING)
    assert "too large to be drawn" in blocks["Game tree"].notes[0]
    strategies = blocks["Strategies by information set"]
    assert len(strategies.rows) == 40
    assert "Of 288 information sets, the 40" in strategies.notes[0]


def test_a_markov_game_shows_its_first_round_and_the_states_that_are_reached() -> None:
    blocks = blocks_of(econsim.make("tabular", classic="soccer"), NOTHING)
    assert len(blocks["Payoffs of the first round"].rows) == 5
    states = blocks["Strategies by state"]
    assert texts(states)[0][4:] == ["all equally", "all equally"]
    assert len(states.rows) == 12


def test_accents_of_latex_are_letters() -> None:
    assert (
        in_words("@article{a, author={G{\\\"u}th, Werner and Herv{\\'e}, M}, year={1982}}")
        == "Güth, Werner; Hervé, M (1982)."
    )
