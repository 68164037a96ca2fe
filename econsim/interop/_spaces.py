"""Conversion of spaces, observations and actions between econsim and Gymnasium."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, MultiDiscrete, Observation, Role, Space

try:
    from gymnasium import spaces as spaces  # also for the modules beside this one
except ImportError as error:
    raise UserError("gymnasium is not installed: pip install 'econsim[interop]'") from error

Array = np.ndarray[Any, np.dtype[Any]]
_NUMBERS = "biuf"
"""Kinds of numpy types that are real numbers."""


def action_space(space: Space) -> spaces.Space[Any]:
    """Return the action space of one player; a scalar box becomes a vector of length one, as trainers expect."""
    match space:
        case Discrete(count=count):
            return spaces.Discrete(count)
        case MultiDiscrete(counts=counts):
            return spaces.MultiDiscrete(list(counts))
        case Box():
            return spaces.Box(space.low, space.high, space.shape or (1,), np.float32)


def observation_space(game: Game[Any], role: Role) -> spaces.Box:
    """Return the space of one player's features, with the features shared by all players appended."""
    dtype = np.float64 if game.dtype == torch.float64 else np.float32
    shared = len(role.shared_features)
    shape = (role.observation.size + shared,) if shared else role.observation.shape
    return spaces.Box(role.observation.low, role.observation.high, shape, dtype)


def features_of(observation: Observation, player: int) -> Array:
    """Return the features of ``player`` in the first environment copy, in the shape of the observation space."""
    features = observation.features[0, player]
    if observation.shared is not None:
        features = torch.cat([features.flatten(), observation.shared[0]])
    return features.detach().cpu().numpy().copy()


def mask_of(observation: Observation, player: int) -> Array | None:
    """Return the action mask of ``player`` in the first environment copy, int8 ``[A]``, or ``None``."""
    mask = observation.action_mask
    return None if mask is None else mask[0, player].cpu().numpy().astype(np.int8)


def view_of(observation: Observation, player: int) -> Array:
    """Return the map that ``player`` observes in the first environment copy."""
    assert observation.view is not None
    return observation.view[0, player].cpu().numpy().copy()


def action_tensor(
    role: Role, action: Any, mask: Array | None, game: Game[Any], who: str, clips: bool = False
) -> Tensor:
    """Return one player's action as a tensor ``[*shape]`` for the game.

    With ``clips``, a number outside a box is replaced by the nearest number in it.

    Raises:
        ValueError: the action has the wrong shape, is outside the space, or is not legal under the mask.
    """
    value = np.asarray(action)
    if clips and isinstance(role.action, Box) and value.dtype.kind in _NUMBERS:
        value = value.clip(role.action.low, role.action.high)  # NaN stays NaN, which is an error
    if value.size != max(1, int(np.prod(role.action.shape))) or not _contains(role.action, value.reshape(-1), mask):
        raise ValueError(f"{who}: {action!r} is not a legal action of {role.action}")
    dtype = game.dtype if isinstance(role.action, Box) else torch.int64
    return torch.as_tensor(value, dtype=dtype).reshape(role.action.shape)


def idle_action(role: Role, game: Game[Any]) -> Tensor:
    """Return a placeholder action ``[*shape]`` for a player who does not act; games ignore it."""
    if isinstance(role.action, Box):
        return torch.full(role.action.shape, min(max(0.0, role.action.low), role.action.high), dtype=game.dtype)
    return torch.zeros(role.action.shape, dtype=torch.int64)


def by_choice(action: Space, mask: Array | None) -> Array | tuple[Array, ...] | None:
    """Return a mask as Gymnasium samples with it: of a multi-discrete action, a tuple of arrays, one per choice."""
    if mask is None:
        return None
    return tuple(np.split(mask, np.cumsum(action.counts)[:-1])) if isinstance(action, MultiDiscrete) else mask


def mask_space(action: Space, size: int) -> spaces.Space[Any]:
    """Return the space of the action masks ``[size]`` of one player, in the form of :func:`by_choice`."""
    if isinstance(action, MultiDiscrete):
        return spaces.Tuple([spaces.MultiBinary(count) for count in action.counts])
    return spaces.MultiBinary(size)


def view_space(role: Role, like: Tensor) -> spaces.Box:
    """Return the space of the map that one player observes, of the type of ``like``."""
    return spaces.Box(0, torch.iinfo(like.dtype).max, role.view, _numpy_type(like))


def _numpy_type(like: Tensor) -> type[np.integer[Any]]:
    return np.uint8 if like.dtype == torch.uint8 else np.int16


def _contains(space: Space, value: Array, mask: Array | None) -> bool:
    if isinstance(space, Box):
        return value.dtype.kind in _NUMBERS and bool(((value >= space.low) & (value <= space.high)).all())
    counts = np.array([space.count] if isinstance(space, Discrete) else space.counts)
    inside = np.issubdtype(value.dtype, np.integer) and bool(((value >= 0) & (value < counts)).all())
    return inside and (mask is None or bool(mask[value + counts.cumsum() - counts].all()))
