"""What pictures show of Gather-Trade-Build is what its accounts and its state say."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.layouts import STONE, WATER, WOOD
from econsim.game import Recordable
from econsim.testing.play import random_actions

TAXED = ({"kind": "tax", "period": 20, "brackets": [0, 10, 30]},)
CLASSES: dict[str, Any] = {
    "workers": ({"name": "north", "count": 3, "planner": "capital"}, {"name": "south", "count": 2, "planner": "port"}),
    "planners": ("capital", "port"),
}


def played(steps: int = 60, **parameters: Any) -> tuple[GatherTradeBuild, Any]:
    """Play legal random actions, bids and houses often."""
    components = ("build", "trade", "gather", *TAXED)
    settings = {"components": components, "horizon": 60, "starting_coin": 20.0, **parameters}
    game = GatherTradeBuild(Parameters.model_validate(settings))
    state = game.reset(random.keys(5, 3))
    for time in range(steps):
        actions = random_actions(game, game.observe(state), random.fold(state.world.key, time))
        state = game.step(state, actions).state
    return game, state


@pytest.fixture(scope="module")
def game_and_state() -> tuple[GatherTradeBuild, Any]:
    return played(layout={"kind": "published", "name": "small_quadrant"})


def test_the_numbers_are_those_of_the_accounts(game_and_state: tuple[GatherTradeBuild, Any]) -> None:
    game, state = game_and_state
    assert isinstance(game, Recordable)
    frame, accounts = game.frame(state), game.accounts(state)
    pairs = {"coin": "consumption", "labour": "labour", "pay": "build_payment", "houses": "houses", "tax": "tax"}
    pairs |= {"taxed_income": "income", "rebate": "rebate"}
    for shown, account in pairs.items():
        # Pictures are in float32, which has 24 binary digits.
        torch.testing.assert_close(frame[shown].double(), accounts[account], rtol=1e-6, atol=1e-5)
    for number, good in enumerate(("stone", "wood")):
        assert torch.equal(frame["traded"][:, number].double(), accounts[f"sold_{good}"].sum(1))
        assert torch.equal(frame["turnover"][:, number].double(), accounts[f"earned_with_{good}"].sum(1))
    assert frame["traded"].sum() > 0


def test_the_map_is_the_layout_with_what_is_on_it(game_and_state: tuple[GatherTradeBuild, Any]) -> None:
    game, state = game_and_state
    frame, world = game.frame(state), state.world
    assert torch.equal(frame["ground"], game.layout.draw(world.key).expand_as(frame["ground"]))
    sources = (frame["ground"] == STONE) | (frame["ground"] == WOOD)
    assert not bool((frame["stock"].bool() & ~sources).any())
    assert torch.equal(frame["stock"].flatten(1).sum(1), world.stock.sum(1))
    houses = torch.stack([(frame["owner"] == worker + 1).flatten(1).sum(1) for worker in range(game.workers)], 1)
    assert torch.equal(houses.int(), world.built)
    under = frame["ground"][torch.arange(3)[:, None], frame["row"].long(), frame["column"].long()]
    assert not bool((under == WATER).any())


def test_best_offers_are_those_that_planners_see(game_and_state: tuple[GatherTradeBuild, Any]) -> None:
    game, state = game_and_state
    frame, seen = game.frame(state), game.observe(state)["planner"].features[:, 0]
    names = game.roles["planner"].features
    for number, good in enumerate(("stone", "wood")):
        for side, best in (("bids", max), ("asks", min)):
            columns = [names.index(f"full_{side}-{good}_{price}") for price in range(11)]
            open_at = [[price for price in range(11) if row[columns[price]] > 0] for row in seen.tolist()]
            shown = frame[f"best_{side[:-1]}"][:, number].tolist()
            assert shown == [best(prices) if prices else -1 for prices in open_at]


def test_every_copy_of_a_random_layout_shows_its_own_map() -> None:
    game, state = played(3, layout={"kind": "uniform"}, starts={"kind": "anywhere"})
    ground = game.frame(state)["ground"]
    assert torch.equal(ground, game.layout.draw(state.world.key))
    assert not torch.equal(ground[0], ground[1])


def test_the_stage_names_classes_planners_and_brackets() -> None:
    game, state = played(1, **CLASSES)
    stage, frame = game.stage(), game.frame(state)
    assert stage["workers"] == ["north"] * 3 + ["south"] * 2
    assert (stage["planners"], stage["taxed_by"]) == (["capital", "port"], [0, 0, 0, 1, 1])
    assert (stage["period"], stage["thresholds"]) == (20, [0.0, 10.0, 30.0])
    assert frame["rates"].shape == (3, 2, 3)
    alone, state = played(1, components=("build", "gather"))
    assert not {"period", "highest_price"} & set(alone.stage())
    assert not {"traded", "rates"} & set(alone.frame(state))
