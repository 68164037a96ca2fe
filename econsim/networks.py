"""Neural networks of players: policy and value towers, and heads that turn a tower's numbers into actions.

Weights and choices are drawn with :mod:`econsim.random`, never from torch's global generator: a network is a function
of its key, and a choice of the copy's key. A head works on *choices*, the form in which PPO keeps what was done: the
index of a :class:`~econsim.game.Discrete` action, or the unbounded latent number behind a :class:`~econsim.game.Box`.
Since the latent is what is kept, probability ratios need no Jacobian.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Role, Space

__all__ = ["ActorCritic", "Amounts", "Categorical", "Choices", "Gaussian", "tower"]

HIDDEN_GAIN, POLICY_GAIN, VALUE_GAIN = math.sqrt(2.0), 0.01, 1.0
LOWEST_START, HIGHEST_START = 0.01, 0.99


class Distribution(Protocol):
    """How likely each choice is; leading axes ``[...]`` are those of the features, ``[B, N]`` or rows ``[M]``."""

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Return one choice a player; the leading axis is that of ``key`` ``[B]``."""

    def mode(self) -> Tensor:
        """Return the likeliest choice."""

    def log_prob(self, choice: Tensor) -> Tensor:
        """Return the log-probability (or log-density) of ``choice``, ``[...]``."""

    def entropy(self) -> Tensor:
        """Return the entropy in nats, ``[...]``."""


@dataclass(frozen=True)
class Categorical:
    """Independent choices, one a question; ``log_shares`` holds ``[..., A_d]`` normalised log-probabilities each."""

    log_shares: tuple[Tensor, ...]
    several: bool

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Return drawn indices, ``[B, ...]``, or ``[B, ..., D]`` where there are several questions."""
        drawn = (random.categorical(key, place, stream, part) for place, part in enumerate(self.log_shares))
        return self._joined(list(drawn))

    def mode(self) -> Tensor:
        """Return the likeliest indices."""
        return self._joined([part.argmax(-1) for part in self.log_shares])

    def log_prob(self, choice: Tensor) -> Tensor:
        """Return the log-probability of all answers together, ``[...]``."""
        answers = choice if self.several else choice[..., None]
        parts = (part.gather(-1, answers[..., [place]]) for place, part in enumerate(self.log_shares))
        return torch.cat(list(parts), -1).sum(-1)

    def entropy(self) -> Tensor:
        """Return the summed entropy, ``[...]``; masked options add nothing."""
        return torch.stack([-(part.exp() * part).sum(-1) for part in self.log_shares]).sum(0)

    def _joined(self, answers: list[Tensor]) -> Tensor:
        return torch.stack(answers, -1) if self.several else answers[0]


@dataclass(frozen=True)
class Gaussian:
    """Independent normal latents: ``mean`` ``[..., D]``, ``log_std`` ``[D]``."""

    mean: Tensor
    log_std: Tensor

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Return drawn latents, ``[B, ..., D]``."""
        return self.mean + self.log_std.exp() * random.normal(key, 0, stream, tuple(self.mean.shape[1:]))

    def mode(self) -> Tensor:
        """Return the mean latents."""
        return self.mean

    def log_prob(self, choice: Tensor) -> Tensor:
        """Return the log-density of the latents, ``[...]``."""
        distance = (choice - self.mean) * torch.exp(-self.log_std)
        return -(0.5 * distance**2 + self.log_std + 0.5 * math.log(2.0 * math.pi)).sum(-1)

    def entropy(self) -> Tensor:
        """Return the differential entropy of the latents, ``[...]``."""
        return (self.log_std + 0.5 * math.log(2.0 * math.pi * math.e)).sum().expand(self.mean.shape[:-1])


class Choices(nn.Module):
    """Head of :class:`Discrete` and :class:`MultiDiscrete` actions; illegal options are never drawn."""

    def __init__(self, space: Discrete | MultiDiscrete) -> None:
        super().__init__()
        self.several = isinstance(space, MultiDiscrete)
        self.counts = list(space.counts) if isinstance(space, MultiDiscrete) else [space.count]
        self.size = sum(self.counts)

    def distribution(self, outputs: Tensor, action_mask: Tensor | None) -> Categorical:
        """Return the distribution for tower outputs ``[..., A]`` and the mask ``[..., A]`` of legal options."""
        if action_mask is not None:
            outputs = outputs.masked_fill(~action_mask, torch.finfo(outputs.dtype).min)
        return Categorical(tuple(part.log_softmax(-1) for part in torch.split(outputs, self.counts, -1)), self.several)

    def action(self, choice: Tensor) -> Tensor:
        """Return the action of a choice: the indices themselves."""
        return choice

    def start_at(self, action: Tensor) -> Tensor:
        """Raise ``UserError``: only real-valued actions have a starting point."""
        raise UserError("ppo: a start can be given for real-valued actions only")


