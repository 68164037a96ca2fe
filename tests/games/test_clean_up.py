"""Clean-up: growth and pollution as stated, beams that clean, and the social dilemma."""

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
from econsim.games.clean_up import CleanUp, Parameters, State
from econsim.testing import check_game
from econsim.text.role_text import RoleText

STAY, UP, DOWN, LEFT, RIGHT, TAG, CLEAN = range(7)
SMALL = "RRRRR\nP.P.P\nAAAAA"  # cells 0 to 4 are the river, 10 to 14 trees


def river(text: str = SMALL, **parameters: Any) -> CleanUp:
    return CleanUp(Parameters(map=text, **{"players": 1, **parameters}))


def placed(game: CleanUp, cells: list[int], dirty: list[int], copies: int = 1) -> State:
    """Return a first state with players and dirt in given cells."""
    state = game.reset(random.keys(5, copies))
    dirt = torch.zeros_like(state.dirt)
    dirt[:, dirty] = True
    position = torch.tensor(cells).expand(copies, -1)
    return replace(state, players=replace(state.players, position=position), dirt=dirt, polluted=dirt.sum(-1))


def acted(game: CleanUp, state: State, *actions: int) -> tuple[State, Tensor]:
    done = game.step(state, {"player": torch.tensor(actions).expand(len(state.time), -1)})
    return done.state, done.rewards["player"]


def test_it_keeps_every_promise_of_a_game() -> None:
    game = river("RRR#P\nPPPPP\nAA#AA", players=2, view=1, clean_steps=1, time_out=2, horizon=3)
    assert [check for check in check_game(game) if not check.passed] == []


@pytest.mark.parametrize(("dirty", "probability"), [(0, 0.5), (1, 0.25), (2, 0.0), (4, 0.0)])
def test_apples_grow_less_the_more_of_the_river_is_dirty(dirty: int, probability: float) -> None:
    game, copies = river(growth=0.5), 1000  # depletion 0.4 of five cells: two
    after, _ = acted(game, placed(game, [5], list(range(dirty)), copies), STAY)
    share = after.apples[:, 10:].double().mean().item()
    assert abs(share - probability) <= 4 * (probability * (1 - probability) / (5 * copies)) ** 0.5  # standard errors
    assert not after.apples[:, :10].any()


def test_one_cell_is_polluted_with_the_stated_probability_after_the_clean_steps() -> None:
    game, copies = river(pollution=0.3, clean_steps=1), 2000
    state, _ = acted(game, placed(game, [5], [0], copies), STAY)
    assert (state.dirt.sum(-1) == 1).all()
    state, _ = acted(game, state, STAY)
    fouled = state.dirt.sum(-1) - 1
    assert set(fouled.tolist()) == {0, 1}
    assert abs(fouled.double().mean().item() - 0.3) <= 4 * (0.3 * 0.7 / copies) ** 0.5  # four standard errors
    each = state.dirt[:, 1:5].double().mean(0)  # the four clean cells are equally likely
    assert (each - 0.075).abs().max() <= 4 * (0.075 * 0.925 / copies) ** 0.5


def test_cleaning_removes_the_dirt_in_the_beam_and_counts_each_cell_once() -> None:
    game = river(players=2, text="RRRRR\nPPPPP\nAAAAA")
    state, _ = acted(game, placed(game, [6, 7], [0, 1, 2, 3, 4]), UP, UP)
    assert state.players.position.tolist() == [[6, 7]]  # nobody enters the river, and both face it
    after, _ = acted(game, state, CLEAN, CLEAN)
    assert after.dirt[0].nonzero().flatten().tolist() == [4]
    assert after.cleaned.tolist() == [[3, 1]]
    assert game.accounts(after)["cells_cleaned"].item() == 4
    assert game.outcomes(state, after)["player"].tolist() == [[[0, 3], [0, 1]]]


def test_a_pick_pays_and_is_an_outcome() -> None:
    game = river()
    before = replace(placed(game, [5], [0, 1]), apples=game.constants["trees"][None])
    after, reward = acted(game, before, DOWN)
    assert reward.tolist() == [[1.0]]
    assert game.outcomes(before, after)["player"].tolist() == [[[1, 0]]]


def test_the_schelling_diagram_shows_greed_without_fear() -> None:
    game = river("RRRRRRR\nP..P..P\n.P...P.\nAAAAAAA", players=2, horizon=100, pollution=0.2, clean_steps=0)
    cooperators, defectors = ({"player": Harvester(Rule(clean_above=share))} for share in (0.1, None))
    diagram = schelling_diagram(game, cooperators, defectors, random.keys(0, 8))
    assert diagram.defector[0].mean == 0.0
    assert diagram.conditions["greed"].holds
    assert not diagram.conditions["fear"].holds
    assert diagram.is_dilemma


def test_cleaning_belongs_to_clean_up() -> None:
    game = econsim.load("commons_harvest").game.build()
    with pytest.raises(UserError, match=r"agents\.player\.clean_above: this game has nothing to clean"):
        Harvester(Rule(clean_above=0.1)).start(game, game.roles["player"], 1)


def test_language_models_are_told_of_river_and_dirt() -> None:
    game = river()
    rules = RoleText(game, game.roles["player"]).rules
    assert re.search(r"^- \w: dirt$", rules, re.MULTILINE)
    assert "clean" in rules


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"map": "PPPP\nAAAA"}, "expected at least one cell of the river, R"),
        ({"map": "RRPP\nAAAA"}, "map: players=5 need 10 cells to start from"),
    ],
)
def test_a_mistake_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.make("clean_up", **given)
