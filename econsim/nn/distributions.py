"""How likely each choice is: categorical over options, normal over latent numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from econsim import random

__all__ = ["Categorical", "Distribution", "Gaussian", "Probabilities"]


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
class Probabilities:
    """Given probabilities of options, ``[..., A]``; some may be zero."""

    probabilities: Tensor


@dataclass(frozen=True)
class Categorical:
    """Independent choices, one a question; ``log_shares`` holds ``[..., A_d]`` normalised log-probabilities each."""

    log_shares: tuple[Tensor, ...]
    several: bool

    @property
    def probabilities(self) -> Tensor:
        """The probabilities of options, ``[..., A]``, those of several questions one after another."""
        return torch.cat([part.exp() for part in self.log_shares], -1)

    def at_mode(self) -> Probabilities:
        """Return the distribution in which every question is given its likeliest answer."""
        likeliest = [nn.functional.one_hot(part.argmax(-1), part.shape[-1]) for part in self.log_shares]
        return Probabilities(torch.cat(likeliest, -1).to(self.log_shares[0]))

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
        parts = (part.gather(-1, answers[..., place : place + 1]) for place, part in enumerate(self.log_shares))
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
