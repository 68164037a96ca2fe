"""Batchable parameters: numeric keys of an economy of which many values can be played in one batch.

A key is batchable if the games of its lowest and its highest value differ in one entry of ``game.parameters`` only, if
that entry is the value of the key, and if a short episode with both values in one batch gives the same results as two
separate episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, ValidationError
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.sweep.variants import Variants

__all__ = ["BatchableParameter", "reflection"]

STEPS = 12
# Batched parameters are vectors, and powers of vectors and of scalars may differ in the last of 53 bits.
TOLERANCE = 1e-9
_DEEPEST = 6


@dataclass(frozen=True)
class BatchableParameter:
    """The entry of ``game.parameters`` that a key sets, or the reason why there is none."""

    parameter: str | None
    reason: str = ""


def reflection(variants: Variants, key: str, low: float, high: float) -> BatchableParameter:
    """Return the game parameter that a key of an economy sets, from a comparison of its lowest and highest value."""
    try:
        scenarios = [variants.scenario({key: value}) for value in (low, high)]
        (game, agents), (other, _) = (scenario.build(dtype=torch.float64) for scenario in scenarios)
    except (ValidationError, UserError):
        return BatchableParameter(None, "it cannot be changed on its own")
    differing = [name for name, value in game.parameters.items() if not _same(value, other.parameters.get(name), 0)]
    if not differing and low == high:
        differing = [name for name in game.parameters if name == key.rpartition(".")[2]]
    if len(differing) != 1:
        return BatchableParameter(
            None, "it is not a numeric parameter of the game" if not differing else _several(differing)
        )
    name = differing[0]
    if [float(variant.parameters[name]) for variant in (game, other)] != [float(low), float(high)]:
        return BatchableParameter(None, f"the game derives another value from it ({name})")
    if not _same(_rest(game), _rest(other), 0):
        return BatchableParameter(None, "it changes more of the game than one parameter")
    if not _play_alike(game, other, name, agents):
        return BatchableParameter(None, "the results in a batch differ from those of separate runs")
    return BatchableParameter(name)


def _several(names: list[str]) -> str:
    return f"it changes several numeric parameters ({', '.join(names)})"


def _rest(game: Game[Any]) -> dict[str, Any]:
    return {name: value for name, value in vars(game).items() if name != "parameters"}


def _same(one: Any, other: Any, depth: int) -> bool:
    """Return whether two attributes of games are the same; settings themselves are not compared."""
    if isinstance(one, BaseModel) or depth > _DEEPEST:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[name], depth + 1) for name, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(_same(a, b, depth + 1) for a, b in zip(one, other, strict=True))
    if not hasattr(one, "__dict__"):
        return bool(one == other)
    return _same(vars(one), vars(other), depth + 1)


@torch.no_grad()
def _play_alike(game: Game[Any], other: Game[Any], name: str, agents: Mapping[str, Agent]) -> bool:
    """Return whether a batch of both values gives the same results as each value alone."""
    if agents.keys() != game.roles.keys():
        agents = {}
    keys = random.keys(0, 1)
    values = torch.stack([game.parameters[name], other.parameters[name]])
    together = _played(game.with_parameters(**{name: values}), agents, keys.expand(2))
    for place, alone in enumerate((game, other)):
        for account, value in _played(alone, agents, keys).items():
            if not torch.allclose(value[0], together[account][place], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
                return False
    return True


def _played(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> dict[str, Tensor]:
    """Return the accounts after a few steps; roles without an agent take action zero."""
    state, num_envs = game.reset(key), key.shape[0]
    memories = {name: agent.start(game, game.roles[name], num_envs) for name, agent in agents.items()}
    for time in range(min(STEPS, game.horizon)):
        observations, actions = game.observe(state), {}
        for name, role in game.roles.items():
            draw = random.fold(random.fold(key, name), time)
            if name in agents:
                actions[name], memories[name] = agents[name].act(observations[name], memories[name], draw)
            else:
                actions[name] = torch.zeros(num_envs, role.count, *role.action.shape, dtype=torch.int64)
        state = game.step(state, actions).state
    return {name: value for name, value in game.accounts(state).items() if value.is_floating_point()}
