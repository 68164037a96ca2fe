"""Kernels and tensors give the same states, rewards and observations over whole episodes of random legal play."""

from __future__ import annotations

import pickle
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.errors import UserError
from econsim.game import Game, tree_map
from econsim.kernels.threads import SMALLEST_SLICE
from econsim.testing.play import play, random_actions, tensors_of

VILLAGE = "SW.S.W\n.W~.S.\n.S..~W\nW.~.S.\n.S.W.."
CLASSES = (
    {"name": "north", "count": 2, "planner": "capital", "labour_cost": 0.05, "starting_coin": 30.0},
    {"name": "south", "count": 3, "planner": "province", "risk_aversion": 1.0, "gather_bonus": 0.9},
    {"name": "visitors", "count": 1, "planner": "capital", "risk_aversion": 1.7, "build_skill": {"kind": "equal"}},
)
QUICK_TRADE = {"kind": "trade", "highest_price": 4, "order_duration": 6, "open_orders": 2}
ECONOMIES: dict[str, tuple[int, dict[str, Any]]] = {
    "published": (45, {"components": ("build", "trade", "gather", {"kind": "tax", "period": 15})}),
    "hundred workers": (6, {"workers": 100, "layout": {"kind": "published", "name": "large_quadrant"}}),
    "classes and planners": (
        40,
        {
            "workers": CLASSES,
            "planners": ("capital", "province"),
            "layout": {"kind": "text", "grid": VILLAGE},
            "components": ("gather", QUICK_TRADE, {"kind": "tax", "period": 7, "highest_rate": 0.6}, "build"),
            "view_radius": "all",
            "planner_sees_map": True,
            "welfare": "inverse_income_utility",
            "regrowth_rate": 0.3,
        },
    ),
    "random maps and credits": (
        30,
        {
            "workers": 5,
            "layout": {"kind": "uniform", "height": 9, "width": 11},
            "components": ("build", QUICK_TRADE, "gather", {"kind": "tax", "period": 5, "brackets": (0, 2)}),
            "starting_coin": 12.0,
            "lowest_rate": -0.5,
            "regrowth_halfwidth": 1,
            "regrowth_rate": 0.5,
            "equality_weight": 0.4,
            "taxes_felt": "as_accrued",
            "view_radius": 2,
        },
    ),
    "without taxes": (30, {"components": ("build", "gather", "equalise"), "welfare": "rawlsian", "starting_coin": 3.0}),
}


def game_of(horizon: int, **parameters: Any) -> GatherTradeBuild:
    starts = {"starts": {"kind": "anywhere"}} if "layout" in parameters else {}
    return GatherTradeBuild(Parameters.model_validate({**parameters, **starts, "horizon": horizon}))


def differences(tensors: Any, kernels: Any, rewards: bool = False) -> list[str]:
    """Return the names of tensors that differ; rewards are differences of utilities, whose rounding they inherit."""
    left, right = tensors_of(tensors), tensors_of(kernels)
    assert left.keys() == right.keys()

    def agree(one: Tensor, other: Tensor) -> bool:
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        tolerance = 1e-9 if one.dtype == torch.float64 else 2e-4 if rewards else 1e-5
        return torch.allclose(one, other, tolerance, tolerance) if one.is_floating_point() else torch.equal(one, other)

    return [name for name in left if not agree(left[name], right[name])]


def check_agreement(game: Game[Any], kernels: Game[Any], copies: int, steps: int) -> Any:
    """Play the tensors of ``game`` and compare each step and observation; return the last state."""
    moment = None
    for moment in play(game, random.keys(3, copies), steps):
        assert differences(moment.observations, kernels.observe(moment.state)) == []
        transition = kernels.step(moment.state, moment.actions)
        assert differences(moment.transition.state, transition.state) == []
        assert differences(moment.transition.rewards, transition.rewards, rewards=True) == []
        assert torch.equal(moment.transition.terminated, transition.terminated)
    assert moment is not None
    return moment.transition.state


@pytest.mark.parametrize("name", ECONOMIES)
def test_kernels_agree_with_tensors(name: str) -> None:
    steps, parameters = ECONOMIES[name]
    game = game_of(steps, **parameters)
    last = check_agreement(game, game.on_kernels(), 3, steps)
    assert int(last.world.gathered.sum()) > 0
    if "trade" in last.parts:
        assert int(last.parts["trade"].sold.sum()) > 0
    if name == "random maps and credits":
        assert float(last.parts["tax"].tax.min()) < 0


def test_kernels_agree_with_tensors_in_double_precision() -> None:
    """The only test that compiles kernels in float64."""
    steps, parameters = ECONOMIES["random maps and credits"]
    game = game_of(steps, **parameters).to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    last = check_agreement(game, game.on_kernels(), 3, steps)
    assert last.utility.dtype == torch.float64
    assert float(last.parts["tax"].tax.min()) < 0


