"""Models of the followers' responses to the leader's action, each with the derivative of the leader's return.

The quantities that a model holds fixed in a derivative are its *anchor*: the starting point of the followers' steps, or
the choices that were drawn. Given an anchor, the objective of a model is a deterministic function, so that the gradient
can be checked with finite differences.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.actions import action_of_choice
from econsim.game import Agent, Game, Observation, Role, Solvable, tree_map
from econsim.planners.hypergradient.bilevel.implicit_gradient import implicit_gradient
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.bilevel.unrolled_gradient import unrolled_answer

__all__ = ["Averaged", "Drawn", "FollowerModel", "Implicit", "Pathwise", "Unrolled"]


class FollowerModel(ABC):
    """A model of the responses of the followers in ``scene``."""

    def __init__(self, scene: LeaderObjective) -> None:
        self.scene = scene

    @abstractmethod
    def objective(self, points: Tensor, anchor: Any) -> Tensor:
        """Return the leader's returns ``[C]`` at ``points`` ``[C, D]`` according to the model."""

    def anchor(self, points: Tensor, iteration: int) -> Any:
        """Return the quantities held fixed in derivatives at ``points``; by default, none."""
        return None

    def gradient(self, points: Tensor, iteration: int) -> Tensor:
        """Return the derivative of the objective, ``[C, D]``."""
        at = points.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.objective(at, self.anchor(points, iteration)).sum(), at)
        return gradient


class Implicit(FollowerModel):
    """Followers are at their optimum and move with it, by the implicit function theorem."""

    def objective(self, points: Tensor, anchor: None) -> Tensor:
        """Return the leader's returns under the followers' responses."""
        return self.scene.upper(points, self.scene.answers(points))

    def gradient(self, points: Tensor, iteration: int) -> Tensor:
        """Return the derivative from :func:`implicit_gradient`."""
        scene = self.scene
        return implicit_gradient(scene.upper, scene.lower, points, scene.answers(points))


class Unrolled(FollowerModel):
    """Followers take some gradient steps from their current actions, and the derivative goes through these steps."""

    def __init__(self, scene: LeaderObjective, steps: int, rate: float) -> None:
        super().__init__(scene)
        self.steps, self.rate = steps, rate

    def anchor(self, points: Tensor, iteration: int) -> Tensor:
        """Return the followers' responses, from which the steps start."""
        return self.scene.answers(points)

    def objective(self, points: Tensor, anchor: Tensor) -> Tensor:
        """Return the leader's returns after the steps."""
        return self.scene.upper(points, unrolled_answer(self.scene.lower, points, anchor, self.steps, self.rate))


class Pathwise(FollowerModel):
    """The followers' own agent plays; its actions are a smooth function of what it observes."""

    def objective(self, points: Tensor, anchor: None) -> Tensor:
        """Return the leader's returns; derivatives go through the followers' actions and all steps."""
        scene = self.scene
        return scene.play(points, scene.agents[scene.follower]).returns[scene.leader].mean(-1)


class Averaged(FollowerModel):
    """All followers play the mean of a soft-optimal choice: exact sums without noise, for real-valued actions."""

    def __init__(self, scene: LeaderObjective, temperature: float) -> None:
        super().__init__(scene)
        self.temperature = temperature

    def objective(self, points: Tensor, anchor: None) -> Tensor:
        """Return the leader's returns under the mean choices."""
        game, role = _solvable(self.scene), self.scene.follower
        probabilities = (game.choice_values(role, self.scene.first_move(points)[0]) / self.temperature).softmax(-1)
        return self.scene.upper(points, self.scene.scaled(probabilities @ game.choices(role)))


