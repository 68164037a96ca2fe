"""Environments for wrappers that take no dictionary: vectors, masks in info, and actions that are clipped."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, parallel_api_test
from pettingzoo.utils.conversions import parallel_to_aec
from random_agent import RandomAgent
from toy_games import GIVERS, Gifts

import econsim
from econsim.errors import UserError
from econsim.interop import to_gymnasium, to_pettingzoo
from econsim.interop.pettingzoo import env, parallel_env

pytestmark = [
    # Both advise against what these games have by design: masks, spaces that differ by role, unbounded observations.
    pytest.mark.filterwarnings("ignore::UserWarning:pettingzoo"),
    pytest.mark.filterwarnings("ignore::UserWarning:gymnasium"),
]
FORMS = [("dict", "observation"), ("dict", "info"), ("flat", "observation"), ("flat", "info"), ("padded", "info")]
each_form = pytest.mark.parametrize(("form", "masks"), FORMS)
SMALL = {"horizon": 20, "planner_sees_map": True}


def village(**options: Any) -> Any:
    """Return Gather-Trade-Build: roles with maps, a mask of one choice, and a mask of several choices."""
    return parallel_env("gather_trade_build", seed=3, **SMALL, **options)


@each_form
@pytest.mark.parametrize("game", [Gifts(), econsim.make("one_step", workers=3)], ids=["gifts", "one_step"])
def test_pettingzoos_own_tests(game: Any, form: Any, masks: Any) -> None:
    options = {"observations": form, "masks": masks}
    masked = isinstance(game, Gifts)
    if not masked or masks == "info" or form == "dict":  # a mask within a vector is not seen by these tests
        api_test(parallel_to_aec(to_pettingzoo(game, **options)), num_cycles=20)
    if not masked or (masks == "observation" and form == "dict"):  # this one does not look into info either
        parallel_api_test(to_pettingzoo(game, **options), num_cycles=20)


@pytest.mark.parametrize(("form", "masks"), [entry for entry in FORMS if entry != ("flat", "observation")])
def test_pettingzoos_own_test_of_maps_and_several_choices(form: Any, masks: Any) -> None:
    api_test(env("gather_trade_build", seed=3, observations=form, masks=masks, **SMALL), num_cycles=30)


@each_form
def test_observations_are_in_their_spaces(form: Any, masks: Any) -> None:
    world = village(observations=form, masks=masks)
    seen, infos = world.reset()
    for agent in world.agents:
        space = world.observation_space(agent)
        assert space.contains(seen[agent]), agent
        assert isinstance(space, Dict if form == "dict" else Box)
        assert ("action_mask" in infos[agent]) == (masks == "info")
    lengths = {world.observation_space(agent).shape for agent in world.agents}
    assert len(lengths) == (2 if form == "flat" else 1)
    if form == "padded":
        assert (
            len({world.observation_space(agent) == world.observation_space("planner_0") for agent in world.agents}) == 1
        )


def test_a_vector_holds_features_map_and_mask_in_this_order() -> None:
    whole, vectors = village(), village(observations="flat", masks="observation")
    padded = village(observations="padded")
    (seen, _), (flat, _), (long, infos) = whole.reset(), vectors.reset(), padded.reset()
    for agent, entry in seen.items():
        mask = entry["action_mask"]
        masks = mask if isinstance(mask, tuple) else (mask,)
        own = np.concatenate([entry["observation"], entry["view"].ravel()])
        assert np.array_equal(flat[agent], np.concatenate([own, *masks]))
        assert np.array_equal(long[agent], np.pad(own, (0, long[agent].size - own.size)))
        in_info = infos[agent]["action_mask"]
        assert all(map(np.array_equal, masks, in_info if isinstance(in_info, tuple) else (in_info,)))


def seat(game: Any, role: str, **options: Any) -> Any:
    return to_gymnasium(game, role, {other: RandomAgent() for other in game.roles if other != role}, **options)


SEATS = [("features", "info"), ("dict", "observation"), ("dict", "info"), ("flat", "observation"), ("flat", "info")]


@pytest.mark.parametrize(("form", "masks"), SEATS)
def test_gymnasiums_own_checker(form: Any, masks: Any) -> None:
    options = {"observations": form, "masks": masks}
    check_env(seat(Gifts(6), "collector", **options), skip_render_check=True)
    check_env(seat(econsim.make("one_step", workers=3), "planner", **options), skip_render_check=True)


@pytest.mark.parametrize(("form", "masks"), SEATS)
def test_a_seat_with_map_and_mask(form: Any, masks: Any) -> None:
    environment = seat(econsim.make("gather_trade_build", **SMALL), "planner", observations=form, masks=masks)
    observation, info = environment.reset(seed=1)
    assert environment.observation_space.contains(observation)
    assert ("action_mask" in info) == (masks == "info")
    size = {"features": 0, "dict": 0, "flat": 9 * 25 * 25 + (7 * 22 if masks == "observation" else 0)}[form]
    features = observation["observation"] if form == "dict" else observation
    assert features.size == size + environment._session.observations["planner"].features.shape[-1]


def test_gymnasiums_vector_environments_and_wrappers_take_them() -> None:
    def made() -> Any:
        return seat(Gifts(6), "collector", observations="flat", out_of_range="clip")

    vector = gymnasium.vector.SyncVectorEnv([made, made])
    observations, _ = vector.reset(seed=3)
    assert observations.shape == (2, *made().observation_space.shape)
    _, rewards, _, _, _ = vector.step(np.array([[-3.0], [7.0]], dtype=np.float32))
    assert rewards[0] == 0.0


def test_numbers_out_of_range_are_clipped_when_asked() -> None:
    rewards = []
    gifts: dict[str, Any] = {f"giver_{player}": 0 for player in range(GIVERS)}
    for rate, options in ((1.0, {}), (1.5, {"out_of_range": "clip"}), (np.inf, {"out_of_range": "clip"})):
        environment = to_pettingzoo(Gifts(), **options)
        environment.reset(seed=1)
        environment.step({**gifts, "collector_0": np.array([rate])})
        rewards.append(environment.step({**gifts, "collector_0": np.array([rate])})[1])
    assert rewards[0] == rewards[1] == rewards[2]
    environment.reset(seed=1)
    for wrong in (np.array([np.nan]), np.array([0.5, 0.5]), np.array(["x"])):
        with pytest.raises(ValueError, match=r"collector_0: .* is not a legal action"):
            environment.step({**gifts, "collector_0": wrong})
    with pytest.raises(ValueError, match="giver_0: 9 is not a legal action"):
        environment.step({**gifts, "giver_0": 9, "collector_0": np.array([0.5])})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("observations", "vector", "observations: expected 'dict' or 'flat' or 'padded', found 'vector'"),
        ("masks", "nowhere", "masks: expected 'observation' or 'info', found 'nowhere'"),
        ("out_of_range", "wrap", "out_of_range: expected 'error' or 'clip', found 'wrap'"),
    ],
)
def test_unknown_options_are_user_errors(option: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        to_pettingzoo(Gifts(), **{option: value})
    with pytest.raises(UserError, match=option):
        seat(Gifts(), "collector", **{option: value})


def test_features_have_no_room_for_masks() -> None:
    with pytest.raises(UserError, match="masks: observations='features' has no room for masks; use masks='info'"):
        seat(Gifts(), "collector", masks="observation")
