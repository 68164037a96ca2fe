"""Heads: modules that map the outputs of an encoder to a distribution of choices, and choices to actions.

A *choice* is the form in which a learner stores an action: the index of a :class:`~econsim.game.Discrete` action, or
the unbounded latent number behind a :class:`~econsim.game.Box` action. Because the latent is stored, probability ratios
need no Jacobian.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Space
from econsim.nn.distributions import Categorical, Gaussian

__all__ = ["Amounts", "Choices", "head_of"]

LOWEST_START, HIGHEST_START = 0.01, 0.99


class Choices(nn.Module):
    """Head of :class:`Discrete` and :class:`MultiDiscrete` actions; illegal options are never drawn."""

    def __init__(self, space: Discrete | MultiDiscrete) -> None:
        super().__init__()
        self.several = isinstance(space, MultiDiscrete)
        self.counts = list(space.counts) if isinstance(space, MultiDiscrete) else [space.count]
        self.size = sum(self.counts)

    def distribution(self, outputs: Tensor, action_mask: Tensor | None) -> Categorical:
        """Return the distribution for the logits ``[..., A]`` and the mask ``[..., A]`` of legal options."""
        if action_mask is not None:
            outputs = outputs.masked_fill(~action_mask, torch.finfo(outputs.dtype).min)
        logits = torch.split(outputs, self.counts, -1)
        return Categorical(tuple(of_choice.log_softmax(-1) for of_choice in logits), self.several)

    def action(self, choice: Tensor) -> Tensor:
        """Return the action that corresponds to a choice: the indices themselves."""
        return choice

    def start_at(self, action: Tensor) -> Tensor:
        """Raise ``UserError``: only real-valued actions have a starting point."""
        raise UserError("ppo: start applies to real-valued actions only; remove it for a role with discrete actions")


class Amounts(nn.Module):
    """Head of :class:`Box` actions: ``low + (high - low) * sigmoid(latent)`` with normal latents of learned spread."""

    def __init__(self, space: Box, initial_log_std: float) -> None:
        super().__init__()
        if not (math.isfinite(space.low) and math.isfinite(space.high)):
            raise UserError("ppo: real-valued actions need finite bounds")
        self.space = space
        self.size = space.size
        self.log_std = nn.Parameter(torch.full((space.size,), initial_log_std))

    def distribution(self, outputs: Tensor, action_mask: Tensor | None) -> Gaussian:
        """Return the distribution of latents with means ``outputs`` ``[..., D]``; the mask is ignored."""
        return Gaussian(outputs, self.log_std)

    def explore(self, log_std: float) -> None:
        """Set the log standard deviation of every latent."""
        with torch.no_grad():
            self.log_std.fill_(log_std)

    def action(self, choice: Tensor) -> Tensor:
        """Return the actions ``[..., *shape]`` of latents ``[..., D]``."""
        low, high = self.space.low, self.space.high
        return (low + (high - low) * torch.sigmoid(choice)).reshape(*choice.shape[:-1], *self.space.shape)

    def start_at(self, action: Tensor) -> Tensor:
        """Return the latents ``[D]`` of ``action``, moved away from the bounds, where gradients vanish.

        Raises:
            UserError: ``action`` does not have ``D`` entries.
        """
        if action.numel() != self.size:
            raise UserError(
                f"ppo: start: expected {self.size} entries, one per entry of the action, found {action.numel()}"
            )
        share = (action.flatten().float() - self.space.low) / (self.space.high - self.space.low)
        return torch.logit(share.clamp(LOWEST_START, HIGHEST_START))


def head_of(space: Space, initial_log_std: float) -> Choices | Amounts:
    """Return the head of an action space."""
    return Amounts(space, initial_log_std) if isinstance(space, Box) else Choices(space)
