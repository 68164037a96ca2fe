r"""Learning of the shared follower policy, by derivatives through steps of the game in which followers take prices.

The policy ascends the derivative of $\sum_{t<h} \beta^t r_t + \beta^h V(s_h)$ over a window of $h$ periods, and the
value function $V$ is fitted to returns of the same window with traces. A follower does not move aggregates, so that
their derivative is zero (:class:`econsim.learning.PriceTaking`).

Source: Xu, Makoviychuk, Narang, Ramos, Matusik, Garg and Macklin (2022) for windows with a value function at their end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field, field_validator
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim import random
from econsim.game import Agent, Game, tree_map
from econsim.nn import ActorCritic
from econsim.nn.encoders import Seen
from econsim.parameters import Model
from econsim.rl.schedules import Schedule, checked, value_at
from econsim.rl.train_state import TrainState
from econsim.training.mean_field.schemes import Blind

__all__ = ["Follower", "FollowerLearning", "most_likely"]


class Follower(Model):
    """Learning settings of following roles."""

    window: int = Field(25, ge=1)
    """Periods through which derivatives are taken."""
    learning_rate: Schedule = ((0.0, 5e-3), (1.0, 0.0))
    """Step size of Adam for the policy; a schedule."""
    value_learning_rate: Schedule = ((0.0, 1e-2), (1.0, 0.0))
    """Step size of Adam for the value function; a schedule."""
    value_steps: int = Field(6, ge=1)
    """Gradient steps of the value function in each iteration."""
    value_batch: int = Field(4096, ge=1)
    """Followers and periods in each of these steps."""
    trace: float = Field(0.95, ge=0, le=1)
    """Weight of longer returns in the targets of the value function (lambda of temporal differences)."""
    max_gradient_norm: float = Field(1.0, gt=0)
    """Largest norm of the policy's gradient, to which longer ones are scaled."""

    @field_validator("learning_rate", "value_learning_rate")
    @classmethod
    def _is_a_schedule(cls, schedule: Schedule) -> Schedule:
        return checked(schedule, 0.0)


