"""Joint observation of all players of an environment copy, which a centralised critic reads."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor

from econsim.game import Observation, Role

__all__ = ["joint_observation", "joint_size"]

OTHERS = 2  # value of a label in a view from which it stands for another player


def joint_observation(observations: Mapping[str, Observation], with_views: bool) -> Tensor:
    """Return what all players of all roles observe, float32 ``[B, J]``.

    Roles are in the order of their names. The entries of a role are the features of its players, zero for players who
    are not alive, then its shared features, and ``with_views`` the views (0 and 1 for flags; 0: nothing, 1: the viewer,
    2: another player for labels).
    """
    parts: list[Tensor] = []
    for _, observation in sorted(observations.items()):
        features = observation.features.flatten(2).float()
        parts.append((features * observation.alive[..., None]).flatten(1))
        if observation.shared is not None:
            parts.append(observation.shared.float())
        if with_views and observation.view is not None:
            parts.append(observation.view.clamp(max=OTHERS).flatten(1).float())
    return torch.cat(parts, 1)


def joint_size(roles: Mapping[str, Role], with_views: bool) -> int:
    """Return the size ``J`` of the joint observation of a game's roles."""
    return sum(
        role.count * (role.observation.size + (prod(role.view) if with_views and role.view else 0))
        + len(role.shared_features)
        for role in roles.values()
    )
