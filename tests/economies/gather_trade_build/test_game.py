"""Gather-Trade-Build as a game: its promises, its classes and planners, its places and skills, its parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

import econsim
from econsim import kinds, random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.people import expected_ranks
from econsim.errors import UserError
from econsim.game import Discrete, MultiDiscrete, leaves
from econsim.testing import check_game
from econsim.testing.play import random_actions

TWO_REGIONS: dict[str, Any] = {
    "workers": (
        {"name": "north", "count": 3, "planner": "capital", "region": {"rows": [0, 9]}, "labour_cost": 0.1},
        {"name": "south", "count": 2, "planner": "province", "gather_bonus": 0.5, "risk_aversion": 0.5},
    ),
    "planners": ("capital", "province"),
    "starts": {"kind": "anywhere"},
}
# Few games that differ in all that changes what is computed: tracing a game takes longer than playing it. The published
# one is checked with the shipped scenarios.
COMMONS: dict[str, Any] = {"regrowth_halfwidth": 2, "regrowth_rate": 0.2, "starting_coin": 10.0, "risk_aversion": 1.0}
VARIANTS: dict[str, dict[str, Any]] = {
    "two_regions": TWO_REGIONS,
    "equalised_commons_from_two_sides": {
        "components": ("build", "trade", "gather", "equalise", "tax"),
        "starts": {"kind": "sides"},
        "workers": 6,
        **COMMONS,
    },
    "whole_map_in_short_periods": {
        "view_radius": "all",
        "planner_sees_map": True,
        "workers": 3,
        "components": ("build", "trade", "gather", {"kind": "tax", "period": 7, "brackets": [0, 5, 20]}),
    },
    "no_taxes_and_other_prices": {
        "components": ("build", {"kind": "trade", "highest_price": 4, "open_orders": 2}, "gather")
    },
}


def game_of(**parameters: Any) -> GatherTradeBuild:
    return GatherTradeBuild(Parameters.model_validate(parameters))


def play(game: GatherTradeBuild, state: Any, steps: int) -> Any:
    """Play legal random actions from ``state``."""
    for _ in range(steps):
        seen = game.observe(state)
        actions = random_actions(game, seen, random.fold(state.world.key, state.world.time))
        state = game.step(state, actions).state
    return state


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_keeps_the_promises_of_a_game(variant: str) -> None:
    broken = [check for check in check_game(game_of(horizon=16, **VARIANTS[variant])) if not check.passed]
    assert broken == []


@pytest.mark.parametrize(("workers", "features"), [(4, 136), (10, 142)])
def test_spaces_are_the_published_ones(workers: int, features: int) -> None:
    game = game_of(workers=workers)
    worker, planner = game.roles["worker"], game.roles["planner"]
    assert worker.action == Discrete(50)
    assert planner.action == MultiDiscrete((22,) * 7)
    assert (len(worker.features), worker.view) == (features, (9, 11, 11))
    assert len(planner.features) == 82 + workers + 6 * workers  # 86 shared numbers for four workers
    assert planner.leads
    assert planner.acts_every == 100


def test_the_smallest_and_a_crowded_economy_play() -> None:
    alone = game_of(workers=1, horizon=10)
    assert play(alone, alone.reset(random.keys(0, 2)), 10).utility.shape == (2, 1)
    crowd = game_of(workers=300, layout={"kind": "published", "name": "large_no_water_quadrant"}, horizon=3)
    state = play(crowd, crowd.reset(random.keys(0, 2)), 3)
    view = crowd.observe(state)["worker"].view
    assert view is not None
    assert view.dtype == torch.int16
    assert int(view.max()) > 255


def test_nothing_waits_for_the_host() -> None:
    """A device without values refuses every look at one and every tensor of another device."""
    game = game_of(**TWO_REGIONS).to(device="meta")
    assert isinstance(game, GatherTradeBuild)
    state = game.reset(torch.zeros(3, dtype=torch.int64, device="meta"))
    seen = game.observe(state)
    for dtype in (torch.int64, torch.float32):
        announced = torch.zeros((3, 1, 7), dtype=dtype, device="meta")
        moves = {"north": torch.zeros((3, 3), dtype=torch.int64, device="meta")}
        moves["south"] = torch.zeros((3, 2), dtype=torch.int64, device="meta")
        after = game.step(state, {**moves, "capital": announced, "province": announced})
    made = [after.state, after.rewards, *seen.values()]
    assert {leaf.device.type for part in made for leaf in leaves(part).values()} == {"meta"}


def test_skills_are_the_expected_ranks_and_corners_follow_them() -> None:
    game = game_of()
    world = game.reset(random.keys(3, 512)).world
    # 2 million draws with numpy give 11.334, 13.271, 16.475, 22.261 with standard errors below 0.002 (spec, 1.2).
    published = torch.tensor([11.334, 13.271, 16.475, 22.261])
    ranked, order = world.build_payment.sort(1)
    assert torch.allclose(ranked, published.expand_as(ranked), atol=0.006)
    row, column = world.position // game.row_length - game.margin, world.position % game.row_length - game.margin
    by_skill = torch.stack([row, column], -1).gather(1, order[..., None].expand(-1, -1, 2))
    assert (by_skill == torch.tensor([[0, 24], [24, 0], [0, 0], [24, 24]])).all()
    assert len({tuple(entry.tolist()) for entry in order}) == 24  # every dealing of four skills occurs


def test_ten_workers_have_the_published_payments() -> None:
    published = [10.51, 11.10, 11.78, 12.59, 13.57, 14.80, 16.44, 18.77, 22.16, 26.57]  # spec, 1.2
    assert (10 * expected_ranks(10, 3.0) - torch.tensor(published)).abs().max() < 0.02  # of 100,000 draws


def test_ten_workers_stand_next_to_each_other_in_groups() -> None:
    game = game_of(workers=10)
    world = game.reset(random.keys(0, 1)).world
    place = world.position[0][world.build_payment[0].argsort()] - game.margin * (game.row_length + 1)
    row, column = place // game.row_length, place % game.row_length
    corners = [(0, 24), (0, 23), (0, 22), (24, 0), (24, 1), (0, 0), (0, 1), (0, 2), (24, 24), (24, 23)]
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == corners


def test_sides_keep_the_most_skilled_above_the_line() -> None:
    game = game_of(starts={"kind": "sides", "top_ranks": [0, 1]}, workers=5)
    world = game.reset(random.keys(1, 32)).world
    row = (world.position // game.row_length - game.margin).gather(1, world.build_payment.argsort(1))
    assert (row[:, :3] > 12).all()
    assert (row[:, 3:] < 12).all()


def test_classes_have_their_own_costs_places_and_planners() -> None:
    game = game_of(**TWO_REGIONS)
    assert list(game.roles) == ["north", "south", "capital", "province"]
    world = game.reset(random.keys(0, 16)).world
    assert (world.position[:, :3] // game.row_length - game.margin <= 9).all()
    assert (world.gather_bonus[:, 3:] == 0.5).all()
    richer = replace(world, coin=world.coin + 50.0, labour=world.labour + 10.0)
    utility, welfare = game._standing(richer)
    for members, cost, eta in ((slice(0, 3), 0.1, 0.23), (slice(3, 5), 0.21, 0.5)):
        expected = (50 ** (1 - eta) - 1) / (1 - eta) - 10 * cost
        assert torch.allclose(utility[:, members], torch.tensor(expected), rtol=1e-5)
    assert welfare.shape == (16, 2)
    assert torch.allclose(welfare, torch.tensor(50.0))


def test_each_planner_taxes_and_pays_its_own_people() -> None:
    game = game_of(**{**TWO_REGIONS, "components": ({"kind": "tax", "period": 1},)})
    state = game.reset(random.keys(0, 1))
    earned = torch.tensor([[20.0, 0.0, 0.0, 30.0, 0.0]])
    state = replace(state, world=replace(state.world, coin=earned))
    idle = {"north": torch.zeros((1, 3), dtype=torch.int64), "south": torch.zeros((1, 2), dtype=torch.int64)}
    rates = {"capital": torch.full((1, 1, 7), 0.3), "province": torch.full((1, 1, 7), 0.5)}
    after = game.step(state, {**idle, **rates}).state
    assert torch.allclose(after.world.coin, torch.tensor([[16.0, 2.0, 2.0, 22.5, 7.5]]))


def test_numeric_parameters_are_a_batch() -> None:
    game = game_of(components=({"kind": "gather", "collect_labour": 0.0}, "tax"))
    keys = random.keys(0, 1).expand(2)
    reform = game.with_parameters(labour_cost=torch.tensor([0.1, 0.4]), move_labour=torch.tensor([1.0, 2.0]))
    state = reform.reset(keys)
    moves = torch.full((2, 4), 1)  # left
    after = reform.step(state, {"worker": moves, "planner": torch.zeros((2, 1, 7), dtype=torch.int64)}).state
    assert after.world.labour[0].sum() > 0
    assert torch.equal(after.world.labour[1], 2 * after.world.labour[0])


def test_a_reform_meets_the_same_luck() -> None:
    """What one copy draws does not depend on what another does: common random numbers."""
    game = game_of()
    state = game.reset(random.keys(5, 1).expand(2))
    moves = torch.stack([torch.full((4,), 46), torch.zeros(4, dtype=torch.int64)])
    for _ in range(5):
        state = game.step(state, {"worker": moves, "planner": torch.zeros((2, 1, 7), dtype=torch.int64)}).state
    assert torch.equal(state.world.build_payment[0], state.world.build_payment[1])
    assert torch.equal(state.world.gather_bonus[0], state.world.gather_bonus[1])


COMPONENT = '''
"""Give: a worker may share coin out among all."""

from dataclasses import replace

from econsim.economies.gather_trade_build.components import Component, Features
from econsim.parameters import Model

__all__ = ["Give", "Parameters"]


class Parameters(Model):
    """How much."""

    alms: float = 1.0
    """Coin."""


class Give(Component):
    """Giving."""

    def __init__(self, parameters):
        self.parameters = parameters

    def numbers(self):
        return {"alms": self.parameters.alms}

    def choices(self, economy):
        return ("give",)

    def step(self, economy, world, memory, actions, announced):
        given = economy.number("alms") * ((actions == 1) & self.mask(economy, world, memory)[..., 0])
        return replace(world, coin=world.coin - given + given.mean(1, keepdim=True)), memory

    def mask(self, economy, world, memory):
        return (world.coin >= economy.number("alms"))[..., None]

    def observe(self, economy, world, memory):
        return Features(worker={"alms": economy.number("alms")[..., None].expand(*world.coin.shape, 1)})
'''


def test_a_new_component_is_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "give_plugin" / "economies" / "gather_trade_build" / "components"
    folder.mkdir(parents=True)
    (folder / "give.py").write_text(COMPONENT)
    monkeypatch.setattr(kinds, "_added_plugins", [])
    monkeypatch.syspath_prepend(str(tmp_path))
    kinds.add_plugin(str(tmp_path / "give_plugin"))
    parts = ("build", "trade", "gather", {"kind": "give", "alms": 2.0}, "tax")
    game = game_of(components=parts, starting_coin=10.0, horizon=16)
    assert game.roles["worker"].action == Discrete(51)
    assert "alms" in game.roles["worker"].features
    state = game.reset(random.keys(0, 1))
    actions = torch.tensor([[50, 0, 0, 0]])
    after = game.step(state, {"worker": actions, "planner": torch.zeros((1, 1, 7), dtype=torch.int64)}).state
    assert after.world.coin.tolist() == [[8.5, 10.5, 10.5, 10.5]]
    assert [check for check in check_game(game) if not check.passed] == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"workers": 0}, "at least one"),
        ({"workers": ({"name": "a"}, {"name": "a"})}, "a occurs more than once"),
        ({"workers": ({"name": "planner"},)}, "planner occurs more than once"),
        ({"workers": ({"planner": "x"},)}, "no planner is called x"),
        ({"planners": ("a", "b")}, "b taxes no workers"),
        ({"components": ("tax", "tax")}, "tax occurs more than once"),
        ({"components": ("fly",)}, "no kind 'fly'"),
        ({"view_radius": -1}, "view_radius"),
        ({"build_skill": {"multiples": [1.0]}}, "4 workers but 1 skill multiples"),
        ({"components": ({"kind": "tax", "brackets": [1, 2]},)}, "expected 0 as the first threshold"),
        ({"components": ({"kind": "tax", "rate_step": 0.3},)}, "expected a step that divides 1"),
        ({"labour_cost": "much"}, "number"),
        ({"workerz": 4}, "workerz"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"workers": 70, "layout": {"kind": "published", "name": "small_quadrant"}},
        {"workers": ({"count": 5, "region": {"rows": [0, 0], "columns": [0, 3]}},)},
        {"workers": ({"count": 1, "region": {"rows": [12, 12], "columns": [0, 3]}},)},
    ],
)
def test_people_who_do_not_fit_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="has too few free tiles"):
        game_of(**parameters)


def test_make_takes_parameters_by_name() -> None:
    game = econsim.make("gather_trade_build", num_envs=2, workers=7)
    assert game.roles["worker"].count == 7


@pytest.fixture
def utility_rows() -> Tensor:
    return torch.tensor([[10.0, 20.0, 30.0, 40.0]])


def test_utility_has_the_published_values(utility_rows: Tensor) -> None:
    game = game_of().to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    world = game.reset(random.keys(0, 1)).world
    labour = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    utility, welfare = game._standing(replace(world, coin=utility_rows.double(), labour=labour))
    expected = torch.tensor([[6.13862, 11.32204, 15.89068, 20.09929]], dtype=torch.float64)  # spec, 1.7
    assert torch.allclose(utility, expected, atol=5e-6)
    assert abs(float(welfare) - 16.6667) < 5e-5
