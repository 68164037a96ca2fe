"""Economic classics in closed form: public goods, Cournot and Bertrand competition, congestion, an auction."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.agents.behavioural_strategy import BehaviouralStrategy
from econsim.agents.behavioural_strategy import Parameters as Behaviour
from econsim.agents.mixed_strategy import MixedStrategy, Parameters
from econsim.errors import UserError
from econsim.expected_play import certificate_of, expected_play, expected_returns
from econsim.game import Agent, Game
from econsim.games import auction, cournot
from econsim.games.auction import Auction
from econsim.play import play
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


@pytest.mark.parametrize("kind", ["public_goods", "dictator", "cournot", "congestion", "bertrand", "auction"])
def test_it_keeps_every_promise_of_a_game(kind: str) -> None:
    assert [check for check in check_game(econsim.make(kind)) if not check.passed] == []


@pytest.mark.parametrize("kind", ["public_goods", "dictator", "cournot", "congestion", "bertrand"])
def test_listed_payoffs_are_the_rewards_of_a_step(kind: str) -> None:
    game = econsim.make(kind).to(dtype=torch.float64)
    (role,) = game.roles.values()
    choices = random.integers(random.keys(3, 20), 0, "choices", role.action.mask_size, (role.count,))  # type: ignore[union-attr]
    rewards = game.step(game.reset(random.keys(0, 20)), {role.name: choices}).rewards[role.name]
    listed = game.payoff_tensor()[(slice(None), *choices.unbind(1))].T  # type: ignore[attr-defined]
    torch.testing.assert_close(rewards, listed)


def test_keeping_all_is_the_equilibrium_of_dictators_and_what_they_give_is_lost_to_them() -> None:
    game = econsim.make("dictator", players=2, levels=5, sum=10.0).to(dtype=torch.float64)
    assert returns(game, 1, 4) == [7.5, 0.0]
    assert gain(game, 0) == pytest.approx(0.0, abs=1e-12)
    assert gain(game, 3) == pytest.approx(7.5)
    counts = torch.tensor([[1.0, 0, 0, 0, 1], [0, 2, 0, 0, 0]], dtype=torch.float64)
    expected = torch.tensor([[10.0, 7.5, 5.0, 2.5, 0.0]] * 2, dtype=torch.float64)
    torch.testing.assert_close(game.payoffs_by_counts(counts), expected)  # type: ignore[attr-defined]


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


def test_prices_of_two_firms_fall_to_marginal_cost_or_one_step_above_it() -> None:
    solution = econsim.solve("bertrand")  # prices in steps of 5; marginal cost is 10
    pure = [[mix.index(1) * 5 for mix in profile.strategies.values() if 1 in mix] for profile in solution.profiles]
    assert pure == [[10, 10], [15, 15]]
    payoffs = [list(profile.payoffs.values()) for profile in solution.profiles]
    assert payoffs == [[0.0, 0.0], pytest.approx([5 * 85 / 2] * 2)]
    # Three firms share demand among more, so that undercutting pays at every price above cost but one step.
    assert [gain(econsim.make("bertrand", firms=3), level) > 0 for level in (2, 3, 4, 5)] == [False, False, True, True]


def test_a_monopolist_asks_for_the_mean_of_cost_and_highest_price() -> None:
    alone = econsim.make("bertrand", firms=1, highest=110.0, levels=23)
    assert gain(alone, 11) == 0.0  # (100 + 10) / 2 = 55, in steps of 5
    assert returns(alone, 11) == pytest.approx([45.0**2])


def bids(game: Auction, share: float) -> dict[str, Agent]:
    """Return bidders who bid a share of their value, which is on the grid of bids."""
    rows = {f"value {value:g}": {f"{share * value:g}": 1.0} for value in game.constants["values"].tolist()}
    return {name: BehaviouralStrategy(Behaviour(probabilities=rows)) for name in game.roles}


@pytest.mark.parametrize(("bidders", "values", "levels"), [(2, 5, 9), (2, 11, 21), (3, 3, 7)])
def test_in_a_first_price_auction_everybody_bids_the_closed_form_up_to_one_step(
    bidders: int, values: int, levels: int
) -> None:
    parameters = auction.Parameters(bidders=bidders, value_levels=values, bid_levels=levels, highest=60.0)
    game, step = Auction(parameters), 60.0 / (levels - 1)
    certificate = certificate_of(game, bids(game, (bidders - 1) / bidders))
    assert certificate is not None
    assert certificate.exact
    assert certificate.lower <= step
    solution = econsim.solve("auction", {"kind": "counterfactual_regret", "gap": 0.05}, **parameters.model_dump())
    found = solution.agents["bidder_1"].parameters.probabilities  # type: ignore[attr-defined]
    for name, shares in found.items():
        value = float(name.removeprefix("value "))
        mean = sum(float(bid) * share for bid, share in shares.items())
        assert mean == pytest.approx((bidders - 1) / bidders * value, abs=step)


def test_payoffs_of_bidders_approach_the_closed_form_of_continuous_values() -> None:
    game = Auction(auction.Parameters(value_levels=21, bid_levels=41))
    expected = expected_returns(game, bids(game, 0.5))
    assert expected is not None
    assert float(expected["bidder_1"]) == pytest.approx(100 / (2 * 3), abs=100 / 40)


def test_in_a_second_price_auction_the_own_value_is_weakly_dominant() -> None:
    game = Auction(auction.Parameters(price="second_price", bidders=3, value_levels=3, bid_levels=5))
    certificate = certificate_of(game, bids(game, 1.0))
    assert certificate is not None
    assert certificate.lower == 0.0
    others = torch.cartesian_prod(torch.arange(5), torch.arange(5))
    for value in range(3):
        paid = torch.stack(
            [
                game.payoffs(torch.full((25, 3), value), torch.cat([torch.full((25, 1), own), others], 1))[:, 0]
                for own in range(5)
            ]
        )
        assert bool((paid <= paid[2 * value] + 1e-12).all())  # value level v is the level 2 v of bids


def test_returns_of_play_are_those_of_the_information_tree() -> None:
    game = Auction(auction.Parameters(bidders=2, value_levels=3, bid_levels=3, highest=20.0)).to(dtype=torch.float64)
    agents: dict[str, Agent] = {name: BehaviouralStrategy(Behaviour()) for name in game.roles}
    expected = expected_returns(game, agents)
    assert expected is not None
    played = play(game, agents, random.keys(5, 20_000)).returns["bidder_1"].mean()
    assert float(played) == pytest.approx(float(expected["bidder_1"]), abs=0.2)  # standard error 0.05
    with pytest.raises(ValidationError, match="use fewer options or players"):
        auction.Parameters(bidders=4)


def ultimatum(offer: int, least: int) -> list[float]:
    """Return what each player gains from deviating: of ten units, some are offered, and a least is accepted."""
    answers = {f"offer {units}": {"accept" if units >= least else "reject": 1.0} for units in range(11)}
    tables = {"player_1": {"start": {str(offer): 1.0}}, "player_2": answers}
    agents: dict[str, Agent] = {
        name: BehaviouralStrategy(Behaviour.model_validate({"probabilities": table})) for name, table in tables.items()
    }
    expected = expected_play(econsim.make("extensive_form", classic="ultimatum"), agents)
    assert expected is not None
    return (expected.best - expected.own).tolist()


def test_the_ultimatum_offers_the_smallest_unit() -> None:
    assert ultimatum(offer=1, least=1) == [0.0, 0.0]
    assert ultimatum(offer=2, least=1) == [1.0, 0.0]
    # Whatever is offered, player 2 does best to accept it: the equilibrium is subgame-perfect.
    assert [ultimatum(offer, least=1)[1] for offer in range(11)] == [0.0] * 11
    # A threat to reject less than half is an equilibrium, but not a subgame-perfect one.
    assert ultimatum(offer=5, least=5) == [0.0, 0.0]
    assert ultimatum(offer=4, least=5)[1] == 4.0
    settings = {"kind": "counterfactual_regret", "gap": 1e-3}
    solution = econsim.solve("extensive_form", settings, classic="ultimatum", units=5)
    first = solution.agents["player_1"].parameters.probabilities  # type: ignore[attr-defined]
    assert first["start"]["1"] == pytest.approx(1.0, abs=0.01)


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
        cournot.Parameters(levels=5, firms=9)
    with pytest.raises(ValidationError, match="5 options of 100,000,000 players have more than 1,000,000"):
        cournot.Parameters(levels=5, firms=100_000_000)
    with pytest.raises(ValidationError, match="use fewer options or players"):
        cournot.Parameters(firms=6)


def test_strategies_by_player_must_be_one_per_player() -> None:
    with pytest.raises(UserError, match=r"agents.firm.by_player: expected 2 lists, one per player, found 3"):
        returns(econsim.make("cournot", levels=2), 0, 0, 1)
