"""Published values of Gather-Trade-Build, of the tensors and of the reference (spec, 1.2 to 1.10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.parameters import WelfareName
from econsim.economies.gather_trade_build.reference import people
from econsim.economies.gather_trade_build.social import social_welfare
from econsim.economies.gather_trade_build.world import State

COIN, LABOUR = (10.0, 20.0, 30.0, 40.0), (1.0, 2.0, 3.0, 4.0)
UTILITY = (6.13862, 11.32204, 15.89068, 20.09929)
# Rows and columns of sources on Open-Quadrant.
WOOD = {0: [0, 1, 2, 3, 4, 7, 14], 1: [0, 1, 3, 14, 21, 23, 24], 2: [1, 22, 24], 3: [1], 4: [16, 23]}
STONE = {3: [0, 3, 5], 5: [1, 2], 6: [1], 9: [0, 7], 13: [1], 14: [0, 2], 15: [3], 16: [0, 1], 17: [1, 2]}
STONE |= {18: [0, 1], 19: [2], 24: [0]}
WATER = [*range(5), *range(9, 16), *range(20, 25)]
BUILD, LEFT, RIGHT, UP, DOWN = 1, 46, 47, 48, 49


def game_of(**parameters: Any) -> GatherTradeBuild:
    game = GatherTradeBuild(Parameters.model_validate(parameters)).to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    return game


def place(game: GatherTradeBuild, state: State, *places: tuple[int, int]) -> State:
    """Return the state with workers elsewhere."""
    tiles = [(row + game.margin) * game.row_length + column + game.margin for row, column in places]
    return replace(state, world=replace(state.world, position=torch.tensor([tiles])))


def act(game: GatherTradeBuild, state: State, *actions: int) -> State:
    announced = torch.zeros((1, 1, 7), dtype=torch.int64)
    return game.step(state, {"worker": torch.tensor([actions]), "planner": announced}).state


def row(values: tuple[float, ...]) -> Tensor:
    return torch.tensor([values], dtype=torch.float64)


def workers(coin: tuple[float, ...] = COIN, labour: tuple[float, ...] = LABOUR) -> list[people.Worker]:
    made = []
    for number, (amount, effort) in enumerate(zip(coin, labour, strict=True)):
        made.append(people.Worker(number, (0, 0), amount, 10.0, 0.0, 0.21, 0.23, "planner"))
        made[-1].labour = effort
    return made


def test_utility() -> None:
    assert [worker.utility for worker in workers()] == pytest.approx(UTILITY, abs=5e-6)  # printed with five decimals
    assert workers((0.0,), (0.0,))[0].utility == pytest.approx(-1.2987, abs=5e-5)
    game = game_of()
    state = game.reset(random.keys(0, 1))
    assert state.utility[0].tolist() == pytest.approx([-1 / 0.77] * 4)


@pytest.mark.parametrize(
    ("name", "published", "digits"),
    [
        ("equality_times_productivity", 16.6667, 5e-5),
        ("inverse_income_coin", 19.2, 1e-9),
        ("inverse_income_utility", 10.61825, 5e-6),
        ("utilitarian", sum(UTILITY) / 4, 5e-6),
        ("rawlsian", UTILITY[0], 5e-6),
    ],
)
def test_welfare(name: WelfareName, published: float, digits: float) -> None:
    assert float(social_welfare(name, row(COIN), row(UTILITY))) == pytest.approx(published, abs=2 * digits)
    assert people.social_welfare(name, workers(), 1.0) == pytest.approx(published, abs=2 * digits)


def test_equality_and_its_weight() -> None:
    assert people.equality(COIN) == pytest.approx(2 / 3)
    assert people.equality((0.0, 0.0, 9.0)) == pytest.approx(0.0)
    assert people.equality((3.0, 3.0, 3.0)) == 1.0
    half = float(social_welfare("equality_times_productivity", row(COIN), row(UTILITY), 0.5))
    assert half == pytest.approx((0.5 * 2 / 3 + 0.5) * 25.0)
    assert people.social_welfare("equality_times_productivity", workers(), 0.5) == pytest.approx(half)


def test_the_published_map() -> None:
    game = game_of(planner_sees_map=True)
    view = game.observe(game.reset(random.keys(0, 1)))["planner"].view
    assert view is not None
    stone, wood, house, water, stone_source, wood_source, inside = view[0, 0, :7].bool()
    for found, listed in ((wood_source, WOOD), (stone_source, STONE)):
        expected = [[number, column] for number, columns in sorted(listed.items()) for column in columns]
        assert found.nonzero().tolist() == expected
        assert len(expected) == 20
    cross = {(12, column) for column in WATER} | {(number, 12) for number in WATER}
    assert {tuple(tile) for tile in water.nonzero().tolist()} == cross
    assert len(cross) == 33
    assert torch.equal(stone, stone_source)  # all sources start full
    assert torch.equal(wood, wood_source)
    assert not house.any()
    assert inside.all()


def test_actions_have_the_published_numbers() -> None:
    game = game_of()
    names = [name for part in game.components for name in part.choices(game)]
    expected = ["build", *(f"{side}_{good}_{price}" for good in ("stone", "wood") for side in ("bid", "ask")
                           for price in range(11)), "left", "right", "up", "down"]  # fmt: skip
    assert names == expected
    assert names[45] == "left"
    assert len(names) == 49


def test_moves_and_collecting_cost_one_each_and_a_bonus_is_free() -> None:
    game = game_of(gather_bonus=1.0)
    state = place(game, game.reset(random.keys(0, 1)), (7, 7), (0, 5), (9, 1), (20, 20))
    after = act(game, state, RIGHT, LEFT, LEFT, 0)  # onto bare ground, onto wood, onto stone
    assert after.world.labour[0].tolist() == [1, 2, 2, 0]
    assert after.world.goods[0].tolist() == [[0, 0], [0, 2], [2, 0], [0, 0]]
    still = act(game, place(game, state, (7, 7), (0, 4), (9, 0), (20, 20)), 0, BUILD, 0, 0)
    assert still.world.labour[0].tolist() == [0, 1, 1, 0]  # whoever stands on a unit collects it, whatever it does
    assert still.world.goods[0].tolist() == [[0, 0], [0, 2], [2, 0], [0, 0]]


def test_water_edges_people_and_others_houses_stop_a_worker() -> None:
    game = game_of()
    state = place(game, game.reset(random.keys(0, 1)), (11, 3), (0, 24), (7, 7), (7, 8))
    before = state.world.position
    owner = state.world.owner.clone()
    owner[0, before[0, 2] + game.row_length] = 1 + 2  # south of worker 2: its own house
    owner[0, before[0, 3] + game.row_length] = 1 + 2
    state = replace(state, world=replace(state.world, owner=owner))
    mask = game.observe(state)["worker"].action_mask
    assert mask is not None
    assert mask[0, :, LEFT:].tolist() == [  # left, right, up, down
        [True, True, True, False],
        [True, False, False, True],
        [True, False, True, True],
        [False, True, True, False],
    ]
    after = act(game, state, DOWN, UP, DOWN, DOWN)
    moved = (after.world.position != before)[0].tolist()
    assert moved == [False, False, True, False]
    assert after.world.labour[0].tolist() == [0, 0, 1, 0]  # what fails costs nothing


def test_a_house_costs_both_goods_and_ten_and_pays_by_skill() -> None:
    game = game_of()
    state = place(game, game.reset(random.keys(0, 1)), (7, 7), (7, 9), (9, 0), (20, 20))
    goods = torch.tensor([[[1, 2], [1, 0], [1, 1], [0, 0]]], dtype=torch.int32)
    nothing_left = torch.zeros_like(state.world.stock)
    state = replace(state, world=replace(state.world, goods=goods, stock=nothing_left))
    mask = game.observe(state)["worker"].action_mask
    assert mask is not None
    assert mask[0, :, BUILD].tolist() == [True, False, False, False]  # one lacks wood, one stands on a source
    after = act(game, state, BUILD, BUILD, BUILD, BUILD)
    assert after.world.goods[0].tolist() == [[0, 1], [1, 0], [1, 1], [0, 0]]
    assert after.world.coin[0].tolist() == [float(state.world.build_payment[0, 0]), 0, 0, 0]
    assert after.world.labour[0].tolist() == [10, 0, 0, 0]
    assert int(after.world.owner.sum()) == 1
    assert not torch.equal(after.utility, state.utility)


def test_goods_in_escrow_build_nothing() -> None:
    game = game_of(starting_coin=0.0)
    state = place(game, game.reset(random.keys(0, 1)), (7, 7), (7, 9), (9, 1), (20, 20))
    state = replace(state, world=replace(state.world, goods=torch.ones_like(state.world.goods)))
    ask_wood = 35
    after = act(game, state, ask_wood, 0, 0, 0)
    assert act(game, after, BUILD, 0, 0, 0).world.built.sum() == 0


def test_sources_grow_back_one_in_a_hundred_steps() -> None:
    game = game_of()
    state = game.reset(random.keys(0, 512))
    state = replace(state, world=replace(state.world, stock=torch.zeros_like(state.world.stock)))
    idle = {"worker": torch.zeros((512, 4), dtype=torch.int64), "planner": torch.zeros((512, 1, 7), dtype=torch.int64)}
    grown = game.step(state, idle).state.world.stock.double()
    expected, error = 0.01, (0.01 * 0.99 / grown.numel()) ** 0.5
    assert abs(float(grown.mean()) - expected) < 4 * error


def test_neighbours_help_sources_to_grow_back() -> None:
    # One row, three sources of stone and one of wood: in a window of three tiles by three.
    layout = {"kind": "text", "grid": ".....\n.SSSW\n....."}
    game = game_of(layout=layout, regrowth_halfwidth=1, starts={"kind": "anywhere"}, workers=1, view_radius=2)
    shares = game.ground(game.reset(random.keys(0, 1)).world).regrowth[0]
    assert shares.tolist() == pytest.approx([2 / 9, 3 / 9, 2 / 9, 1 / 9])


def test_numbers_are_scaled_as_published() -> None:
    game = game_of()
    state = place(game, game.reset(random.keys(0, 1)), (7, 11), (7, 9), (9, 1), (20, 20))
    goods = torch.tensor([[[3, 4]] * 4], dtype=torch.int32)
    state = act(game, replace(state, world=replace(state.world, goods=goods, coin=row((50.0,) * 4))), 0, 0, 0, 0)
    seen = dict(zip(game.roles["worker"].features, game.observe(state)["worker"].features[0, 0].tolist(), strict=True))
    payment = float(state.world.build_payment[0, 0])
    expected = {
        "time": 1 / 1000,
        "row": 7 / 25,
        "column": 11 / 25,
        "coin": 0.5,
        "stone": 0.03,
        "wood": 0.04,
        "build_payment": payment / 10,
        "bonus_gather_prob": float(state.world.gather_bonus[0, 0]),
        "tax_phase": 2 / 100,
    }
    assert {name: seen[name] for name in expected} == pytest.approx(expected)
    hidden = {name for role in game.roles.values() for name in role.features if "labour" in name or "utility" in name}
    assert hidden == set()


def test_pictures_are_centred_and_name_workers_from_the_viewers_side() -> None:
    game = game_of()
    state = place(game, game.reset(random.keys(0, 1)), (2, 2), (2, 4), (20, 20), (13, 2))
    owner = state.world.owner.clone()
    owner[0, state.world.position[0, 0]] = 1 + 1  # worker 0 stands where worker 1 built
    view = game.observe(replace(state, world=replace(state.world, owner=owner)))["worker"].view
    assert view is not None
    houses, people_there = view[0, :, 7], view[0, :, 8]
    assert people_there[0, 5, 5] == people_there[1, 5, 5] == 1
    assert people_there[0, 5, 7] == 1 + 2
    assert people_there[1, 5, 3] == 0 + 2
    assert houses[0, 5, 5] == 1 + 2
    assert houses[1, 5, 3] == 1
    assert view[0, 0, 6].sum() == 8 * 8  # rows and columns -3 to 7, of which 0 to 7 are on the map
