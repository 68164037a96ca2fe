"""The coin game: rules against plain Python, greedy and restrained play, pooled rewards, words, PettingZoo."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pettingzoo.test import parallel_api_test
from pydantic import ValidationError
from torch import Tensor

from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.game import Game
from econsim.games.coin_game import CoinGame, Parameters
from econsim.games.coin_game.game import State
from econsim.interop import to_pettingzoo
from econsim.kernels import numba_version
from econsim.play import play
from econsim.testing import check_game
from econsim.text import RoleText, seen_by

THREE = {"players": 3, "height": 3, "width": 4, "pooled_share": 0.5, "horizon": 40}


def coin_game(**parameters: Any) -> CoinGame:
    return CoinGame(Parameters.model_validate(parameters))


def test_it_keeps_every_promise_of_a_game_with_three_players() -> None:  # the scenario is checked with two
    assert [check for check in check_game(coin_game(**THREE), steps=20) if not check.passed] == []


MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def in_plain_python(
    players: list[int], coin: int, colour: int, moves: list[int]
) -> tuple[list[int], list[float], bool]:
    """Return the cells of the players on 3 x 3 cells after a step, their rewards, and whether the coin is taken."""
    cells = [
        (cell // 3 + MOVES[move][0]) % 3 * 3 + (cell % 3 + MOVES[move][1]) % 3
        for cell, move in zip(players, moves, strict=True)
    ]
    rewards = [0.0, 0.0]
    for player in (0, 1):
        if cells[player] == coin:
            rewards[player] += 1
            rewards[colour] -= 0 if player == colour else 2
    return cells, rewards, coin in cells


def test_steps_agree_with_the_published_rules_in_plain_python() -> None:
    game, copies = coin_game(horizon=60, coin_colours="alternate"), 40
    state = game.reset(random.keys(5, copies))
    assert (state.position[:, 0] != state.position[:, 1]).all()
    both = 0
    for step in range(60):
        actions = random.integers(state.key, step, "test", 4, (2,))
        transition = game.step(state, {"player": actions})
        after, rewards = transition.state, transition.rewards["player"]
        for copy in range(copies):
            before = (state.position[copy].tolist(), int(state.coin[copy]), int(state.colour[copy]))
            cells, expected, found = in_plain_python(*before, actions[copy].tolist())
            both += found and cells[0] == cells[1]
            assert after.position[copy].tolist() == cells
            assert rewards[copy].tolist() == expected
            assert int(after.colour[copy]) == (1 - before[2] if found else before[2])
            assert int(after.coin[copy]) not in cells if found else int(after.coin[copy]) == before[1]
        state = after
    assert both > 10
    assert transition.truncated.all()
    assert not transition.terminated.any()


def test_a_new_coin_is_equally_likely_in_every_free_cell() -> None:
    game, copies = coin_game(), 4000
    state = game.reset(random.keys(1, copies))
    ones = torch.ones(copies, dtype=torch.int64)
    fixed = {"position": torch.tensor([[0, 5]]).expand(copies, -1), "coin": 2 * ones, "colour": 0 * ones}
    after = game.step(State(**{**vars(state), **fixed}), {"player": torch.tensor([[2, 0]]).expand(copies, -1)}).state
    assert after.position[0].tolist() == [2, 2]  # both took the coin, over the edge and from below
    counts = torch.bincount(after.coin, minlength=9)
    assert int(counts[2]) == 0
    assert ((counts[[0, 1, 3, 4, 5, 6, 7, 8]] - 500).abs() < 5 * 500**0.5).all()
    assert abs(float(after.colour.double().mean()) - 0.5) < 5 * 0.5 / copies**0.5


def towards(game: Game[Any], features: Tensor, only_own: bool) -> Tensor:
    """Return a move by which each player of two comes closer to the coin, or away from one of the other's colour."""
    planes = features.unflatten(-1, (4, 9))
    own, coin = planes[..., 0, :].argmax(-1), planes[..., 2:, :].sum(-2).argmax(-1)
    distance = torch.stack([reached(game, own, move, coin) for move in range(4)], -1)
    wanted = planes[..., 2, :].any(-1, keepdim=True) if only_own else torch.ones(1, dtype=torch.bool)
    return torch.where(wanted, distance, -distance).argmin(-1)


