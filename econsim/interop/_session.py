"""Single-environment sessions: the step-by-step play shared by the interfaces to Gymnasium and PettingZoo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from econsim import random
from econsim.game import Game, Observation


class Session:
    """One environment copy of a game. ``reset(seed)`` starts the seed's first episode, ``reset()`` the next episode."""

    def __init__(self, game: Game[Any], seed: int) -> None:
        self.game = game
        self.seed = seed
        self.episode = -1
        self.time = 0

    def reset(self, seed: int | None = None) -> None:
        """Start an episode: the first of ``seed``, or the next one of the current seed."""
        self.seed, self.episode = (self.seed, self.episode + 1) if seed is None else (seed, 0)
        self.key = random.fold(random.keys(self.seed, 1), self.episode)
        self.time = 0
        self.state = self.game.reset(self.key)
        self.observations: dict[str, Observation] = self.game.observe(self.state)

    def step(self, actions: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], bool, bool]:
        """Advance by one step; return rewards ``{role: [N]}``, terminated and truncated."""
        transition = self.game.step(self.state, actions)
        self.time += 1
        self.state = transition.state
        self.observations = self.game.observe(self.state)
        rewards = {name: reward[0] for name, reward in transition.rewards.items()}
        return rewards, bool(transition.terminated[0]), bool(transition.truncated[0])

    def step_key(self, role: str) -> Tensor:
        """Return the random key ``[1]`` of ``role`` in this step, which is independent of the game's own draws."""
        return random.fold(random.fold(self.key, f"agent {role}"), self.time)
