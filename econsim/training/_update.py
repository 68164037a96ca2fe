"""The PPO update of one role: clipped policy loss, value loss and entropy bonus over shuffled minibatches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from econsim import random
from econsim.networks import ActorCritic
from econsim.parameters import Model
from econsim.training._advantage import advantages
from econsim.training._rollout import Trajectory


class Settings(Model):
    """How one level learns (Schulman et al. 2017)."""

    learning_rate: float = Field(default=1e-3, gt=0)
    """Step size of Adam at the start."""
    final_learning_rate: float = Field(default=0.0, ge=0)
    """Step size at the end; in between it falls linearly."""
    epochs: int = Field(default=4, ge=1)
    """Passes over each batch."""
    minibatches: int = Field(default=4, ge=1)
    """Parts that a batch is split into, at random in each pass."""
    clip: float = Field(default=0.2, gt=0)
    """The probability ratio counts within ``1 - clip`` and ``1 + clip``."""
    value_clip: float | None = Field(default=None, gt=0)
    """Values count within this distance of the old ones; none: no limit."""
    value_weight: float = Field(default=0.5, ge=0)
    """Weight of the value loss."""
    entropy_weight: float = Field(default=0.0, ge=0)
    """Weight of the entropy bonus."""
    max_gradient_norm: float = Field(default=0.5, gt=0)
    """Longer gradients are scaled down to this length."""
    normalise_advantages: bool = True
    """Scale the advantages of a batch to mean 0 and standard deviation 1."""
    gamma: float = Field(default=1.0, gt=0, le=1)
    """Discount a step."""
    gae_lambda: float = Field(default=1.0, ge=0, le=1)
    """Weight of longer returns; 1 suits short episodes."""

    def learning_rate_at(self, share_done: float) -> float:
        """Return the step size once ``share_done`` in [0, 1] of the training is done."""
        return self.learning_rate + share_done * (self.final_learning_rate - self.learning_rate)


@dataclass(frozen=True)
class Batch:
    """Rows to learn from, ``[M, ...]``; those of players who waited (``acting`` False) teach the value tower only."""

    features: Tensor
    action_mask: Tensor | None
    choice: Tensor
    log_prob: Tensor
    value: Tensor
    advantage: Tensor
    target: Tensor
    acting: Tensor

    def rows(self, index: Tensor) -> Batch:
        """Return the rows ``index`` ``[m]``."""
        columns: dict[str, Any] = {name: None if value is None else value[index] for name, value in vars(self).items()}
        return Batch(**columns)


def batch_of(trajectory: Trajectory, settings: Settings) -> Batch:
    """Return the rows of living players of a trajectory.

    Players who waited are left out unless a return rests on the value of what follows a cut, where they may wait too.
    """
    advantage, target = advantages(
        trajectory.reward,
        trajectory.value,
        trajectory.acting,
        trajectory.terminated,
        trajectory.cut,
        trajectory.value_at_cut,
        settings.gamma,
        settings.gae_lambda,
    )
    wanted = trajectory.alive if bool(trajectory.cut.any()) else trajectory.acting
    if settings.normalise_advantages and bool(trajectory.acting.any()):
        acted = advantage[trajectory.acting]
        advantage = (advantage - acted.mean()) / (acted.std(correction=0) + 1e-8)
    mask = trajectory.action_mask
    return Batch(
        features=trajectory.features[wanted],
        action_mask=None if mask is None else mask[wanted],
        choice=trajectory.choice[wanted],
        log_prob=trajectory.log_prob[wanted],
        value=trajectory.value[wanted],
        advantage=advantage[wanted],
        target=target[wanted],
        acting=trajectory.acting[wanted],
    )


def optimiser_of(network: ActorCritic, settings: Settings) -> torch.optim.Adam:
    """Return the optimiser of a network, with fresh moments."""
    return torch.optim.Adam(network.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True)


def update(
    network: ActorCritic,
    optimiser: torch.optim.Adam,
    batch: Batch,
    settings: Settings,
    learning_rate: float,
    key: Tensor,
) -> dict[str, float]:
    """Change ``network`` in place and return statistics, means over all minibatches.

    ``entropy`` (nats), ``approximate_kl`` (old from new policy, nats), ``clip_share`` (of rows beyond the clip),
    ``policy_loss``, ``value_loss``, and ``explained_variance`` of the values before the update.

    Args:
        network: what learns.
        optimiser: its moments.
        batch: at least one row.
        settings: of this level.
        learning_rate: step size now.
        key: ``[1]``, of the shuffles.
    """
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    rows, stats = batch.value.shape[0], []
    for epoch in range(settings.epochs):
        order = random.permutation(key, epoch, "shuffle", rows)[0]
        for part in order.chunk(settings.minibatches):
            loss, found = _loss(network, batch.rows(part), settings)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), settings.max_gradient_norm)
            optimiser.step()
            stats.append(found)
    means = torch.stack(stats).mean(0).tolist()
    return dict(zip(_STATS, means, strict=True)) | {"explained_variance": _explained_variance(batch)}


_STATS = ("policy_loss", "value_loss", "entropy", "approximate_kl", "clip_share")


def _loss(network: ActorCritic, batch: Batch, settings: Settings) -> tuple[Tensor, Tensor]:
    distribution = network.policy(batch.features, batch.action_mask)
    acting = batch.acting.float()
    share = acting / acting.sum().clamp(min=1.0)
    log_ratio = torch.where(batch.acting, distribution.log_prob(batch.choice) - batch.log_prob, 0.0)
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1.0 - settings.clip, 1.0 + settings.clip)
    gain = torch.minimum(ratio * batch.advantage, clipped * batch.advantage)
    policy_loss = -(share * gain).sum()
    entropy = (share * distribution.entropy()).sum()
    value_loss = _value_loss(network.value(batch.features), batch, settings.value_clip)
    loss = policy_loss + settings.value_weight * value_loss - settings.entropy_weight * entropy
    with torch.no_grad():
        # (r - 1) - log r is the unbiased, never negative estimator of KL with the lowest variance (Schulman 2020).
        kl = (share * (ratio - 1.0 - log_ratio)).sum()
        beyond = (share * ((ratio - 1.0).abs() > settings.clip)).sum()
    return loss, torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), kl, beyond])


def _value_loss(value: Tensor, batch: Batch, limit: float | None) -> Tensor:
    error = (value - batch.target) ** 2
    if limit is not None:
        near = batch.value + (value - batch.value).clamp(-limit, limit)
        error = torch.maximum(error, (near - batch.target) ** 2)
    return error.mean()


def _explained_variance(batch: Batch) -> float:
    """Return ``1 - var(target - value) / var(target)``, 0 where the targets do not vary."""
    spread = batch.target.var(correction=0)
    unexplained = (batch.target - batch.value).var(correction=0)
    return float(torch.where(spread > 0, 1.0 - unexplained / spread, 0.0))
