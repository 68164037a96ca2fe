"""Probability distributions of choices: categorical over options, normal over latent numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from econsim import random

__all__ = ["Categorical", "Distribution", "Gaussian", "Probabilities"]

NEVER = -80.0  # log-probabilities below it add less than 2e-33 to an entropy


class Distribution(Protocol):
    """A distribution of choices; leading axes ``[...]`` are those of the features, ``[B, N]`` or rows ``[M]``."""

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Draw one choice per player; the leading axis is that of ``key`` ``[B]``."""

    def mode(self) -> Tensor:
        """Return the most likely choice."""

    def log_prob(self, choice: Tensor) -> Tensor:
        """Return the log-probability (or log-density) of ``choice``, ``[...]``."""

    def entropy(self) -> Tensor:
        """Return the entropy in nats, ``[...]``."""


@dataclass(frozen=True)
class Probabilities:
    """Probabilities of options, ``[..., A]``; some may be zero."""

    probabilities: Tensor


@dataclass(frozen=True)
class Categorical:
    """Independent categorical choices; ``log_shares`` holds the normalised log-probabilities ``[..., A_d]`` of each."""

    log_shares: tuple[Tensor, ...]
    several: bool

    @property
    def probabilities(self) -> Tensor:
        """The probabilities of options, ``[..., A]``, concatenated over the choices."""
        return torch.cat([log_share.exp() for log_share in self.log_shares], -1)

    def at_mode(self) -> Probabilities:
        """Return the distribution that puts all probability on the most likely option of each choice."""
        modes = [nn.functional.one_hot(log_share.argmax(-1), log_share.shape[-1]) for log_share in self.log_shares]
        return Probabilities(torch.cat(modes, -1).to(self.log_shares[0]))

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Draw indices, ``[B, ...]``, or ``[B, ..., D]`` for several choices."""
        drawn = (random.categorical(key, place, stream, logs) for place, logs in enumerate(self.log_shares))
        return self._joined(list(drawn))

    def mode(self) -> Tensor:
        """Return the most likely indices."""
        return self._joined([log_share.argmax(-1) for log_share in self.log_shares])

    def log_prob(self, choice: Tensor) -> Tensor:
        """Return the joint log-probability of all choices, ``[...]``."""
        indices = choice if self.several else choice[..., None]
        logs = (log_share.gather(-1, indices[..., i : i + 1]) for i, log_share in enumerate(self.log_shares))
        return torch.cat(list(logs), -1).sum(-1)

    def entropy(self) -> Tensor:
        """Return the entropy in nats, summed over choices, ``[...]``; masked options contribute nothing."""
        # Without an underflow for masked options, which makes exp ten times slower, and gradients NaN from 1 upwards.
        logs = [log_share.clamp(min=NEVER) for log_share in self.log_shares]
        return torch.stack([-(log_share.exp() * log_share).sum(-1) for log_share in logs]).sum(0)

    def _joined(self, indices: list[Tensor]) -> Tensor:
        return torch.stack(indices, -1) if self.several else indices[0]


@dataclass(frozen=True)
class Gaussian:
    """Independent normal latents: ``mean`` ``[..., D]``, ``log_std`` ``[D]``."""

    mean: Tensor
    log_std: Tensor

    def sample(self, key: Tensor, stream: str) -> Tensor:
        """Draw latents ``[B, ..., D]``."""
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
