"""The Gymnasium bridge passes Gymnasium's checker and adds up what the seat is paid between its actions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from torch import Tensor
from toy_games import SIGNALS, Gifts, Signals

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.interop import to_gymnasium


class RandomGiver:
    """Gives one coin with probability one half if it has one."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        gift = random.integers(key, 0, "gift", 2, tuple(observation.alive.shape[1:]))
        assert observation.action_mask is not None
        return gift * observation.action_mask[..., 1], None


def _environment(horizon: int = 6) -> Any:
    return to_gymnasium(Gifts(horizon), "collector", {"giver": RandomGiver()})


@pytest.mark.filterwarnings("ignore::UserWarning:gymnasium")
def test_gymnasiums_own_checker() -> None:
    check_env(_environment(), skip_render_check=True)


def _episode(environment: Any, seed: int | None, rate: float) -> list[tuple[Any, ...]]:
    seen, _ = environment.reset(seed=seed)
    trace: list[tuple[Any, ...]] = [(seen.tolist(),)]
    ended = False
    while not ended:
        seen, reward, terminated, truncated, info = environment.step(np.array([rate], dtype=np.float32))
        trace.append((seen.tolist(), reward, terminated, truncated, info))
        ended = terminated or truncated
    return trace


def test_a_step_lasts_until_the_seat_acts_again() -> None:
    trace = _episode(_environment(horizon=6), 0, 0.5)
    assert [entry[-1]["time"] for entry in trace[1:]] == [2, 4, 6]
    assert trace[-1][3]


def test_the_last_step_may_be_shorter() -> None:
    assert [entry[-1]["time"] for entry in _episode(_environment(horizon=5), 0, 0.5)[1:]] == [2, 4, 5]


def test_rewards_add_up_to_the_treasury() -> None:
    environment = _environment()
    rewards = [entry[1] for entry in _episode(environment, 3, 0.25)[1:]]
    state = environment._session.state
    assert sum(rewards) > 0
    # float32 sums of multiples of a quarter are exact.
    assert sum(rewards) == float(state.treasury[0])


def test_a_seed_fixes_the_whole_episode_and_each_episode_differs() -> None:
    one, two = _environment(), _environment()
    first = _episode(one, 4, 0.3)
    assert first == _episode(two, 4, 0.3)
    following = _episode(one, None, 0.3)
    assert following == _episode(two, None, 0.3)
    assert following != first


def test_other_draws_than_the_games_own() -> None:
    environment = _environment()
    environment.reset(seed=1)
    session = environment._session
    assert not torch.equal(session.step_key("giver"), session.key)


@pytest.mark.parametrize(
    ("role", "others", "message"),
    [
        ("colector", {}, "did you mean collector"),
        ("giver", {}, "expected one player, found 4"),
        ("collector", {}, "no agent is given for giver"),
    ],
)
def test_wrong_seats_are_user_errors(role: str, others: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        to_gymnasium(Gifts(), role, others)


def test_an_illegal_action_is_refused() -> None:
    environment = _environment()
    environment.reset()
    with pytest.raises(ValueError, match=r"collector: .* is not a legal action"):
        environment.step(np.array([2.0]))


def test_shared_entries_stand_behind_the_players_own() -> None:
    environment = to_gymnasium(Signals(players=1), "guesser", {})
    observation, _ = environment.reset(seed=5)
    assert observation.shape == environment.observation_space.shape == (1 + SIGNALS,)
    assert environment.observation_space.contains(observation)
