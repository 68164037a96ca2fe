"""Random legal play, on which the conformance checks and the golden traces are based."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.game import Box, Discrete, Game, MultiDiscrete, Observation, Role, Transition

Actions = Mapping[str, Tensor]


@dataclass(frozen=True)
class Moment:
    """One step of play: the state, observations and actions before it, and the transition.

    ``playing`` ``[B]`` bool marks the environment copies whose episode had not ended before this step.
    """

    time: int
    state: Any
    observations: Mapping[str, Observation]
    actions: Actions
    transition: Transition[Any]
    playing: Tensor


def random_actions(game: Game[Any], observations: Mapping[str, Observation], key: Tensor) -> dict[str, Tensor]:
    """Return legal random actions for every role, whether its players act or not.

    Args:
        game: the game.
        observations: the observations returned by :meth:`~econsim.game.Game.observe`.
        key: random keys ``[B]`` int64, different in each step (:func:`econsim.random.fold`).
    """
    return {
        name: _random_action(role, observations[name].action_mask, random.fold(key, name), game.dtype)
        for name, role in game.roles.items()
    }


def play(game: Game[Any], key: Tensor, steps: int, state: Any = None, time: int = 0) -> Iterator[Moment]:
    """Play at random from ``reset(key)``, or from ``state`` at ``time``, up to step ``steps`` or the last end."""
    state = game.reset(key) if state is None else state
    playing = torch.ones_like(key, dtype=torch.bool)
    while time < steps and bool(playing.any()):
        observations = game.observe(state)
        actions = random_actions(game, observations, random.fold(key, time))
        transition = game.step(state, actions)
        yield Moment(time, state, observations, actions, transition, playing)
        state, time = transition.state, time + 1
        playing = playing & ~(transition.terminated | transition.truncated)


def tensors_of(tree: Any) -> dict[str, Tensor]:
    """Return the tensors of a state, observations or rewards by their path in it."""
    paths, _ = pytree.tree_flatten_with_path(tree)
    return {pytree.keystr(path).lstrip("."): leaf for path, leaf in paths if isinstance(leaf, Tensor)}


def _random_action(role: Role, mask: Tensor | None, key: Tensor, dtype: torch.dtype) -> Tensor:
    space = role.action
    if isinstance(space, Box):
        return _random_numbers(space, (role.count, *space.shape), key, dtype)
    shape = (key.shape[0], role.count, space.mask_size)
    legal = torch.ones(shape, dtype=torch.bool, device=key.device) if mask is None else mask
    logits = torch.zeros(shape, device=key.device).masked_fill(~legal, -torch.inf)
    if isinstance(space, Discrete):
        return random.categorical(key, 0, "choice", logits)
    return _random_choices(space, logits, key)


def _random_choices(space: MultiDiscrete, logits: Tensor, key: Tensor) -> Tensor:
    by_choice = torch.split(logits, list(space.counts), dim=-1)
    choices = [random.categorical(key, 0, f"choice {index}", option) for index, option in enumerate(by_choice)]
    return torch.stack(choices, dim=-1)


def _random_numbers(space: Box, shape: tuple[int, ...], key: Tensor, dtype: torch.dtype) -> Tensor:
    if abs(space.low) == torch.inf or abs(space.high) == torch.inf:
        return random.normal(key, 0, "number", shape, dtype).clamp(space.low, space.high)
    return space.low + (space.high - space.low) * random.uniform(key, 0, "number", shape, dtype)
