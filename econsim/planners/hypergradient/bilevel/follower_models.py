"""Four models of how followers respond to an announcement, each with the derivative of the leader's return.

What a model keeps fixed while it is differentiated is its *anchor*: where the steps of the followers start, or which
choices were drawn. The objective of a model around an anchor is a plain function, so that finite differences can check
the gradient.
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

__all__ = ["Averaged", "Drawn", "FollowerModel", "Implicit", "Unrolled"]


class FollowerModel(ABC):
    """One model of the followers of ``scene``."""

    def __init__(self, scene: LeaderObjective) -> None:
        self.scene = scene

    @abstractmethod
    def objective(self, points: Tensor, anchor: Any) -> Tensor:
        """Return what the leader gets under ``points`` ``[C, D]`` in this model, ``[C]``."""

    def anchor(self, points: Tensor, iteration: int) -> Any:
        """Return what stays as it is while ``points`` move a little; nothing by default."""
        return None

    def gradient(self, points: Tensor, iteration: int) -> Tensor:
        """Return the derivative of the objective, ``[C, D]``."""
        at = points.detach().requires_grad_()
        (found,) = torch.autograd.grad(self.objective(at, self.anchor(points, iteration)).sum(), at)
        return found


class Implicit(FollowerModel):
    """Followers stand at their own optimum and move with it, by the implicit function theorem."""

    def objective(self, points: Tensor, anchor: None) -> Tensor:
        """Return the leader's returns under the followers' answers."""
        return self.scene.upper(points, self.scene.answers(points))

    def gradient(self, points: Tensor, iteration: int) -> Tensor:
        """Return the derivative by :func:`implicit_gradient`."""
        scene = self.scene
        return implicit_gradient(scene.upper, scene.lower, points, scene.answers(points))


class Unrolled(FollowerModel):
    """Followers take some steps uphill from where they stand, and the derivative goes through these steps."""

    def __init__(self, scene: LeaderObjective, steps: int, rate: float) -> None:
        super().__init__(scene)
        self.steps, self.rate = steps, rate

    def anchor(self, points: Tensor, iteration: int) -> Tensor:
        """Return the followers' answers, from which they start."""
        return self.scene.answers(points)

    def objective(self, points: Tensor, anchor: Tensor) -> Tensor:
        """Return the leader's returns after the steps."""
        return self.scene.upper(points, unrolled_answer(self.scene.lower, points, anchor, self.steps, self.rate))


class Averaged(FollowerModel):
    """Everybody does the average of a soft-optimal choice: exact sums over choices, no noise; real-valued actions."""

    def __init__(self, scene: LeaderObjective, temperature: float) -> None:
        super().__init__(scene)
        self.temperature = temperature

    def objective(self, points: Tensor, anchor: None) -> Tensor:
        """Return the leader's returns under the average choices."""
        game, role = _solvable(self.scene), self.scene.follower
        likely = (game.choice_values(role, self.scene.first_move(points)[0]) / self.temperature).softmax(-1)
        return self.scene.upper(points, self.scene.scaled(likely @ game.choices(role)))


class Drawn(FollowerModel):
    """Everybody draws a soft-optimal choice, in ``samples`` copies a point; the score function says what to prefer.

    ``d log pi`` is exact, by sums over choices; the expectation over what all draw together is a sample mean, with the
    mean of the other samples as a baseline. It asks nothing of the game but the worth of choices.
    """

    def __init__(self, scene: LeaderObjective, temperature: float, samples: int) -> None:
        super().__init__(scene)
        self.temperature, self.samples = temperature, samples

    def anchor(self, points: Tensor, iteration: int) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return the choices drawn, their log-probability, and the baseline."""
        key = random.fold(random.keys(self.scene.seed, self.samples, points.device), iteration)
        player = _SoftPlayer(self.temperature, self.samples, key.repeat(points.shape[0]))
        with torch.no_grad():
            found = self._returns(points, player)
        baseline = (found.sum(-1, keepdim=True) - found) / (self.samples - 1)
        return player.choices, player.log_probability, baseline

    def objective(self, points: Tensor, anchor: tuple[list[Tensor], Tensor, Tensor]) -> Tensor:
        """Return the mean over samples, each weighed by how much likelier it is than at the anchor."""
        choices, reference, baseline = anchor
        player = _SoftPlayer(self.temperature, self.samples, replayed=choices)
        found = self._returns(points, player)
        likelier = (player.log_probability - reference).exp().reshape(found.shape)
        return (likelier * (found - baseline) + baseline).mean(-1)

    def _returns(self, points: Tensor, player: Agent) -> Tensor:
        """Return the leader's returns, ``[C, samples]``."""
        repeated = points.repeat_interleave(self.samples, 0)
        return self.scene.play(repeated, player).returns[self.scene.leader].mean(-1).reshape(-1, self.samples)


class _SoftPlayer:
    """Draws soft-optimal choices, or plays those of before again, and adds up their log-probability ``[C * samples]``.

    The samples of a point are alike until the first draw, which is therefore weighed once a point.
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
        shares = (values / self.temperature).log_softmax(-1)
        each = (shares.shape[0], -1, role.count)  # points, or single copies after the first draw
        index = self._index(shares.detach(), each)
        said = shares.gather(-1, index.reshape(each).transpose(1, 2)).transpose(1, 2).reshape(index.shape)
        self.log_probability = self.log_probability + torch.where(acting, said, 0.0).sum(-1)
        self.choices.append(index)
        return action_of_choice(index, game, role), memory

    def _index(self, shares: Tensor, each: tuple[int, int, int]) -> Tensor:
        """Return choices ``[C * samples, N]``: those of before, or drawn by inverting their distribution function."""
        if self.replayed is not None:
            return self.replayed[len(self.choices)]
        assert self.keys is not None, "a player draws by keys or replays"
        drawn = random.uniform(self.keys, len(self.choices), "soft_choice", (each[2],), torch.float64)
        up_to = shares.exp().cumsum(-1)
        place = drawn.reshape(each).transpose(1, 2).contiguous()
        index = torch.searchsorted(up_to, place).clamp(max=shares.shape[-1] - 1)
        return index.transpose(1, 2).reshape(drawn.shape)


def _solvable(scene: LeaderObjective) -> Solvable:
    assert isinstance(scene.game, Solvable)
    return scene.game