def test_threads_do_not_change_results() -> None:
    game = game_of(4, components=("build", "trade", "gather", {"kind": "tax", "period": 2})).on_kernels()
    keys = random.keys(5, 3 * SMALLEST_SLICE + 7)
    before, last = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            last.append(list(play(game, keys, 4))[-1])
    finally:
        torch.set_num_threads(before)
    one, three = (tensors_of({"seen": moment.observations, "state": moment.transition.state}) for moment in last)
    assert one.keys() == three.keys()
    assert all(torch.equal(value, three[name]) for name, value in one.items())


def test_the_memory_layout_of_a_state_does_not_matter() -> None:
    (moment,) = play(game_of(6).on_kernels(), random.keys(3, 5), 1)
    kernels, state = game_of(6).on_kernels(), moment.state
    other = tree_map(lambda leaf: leaf.movedim(0, -1).contiguous().movedim(-1, 0), state)
    assert not other.utility.is_contiguous()
    assert differences(moment.observations, kernels.observe(other)) == []
    transition = kernels.step(other, moment.actions)
    assert differences(moment.transition.state, transition.state) == []
    assert differences(moment.transition.rewards, transition.rewards, rewards=True) == []


def test_a_state_made_from_the_last_one_is_read_from_its_own_memory() -> None:
    kernels = game_of(6).on_kernels()
    (moment,) = play(kernels, random.keys(3, 5), 1)
    last = moment.transition.state
    copied = deepcopy(last)
    for each in vars(last.world).values():
        if each is not None:
            each.zero_()
    richer = replace(copied, world=replace(copied.world, coin=copied.world.coin + 7))
    tensors = game_of(6)
    assert differences(tensors.observe(copied), kernels.observe(copied)) == []
    assert differences(tensors.step(richer, moment.actions), kernels.step(richer, moment.actions)) == []


def test_what_kernels_keep_is_made_again_where_an_economy_is_copied() -> None:
    kernels = game_of(6).on_kernels()
    (moment,) = play(kernels, random.keys(3, 5), 1)
    other = pickle.loads(pickle.dumps(kernels))
    assert differences(kernels.observe(moment.state), other.observe(moment.state)) == []


def test_copies_may_differ_in_their_parameters_and_planners_announce_rates() -> None:
    game = game_of(20, components=("build", "trade", "gather", {"kind": "tax", "period": 5}))
    reform = game.with_parameters(highest_rate=torch.tensor([0.1, 1.0]), move_labour=torch.tensor([1.0, 3.0]))
    kernels = game.on_kernels().with_parameters(**{n: reform.parameters[n] for n in ("highest_rate", "move_labour")})
    check_agreement(reform, kernels, 2, 20)
    key = random.keys(0, 2)
    state = reform.reset(key)
    actions = random_actions(reform, reform.observe(state), key) | {"planner": torch.rand(2, 1, 7)}
    left, right = reform.step(state, actions), kernels.step(state, actions)
    assert differences(left.state, right.state) == []
    assert (right.state.parts["tax"].rates[0] <= 0.1).all()


def test_gradients_and_other_precision_are_computed_by_tensors() -> None:
    game = game_of(8, components=("build", "gather", {"kind": "tax", "period": 1}))
    state = game.reset(random.keys(0, 2))
    rates = torch.full((2, 1, 7), 0.5, requires_grad=True)
    actions = {"worker": torch.zeros((2, 4), dtype=torch.int64), "planner": rates}
    assert game.on_kernels().step(state, actions).state.parts["tax"].rates.requires_grad


def test_kernels_refuse_parameters_of_another_number_of_copies() -> None:
    game = game_of(4)
    batch = game.with_parameters(labour_cost=game.parameters["labour_cost"] * torch.tensor([1.0, 1.1, 0.9]))
    state = game.reset(random.keys(0, 5))
    with pytest.raises(ValueError, match="labour_cost: 3 values for 5 environment copies"):
        batch.on_kernels().observe(state)


def test_an_economy_that_kernels_do_not_cover_says_so() -> None:
    crowd = game_of(8, workers=255, layout={"kind": "uniform", "height": 40, "width": 40})
    assert crowd.not_covered() == "255 workers; they cover up to 254"
    with pytest.raises(UserError, match="do not cover 255 workers"):
        crowd.on_kernels()


def test_without_numba_tensors_play_and_kernels_say_what_to_install() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from econsim import make, random\n"
        "from econsim.errors import UserError\n"
        "game = make('gather_trade_build')\n"
        "game.observe(game.reset(random.keys(0, 2)))\n"
        "try:\n    game.on_kernels()\nexcept UserError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'econsim[fast]'" in done.stdout


def test_the_economy_does_not_import_numba_before_its_kernels_are_used() -> None:
    code = "import sys, econsim; econsim.make('gather_trade_build'); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