def reached(game: Game[Any], cell: Tensor, move: int, coin: Tensor) -> Tensor:
    """Return the number of moves from the cell after ``move`` to the coin."""
    after = game.constants["targets"][move][cell]
    apart = ((after // 3 - coin // 3) % 3, (after % 3 - coin % 3) % 3)
    return sum(torch.minimum(one, 3 - one) for one in apart)  # type: ignore[return-value]


@pytest.mark.parametrize(("only_own", "share", "points"), [(False, 0.5, 0.0), (True, 1.0, 0.2)])
def test_greed_earns_nothing_and_restraint_pays(only_own: bool, share: float, points: float) -> None:
    game = coin_game()
    state = game.reset(random.keys(2, 200))
    for _ in range(game.horizon):
        actions = towards(game, game.observe(state)["player"].features, only_own)
        state = game.step(state, {"player": actions}).state
    accounts = game.accounts(state)
    assert float(accounts["own_colour_share"].mean()) == pytest.approx(share, abs=0.01)
    earned = float(accounts["reward_per_step"].mean())
    assert abs(earned) < 0.01 if points == 0 else earned > points
    torch.testing.assert_close(accounts["score"].mean(-1), accounts["reward_per_step"] * game.horizon)


@pytest.mark.parametrize("pooled", [0.0, 0.25, 1.0])
def test_pooling_changes_who_earns_and_not_how_much(pooled: float) -> None:
    agents = {"player": MixedStrategy(Mix())}
    plain = play(coin_game(players=3, horizon=50), agents, random.keys(4, 16)).state.score
    shared = play(coin_game(players=3, horizon=50, pooled_share=pooled), agents, random.keys(4, 16)).state.score
    torch.testing.assert_close(shared, (1 - pooled) * plain + pooled * plain.mean(-1, keepdim=True))
    assert (plain.std(-1) > 0).any()


def test_players_see_themselves_first_in_features_image_and_words() -> None:
    game = coin_game(height=2, width=3)
    state = game.reset(random.keys(0, 1))
    fixed = {"position": [[1, 5]], "coin": [2], "colour": [1]}
    seen = game.observe(State(**{**vars(state), **{name: torch.tensor(value) for name, value in fixed.items()}}))
    observation, role = seen["player"], game.roles["player"]
    planes = observation.features.unflatten(-1, (4, 6))
    assert [plane.nonzero()[:, 0].tolist() for plane in planes[0, 0]] == [[1], [5], [], [2]]
    assert [plane.nonzero()[:, 0].tolist() for plane in planes[0, 1]] == [[5], [1], [2], []]
    assert torch.equal(observation.view.flatten(3).float(), planes)  # type: ignore[union-attr]
    question = RoleText(game, role).question(seen_by(observation, observation.alive)[1], [[0]])
    for line in ("- you: row 2, column 3", "- the coin: row 1, column 3; its colour is that of you", ". t o", ". . y"):
        assert line in question
    assert "that of the other player" in RoleText(game, role).question(seen_by(observation, observation.alive)[0])


def test_it_is_a_parallel_environment_of_pettingzoo() -> None:
    parallel_api_test(to_pettingzoo(coin_game(horizon=20)), num_cycles=30)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"height": 1, "width": 2}, "a grid of 1 by 2 has 2 cells; expected more than players=2"),
        ({"pooled_share": 1.5}, "less than or equal to 1"),
        ({"coin_colours": "red"}, "'random' or 'alternate'"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        coin_game(**parameters)


@pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
@pytest.mark.parametrize(("parameters", "double"), [({"coin_colours": "alternate"}, False), (THREE, True)])
def test_kernels_and_tensors_play_the_same_episodes(parameters: dict[str, Any], double: bool) -> None:
    game = coin_game(**parameters).to(dtype=torch.float64 if double else None)
    amounts = torch.linspace(0.5, 3, 150, dtype=torch.float64)
    game = game.with_parameters(loss=amounts)  # another one in every copy
    kernels = game.on_kernels()  # type: ignore[attr-defined]
    state = same = game.reset(random.keys(8, 150))
    for step in range(game.horizon):
        actions = {"player": random.integers(state.key, step, "test", 4, (game.roles["player"].count,))}
        one, other = game.step(state, actions), kernels.step(same, actions)
        state, same = one.state, other.state
        for name, tensor in vars(state).items():
            torch.testing.assert_close(vars(same)[name], tensor, rtol=0, atol=1e-12 if name == "score" else 0)
        torch.testing.assert_close(other.rewards, one.rewards)
        assert torch.equal(other.truncated, one.truncated)
        seen, by_kernels = game.observe(state)["player"], kernels.observe(same)["player"]
        for field in ("features", "view", "alive", "acting"):
            assert torch.equal(getattr(by_kernels, field), getattr(seen, field)), field
        assert torch.equal(by_kernels.facts["seen"], seen.facts["seen"])  # type: ignore[index]
    assert (state.taken.sum((1, 2)) > 0).all()
