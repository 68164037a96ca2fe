"""An agent that plays at random and has a memory, for the other seats of an environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from econsim import random
from econsim.game import Game, Observation, Role
from econsim.testing import random_actions


class RandomAgent:
    """Plays legal random actions and remembers the number of its decisions."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Any, int]:
        return SimpleNamespace(roles={role.name: role}, dtype=game.dtype), 0

    def act(self, observation: Observation, memory: tuple[Any, int], key: torch.Tensor) -> tuple[Any, tuple[Any, int]]:
        game, count = memory
        (action,) = random_actions(game, dict.fromkeys(game.roles, observation), random.fold(key, count)).values()
        return action, (game, count + 1)
