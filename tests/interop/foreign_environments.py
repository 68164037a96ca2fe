"""PettingZoo environments as users write them: simultaneous and in turn, with masks and with agents that leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

MASKED = spaces.Dict(
    {
        "weather": spaces.Discrete(3, start=1),
        "baskets": spaces.MultiDiscrete([2, 4]),
        "trees": spaces.Box(0, 255, (2,), np.uint8),
        "action_mask": spaces.MultiBinary(4),
    }
)


class Orchard(ParallelEnv[str, Any, Any]):
    """Pickers take up to three apples, no more than hang; who has six goes home, and at dusk all do."""

    metadata = {"name": "orchard"}  # noqa: RUF012 as PettingZoo's own environments declare it

    def __init__(self, dusk: int = 5) -> None:
        self.dusk, self.render_mode = dusk, None
        self.possible_agents = ["picker_0", "picker_1", "farmer"]
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's observations."""
        return spaces.Box(-np.inf, np.inf, (1,)) if agent == "farmer" else MASKED

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's actions."""
        if agent == "farmer":
            return spaces.Box(np.array([0.0, 10.0], np.float32), np.array([1.0, 30.0], np.float32))
        return spaces.Discrete(4)

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        """Grow up to nine apples on each tree."""
        self.random = np.random.default_rng(seed)
        self.agents, self.time = self.possible_agents[:], 0
        self.trees = self.random.integers(3, 10, 2)
        self.picked = {"picker_0": 0, "picker_1": 0}
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> Any:
        """Pick; the farmer is paid for every apple and waters a tree."""
        assert set(actions) == set(self.agents)
        rewards = dict.fromkeys(self.agents, 0.0)
        for tree, agent in enumerate(("picker_0", "picker_1")):
            if agent in actions:
                assert actions[agent] <= self.trees[tree]
                self.trees[tree] -= actions[agent]
                self.picked[agent] += actions[agent]
                rewards[agent] = float(actions[agent])
        share, water = actions["farmer"]
        assert 0 <= share <= 1
        assert 10 <= water <= 30
        rewards["farmer"] = float(share) * sum(rewards.values()) - float(water) / 100
        self.trees += self.random.integers(0, 2, 2)
        self.time += 1
        done = {agent: self.picked.get(agent, 0) >= 6 for agent in self.agents}
        late = dict.fromkeys(self.agents, self.time >= self.dusk)
        self.agents = [agent for agent in self.agents if not (done[agent] or late[agent])]
        observations = self._observations()
        return observations, rewards, done, late, {agent: {} for agent in done}

    def _observations(self) -> dict[str, Any]:
        pickers = {
            agent: {
                "weather": 1 + self.time % 3,
                "baskets": np.array([self.picked[agent] % 2, min(3, self.picked[agent])]),
                "trees": self.trees.astype(np.uint8),
                "action_mask": (np.arange(4) <= self.trees[tree]).astype(np.int8),
            }
            for tree, agent in enumerate(("picker_0", "picker_1"))
        }
        every = {**pickers, "farmer": np.array([self.trees.sum()], np.float32)}
        return {agent: every[agent] for agent in self.agents}


class Nim(AECEnv[str, Any, Any]):
    """Three players in turn take one or two of the sticks; who takes the last one leaves and the pile is new."""

    metadata = {"name": "nim", "is_parallelizable": False}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.possible_agents = ["player_0", "player_1", "player_2"]

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's observations: the number of sticks."""
        return spaces.Discrete(6)

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's actions."""
        return spaces.Discrete(2, start=1)

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        """Draw a pile."""
        self.random = np.random.default_rng(seed)
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.sticks = int(self.random.integers(2, 6))
        self.agent_selection = self.agents[0]
        self._inform()

    def observe(self, agent: str) -> int:
        """Return the number of sticks."""
        return self.sticks

    def step(self, action: int) -> None:
        """Take sticks; who takes the last loses two, which the others share."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        assert action <= self.sticks
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self.sticks -= action
        following = self.agents[(self.agents.index(agent) + 1) % len(self.agents)]
        if self.sticks == 0:
            others = [other for other in self.agents if other != agent]
            self.rewards |= {agent: -2.0} | dict.fromkeys(others, 2.0 / len(others))
            self.terminations[agent] = True
            if len(others) == 1:
                self.terminations[others[0]] = True
            self.sticks = int(self.random.integers(2, 6))
        self.agent_selection = following
        self._accumulate_rewards()
        self._deads_step_first()
        self._inform()

    def _inform(self) -> None:
        mask = np.array([1, self.sticks >= 2], np.int8)
        self.infos = {agent: {"action_mask": mask} for agent in self.agents}


class Echo(ParallelEnv[str, Any, Any]):
    """A pupil is paid for repeating the number that it sees; ``observed`` and ``acted`` are its spaces."""

    metadata = {"name": "echo"}  # noqa: RUF012

    def __init__(self, observed: Any = None, acted: Any = None, fixed: bool = True) -> None:
        self.possible_agents = ["pupil"]
        self.agents: list[str] = []
        self.observed, self.acted, self.fixed = observed or spaces.Discrete(3), acted or spaces.Discrete(3), fixed
        self.max_cycles = 4

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of observations."""
        return self.observed

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of actions."""
        return self.acted

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        """Draw the first number; not ``fixed``: without regard to the seed."""
        self.random = np.random.default_rng(seed if self.fixed else None)
        self.agents, self.time, self.last = ["pupil"], 0, None
        self.number = int(self.random.integers(0, 3))
        return {"pupil": self.number}, {"pupil": {}}

    def step(self, actions: dict[str, Any]) -> Any:
        """Compare and draw the next number."""
        self.last = actions["pupil"]
        reward = float(np.all(self.last == self.number))
        self.number, self.time = int(self.random.integers(0, 3)), self.time + 1
        over = self.time >= self.max_cycles
        self.agents = [] if over else self.agents
        return {"pupil": self.number}, {"pupil": reward}, {"pupil": False}, {"pupil": over}, {"pupil": {}}
