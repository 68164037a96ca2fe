"""What the players of one role went through: the record that a rollout keeps and an update reads."""

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
    """One moment of one role, ``[B, N, ...]``; ``choice`` is in the form of the network's head."""

    seen: Seen
    choice: Tensor
    log_prob: Tensor
    value: Tensor
    alive: Tensor
    acting: Tensor


@tensors
class EnvStep:
    """What came of a moment, ``[B, N]`` a player and ``[B]`` a copy.

    terminated: nothing follows. cut: the record ends here but the game had gone on. starts: the moment was the first
    of an episode. value_at_cut: what the value tower made of the observation that follows, zero except at cuts.
    """

    reward: Tensor
    value_at_cut: Tensor
    terminated: Tensor
    cut: Tensor
    starts: Tensor


@dataclass(frozen=True)
class Trajectory:
    """What the players of one role saw, did and were paid; every tensor is ``[T, B, ...]``.

    ``memory`` ``[T / L, B, N, D]`` is what minds remembered before every ``L``-th moment. ``episode_return`` is the
    mean over players and finished episodes, NaN where none finished.
    """

    row: PolicyStep
    outcome: EnvStep
    memory: Memory
    episode_return: Tensor


class RolloutBuffer:
    """One role's moments so far, in tensors as long as the rollout."""

    def __init__(self, steps: int, sequence: int, seeds: int = 1) -> None:
        self.steps, self.sequence, self.seeds = steps, sequence, seeds
        self._held: dict[str, tuple[list[Tensor], pytree.TreeSpec]] = {}
        self._returns: list[tuple[Tensor, Tensor]] = []

    def remember(self, step: int, memory: Memory) -> None:
        """Keep what the mind remembers before it looks, once a sequence."""
        if step % self.sequence == 0:
            self._keep("memory", step // self.sequence, self.steps // self.sequence, memory)

    def add(self, step: int, row: PolicyStep) -> None:
        """Keep what happened before the game moved."""
        self._keep("row", step, self.steps, row)

    def pay(self, step: int, outcome: EnvStep) -> None:
        """Keep what came of it."""
        self._keep("outcome", step, self.steps, outcome)

    def finish(self, returns: Tensor, ended: Tensor) -> None:
        """Note the returns ``[B, N]`` of copies ``[B]`` that ended."""
        number = (ended * returns.shape[1]).double()
        self._returns.append((_by_seed((returns * ended[:, None]).sum(1), self.seeds), _by_seed(number, self.seeds)))

    def trajectories(self) -> list[Trajectory]:
        """Return all of it, by seed."""
        (leaf, *_), _ = self._held["row"]
        none = leaf.new_zeros(self.seeds, dtype=torch.float64)
        total = sum((total for total, _ in self._returns), none)
        number = sum((number for _, number in self._returns), none)
        total, number = summed(total, number)
        parts: Mapping[str, list[object]] = {
            name: parted(pytree.tree_unflatten(held, structure), self.seeds, axis=1)
            for name, (held, structure) in self._held.items()
        }
        return [
            Trajectory(**{name: part[seed] for name, part in parts.items()}, episode_return=total[seed] / number[seed])  # type: ignore[arg-type]
            for seed in range(self.seeds)
        ]

    def _keep(self, name: str, place: int, places: int, tree: object) -> None:
        leaves, structure = pytree.tree_flatten(tree)
        if name not in self._held:
            room = [leaf.new_empty((places, *leaf.shape)) for leaf in leaves]
            self._held[name] = (room, structure)
        for held, leaf in zip(self._held[name][0], leaves, strict=True):
            held[place].copy_(leaf)


def _by_seed(values: Tensor, seeds: int) -> Tensor:
    """Return the sums ``[S]`` over the copies of each seed."""
    return values.reshape(seeds, -1).sum(1)
