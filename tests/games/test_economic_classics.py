"""Economic classics in closed form: public goods, Cournot competition and a congestion game with a toll."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy, Parameters
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_returns
from econsim.game import Agent, Game
from econsim.games import cournot, public_goods
from econsim.testing import check_game


def played(game: Game[Any], *options: int) -> dict[str, Agent]:
    """Return agents who play these options: one for all players, or one for each."""
    (role,) = game.roles.values()
    rows = [[float(option == number) for number in range(role.action.mask_size)] for option in options]  # type: ignore[union-attr]
    given: dict[str, Any] = {"probabilities": rows[0]} if len(rows) == 1 else {"by_player": rows}
    return {role.name: MixedStrategy(Parameters.model_validate(given))}


def returns(game: Game[Any], *options: int) -> list[float]:
    expected = expected_returns(game, played(game, *options))
    assert expected is not None
    return next(iter(expected.values())).tolist()


def gain(game: Game[Any], *options: int) -> float:
    certificate = certificate_of(game, played(game, *options))
    assert certificate is not None
    assert certificate.exact
    return certificate.lower


@pytest.mark.parametrize("kind", ["public_goods", "cournot", "congestion"])
def test_it_keeps_every_promise_of_a_game(kind: str) -> None:
    assert [check for check in check_game(econsim.make(kind)) if not check.passed] == []


@pytest.mark.parametrize("kind", ["public_goods", "cournot", "congestion"])
def test_listed_payoffs_are_the_rewards_of_a_step(kind: str) -> None:
    game = econsim.make(kind).to(dtype=torch.float64)
    (role,) = game.roles.values()
    choices = random.integers(random.keys(3, 20), 0, "choices", role.action.mask_size, (role.count,))  # type: ignore[union-attr]
    rewards = game.step(game.reset(random.keys(0, 20)), {role.name: choices}).rewards[role.name]
    listed = game.payoff_tensor()[(slice(None), *choices.unbind(1))].T  # type: ignore[attr-defined]
    torch.testing.assert_close(rewards, listed)


def test_contributing_nothing_is_the_equilibrium_of_public_goods_and_everything_pays_more() -> None:
    game = econsim.make("public_goods")
    assert returns(game, 0) == pytest.approx([20.0] * 4)
    assert gain(game, 0) == 0.0
    assert returns(game, 4) == pytest.approx([32.0] * 4)
    assert gain(game, 4) == pytest.approx(20 * (1 - 1.6 / 4))
    # One contributes 10 and the others nothing: it keeps 10, and all receive 1.6 x 10 / 4.
    assert returns(game, 2, 0, 0, 0) == pytest.approx([14.0, 24.0, 24.0, 24.0])
    generous = econsim.make("public_goods", multiplier=4.5)
    assert gain(generous, 4) == 0.0


@pytest.mark.parametrize("firms", [1, 2, 3])
def test_firms_produce_the_quantities_of_cournot(firms: int) -> None:
    game = econsim.make("cournot", firms=firms, most=90.0, levels=25)  # in steps of 3.75, on which 90 / (N + 1) lies
    quantity = 90 / (firms + 1)
    option = round(quantity / 3.75)
    assert option * 3.75 == quantity
    assert returns(game, option) == pytest.approx([quantity**2] * firms)
    assert gain(game, option) == 0.0


def test_the_only_equilibrium_of_two_firms_is_found_by_the_solver() -> None:
    solution = econsim.solve("cournot", most=60.0, levels=5)  # 0, 15, 30, 45, 60
    assert {"firm_1": (0, 0, 1, 0, 0), "firm_2": (0, 0, 1, 0, 0)} in [dict(p.strategies) for p in solution.profiles]


def test_a_toll_of_the_time_that_others_lose_halves_the_traffic() -> None:
    free = econsim.make("congestion")
    assert gain(free, 1) == 0.0
    assert returns(free, 1) == pytest.approx([-1.0] * 10)
    half = (1, 0) * 5
    # Half of the drivers need half an hour, the others one; a driver gains 1 - 6/10 by joining the motorway.
    assert sum(returns(free, *half)) == pytest.approx(-7.5)
    assert gain(free, *half) == pytest.approx(0.4)
    tolled = econsim.make("congestion", toll=(5 - 1) / 10)
    assert gain(tolled, *half) == pytest.approx(0.0, abs=1e-12)
    # Among all numbers of drivers on the motorway, total time is smallest at five.
    times = [sum(returns(free, *[1] * count, *[0] * (10 - count))) for count in range(1, 10)]
    assert max(range(9), key=lambda place: times[place]) + 1 == 5


def test_a_grid_of_tolls_is_one_batch() -> None:
    tolls = torch.tensor([0.0, 0.25, 0.5], dtype=torch.float64)
    game = econsim.make("congestion", drivers=2).with_parameters(toll=tolls).to(dtype=torch.float64)
    rewards = game.step(game.reset(random.keys(0, 3)), {"driver": torch.ones((3, 2), dtype=torch.int64)}).rewards[
        "driver"
    ]
    assert rewards[:, 0].tolist() == pytest.approx([-1.0, -1.25, -1.5])


def test_games_too_large_to_list_are_refused_with_their_size() -> None:
    with pytest.raises(ValidationError, match="5 options of 9 players have more than 1,000,000 combinations"):
        public_goods.Parameters(players=9)
    with pytest.raises(ValidationError, match="5 options of 100,000,000 players have more than 1,000,000"):
        public_goods.Parameters(players=100_000_000)
    with pytest.raises(ValidationError, match="use fewer options or players"):
        cournot.Parameters(firms=6)


def test_strategies_by_player_must_be_one_per_player() -> None:
    with pytest.raises(UserError, match=r"agents.firm.by_player: expected 2 lists, one per player, found 3"):
        returns(econsim.make("cournot", levels=2), 0, 0, 1)
