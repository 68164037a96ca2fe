"""Every shipped economy passes PettingZoo's and Gymnasium's own tests, and one seed fixes a whole episode."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, seed_test, state_test
from pettingzoo.utils.conversions import parallel_to_aec

from econsim.agents.best_response import BestResponse, Parameters
from econsim.game import Game
from econsim.interop import to_gymnasium, to_pettingzoo
from econsim.scenario import game_choice

pytestmark = [
    # Both advise against what these games have by design: masks, spaces that differ by role, unbounded observations.
    pytest.mark.filterwarnings("ignore::UserWarning:pettingzoo"),
    pytest.mark.filterwarnings("ignore::UserWarning:gymnasium"),
]
YEARS = {"workers": 4, "tax_years": 5, "steps_per_tax_year": 2}


def game(name: str) -> Game[Any]:
    more = {"amount": {}, "index": {"hours_step": 10, "hours_as": "index"}}[name]
    built: Game[Any] = game_choice("one_step", {**YEARS, **more}).build()
    return built


each_game = pytest.mark.parametrize("name", ["amount", "index"])


@each_game
def test_pettingzoos_own_tests(name: str) -> None:
    parallel_api_test(to_pettingzoo(game(name)), num_cycles=40)
    api_test(parallel_to_aec(to_pettingzoo(game(name), render_mode="ansi")), num_cycles=40)
    state_test(parallel_to_aec(to_pettingzoo(game(name))), to_pettingzoo(game(name)))
    seed_test(lambda: parallel_to_aec(to_pettingzoo(game(name))), num_cycles=40)
    parallel_seed_test(lambda: to_pettingzoo(game(name)), num_cycles=40)


@each_game
def test_pettingzoos_test_of_the_last_cycle(name: str) -> None:
    module = SimpleNamespace(
        parallel_env=lambda max_cycles: to_pettingzoo(game(name), max_cycles=max_cycles),
        env=lambda max_cycles: parallel_to_aec(to_pettingzoo(game(name), max_cycles=max_cycles)),
    )
    max_cycles_test(module)


@each_game
def test_gymnasiums_checker_of_the_planner(name: str) -> None:
    check_env(to_gymnasium(game(name), "planner", {"worker": BestResponse(Parameters())}), skip_render_check=True)


def episode(name: str, seed: int) -> bytes:
    """Play one whole episode with actions drawn from the spaces, and return everything that came back."""
    environment = to_pettingzoo(game(name))
    trace: list[Any] = [environment.reset(seed=seed)]
    for agent in environment.possible_agents:
        environment.action_space(agent).seed(seed)
    while environment.agents:
        trace.append(
            environment.step({agent: environment.action_space(agent).sample() for agent in environment.agents})
        )
    assert len(trace) == 1 + game(name).horizon
    return pickle.dumps(trace)


@each_game
def test_one_seed_fixes_the_whole_episode(name: str) -> None:
    assert episode(name, seed=3) == episode(name, seed=3)
    assert episode(name, seed=3) != episode(name, seed=4)
