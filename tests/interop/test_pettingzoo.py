"""The PettingZoo bridge passes PettingZoo's own tests, and plays exactly the game that it wraps."""

from __future__ import annotations

import copy
import importlib
import pickle
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, seed_test, state_test
from pettingzoo.utils.conversions import parallel_to_aec
from toy_games import GIVERS, SIGNALS, Gifts, GiftsState, Signals

from econsim import random
from econsim.errors import UserError
from econsim.game import Observation
from econsim.interop import to_pettingzoo

# PettingZoo advises against what a game with several roles has by design: masks, and spaces that differ by role.
advice_apart = pytest.mark.filterwarnings("ignore::UserWarning:pettingzoo")


class FreeGifts(Gifts):
    """Gifts without a mask (debt is allowed): some of PettingZoo's tests sample actions without looking at masks."""

    def observe(self, state: GiftsState) -> dict[str, Observation]:
        seen = super().observe(state)
        giver = seen["giver"]
        return {**seen, "giver": Observation(giver.features.clamp(0, 100), giver.alive, giver.acting)}


@advice_apart
@pytest.mark.parametrize("game", [Gifts(), FreeGifts()], ids=["masked", "free"])
def test_parallel_api(game: Gifts) -> None:
    parallel_api_test(to_pettingzoo(game), num_cycles=30)


@advice_apart
@pytest.mark.parametrize("game", [Gifts(), FreeGifts()], ids=["masked", "free"])
def test_agent_by_agent_api(game: Gifts) -> None:
    api_test(parallel_to_aec(to_pettingzoo(game, render_mode="ansi")), num_cycles=30)


@advice_apart
def test_seeds() -> None:
    parallel_seed_test(lambda: to_pettingzoo(FreeGifts()), num_cycles=30)
    seed_test(lambda: parallel_to_aec(to_pettingzoo(Gifts())), num_cycles=30)


@advice_apart
def test_max_cycles() -> None:
    module = SimpleNamespace(
        parallel_env=lambda max_cycles: to_pettingzoo(FreeGifts(horizon=9), max_cycles=max_cycles),
        env=lambda max_cycles: parallel_to_aec(to_pettingzoo(FreeGifts(horizon=9), max_cycles=max_cycles)),
    )
    max_cycles_test(module)


@advice_apart
def test_state() -> None:
    state_test(parallel_to_aec(to_pettingzoo(FreeGifts())), to_pettingzoo(FreeGifts()))


def _play(environment: Any, actions_seed: int, steps: int = 100) -> list[Any]:
    """Play one episode with masked random actions; return all that came back."""
    trace: list[Any] = []
    generator = np.random.default_rng(actions_seed)
    while environment.agents and len(trace) < steps:
        observations = environment._observations() if not trace else trace[-1][0]
        actions: dict[str, Any] = {"collector_0": generator.random(1, dtype=np.float32)}
        for agent in environment.agents[:GIVERS]:
            actions[agent] = int(generator.choice(np.flatnonzero(observations[agent]["action_mask"])))
        trace.append(environment.step(actions))
    return trace


def _same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) > 0 and pickle.dumps(left) == pickle.dumps(right)


def test_a_seed_fixes_the_whole_episode_and_each_episode_differs() -> None:
    one, two = to_pettingzoo(Gifts()), to_pettingzoo(Gifts(), seed=9)
    traces = []
    for environment in (one, two):
        environment.reset(seed=5)
        first = _play(environment, 1)
        environment.reset()
        traces.append((first, _play(environment, 1)))
    assert len(traces[0][0]) == Gifts().horizon
    assert _same(traces[0][0], traces[1][0])
    assert _same(traces[0][1], traces[1][1])
    assert not _same(*traces[0])


def test_the_seed_of_the_constructor_counts_until_another_is_given() -> None:
    one, two = to_pettingzoo(Gifts(), seed=5), to_pettingzoo(Gifts(), seed=0)
    assert pickle.dumps(one.reset()) == pickle.dumps(two.reset(seed=5))


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"]
)
def test_a_copy_in_mid_episode_continues_identically(duplicate: Any) -> None:
    environment = to_pettingzoo(Gifts())
    environment.reset(seed=2)
    _play(environment, 1, steps=3)
    other = duplicate(environment)
    assert _same(_play(environment, 8), _play(other, 8))


