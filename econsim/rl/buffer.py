"""Rollout buffer: the steps of the players of one role, written by a rollout and read by an update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim.game import tensors
from econsim.nn import Memory, Seen
from econsim.nn.stacked import parted
from econsim.rl.distributed import summed


@tensors
class PolicyStep:
    """Observations and choices of one role at one step, ``[B, N, ...]``; for ``choice`` see :mod:`econsim.nn.heads`."""

    seen: Seen
    choice: Tensor
    log_prob: Tensor
    value: Tensor
    alive: Tensor
    acting: Tensor


@tensors
class EnvStep:
    """Results of one step: ``[B, N]`` per player, ``[B]`` per environment copy.

    terminated: the episode terminated. cut: the record ends with this step although the game continues. starts: the
    step was the first of an episode. value_at_cut: estimated value of the next observation; zero except at cuts.
    """

    reward: Tensor
    value_at_cut: Tensor
    terminated: Tensor
    cut: Tensor
    starts: Tensor


@dataclass(frozen=True)
class Trajectory:
    """Observations, choices and rewards of the players of one role; every tensor is ``[T, B, ...]``.

    ``memory`` ``[T / L, B, N, D]`` is the memory of the networks before every ``L``-th step. ``episode_return`` is the
    mean over players and finished episodes, NaN if no episode finished.
    """

    row: PolicyStep
    outcome: EnvStep
    memory: Memory
    episode_return: Tensor


class RolloutBuffer:
    """The steps of one role so far, in tensors as long as the rollout."""

    def __init__(self, steps: int, sequence: int, seeds: int = 1) -> None:
        self.steps, self.sequence, self.seeds = steps, sequence, seeds
        self._buffers: dict[str, tuple[list[Tensor], pytree.TreeSpec]] = {}
        self._returns: list[tuple[Tensor, Tensor]] = []

    def remember(self, step: int, memory: Memory) -> None:
        """Store the memory before a step, once per sequence."""
        if step % self.sequence == 0:
            self._store("memory", step // self.sequence, self.steps // self.sequence, memory)

    def add(self, step: int, row: PolicyStep) -> None:
        """Store observations and choices of a step."""
        self._store("row", step, self.steps, row)

    def pay(self, step: int, outcome: EnvStep) -> None:
        """Store the results of a step."""
        self._store("outcome", step, self.steps, outcome)

    def finish(self, returns: Tensor, ended: Tensor) -> None:
        """Add the returns ``[B, N]`` of the environment copies whose episode ended, ``[B]`` bool."""
        number = (ended * returns.shape[1]).double()
        self._returns.append((_by_seed((returns * ended[:, None]).sum(1), self.seeds), _by_seed(number, self.seeds)))

    def trajectories(self) -> list[Trajectory]:
        """Return the trajectory of each seed."""
        (leaf, *_), _ = self._buffers["row"]
        zeros = leaf.new_zeros(self.seeds, dtype=torch.float64)
        total = sum((total for total, _ in self._returns), zeros)
        number = sum((number for _, number in self._returns), zeros)
        total, number = summed(total, number)
        by_seed: Mapping[str, list[object]] = {
            name: parted(pytree.tree_unflatten(buffers, structure), self.seeds, axis=1)
            for name, (buffers, structure) in self._buffers.items()
        }
        return [
            Trajectory(**{name: of[seed] for name, of in by_seed.items()}, episode_return=total[seed] / number[seed])  # type: ignore[arg-type]
            for seed in range(self.seeds)
        ]

    def _store(self, name: str, index: int, size: int, tree: object) -> None:
        leaves, structure = pytree.tree_flatten(tree)
        if name not in self._buffers:
            buffers = [leaf.new_empty((size, *leaf.shape)) for leaf in leaves]
            self._buffers[name] = (buffers, structure)
        for buffer, leaf in zip(self._buffers[name][0], leaves, strict=True):
            buffer[index].copy_(leaf)


def _by_seed(values: Tensor, seeds: int) -> Tensor:
    """Return the sums ``[S]`` over the environment copies of each seed."""
    return values.reshape(seeds, -1).sum(1)
