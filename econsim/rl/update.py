"""The PPO update of one role: clipped policy loss, value loss and entropy bonus over shuffled minibatches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from econsim import random
from econsim.nn import ActorCritic
from econsim.rl.adam import Adam
from econsim.rl.batch import Batch, moments
from econsim.rl.distributed import count, summed
from econsim.rl.schedules import value_at
from econsim.rl.settings import Settings

__all__ = ["Loss", "loss_of", "optimiser_of", "update"]

Loss = Callable[[ActorCritic, Batch, Settings, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def optimiser_of(network: ActorCritic) -> Adam:
    """Return the optimiser of a network, with fresh moments."""
    return Adam(network.parameters(), eps=1e-5)


def loss_of(
    network: ActorCritic, batch: Batch, settings: Settings, bounds: Tensor, acted: Tensor, counted: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the contribution of some rows to the loss ``[]`` of a minibatch and to its statistics ``[5]``.

    Args:
        network: the network that learns.
        batch: the rows.
        settings: the settings of the role.
        bounds: ``[4]``, current values of the schedules; see :func:`_bounds`. It is a tensor, so that the loss is
            compiled only once.
        acted: number of rows ``[]`` of the whole minibatch in which the player acted.
        counted: number of rows ``[]`` of the whole minibatch that enter the value loss.
    """
    clip, lowest, highest, entropy_weight = bounds.unbind()
    if network.make.recurrent is None:
        distribution, value, _ = network(batch.seen)
    else:
        distribution, value = network.over_time(batch.seen, batch.memory, batch.starts)
    share = batch.acting.float() / acted.clamp(min=1.0)
    log_ratio = torch.where(batch.acting, distribution.log_prob(batch.choice) - batch.log_prob, 0.0)
    ratio = log_ratio.exp()
    gain = torch.minimum(ratio * batch.advantage, ratio.clamp(lowest, highest) * batch.advantage)
    policy_loss = -(share * gain).sum()
    entropy = (share * distribution.entropy()).sum()
    errors = _value_error(network, value, batch, settings.value_clip) * batch.counts
    value_loss = errors.sum() / counted.clamp(min=1.0)
    loss = policy_loss + settings.value_weight * value_loss - entropy_weight * entropy
    with torch.no_grad():
        # (r - 1) - log r is an unbiased, non-negative estimator of the KL divergence with low variance (Schulman 2020).
        kl = (share * (ratio - 1.0 - log_ratio)).sum()
        beyond = (share * ((ratio - 1.0).abs() > clip)).sum()
    return loss, torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), kl, beyond])


def update(
    network: ActorCritic,
    optimiser: Adam,
    batch: Batch,
    settings: Settings,
    share_done: float,
    key: Tensor,
    loss: Loss = loss_of,
) -> Tensor:
    """Update ``network`` in place and return the statistics ``STATISTICS``, ``[6]``, means over all minibatches.

    These are ``policy_loss``, ``value_loss``, ``entropy`` (nats), ``approximate_kl`` (KL divergence of the old policy
    from the new, nats), ``clip_share`` (share of rows with a clipped ratio), and ``explained_variance`` of the values
    before the update.

    Args:
        network: the network that learns.
        optimiser: its optimiser.
        batch: at least one row.
        settings: the settings of the role.
        share_done: share of training done, in [0, 1].
        key: random key of the minibatches, ``[1]``.
        loss: :func:`loss_of`, or an accelerated version of it.
    """
    bounds = _bounds(settings, share_done, batch.value.device)
    learning_rate = value_at(settings.learning_rate, share_done)
    stats = []
    for epoch in range(settings.epochs):
        order = random.permutation(key, epoch, "shuffle", batch.size)[0]
        for minibatch in order.tensor_split(_minibatch_count(batch.size, settings.minibatches)):
            optimiser.zero_grad()
            stats.append(_gradient(network, batch, minibatch, settings, bounds, loss))
            _sum_gradients(network)
            nn.utils.clip_grad_norm_(network.parameters(), settings.max_gradient_norm, foreach=True)
            optimiser.step(learning_rate)
    return torch.cat([torch.stack(stats).mean(0), _explained_variance(batch)[None]])


STATISTICS = ("policy_loss", "value_loss", "entropy", "approximate_kl", "clip_share", "explained_variance")


def _minibatch_count(rows: int, wanted: int) -> int:
    """Return the number of minibatches, the same in all processes."""
    (total,) = summed(torch.tensor(rows))
    return max(1, min(wanted, int(total) // count()))


def _gradient(
    network: ActorCritic, batch: Batch, minibatch: Tensor, settings: Settings, bounds: Tensor, loss: Loss
) -> Tensor:
    """Accumulate the gradient of a minibatch, some rows at a time, and return its statistics ``[5]``."""
    acted, counted = summed(batch.acting[minibatch].sum().float(), batch.counts[minibatch].sum().float())
    stats = torch.zeros(5, device=minibatch.device)
    for rows in torch.split(minibatch, settings.rows_at_once or max(1, minibatch.shape[0])):
        loss_of_rows, stats_of_rows = loss(network, batch.rows(rows), settings, bounds, acted, counted)
        loss_of_rows.backward()  # type: ignore[no-untyped-call]
        stats += stats_of_rows
    return summed(stats)[0]


def _bounds(settings: Settings, share_done: float, device: torch.device) -> Tensor:
    """Return the clip range, the lowest and highest unclipped ratio, and the weight of the entropy, ``[4]``."""
    clip, entropy_weight = value_at(settings.clip, share_done), value_at(settings.entropy_weight, share_done)
    return torch.tensor([clip, 1.0 - clip, 1.0 + clip, entropy_weight]).to(device, non_blocking=True)


def _value_error(network: ActorCritic, value: Tensor, batch: Batch, limit: float | None) -> Tensor:
    """Return squared errors of values, in the units by which the network normalises them."""
    unit = network.value_spread
    error = ((value - batch.target) / unit) ** 2
    if limit is not None:
        near = batch.value + (value - batch.value).clamp(-limit, limit)
        error = torch.maximum(error, ((near - batch.target) / unit) ** 2)
    return error


def _sum_gradients(network: ActorCritic) -> None:
    """Replace gradients by their sums over all processes."""
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    for gradient, total in zip(gradients, summed(*gradients), strict=True):
        if gradient is not total:
            gradient.copy_(total)


def _explained_variance(batch: Batch) -> Tensor:
    """Return ``1 - var(target - value) / var(target)``; 0 if the targets do not vary."""
    _, spread = moments(batch.target, batch.counts)
    _, unexplained = moments(batch.target - batch.value, batch.counts)
    return torch.where(spread > 0, 1.0 - (unexplained / spread) ** 2, 0.0)