class Amounts(nn.Module):
    """Head of :class:`Box` actions: ``low + (high - low) * sigmoid(latent)``, the latent normal, its width learned."""

    def __init__(self, space: Box, initial_log_std: float) -> None:
        super().__init__()
        if not (math.isfinite(space.low) and math.isfinite(space.high)):
            raise UserError("ppo: real-valued actions need finite bounds")
        self.space = space
        self.size = space.size
        self.log_std = nn.Parameter(torch.full((space.size,), initial_log_std))

    def distribution(self, outputs: Tensor, action_mask: Tensor | None) -> Gaussian:
        """Return the distribution of latents for tower outputs ``[..., D]``; there is nothing to mask."""
        return Gaussian(outputs, self.log_std)

    def explore(self, log_std: float) -> None:
        """Set the log standard deviation of every latent."""
        with torch.no_grad():
            self.log_std.fill_(log_std)

    def action(self, choice: Tensor) -> Tensor:
        """Return the actions of latents ``[..., D]``, ``[..., *shape]``."""
        low, high = self.space.low, self.space.high
        return (low + (high - low) * torch.sigmoid(choice)).reshape(*choice.shape[:-1], *self.space.shape)

    def start_at(self, action: Tensor) -> Tensor:
        """Return the latents ``[D]`` whose action is ``action``, kept off the bounds, where gradients vanish.

        Raises:
            UserError: ``action`` has another number of entries.
        """
        if action.numel() != self.size:
            raise UserError(f"ppo: start has {action.numel()} entries, an action has {self.size}")
        share = (action.flatten().float() - self.space.low) / (self.space.high - self.space.low)
        return torch.logit(share.clamp(LOWEST_START, HIGHEST_START))


class ActorCritic(nn.Module):
    """Separate policy and value towers for one role.

    Args:
        role: whose features and actions they fit.
        hidden: width of each hidden layer.
        initial_log_std: log standard deviation of a latent at the start (real-valued actions).
        key: ``[1]``, of the weights.
        start: the action ``[*shape]`` that the policy begins with, whatever it sees.
    """

    def __init__(
        self,
        role: Role,
        hidden: Sequence[int],
        initial_log_std: float,
        key: Tensor,
        start: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.head = _head(role.action, initial_log_std)
        sizes = (role.observation.size, *hidden)
        self.policy_tower = tower((*sizes, self.head.size), POLICY_GAIN, random.fold(key, "policy"))
        self.value_tower = tower((*sizes, 1), VALUE_GAIN, random.fold(key, "value"))
        if start is not None:
            self._start_at(start)

    def policy(self, features: Tensor, action_mask: Tensor | None = None) -> Distribution:
        """Return the distribution of choices for features ``[..., F]``."""
        return self.head.distribution(self.policy_tower(features.float()), action_mask)

    def value(self, features: Tensor) -> Tensor:
        """Return the expected return from here, ``[...]``."""
        return self.value_tower(features.float())[..., 0]  # type: ignore[no-any-return]

    def _start_at(self, action: Tensor) -> None:
        latent = self.head.start_at(action)
        with torch.no_grad():
            self.policy_tower[-1].bias.copy_(latent)  # type: ignore[operator]


def _head(space: Space, initial_log_std: float) -> Choices | Amounts:
    return Amounts(space, initial_log_std) if isinstance(space, Box) else Choices(space)


def tower(sizes: Sequence[int], last_gain: float, key: Tensor) -> nn.Sequential:
    """Return linear layers of ``sizes`` with tanh between them; weights orthogonal, biases zero.

    The gains, sqrt(2) for hidden layers and small for the policy's last, are those of Andrychowicz et al. (2021), "What
    matters for on-policy deep actor-critic methods?".
    """
    layers: list[nn.Module] = []
    for place, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        last = place == len(sizes) - 2
        layers.append(_linear(inputs, outputs, last_gain if last else HIDDEN_GAIN, random.fold(key, place)))
        if not last:
            layers.append(nn.Tanh())
    return nn.Sequential(*layers)


def _linear(inputs: int, outputs: int, gain: float, key: Tensor) -> nn.Linear:
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        layer.weight.copy_(gain * _orthogonal(outputs, inputs, key))
        layer.bias.zero_()
    return layer


def _orthogonal(rows: int, columns: int, key: Tensor) -> Tensor:
    """Return a matrix with orthonormal rows or columns, uniform over all such (Saxe et al. 2014)."""
    drawn = random.normal(key, 0, "weights", (max(rows, columns), min(rows, columns)), torch.float64)[0]
    basis, triangle = torch.linalg.qr(drawn)
    orthonormal: Tensor = basis * triangle.diagonal().sign()
    return orthonormal if rows >= columns else orthonormal.T
