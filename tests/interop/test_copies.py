"""Copies of scenarios, games and environments, made in the middle of an episode, continue to the same numbers."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_agent import RandomAgent
from torch.utils import _pytree as pytree

from econsim import kinds, random
from econsim.interop import to_gymnasium, to_pettingzoo
from econsim.scenario import load
from econsim.testing import random_actions

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
each_game = pytest.mark.parametrize("name", SHIPPED)
each_kind = pytest.mark.parametrize("name", ["gather_trade_build", "matching_pennies", "one_step", "one_step_mixed"])


def copies(value: Any) -> list[Any]:
    return [copy.deepcopy(value), pickle.loads(pickle.dumps(value))]


def joint(environment: Any, seed: int) -> dict[str, Any]:
    """Return legal random actions of all agents."""
    session = environment._session
    drawn = random_actions(session.game, session.observations, random.keys(seed, 1))
    return {agent: drawn[role.name][0, player].numpy() for agent, (role, player) in environment._seats.items()}


def parallel_trace(environment: Any) -> list[Any]:
    """Play two more steps, and begin the next episode."""
    moments = [environment.step(joint(environment, step)) for step in (1, 2) if environment.agents]
    return [*moments, environment.reset()]


def seat_trace(environment: Any) -> list[Any]:
    """Play one more step, and begin the next episode."""
    session = environment._session
    drawn = random_actions(session.game, session.observations, random.keys(1, 1))
    return [environment.step(drawn[environment.role.name][0, 0].numpy()), environment.reset()]


def same(left: Any, right: Any) -> bool:
    (leaves, form), (others, other_form) = pytree.tree_flatten(left), pytree.tree_flatten(right)
    return bool(leaves) and form == other_form and all(map(np.array_equal, leaves, others))


@each_game
def test_parallel_environments(name: str) -> None:
    environment = to_pettingzoo(load(name).build_game(), seed=3)
    unused = copies(environment)
    environment.reset(seed=5)
    if environment._session.game.horizon > 1:
        environment.step(joint(environment, 0))
    if not environment.agents:  # random actions can end an episode at once
        environment.reset(seed=6)
    others = copies(environment)
    expected = parallel_trace(environment)
    assert all(other.agents and same(parallel_trace(other), expected) for other in others)
    first = environment.reset(seed=8)
    assert all(same(other.reset(seed=8), first) for other in unused)


@each_kind
def test_gymnasium_environments(name: str) -> None:
    shorter = {"game.horizon": 12} if name.startswith("gather") else {}
    game = load(name, shorter).build_game()
    role = next(role.name for role in game.roles.values() if role.count == 1)
    environment = to_gymnasium(game, role, {other: RandomAgent() for other in game.roles if other != role}, seed=3)
    environment.reset(seed=5)
    others = copies(environment)
    expected = seat_trace(environment)
    assert all(same(seat_trace(other), expected) for other in others)


@each_game
def test_scenarios_and_parameters(name: str) -> None:
    scenario = load(name)
    assert copies(scenario) == [scenario, scenario]
    assert copies(scenario.game.parameters) == [scenario.game.parameters] * 2


@each_kind
def test_games(name: str) -> None:
    game, key = load(name).build_game(), random.keys(4, 2)
    state = game.reset(key)
    actions = random_actions(game, game.observe(state), key)
    others = copies((game, state))
    following = vars(game.step(state, actions))
    assert all(same(vars(other.step(its_state, actions)), following) for other, its_state in others)


def test_a_process_without_the_plug_in_restores_its_kinds() -> None:
    """A process that multiprocessing starts has the search path of its parent, but not the plug-ins it has added."""
    added = list(kinds._added_plugins)
    kinds.add_plugin(str(ROOT / "docs" / "examples" / "fisheries"))
    try:
        scenario = load("fishery")
        environment = to_pettingzoo(scenario.build_game())
        environment.reset(seed=2)
        stored = pickle.dumps((scenario, environment))
    finally:
        kinds._added_plugins[:] = added
    same_scenario, other = pickle.loads(stored)
    assert same_scenario == scenario
    assert same(parallel_trace(other), parallel_trace(environment))
