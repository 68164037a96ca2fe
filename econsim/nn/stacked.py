"""Several minds of the same make side by side, each for its own part of the copies: seeds trained as one batch."""

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
    """Minds that share out the copies evenly, in order: the first mind plays the first ``B / S`` of ``B`` copies."""

    def __init__(self, minds: Sequence[ActorCritic]) -> None:
        super().__init__()
        self.minds = nn.ModuleList(minds)
        self.make, self.sees = minds[0].make, minds[0].sees
        self.head = _Heads(minds)

    def first_memory(self, copies: int, players: int, device: torch.device | str) -> Memory:
        """Return empty memories ``[B, N, ...]``."""
        first: ActorCritic = self.minds[0]  # type: ignore[assignment]
        return first.first_memory(copies, players, device)

    def forward(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Tensor, Memory]:
        """Return what each mind makes of its copies; see :meth:`ActorCritic.forward`."""
        parts = zip(parted(seen, len(self.minds)), parted(memory, len(self.minds)), self.minds, strict=True)
        found = [mind(part, before) for part, before, mind in parts]
        kept = tuple(torch.cat(leaves) for leaves in zip(*(after for *_, after in found), strict=True))
        return _Together([each for each, *_ in found]), torch.cat([value for _, value, _ in found]), kept


@dataclass(frozen=True)
class _Heads:
    """The heads of the minds, each for its own part: the last digit of a sigmoid may depend on how many there are."""

    minds: Sequence[ActorCritic]

    def action(self, choice: Tensor) -> Tensor:
        parts = zip(self.minds, choice.chunk(len(self.minds)), strict=True)
        return torch.cat([mind.head.action(part) for mind, part in parts])


@dataclass(frozen=True)
class _Together:
    """Distributions of neighbouring parts of the copies, as one."""

    parts: list[Distribution]

    def sample(self, key: Tensor, stream: str) -> Tensor:
        return torch.cat([part.sample(own, stream) for part, own in self._with(key)])

    def mode(self) -> Tensor:
        return torch.cat([part.mode() for part in self.parts])

    def log_prob(self, choice: Tensor) -> Tensor:
        return torch.cat([part.log_prob(own) for part, own in self._with(choice)])

    def entropy(self) -> Tensor:
        return torch.cat([part.entropy() for part in self.parts])

    def _with(self, values: Tensor) -> zip[tuple[Distribution, Tensor]]:
        return zip(self.parts, values.chunk(len(self.parts)), strict=True)


def parted(tree: object, parts: int, axis: int = 0) -> list:  # type: ignore[type-arg]
    """Return the tree's even parts along an axis of every tensor, each as a tree of the same kind."""
    return [tree_map(lambda leaf, at=number: leaf.chunk(parts, axis)[at], tree) for number in range(parts)]  # type: ignore[misc]