def test_it_plays_the_game_that_it_wraps() -> None:
    game, environment = Gifts(), to_pettingzoo(Gifts())
    observations, infos = environment.reset(seed=11)
    state = game.reset(random.fold(random.keys(11, 1), 0))
    assert observations["giver_2"]["observation"] == pytest.approx(game.observe(state)["giver"].features[0, 2].numpy())
    assert infos["collector_0"] == {"alive": True, "acting": True}
    done = game.step(state, {"giver": torch.tensor([[0, 1, 0, 0]]), "collector": torch.tensor([[0.5]])})
    actions = {"giver_0": 0, "giver_1": 1, "giver_2": 0, "giver_3": 0, "collector_0": np.array([0.5])}
    _, rewards, _, _, infos = environment.step(actions)
    assert list(rewards.values()) == [*done.rewards["giver"][0].tolist(), *done.rewards["collector"][0].tolist()]
    assert not infos["collector_0"]["acting"]


def test_idle_players_may_leave_their_action_out_and_acting_ones_may_not() -> None:
    environment = to_pettingzoo(Gifts())
    environment.reset()
    everyone: dict[str, Any] = {f"giver_{player}": 0 for player in range(GIVERS)}
    with pytest.raises(ValueError, match="collector_0: no action is given"):
        environment.step(everyone)
    environment.step({**everyone, "collector_0": np.array([0.1])})
    environment.step(everyone)


@pytest.mark.parametrize("gift", [4, -1, 0.5, [0, 1]])
def test_an_illegal_action_is_refused(gift: Any) -> None:
    environment = to_pettingzoo(Gifts())
    environment.reset()
    actions = {f"giver_{player}": 0 for player in range(GIVERS)}
    with pytest.raises(ValueError, match=r"giver_1: .* is not a legal action"):
        environment.step({**actions, "giver_1": gift, "collector_0": np.array([0.1])})


@pytest.mark.parametrize("rate", [1.5, np.nan, [0.1, 0.2]])
def test_numbers_outside_of_the_box_are_refused(rate: Any) -> None:
    environment = to_pettingzoo(Gifts())
    environment.reset()
    actions = {f"giver_{player}": 0 for player in range(GIVERS)}
    with pytest.raises(ValueError, match="collector_0: "):
        environment.step({**actions, "collector_0": np.array(rate)})


def test_the_end_of_the_game_and_the_last_cycle_both_end_the_episode() -> None:
    for cycles, expected in ((None, Gifts().horizon), (2, 2), (50, Gifts().horizon)):
        environment = to_pettingzoo(Gifts(), max_cycles=cycles)
        environment.reset()
        trace = _play(environment, 0)
        assert len(trace) == expected
        assert set(trace[-1][3].values()) == {True}
        assert environment.agents == []
        assert environment.step({}) == ({}, {}, {}, {}, {})


def test_rendering_shows_the_accounts() -> None:
    environment = to_pettingzoo(Gifts(), render_mode="ansi")
    environment.reset(seed=0)
    text = environment.render()
    assert isinstance(text, str)
    assert text.startswith("step 0\ncoins ")
    assert to_pettingzoo(Gifts()).render() is None


@pytest.mark.parametrize(("option", "value"), [("render_mode", "human"), ("max_cycles", 0)])
def test_wrong_options_are_user_errors(option: str, value: Any) -> None:
    with pytest.raises(UserError, match=option):
        to_pettingzoo(Gifts(), **{option: value})


@pytest.mark.parametrize(("module", "missing"), [("pettingzoo", "pettingzoo"), ("_spaces", "gymnasium")])
def test_a_missing_extra_names_the_command(module: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = importlib.import_module(f"econsim.interop.{module}")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError, match=r"pip install 'econsim\[interop\]'"):
        importlib.reload(loaded)


def test_an_unknown_name_of_the_room_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="to_nowhere"):
        importlib.import_module("econsim.interop").to_nowhere  # noqa: B018


@advice_apart
def test_shared_entries_stand_behind_each_players_own() -> None:
    parallel_api_test(to_pettingzoo(Signals()), num_cycles=30)
    environment = to_pettingzoo(Signals())
    observations, _ = environment.reset(seed=5)
    first, second = observations["guesser_0"], observations["guesser_1"]
    assert environment.observation_space("guesser_0").shape == (1 + SIGNALS,)
    assert np.array_equal(first, second)
    assert first[0] == 1.0
    assert sorted(first[1:]) == [0.0, 0.0, 1.0]
    assert environment.state().shape == environment.state_space.shape