class Drawn(FollowerModel):
    """All followers draw soft-optimal choices, in ``samples`` copies per point, with a score-function gradient.

    ``d log pi`` is exact, by sums over choices. The expectation over the joint draw of all followers is a sample mean,
    with the mean of the other samples as a baseline. The game only has to compute the values of choices.
    """

    def __init__(self, scene: LeaderObjective, temperature: float, samples: int) -> None:
        super().__init__(scene)
        self.temperature, self.samples = temperature, samples

    def anchor(self, points: Tensor, iteration: int) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return the drawn choices, their log-probability, and the baseline."""
        key = random.fold(random.keys(self.scene.seed, self.samples, points.device), iteration)
        player = _SoftPlayer(self.temperature, self.samples, key.repeat(points.shape[0]))
        with torch.no_grad():
            returns = self._returns(points, player)
        baseline = (returns.sum(-1, keepdim=True) - returns) / (self.samples - 1)
        return player.choices, player.log_probability, baseline

    def objective(self, points: Tensor, anchor: tuple[list[Tensor], Tensor, Tensor]) -> Tensor:
        """Return the mean over samples, weighted by their likelihood ratios relative to the anchor."""
        choices, reference, baseline = anchor
        player = _SoftPlayer(self.temperature, self.samples, replayed=choices)
        returns = self._returns(points, player)
        ratio = (player.log_probability - reference).exp().reshape(returns.shape)
        return (ratio * (returns - baseline) + baseline).mean(-1)

    def _returns(self, points: Tensor, player: Agent) -> Tensor:
        """Return the leader's returns, ``[C, samples]``."""
        repeated = points.repeat_interleave(self.samples, 0)
        return self.scene.play(repeated, player).returns[self.scene.leader].mean(-1).reshape(-1, self.samples)


class _SoftPlayer:
    """Draws soft-optimal choices, or replays earlier ones, and adds up their log-probability ``[C * samples]``.

    The samples of a point are identical until the first draw, so that its probabilities are computed once per point.
    """

    def __init__(
        self, temperature: float, samples: int, keys: Tensor | None = None, replayed: list[Tensor] | None = None
    ) -> None:
        self.temperature, self.samples, self.keys, self.replayed = temperature, samples, keys, replayed
        self.choices: list[Tensor] = []
        self.log_probability = torch.zeros((), dtype=torch.float64)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Game[Any], Role]:
        return game, role

    def act(self, observation: Observation, memory: tuple[Game[Any], Role], key: Tensor) -> tuple[Tensor, Any]:
        game, role = memory
        first, acting = not self.choices, observation.acting
        if not bool(acting.any()):
            return action_of_choice(torch.zeros_like(acting, dtype=torch.int64), game, role), memory
        seen = tree_map(lambda leaf: leaf[:: self.samples], observation) if first else observation
        values: Tensor = game.choice_values(role.name, seen)  # type: ignore[attr-defined]
        log_shares = (values / self.temperature).log_softmax(-1)
        shape = (log_shares.shape[0], -1, role.count)  # points, or environment copies after the first draw
        index = self._index(log_shares.detach(), shape)
        logs = log_shares.gather(-1, index.reshape(shape).transpose(1, 2)).transpose(1, 2).reshape(index.shape)
        self.log_probability = self.log_probability + torch.where(acting, logs, 0.0).sum(-1)
        self.choices.append(index)
        return action_of_choice(index, game, role), memory

    def _index(self, log_shares: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Return choices ``[C * samples, N]``: replayed, or drawn by inverting the distribution function."""
        if self.replayed is not None:
            return self.replayed[len(self.choices)]
        assert self.keys is not None, "a player needs keys to draw, or choices to replay"
        drawn = random.uniform(self.keys, len(self.choices), "soft_choice", (shape[2],), torch.float64)
        cumulative = log_shares.exp().cumsum(-1)
        quantile = drawn.reshape(shape).transpose(1, 2).contiguous()
        index = torch.searchsorted(cumulative, quantile).clamp(max=log_shares.shape[-1] - 1)
        return index.transpose(1, 2).reshape(drawn.shape)


def _solvable(scene: LeaderObjective) -> Solvable:
    assert isinstance(scene.game, Solvable)
    return scene.game