class FollowerLearning:
    """The followers' environment copies, which go on from window to window, and the updates of one following role."""

    def __init__(self, game: Game[Any], train_state: TrainState, blind: Blind, settings: Follower) -> None:
        self.game, self.role, self.settings, self.blind = game, train_state.role, settings, blind
        self.network, self.optimiser = train_state.network, train_state.optimiser
        named = list(self.network.named_parameters())
        self.policy = [weight for name, weight in named if name.startswith("policy")]
        self.value = [weight for name, weight in named if name.startswith("value")]
        self.state: Any = None
        self.key = torch.empty(0)
        self.time = 0

    def learn(self, agents: Mapping[str, Agent], key: Tensor, share_done: float) -> dict[str, float]:
        """Play a window in each environment copy and update policy and value function; return statistics.

        Args:
            agents: the agents of all other roles.
            key: ``[B]``, of the episodes that begin with this window, if they do, and of the minibatches.
            share_done: share of training done, in [0, 1].
        """
        if self.state is None or self.time >= self.game.horizon:
            self.state, self.key, self.time = self.game.reset(key), key, 0
        steps = min(self.settings.window, self.game.horizon - self.time)
        seen, rewards = self._window(agents, steps)
        end = self._values(self._seen())
        discount = self.game.discount
        weights = discount ** torch.arange(steps, dtype=end.dtype, device=end.device)
        gained = (torch.stack(rewards) * weights[:, None, None]).sum(0) + discount**steps * end
        objective = gained.mean() / weights.sum()
        norm = self._ascend(objective, value_at(self.settings.learning_rate, share_done))
        self.state = tree_map(Tensor.detach, self.state)
        targets = self._targets([each.detach() for each in rewards], seen, end.detach())
        loss = self._fit(seen, targets, key[:1], value_at(self.settings.value_learning_rate, share_done))
        return {"objective": float(objective.detach()), "gradient_norm": norm, "value_loss": loss}

    def stored(self) -> dict[str, Any]:
        """Return the environment copies, for a checkpoint."""
        tensors = pytree.tree_leaves(self.state)
        return {"time": self.time, "key": self.key, **{str(index): leaf for index, leaf in enumerate(tensors)}}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Load what :meth:`stored` returned."""
        self.time, self.key = stored["time"], stored["key"].to(self.game.device)
        old, structure = pytree.tree_flatten(self.game.reset(self.key))
        new = [stored[str(index)].to(leaf) for index, leaf in enumerate(old)]
        self.state = pytree.tree_unflatten(new, structure)

    def _window(self, agents: Mapping[str, Agent], steps: int) -> tuple[list[Seen], list[Tensor]]:
        """Play ``steps`` periods; return what followers saw and their rewards ``[B, N]``, with derivatives."""
        roles = {name: role for name, role in self.game.roles.items() if name != self.role}
        memories = {name: agents[name].start(self.game, role, len(self.key)) for name, role in roles.items()}
        seen, rewards = [], []
        for _ in range(steps):
            observations, actions = self.game.observe(self.state), {}
            with torch.no_grad():
                for name in roles:
                    draw = random.fold(random.fold(self.key, name), self.time)
                    actions[name], memories[name] = agents[name].act(observations[name], memories[name], draw)
            seen.append(Seen.of(observations[self.role]))
            actions[self.role] = most_likely(self.network, seen[-1])
            transition = self.game.step(self.state, actions)
            self.state, self.time = transition.state, self.time + 1
            rewards.append(transition.rewards[self.role])
        return [tree_map(Tensor.detach, each) for each in seen], rewards

    def _seen(self) -> Seen:
        return Seen.of(self.game.observe(self.state)[self.role])

    def _values(self, seen: Seen) -> Tensor:
        return self.network(seen)[1]  # type: ignore[no-any-return]

    def _ascend(self, objective: Tensor, rate: float) -> float:
        """Take a step of the policy, and return the norm of its gradient."""
        for weight, slope in zip(self.policy, torch.autograd.grad(-objective, self.policy), strict=True):
            weight.grad = slope
        self.blind.keep(self.network)
        norm = torch.nn.utils.clip_grad_norm_(self.policy, self.settings.max_gradient_norm)
        self.optimiser.step(rate)
        self.optimiser.zero_grad()
        return float(norm)

    @torch.no_grad()
    def _targets(self, rewards: list[Tensor], seen: list[Seen], end: Tensor) -> Tensor:
        """Return the targets of the value function ``[h, B, N]``."""
        discount, trace = self.game.discount, self.settings.trace
        target, following, targets = end, end, []
        for reward, each in zip(reversed(rewards), reversed(seen), strict=True):
            target = reward + discount * ((1 - trace) * following + trace * target)
            following = self._values(each)
            targets.append(target)
        return torch.stack(targets[::-1])

    def _fit(self, seen: list[Seen], targets: Tensor, key: Tensor, rate: float) -> float:
        """Fit the value function on random followers and periods; return the last loss, a share of the variance."""
        mean, spread = targets.mean(), targets.std()
        self.network.rescale_values(mean, spread)
        features = torch.stack([each.features for each in seen]).flatten(0, 2)
        shared = torch.stack([each.shared for each in seen if each.shared is not None]).flatten(0, 1)
        players = targets.shape[-1]
        flat, count = targets.flatten(), targets.numel()
        for step in range(self.settings.value_steps):
            size = (min(count, self.settings.value_batch),)
            rows = random.integers(key, step, "mean_field/rows", count, size)[0]
            batch = Seen(features[rows], shared=shared, shared_row=rows // players)
            error = (self._values(batch) - flat[rows]) / self.network.value_spread
            loss = error.square().mean()
            loss.backward()  # type: ignore[no-untyped-call]
            self.blind.keep(self.network)
            self.optimiser.step(rate)
            self.optimiser.zero_grad()
        return float(loss.detach())


def most_likely(network: ActorCritic, seen: Seen) -> Tensor:
    """Return the actions ``[B, N, *shape]`` that a network plays in an evaluation, with derivatives."""
    return network.head.action(network.policy(seen)[0].mode())
