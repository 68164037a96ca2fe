"""Training batches: trajectories with advantages, flattened to rows or cut into sequences for recurrent networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim.game import tensors, tree_map
from econsim.nn import ActorCritic, Memory, Seen
from econsim.rl.advantages import advantages
from econsim.rl.buffer import Trajectory
from econsim.rl.distributed import summed
from econsim.rl.settings import Settings

__all__ = ["Batch", "batch_of", "joined", "moments"]

VALUE_MEMORY = 0.9  # weight of the previous estimate in the running mean and spread of values


@tensors
class Batch:
    """Rows ``[M, ...]``, or sequences ``[S, L, ...]`` with the memories ``[S, D]`` before them.

    Rows in which the player did not act (``acting`` False) only enter the value loss; rows with ``counts`` False do not
    enter the loss at all.
    """

    seen: Seen
    choice: Tensor
    log_prob: Tensor
    value: Tensor
    advantage: Tensor
    target: Tensor
    acting: Tensor
    counts: Tensor
    starts: Tensor
    memory: Memory

    @property
    def size(self) -> int:
        """Number of rows or sequences."""
        return self.value.shape[0]

    def rows(self, index: Tensor) -> Batch:
        """Return the rows (or sequences) ``index`` ``[m]``; shared features are kept in full."""

        def selected(column: Tensor) -> Tensor:
            return column.index_select(0, index)

        columns = {name: column for name, column in vars(self).items() if name != "seen"}
        return Batch(seen=self.seen.of_each(selected), **tree_map(selected, columns))


def batch_of(trajectory: Trajectory, settings: Settings, network: ActorCritic) -> Batch:
    """Return the batch of a trajectory, after updating the network's normalisation of values.

    The settings must come from :meth:`~econsim.rl.settings.Settings.for_game`. Steps at which a player did not act are
    excluded, unless a return uses the estimated value after a cut, where the player may not act either.
    """
    row, outcome = trajectory.row, trajectory.outcome
    assert settings.gamma is not None  # Settings.for_game
    advantage, target = advantages(
        outcome.reward,
        row.value,
        row.acting,
        outcome.terminated,
        outcome.cut,
        outcome.value_at_cut,
        settings.gamma,
        settings.gae_lambda,
    )
    wanted = row.acting | (row.alive & (summed(outcome.cut.sum())[0] > 0))
    if settings.normalise_advantages:
        mean, spread = moments(advantage, row.acting)
        advantage = (advantage - mean) / (spread + 1e-8)
    if network.make.normalise_values:
        _update_normalisation(network, target, wanted)
    starts = outcome.starts[..., None].expand_as(row.acting)
    columns = {
        **{name: getattr(row, name) for name in ("choice", "log_prob", "value", "acting")},
        **{"advantage": advantage, "target": target, "counts": wanted, "starts": starts},
    }
    seen = row.seen.with_rows()
    if network.make.recurrent is None:
        rows = wanted.flatten().nonzero()[:, 0]

        def flat(column: Tensor) -> Tensor:
            return column.flatten(0, 2).index_select(0, rows)

        return Batch(seen=seen.of_each(flat), **tree_map(flat, columns), memory=())
    length = row.value.shape[0] // trajectory.memory[0].shape[0]

    def cut(column: Tensor) -> Tensor:
        return _sequences(column, length)

    memory = tree_map(lambda memory: memory.flatten(0, 2), trajectory.memory)
    return Batch(seen=seen.of_each(cut), **tree_map(cut, columns), memory=memory)


def joined(batches: Sequence[Batch]) -> Batch:
    """Concatenate batches."""
    if len(batches) == 1:
        return batches[0]
    first_rows = accumulate((batch.seen.moments for batch in batches), initial=0)
    batches = [replace(batch, seen=batch.seen.moved_on(first)) for batch, first in zip(batches, first_rows)]  # noqa: B905
    leaves = zip(*(pytree.tree_leaves(batch) for batch in batches), strict=True)
    return pytree.tree_unflatten([torch.cat(tensors) for tensors in leaves], pytree.tree_structure(batches[0]))  # type: ignore[no-any-return]


def moments(values: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the selected values over all processes; zeros if none are selected."""
    weight = where.to(values.dtype)
    number, total = summed(weight.sum(), (values * weight).sum())
    mean = total / number.clamp(min=1.0)
    (square,) = summed((((values - mean) ** 2) * weight).sum())
    return mean, (square / number.clamp(min=1.0)).sqrt()


def _update_normalisation(network: ActorCritic, target: Tensor, wanted: Tensor) -> None:
    """Update the running mean and spread by which the network normalises values; the first batch sets them."""
    mean, spread = moments(target, wanted)
    is_first = (network.value_mean == 0) & (network.value_spread == 1)
    keep = torch.where(is_first, 0.0, VALUE_MEMORY)
    network.rescale_values(
        keep * network.value_mean + (1 - keep) * mean, keep * network.value_spread + (1 - keep) * spread
    )


def _sequences(column: Tensor, length: int) -> Tensor:
    """Return ``[S, L, ...]`` for ``[T, B, N, ...]``."""
    pieces = column.reshape(-1, length, *column.shape[1:])
    return pieces.movedim(1, 3).flatten(0, 2)
