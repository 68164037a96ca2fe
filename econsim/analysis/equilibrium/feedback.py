"""Leader policies that react to the state: the action changes linearly with what the leader observes.

A rule has a base action and a slope for each entry of the action and each feature of the observation that varies. Its
action is the base plus the slopes times the change of the features since the first step, within the range of actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.game import Agent, Box, Game, Observation, Role
from econsim.play import play

__all__ = ["Feedback", "varying_features"]

STEEPEST = 2.0
"""The largest change of an action, as a share of its range, per unit of a feature."""


class Feedback:
    """Rules of one leading role, one per environment copy.

    Args:
        points: ``[C, D * (1 + F)]`` in the unit cube: bases, then slopes, of which 0.5 is none.
        box: the range of actions, with ``D`` entries.
        features: the positions of the ``F`` features that the rules read.
    """

    def __init__(self, points: Tensor, box: Box, features: list[int]) -> None:
        self.box, self.features = box, features
        self.base, slopes = points[:, : box.size], points[:, box.size :]
        self.slopes = STEEPEST * (2.0 * slopes - 1.0).reshape(-1, box.size, len(features))

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor | None:
        """Return ``None``: the features of the first step are not known yet."""
        return None

    def act(self, observation: Observation, memory: Tensor | None, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the actions ``[B, 1, *shape]`` and the features of the first step."""
        seen = observation.features[:, 0, self.features].to(self.base)
        first = seen if memory is None else memory
        share = (self.base + (self.slopes * (seen - first)[:, None]).sum(-1)).clamp(0.0, 1.0)
        action = self.box.low + (self.box.high - self.box.low) * share
        return action.reshape(-1, 1, *self.box.shape).to(observation.features.dtype), first


@torch.no_grad()
def varying_features(game: Game[Any], agents: Mapping[str, Agent], role: str, key: Tensor) -> list[int]:
    """Return the positions of a leader's features that change during an episode under ``agents``."""
    rows: list[Tensor] = []
    play(game, agents, key[:1], lambda state, over: rows.append(game.observe(state)[role].features[0, 0]))
    seen = torch.stack(rows)
    varies = (seen.amax(0) - seen.amin(0)) > _LEAST
    return [int(index) for index in varies.nonzero()[:, 0]]


_LEAST = 1e-6
