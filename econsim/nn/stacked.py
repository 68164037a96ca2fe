"""Several actor-critic networks of one architecture, each for its own environment copies: seeds trained as a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from econsim.game import tree_map
from econsim.nn.actor_critic import ActorCritic, Memory
from econsim.nn.distributions import Distribution
from econsim.nn.encoders import Seen

__all__ = ["StackedActorCritic"]


class StackedActorCritic(nn.Module):
    """``S`` networks that divide ``B`` environment copies evenly: the first plays the first ``B / S`` copies."""

    def __init__(self, minds: Sequence[ActorCritic]) -> None:
        super().__init__()
        self.minds = nn.ModuleList(minds)
        self.make, self.sees = minds[0].make, minds[0].sees
        self.head = _Heads(minds)

    def first_memory(self, copies: int, players: int, device: torch.device | str) -> Memory:
        """Return zero recurrent states ``[B, N, ...]``."""
        first: ActorCritic = self.minds[0]  # type: ignore[assignment]
        return first.first_memory(copies, players, device)

    def forward(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Tensor, Memory]:
        """Apply each network to its copies; see :meth:`ActorCritic.forward`."""
        calls = zip(parted(seen, len(self.minds)), parted(memory, len(self.minds)), self.minds, strict=True)
        outputs = [network(of_network, before) for of_network, before, network in calls]
        states = tuple(torch.cat(leaves) for leaves in zip(*(after for *_, after in outputs), strict=True))
        distributions = _Together([distribution for distribution, *_ in outputs])
        return distributions, torch.cat([value for _, value, _ in outputs]), states


@dataclass(frozen=True)
class _Heads:
    """The heads of the networks, each applied to its own copies: rounding of a sigmoid may depend on the batch size."""

    minds: Sequence[ActorCritic]

    def action(self, choice: Tensor) -> Tensor:
        pairs = zip(self.minds, choice.chunk(len(self.minds)), strict=True)
        return torch.cat([network.head.action(of_network) for network, of_network in pairs])


@dataclass(frozen=True)
class _Together:
    """The distributions of consecutive groups of environment copies as one distribution."""

    parts: list[Distribution]

    def sample(self, key: Tensor, stream: str) -> Tensor:
        return torch.cat([distribution.sample(keys, stream) for distribution, keys in self._with(key)])

    def mode(self) -> Tensor:
        return torch.cat([distribution.mode() for distribution in self.parts])

    def log_prob(self, choice: Tensor) -> Tensor:
        return torch.cat([distribution.log_prob(choices) for distribution, choices in self._with(choice)])

    def entropy(self) -> Tensor:
        return torch.cat([distribution.entropy() for distribution in self.parts])

    def _with(self, values: Tensor) -> zip[tuple[Distribution, Tensor]]:
        return zip(self.parts, values.chunk(len(self.parts)), strict=True)


def parted(tree: object, parts: int, axis: int = 0) -> list:  # type: ignore[type-arg]
    """Split every tensor of a tree into equal parts along an axis, and return one tree of the same kind per part."""
    return [tree_map(lambda leaf, at=number: leaf.chunk(parts, axis)[at], tree) for number in range(parts)]  # type: ignore[misc]
