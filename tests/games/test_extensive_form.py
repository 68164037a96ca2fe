"""Extensive-form games: the literature's values and gains, play as the tree says, and mistaken parameters."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.agents.behavioural_strategy import BehaviouralStrategy
from econsim.agents.behavioural_strategy import Parameters as Behaviour
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_play, expected_returns
from econsim.game import Agent
from econsim.games.extensive_form import ExtensiveForm, Parameters
from econsim.information_tree import HasInformationTree, InformationTree
from econsim.play import play
from econsim.testing import check_game
from econsim.text import RoleText, seen_by


def game_of(classic: str, **parameters: Any) -> ExtensiveForm:
    return ExtensiveForm(Parameters.model_validate({"classic": classic, **parameters}))


def uniform(game: ExtensiveForm) -> dict[str, Agent]:
    return {name: BehaviouralStrategy(Behaviour()) for name in game.roles}


def kuhn_equilibrium(share: float) -> dict[str, Agent]:
    """Return the equilibrium of Kuhn poker in which the first player bets with J at this probability, 0 to 1/3."""
    first = {
        "J": {"pass": 1 - share, "bet": share},
        "Q": {"pass": 1},
        "K": {"pass": 1 - 3 * share, "bet": 3 * share},
        "J pass bet": {"pass": 1},
        "Q pass bet": {"pass": 2 / 3 - share, "bet": share + 1 / 3},
        "K pass bet": {"bet": 1},
    }
    bluffs = {"pass": 2 / 3, "bet": 1 / 3}
    second = {"J pass": bluffs, "Q bet": bluffs, "Q pass": {"pass": 1}, "J bet": {"pass": 1}}
    always = {f"K {before}": {"bet": 1} for before in ("pass", "bet")}
    tables = (first, {**second, **always})
    return {f"player_{n}": BehaviouralStrategy(Behaviour(probabilities=table)) for n, table in enumerate(tables, 1)}


@pytest.mark.parametrize("players", [2, 3])
def test_it_keeps_every_promise_of_a_game(players: int) -> None:
    assert [check for check in check_game(game_of("kuhn", players=players)) if not check.passed] == []


def test_uniform_play_of_kuhn_poker() -> None:
    game = game_of("kuhn")
    assert isinstance(game, HasInformationTree)
    assert [len(tree.names) for tree in game.information_tree().players] == [6, 6]
    expected = expected_play(game, uniform(game))
    assert expected is not None
    assert expected.own.tolist() == pytest.approx([1 / 8, -1 / 8])
    assert float((expected.best - expected.own).sum()) == pytest.approx(11 / 12)  # NashConv (OpenSpiel)


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 3])
def test_no_player_gains_in_an_equilibrium_of_kuhn_poker(share: float) -> None:
    game, agents = game_of("kuhn"), kuhn_equilibrium(share)
    returns = expected_returns(game, agents)
    assert returns is not None
    assert float(returns["player_1"]) == pytest.approx(-1 / 18)
    certificate = certificate_of(game, agents)
    assert certificate is not None
    assert certificate.upper == pytest.approx(0.0, abs=1e-12)
    assert "history" in certificate.deviation_class


def test_beyond_the_family_of_equilibria_the_second_player_gains() -> None:
    certificate = certificate_of(game_of("kuhn"), kuhn_equilibrium(1 / 3 - 0.1) | _bluffing(0.5))
    assert certificate is not None
    assert certificate.lower > 0.01


def _bluffing(share: float) -> dict[str, Agent]:
    """Return a first player who bets with J too often for an equilibrium."""
    table = {"J": {"pass": 1 - share, "bet": share}, "K": {"bet": 1}}
    return {"player_1": BehaviouralStrategy(Behaviour(probabilities=table))}


def test_leduc_poker_has_the_sizes_and_gains_of_the_literature() -> None:
    game = game_of("leduc")
    assert [len(tree.names) for tree in game.information_tree().players] == [144, 144]  # 288: Southey et al. (2005)
    expected = expected_play(game, uniform(game))
    assert expected is not None
    assert expected.own.tolist() == pytest.approx([-0.078125, 0.078125])
    assert float((expected.best - expected.own).sum()) == pytest.approx(4.747222222222222)  # OpenSpiel


@pytest.mark.parametrize("prizes", ["random", "descending"])
def test_goofspiel_is_symmetric(prizes: str) -> None:
    game = game_of("goofspiel", prizes=prizes)
    expected = expected_play(game, uniform(game))
    assert expected is not None
    assert expected.own.tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert float(expected.best[0]) == pytest.approx(float(expected.best[1]))


def pure_plans(tree: InformationTree, player: int) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """Return the plans of all pure strategies of a player."""
    own = tree.players[player]
    plans = []
    for choice in product(*(range(count) for count in own.count)):
        behaviour = np.zeros(len(own.option))
        behaviour[0] = 1
        behaviour[own.first[:-1] + np.array(choice)] = 1
        plans.append(own.plan(behaviour))
    return plans


def test_best_responses_of_three_players_are_the_best_of_all_pure_strategies() -> None:
    efg = 'EFG 2 R "three" { "a" "b" "c" } c "" 1 "" { "l" 1/3 "r" 2/3 } 0\n'
    efg += "".join(_round(side) for side in (0, 1))
    tree = ExtensiveForm(Parameters(efg=efg)).information_tree()
    generator = np.random.default_rng(3)
    plans = [own.plan(np.append(1.0, generator.dirichlet([1, 1], len(own.names)).ravel())) for own in tree.players]
    best = tree.best_values(plans)
    for player in range(3):
        reached = [
            tree.values([*plans[:player], pure, *plans[player + 1 :]])[player] for pure in pure_plans(tree, player)
        ]
        assert best[player] == pytest.approx(max(reached))


def _round(side: int) -> str:
    """Return one side of a game in which a sees the side, b sees a's choice only, c sees b's choice and the side."""
    text = f'p "" 1 {side + 1} "" {{ "x" "y" }} 0\n'
    for first in range(2):
        text += f'p "" 2 {first + 1} "" {{ "x" "y" }} 0\n'
        for second in range(2):
            text += f'p "" 3 {2 * side + second + 1} "" {{ "x" "y" }} 0\n'
            for third in range(2):
                number = 8 * side + 4 * first + 2 * second + third + 1
                payoffs = f"{number * 7 % 5}, {number * 5 % 7}, {number * 3 % 11}"
                text += f't "" {number} "" {{ {payoffs} }}\n'
    return text


def test_drawn_returns_agree_with_expected_ones() -> None:
    game = game_of("kuhn", players=3)
    agents = uniform(game)
    returns, expected = play(game, agents, random.keys(1, 20_000)).returns, expected_returns(game, agents)
    assert expected is not None
    for name, value in expected.items():
        error = float(returns[name].std()) / 20_000**0.5
        assert float(returns[name].mean()) == pytest.approx(float(value), abs=4 * error)


def test_every_deal_is_as_likely_as_the_rules_say() -> None:
    game = game_of("leduc")
    state = game.reset(random.keys(5, 30_000))
    seen = game.observe(state)["player_1"].features[:, 0].double().mean(0)
    names = game.roles["player_1"].features
    for rank in "JQK":
        assert float(seen[names.index(f"word 1 is {rank}")]) == pytest.approx(1 / 3, abs=0.012)  # 4 standard errors


def test_agents_that_ignore_the_game_play_too_and_illegal_options_have_no_weight() -> None:
    game = game_of("leduc")
    mixed = {name: MixedStrategy(Mix(probabilities=(0.5, 0.5, 0.0))) for name in game.roles}
    expected = expected_play(game, mixed)  # type: ignore[arg-type]
    assert expected is not None
    assert abs(float(expected.own.sum())) < 1e-12
    played = play(game, mixed, random.keys(2, 8)).returns["player_1"]  # type: ignore[arg-type]
    assert torch.isfinite(played).all()


def test_agents_with_memory_are_not_enumerated() -> None:
    class Counting(MixedStrategy):
        def policy(self, observation: Any, memory: Any) -> Any:
            return super().policy(observation, memory)[0], (memory[0], memory[1] * 1)

    game = game_of("kuhn")
    assert expected_play(game, {name: Counting(Mix()) for name in game.roles}) is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "expected one of classic"),
        ({"classic": "kuhn", "efg": "EFG"}, "expected one of classic"),
        ({"classic": "leduc", "players": 3}, "only kuhn is for 3 players"),
        ({"classic": "goofspiel", "cards": 5}, "at most 4 with random prizes, found 5"),
    ],
)
def test_mistaken_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(parameters)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ({"J pas": {"pass": 1}}, "no information set is called 'J pas'"),
        ({"J": {"fold": 1}}, "no option is called 'fold'"),
    ],
)
def test_a_strategy_that_names_what_is_not_there_is_refused(probabilities: Any, message: str) -> None:
    game = game_of("kuhn")
    agent = BehaviouralStrategy(Behaviour(probabilities=probabilities))
    with pytest.raises(UserError, match=message):
        agent.start(game, game.roles["player_1"], 1)


def test_a_strategy_cannot_choose_what_is_illegal_or_play_a_game_of_one_round() -> None:
    game = game_of("leduc")
    agent = BehaviouralStrategy(Behaviour(probabilities={"J": {"fold": 1}}))
    with pytest.raises(UserError, match="'fold' is not legal in the information set 'J'"):
        agent.start(game, game.roles["player_1"], 1)
    other = econsim.make("normal_form", classic="chicken")
    with pytest.raises(UserError, match="NormalForm is not such a game"):
        agent.start(other, other.roles["row"], 1)
    with pytest.raises(ValidationError, match=r"expected a sum of 1, found 0\.5"):
        Behaviour(probabilities={"J": {"bet": 0.5}})


def test_questions_name_what_the_player_knows() -> None:
    game = game_of("kuhn")
    text = RoleText(game, game.roles["player_2"])
    names = game.information_tree().players[1].names
    observed = game.information_sets("player_2")
    seen = seen_by(observed, observed.acting)
    assert "The cards are J, Q, K" in text.rules
    assert "bet" in text.rules
    for name, one in zip(names, seen, strict=True):
        assert f"What you know, in order: {name}\n" in text.question(one)
