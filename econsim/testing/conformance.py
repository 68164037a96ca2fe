"""Conformance checks of the interface :class:`econsim.game.Game`, whose failures are reported and not raised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import torch

from econsim import random
from econsim.game import Agent, Box, FittedAgent, Game, Observation, Role, Space, Stochastic
from econsim.testing import enumeration, invariance, invariants, wording
from econsim.testing.enumeration import draws_its_policy
from econsim.testing.harness import BrokenPromiseError, Promise, Trial, require

if TYPE_CHECKING:
    from econsim.scenario import Scenario

MOST_STEPS = 64


@dataclass(frozen=True)
class Check:
    """The outcome of one check; ``detail`` describes the failure, or what could not be checked."""

    name: str
    passed: bool
    detail: str = ""


def check_game(game: Game[Any], num_envs: int = 3, steps: int | None = None) -> list[Check]:
    """Check every requirement of a game's interface under random legal play.

    Args:
        game: the game, with scalar parameters.
        num_envs: number of environment copies; it is increased if a role has the same number of players, so that no
            axis can be confused with another.
        steps: number of steps to play; by default the whole episode, but at most 64 steps.
    """
    counts = {role.count for role in game.roles.values()}
    distinct = next(number for number in count(num_envs) if number not in counts)
    trial = Trial(game.to(device="cpu"), distinct, min(game.horizon, MOST_STEPS) if steps is None else steps)
    promises = (*invariants.ALL, *invariance.ALL, *enumeration.ALL, *wording.ALL)
    return [_outcome(promise.__name__, promise, trial) for promise in promises]


def check(scenario: Scenario) -> list[Check]:
    """Check a scenario: its game with :func:`check_game` and its agents with :func:`check_agents`."""
    return check_game(scenario.build(device="cpu")[0]) + check_agents(scenario)


def check_agents(scenario: Scenario) -> list[Check]:
    """Check that each agent of a scenario plays legal actions.

    For agents that report the distribution of their actions, also check that actions are drawn from it.
    """
    game, agents = scenario.build(device="cpu")
    trial = Trial(game, 2, 1)

    def agent_checks(name: str, agent: Agent) -> Iterator[Check]:
        yield _outcome(f"agent_{name}", lambda trial: agent_plays_legally(trial, name, agent), trial)
        if isinstance(agent, Stochastic):
            yield _outcome(f"policy_{name}", lambda trial: draws_its_policy(trial, name, agent), trial)

    return [outcome for name, agent in agents.items() for outcome in agent_checks(name, agent)]


def agent_plays_legally(trial: Trial, name: str, agent: Agent) -> str | None:
    """Check that the agent's first action has the shape of its role's action space and lies in it."""
    if isinstance(agent, FittedAgent):
        return "not checked: the agent must be fitted before it can play"
    game, role = trial.game, trial.game.roles[name]
    observation = game.observe(game.reset(trial.key))[name]
    action, _ = agent.act(observation, agent.start(game, role, trial.copies), random.fold(trial.key, name))
    expected = (trial.copies, role.count, *role.action.shape)
    require(
        tuple(action.shape) == expected,
        f"{name}: expected actions of shape {list(expected)}, found {list(action.shape)}",
    )
    legal = _legal(role, role.action, action, observation)
    require(bool(legal[observation.acting & observation.alive].all()), f"{name}: an action is outside the action space")
    return None


def _legal(role: Role, space: Space, action: torch.Tensor, observation: Observation) -> torch.Tensor:
    if isinstance(space, Box):
        inside = (action >= space.low) & (action <= space.high)
        return inside.reshape(*action.shape[:2], -1).all(-1)
    counts = torch.tensor(getattr(space, "counts", (space.mask_size,)))
    choices = action.reshape(*action.shape[:2], -1)
    inside = ((choices >= 0) & (choices < counts)).all(-1)
    if observation.action_mask is None:
        return inside
    first = counts.cumsum(0) - counts
    indices = (choices.clamp(min=0).minimum(counts - 1) + first).long()
    return inside & observation.action_mask.gather(-1, indices).all(-1)


def _outcome(name: str, promise: Promise, trial: Trial) -> Check:
    try:
        return Check(name, True, promise(trial) or "")
    except BrokenPromiseError as failure:
        return Check(name, False, str(failure))
    except Exception as error:  # a game under test may raise any exception, which is a failed check and not a crash
        return Check(name, False, _first_lines(error))


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *lines[:3]])
