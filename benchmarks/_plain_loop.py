"""PPO as a single plain loop, in the manner of CleanRL: the reference for the speed of training.

It plays the same game with the same network, hyper-parameters and numbers of rows as econsim, but with the layers,
distributions and optimiser of torch as they come. Only workers learn; the planner plays a fixed schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Categorical

from econsim import random
from econsim.game import Agent, Game
from econsim.rl.settings import Settings

__all__ = ["PlainLoop"]

WORKER, PLANNER = "worker", "planner"
LEARNING_RATE, ENTROPY_WEIGHT = 3e-3, 0.02  # where the schedules of the recipe begin


class PlainNetwork(nn.Module):
    """The compact network: two convolutions, two dense layers, layer normalisation, and outputs of policy and value."""

    def __init__(self, features: int, planes: int, side: int, options: int) -> None:
        super().__init__()
        convolutions = [nn.Conv2d(planes, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU(), nn.Flatten()]
        self.sight = nn.Sequential(*convolutions)
        seen = self.sight(torch.zeros(1, planes, side, side)).shape[1]
        dense = [nn.Linear(features + seen, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.LayerNorm(128)]
        self.dense = nn.Sequential(*dense)
        self.policy, self.value = nn.Linear(128, options), nn.Linear(128, 1)

    def forward(self, features: Tensor, view: Tensor, mask: Tensor) -> tuple[Categorical, Tensor]:
        """Return the policy and the values ``[M]`` of rows."""
        flags, labels = view[:, :-2].float(), view[:, -2:]
        picture = torch.cat([flags, (labels == 1).float(), (labels > 1).float()], 1)
        hidden = self.dense(torch.cat([features, self.sight(picture)], 1))
        logits = torch.where(mask, self.policy(hidden), -1e8)
        return Categorical(logits=logits, validate_args=False), self.value(hidden)[:, 0]


class PlainLoop:
    """Training of the workers of Gather-Trade-Build; :meth:`iterate` is a rollout followed by an update."""

    def __init__(
        self, game: Game[Any], agents: Mapping[str, Agent], settings: Settings, copies: int, steps: int
    ) -> None:
        self.game, self.planner, self.settings, self.steps = game, agents[PLANNER], settings.for_game(game), steps
        self.keys, self.played = random.keys(0, copies), 0
        self.memory = self.planner.start(game, game.roles[PLANNER], copies)
        self.state = game.reset(self.keys)
        role = game.roles[WORKER]
        channels, side, _ = role.view
        self.network = PlainNetwork(role.observation.size, channels + 2, side, role.action.mask_size)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, eps=1e-5)

    def iterate(self) -> None:
        """Play one rollout and learn from it."""
        self.learn(*self.play())

    @torch.no_grad()
    def play(self) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return inputs, choices and their log-probabilities, and advantages and targets, one row per worker."""
        columns: list[list[Tensor]] = []
        for _ in range(self.steps):
            observed = self.game.observe(self.state)
            seen = observed[WORKER]
            assert seen.view is not None
            assert seen.action_mask is not None
            players = seen.alive.shape
            inputs = [seen.features.flatten(0, 1), seen.view.flatten(0, 1), seen.action_mask.flatten(0, 1)]
            policy, value = self.network(*inputs)
            choice = policy.sample()
            key = random.fold(self.keys, self.played)
            rates, self.memory = self.planner.act(observed[PLANNER], self.memory, key)
            transition = self.game.step(self.state, {WORKER: choice.view(players), PLANNER: rates})
            reward = transition.rewards[WORKER].float().flatten()
            columns.append([*inputs, choice, policy.log_prob(choice), value, reward])
            self.state, self.played = transition.state, self.played + 1
            if self.played % self.game.horizon == 0:
                self.state = self.game.reset(random.fold(self.keys, self.played))
        *inputs, choice, log_prob, value, reward = (torch.stack(column) for column in zip(*columns, strict=True))
        seen = self.game.observe(self.state)[WORKER]
        last = self.network(seen.features.flatten(0, 1), seen.view.flatten(0, 1), seen.action_mask.flatten(0, 1))[1]  # type: ignore[union-attr]
        advantage = self._advantages(reward, value, last)
        rows = [column.flatten(0, 1) for column in (*inputs, choice, log_prob)]
        return rows, advantage.flatten(), (advantage + value).flatten()

    def learn(self, rows: list[Tensor], advantage: Tensor, target: Tensor) -> None:
        """Update the network on shuffled minibatches."""
        settings, clip = self.settings, float(self.settings.clip)  # type: ignore[arg-type]
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        for _ in range(settings.epochs):
            for index in torch.randperm(len(target)).chunk(settings.minibatches):
                *inputs, choice, log_prob = (column[index] for column in rows)
                policy, value = self.network(*inputs)
                ratio = (policy.log_prob(choice) - log_prob).exp()
                gain = torch.minimum(ratio * advantage[index], ratio.clamp(1 - clip, 1 + clip) * advantage[index])
                value_loss = ((value - target[index]) ** 2).mean()
                loss = settings.value_weight * value_loss - gain.mean() - ENTROPY_WEIGHT * policy.entropy().mean()
                self.optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), settings.max_gradient_norm)
                self.optimiser.step()

    def _advantages(self, reward: Tensor, value: Tensor, last: Tensor) -> Tensor:
        """Return generalised advantage estimates ``[T, M]``, with the value ``last`` ``[M]`` after the rollout."""
        assert self.settings.gamma is not None
        gamma, advantage, following = self.settings.gamma, torch.zeros_like(value), torch.zeros_like(last)
        for step in reversed(range(len(reward))):
            following = reward[step] + gamma * last - value[step] + gamma * self.settings.gae_lambda * following
            advantage[step], last = following, value[step]
        return advantage
