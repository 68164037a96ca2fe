"""The PPO update of one role: clipped policy loss, value loss and entropy bonus over shuffled minibatches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from econsim import random
from econsim.nn import ActorCritic
from econsim.rl.batch import Batch, moments
from econsim.rl.distributed import count, summed
from econsim.rl.schedules import value_at
from econsim.rl.settings import Settings

__all__ = ["Loss", "loss_of", "optimiser_of", "update"]

Loss = Callable[[ActorCritic, Batch, Settings, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def optimiser_of(network: ActorCritic) -> torch.optim.Adam:
    """Return the optimiser of a network, with fresh moments."""
    return torch.optim.Adam(network.parameters(), eps=1e-5, fused=True)


def loss_of(
    network: ActorCritic, batch: Batch, settings: Settings, bounds: Tensor, acted: Tensor, counted: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the part ``[]`` of a minibatch's loss that these rows bring, and that of its statistics ``[5]``.

    Args:
        network: what learns.
        batch: the rows.
        settings: of this level.
        bounds: ``[4]``, what the schedules say; see :func:`_bounds`. A tensor, so that a compiled loss serves all.
        acted: rows ``[]`` of the whole minibatch in which somebody acted.
        counted: rows ``[]`` of the whole minibatch that teach the values.
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
        # (r - 1) - log r is the unbiased, never negative estimator of KL with the lowest variance (Schulman 2020).
        kl = (share * (ratio - 1.0 - log_ratio)).sum()
        beyond = (share * ((ratio - 1.0).abs() > clip)).sum()
    return loss, torch.stack([policy_loss.detach(), value_loss.detach(), entropy.detach(), kl, beyond])


def update(
    network: ActorCritic,
    optimiser: torch.optim.Adam,
    batch: Batch,
    settings: Settings,
    share_done: float,
    key: Tensor,
    loss: Loss = loss_of,
) -> Tensor:
    """Change ``network`` in place and return the statistics ``STATISTICS``, ``[6]``, means over all minibatches.

    ``entropy`` (nats), ``approximate_kl`` (old from new policy, nats), ``clip_share`` (of rows beyond the clip),
    ``policy_loss``, ``value_loss``, and ``explained_variance`` of the values before the update.

    Args:
        network: what learns.
        optimiser: its moments.
        batch: at least one row.
        settings: of this level.
        share_done: share of the training that is done, in [0, 1].
        key: ``[1]``, of the shuffles.
        loss: :func:`loss_of`, or that made fast.
    """
    bounds = _bounds(settings, share_done, batch.value.device)
    for group in optimiser.param_groups:
        group["lr"] = value_at(settings.learning_rate, share_done)
    stats = []
    for epoch in range(settings.epochs):
        order = random.permutation(key, epoch, "shuffle", batch.size)[0]
        for part in order.tensor_split(_pieces(batch.size, settings.minibatches)):
            optimiser.zero_grad()
            stats.append(_gradient(network, batch, part, settings, bounds, loss))
            _pool_gradients(network)
            nn.utils.clip_grad_norm_(network.parameters(), settings.max_gradient_norm, foreach=True)
            optimiser.step()
    return torch.cat([torch.stack(stats).mean(0), _explained_variance(batch)[None]])


STATISTICS = ("policy_loss", "value_loss", "entropy", "approximate_kl", "clip_share", "explained_variance")


def _pieces(rows: int, wanted: int) -> int:
    """Return how many minibatches a batch gives, the same in all processes."""
    (everywhere,) = summed(torch.tensor(rows))
    return max(1, min(wanted, int(everywhere) // count()))


def _gradient(
    network: ActorCritic, batch: Batch, part: Tensor, settings: Settings, bounds: Tensor, loss: Loss
) -> Tensor:
    """Add the gradient of a minibatch up, some rows at a time, and return its statistics ``[5]``."""
    acted, counted = summed(batch.acting[part].sum().float(), batch.counts[part].sum().float())
    stats = torch.zeros(5, device=part.device)
    for rows in torch.split(part, settings.rows_at_once or max(1, part.shape[0])):
        part_of_loss, found = loss(network, batch.rows(rows), settings, bounds, acted, counted)
        part_of_loss.backward()  # type: ignore[no-untyped-call]
        stats += found
    return summed(stats)[0]


def _bounds(settings: Settings, share_done: float, device: torch.device) -> Tensor:
    """Return the clip, the lowest and the highest ratio that count, and the weight of the entropy, ``[4]``."""
    clip, entropy_weight = value_at(settings.clip, share_done), value_at(settings.entropy_weight, share_done)
    return torch.tensor([clip, 1.0 - clip, 1.0 + clip, entropy_weight]).to(device, non_blocking=True)


def _value_error(network: ActorCritic, value: Tensor, batch: Batch, limit: float | None) -> Tensor:
    """Return squared errors of values, in the units in which the network measures them."""
    unit = network.value_spread
    error = ((value - batch.target) / unit) ** 2
    if limit is not None:
        near = batch.value + (value - batch.value).clamp(-limit, limit)
        error = torch.maximum(error, ((near - batch.target) / unit) ** 2)
    return error


def _pool_gradients(network: ActorCritic) -> None:
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    for gradient, pooled in zip(gradients, summed(*gradients), strict=True):
        if gradient is not pooled:
            gradient.copy_(pooled)


def _explained_variance(batch: Batch) -> Tensor:
    """Return ``1 - var(target - value) / var(target)``, 0 where the targets do not vary."""
    _, spread = moments(batch.target, batch.counts)
    _, unexplained = moments(batch.target - batch.value, batch.counts)
    return torch.where(spread > 0, 1.0 - (unexplained / spread) ** 2, 0.0)
