"""Commons harvest: moves, beams and regrowth as stated, the measures of the literature, and the social dilemma."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.harvester import Harvester
from econsim.agents.harvester import Parameters as Rule
from econsim.analysis.schelling import schelling_diagram
from econsim.errors import UserError
from econsim.games.commons_harvest import CommonsHarvest, Parameters, State
from econsim.play import HeldAction, play
from econsim.testing import check_game
from econsim.text.observations import acting_players, seen_by
from econsim.text.role_text import RoleText

STAY, UP, DOWN, LEFT, RIGHT, TAG = range(6)
ROW = "PPAAPP"  # cells 0 to 5
SMALL = """
.AA..P..AA.
AAA.P.P.AAA
.A..P.P..A.
"""


def commons(text: str = SMALL, **parameters: Any) -> CommonsHarvest:
    return CommonsHarvest(Parameters(map=text, **{"players": 1, **parameters}))


def placed(game: CommonsHarvest, cells: list[int], copies: int = 1, **changes: Tensor) -> State:
    """Return a first state with the players in given cells."""
    state = game.reset(random.keys(5, copies))
    return replace(state, players=replace(state.players, position=torch.tensor(cells).expand(copies, -1), **changes))


def acted(game: CommonsHarvest, state: State, *actions: int) -> tuple[State, Tensor]:
    done = game.step(state, {"player": torch.tensor(actions).expand(len(state.time), -1)})
    return done.state, done.rewards["player"]


def test_it_keeps_every_promise_of_a_game() -> None:
    small = {"players": 3, "view": 1, "time_out": 2, "pooled_share": 0.5, "horizon": 3}
    assert [check for check in check_game(commons("#PPP\nAA#P\nPPPP", **small)) if not check.passed] == []


def test_a_player_picks_the_apple_of_its_cell_once() -> None:
    game = commons(ROW, regrowth=(0.0,))
    state, reward = acted(game, placed(game, [1]), RIGHT)
    assert (reward.item(), state.players.position.item(), int(state.apples.sum())) == (1.0, 2, 1)
    state, reward = acted(game, state, STAY)
    assert reward.item() == 0.0
    assert state.players.picked.sum().item() == 1


def test_walls_and_occupied_cells_are_not_entered() -> None:
    game = commons("P#A\nPP.\nPPP", players=2, regrowth=(0.0,))
    state, _ = acted(game, placed(game, [0, 3]), RIGHT, UP)
    assert state.players.position.tolist() == [[0, 3]]
    copies = 200
    state, _ = acted(game, placed(game, [3, 5], copies), RIGHT, LEFT)  # both want cell 4
    first = (state.players.position[:, 0] == 4).double()
    assert torch.equal(state.players.position[:, 1] == 4, first == 0)
    assert abs(first.mean().item() - 0.5) < 4 * 0.5 / copies**0.5  # four standard errors of a fair draw


@pytest.mark.parametrize("apples", [0, 1, 2, 3, 4])
def test_apples_regrow_with_the_probability_for_the_apples_nearby(apples: int) -> None:
    law, copies = (0.0, 0.1, 0.3, 0.6), 2000
    game = commons("AAAAA\nPP...\n....P", regrowth=law)
    state = placed(game, [14], copies)
    on_trees = torch.zeros_like(state.apples)
    on_trees[:, [0, 1, 3, 4][:apples]] = True  # the tree in the middle, cell 2, has the others within two cells
    after, _ = acted(game, replace(state, apples=on_trees), STAY)
    share, expected = after.apples[:, 2].double().mean().item(), law[min(apples, 3)]
    assert abs(share - expected) <= 4 * (expected * (1 - expected) / copies) ** 0.5  # four standard errors


def test_no_apple_grows_under_a_player() -> None:
    game = commons("AAA\nPPP", regrowth=(1.0,))
    state, reward = acted(game, placed(game, [1]), STAY)
    assert (reward.item(), state.apples[0, 1].item()) == (1.0, False)
    assert acted(game, state, STAY)[1].item() == 0.0


def test_a_beam_reaches_three_by_its_length_and_stops_at_walls() -> None:
    game = commons(".P.P.P.\n.......\nPP.#.A.\n.P.....", players=3, beam_length=2, time_out=3)
    beam = game.constants["beam"][3, 1 * 7 + 1].reshape(4, 7)  # from row 1, column 1, to the right
    assert [(row, column) for row, column in beam.nonzero().tolist()] == [(0, 2), (0, 3), (1, 2), (1, 3), (2, 2)]


def test_a_tagged_player_is_away_for_the_time_out_and_returns_to_a_start() -> None:
    game = commons("P..A.\nP...P\nPPPPP", players=2, time_out=3, view=1)
    state = placed(game, [0, 2], facing=torch.tensor([[3, 3]]))
    state, _ = acted(game, state, TAG, STAY)
    assert state.players.time_out.tolist() == [[0, 3]]
    seen = game.observe(state)["player"]
    assert (seen.acting.tolist(), int(seen.view[0, 1].sum())) == ([[True, False]], 0)  # type: ignore[index]
    for left in (2, 1, 0):
        state, reward = acted(game, state, STAY, RIGHT)
        assert (state.players.time_out[0, 1].item(), reward[0, 1].item()) == (left, 0.0)
    assert game.constants["starts"][state.players.position[0, 1]]
    assert state.players.position[0, 1] != state.players.position[0, 0]
    accounts = game.accounts(state)
    assert accounts["peace"].item() == pytest.approx(2 - 3 / 4)  # one of two was away in three of four steps


def test_measures_are_those_of_the_literature() -> None:
    game = commons(f"{ROW}\n######\nPP####", players=3, regrowth=(0.0,))
    state = placed(game, [1, 4, 0])
    state, _ = acted(game, state, RIGHT, STAY, STAY)  # the first picks in step 1
    state, _ = acted(game, state, STAY, STAY, STAY)
    state, _ = acted(game, state, RIGHT, STAY, STAY)  # and in step 3
    accounts = game.accounts(state)
    assert accounts["apples"].tolist() == [[2.0, 0.0, 0.0]]
    assert accounts["equality"].item() == pytest.approx(1 - 8 / (2 * 3 * 2))
    assert accounts["sustainability"].item() == pytest.approx((1 + 3) / 2)


def test_outcomes_count_picks_by_the_apples_nearby() -> None:
    game = commons(ROW, regrowth=(0.0, 0.1))
    before = placed(game, [1])
    after, _ = acted(game, before, RIGHT)
    last, _ = acted(game, after, RIGHT)
    assert game.outcome_labels("player") == ("pick with 0 nearby", "pick with 1 or more nearby")
    assert game.outcomes(before, after)["player"].tolist() == [[[0, 1]]]
    assert game.outcomes(after, last)["player"].tolist() == [[[1, 0]]]


def test_pooled_rewards_are_shared_equally() -> None:
    game = commons(ROW, players=2, regrowth=(0.0,), pooled_share=0.5)
    _, reward = acted(game, placed(game, [1, 5]), RIGHT, STAY)
    assert reward.tolist() == [[0.75, 0.25]]


def harvesters(spare: int) -> dict[str, Harvester]:
    return {"player": Harvester(Rule(spare=spare))}


def test_greedy_players_leave_nothing_and_sparing_ones_harvest_more() -> None:
    game, key = commons(players=2, horizon=100), random.keys(1, 8)
    greedy, sparing = (game.accounts(play(game, harvesters(spare), key).state) for spare in (0, 3))
    assert greedy["apples_left"].sum() == 0
    assert (sparing["apples_left"] > 0).all()
    assert sparing["apples"].sum() > greedy["apples"].sum()
    assert sparing["sustainability"].mean() > greedy["sustainability"].mean()


def test_the_schelling_diagram_shows_a_social_dilemma() -> None:
    game = commons(players=2, horizon=100)
    diagram = schelling_diagram(game, harvesters(3), harvesters(0), random.keys(0, 16))
    assert diagram.method == "played"
    assert diagram.conditions["fear"].holds
    assert diagram.is_dilemma


def test_a_harvester_needs_an_orchard() -> None:
    game = econsim.load("public_goods").game.build()
    with pytest.raises(UserError, match="kind harvester needs a map with apples"):
        harvesters(0)["player"].start(game, game.roles["player"], 1)


def test_language_models_see_the_map() -> None:
    game = commons(ROW, view=2)
    seen = game.observe(placed(game, [1]))["player"]
    text = RoleText(game, game.roles["player"])
    question = text.question(seen_by(seen, acting_players(seen))[0])
    assert "w . y a a" in re.sub(" +", " ", question).splitlines()
    assert "a: apple" in text.rules
    assert "tag" in text.rules


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"map": "PPx\nAPP"}, "row 1: expected the signs . # A P, found 'x'"),
        ({"map": "PPPP\nPPPP"}, "expected at least one tree, A"),
        ({"map": "PP\nAPP"}, "row 2 has 3 cells, and the first row has 2"),
        ({"map": "AAP"}, "map: players=5 need 10 cells to start from"),
        ({"regrowth": [0.1, 1.5]}, "expected probabilities between 0 and 1, found 0.1, 1.5"),
    ],
)
def test_a_mistake_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        econsim.make("commons_harvest", **given)


def test_fines_of_an_apple_or_more_make_greedy_players_spare() -> None:
    fined = ["pick with 0 nearby", "pick with 1 nearby", "pick with 2 nearby"]
    inner = {"kind": "commons_harvest", "players": 2, "horizon": 40, "map": SMALL}
    bounds = {"lowest": -2.0, "highest": 0.0, "budget": 0.0}
    game = econsim.make("incentives", game=inner, paid={"player": fined}, same_for_all=True, **bounds)

    def picked(spare: int, fine: float) -> Tensor:
        agents = {**harvesters(spare), "planner": HeldAction(torch.full((3,), -fine))}
        return game.accounts(play(game, agents, random.keys(2, 4)).state)["apples"]

    sparing, greedy = picked(3, 0.0), picked(0, 0.0)
    assert not torch.equal(sparing, greedy)
    assert torch.equal(picked(0, 1.0), sparing)
    assert torch.equal(picked(0, 0.9), greedy)
