"""Test harness of the conformance checks: trials of a game, requirements, and comparisons of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Game
from econsim.testing.play import Moment, play, tensors_of

SEED = 20200428


class BrokenPromiseError(AssertionError):
    """Raised when a game fails a check; the message is the check's detail."""


def require(condition: bool, message: str) -> None:
    """Raise :class:`BrokenPromiseError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise BrokenPromiseError(message)


@dataclass(frozen=True)
class Trial:
    """A game under test, played in ``copies`` environment copies for at most ``steps`` steps."""

    game: Game[Any]
    copies: int
    steps: int

    @property
    def flows(self) -> bool:
        """Whether the game has accounts that are flows."""
        return any(account.flow for account in self.game.accounts_spec)

    @cached_property
    def key(self) -> Tensor:
        """The random keys of the environment copies, ``[B]`` int64."""
        return random.keys(SEED, self.copies)

    @cached_property
    def episode(self) -> list[Moment]:
        """Random legal play from the first step, shared by the checks that do not modify it."""
        return list(play(self.game, self.key, self.steps))


Promise = Callable[[Trial], str | None]


def outcome(moment: Moment) -> dict[str, Tensor]:
    """Return all tensors that a step returned, by name: next state, rewards and ends."""
    transition = moment.transition
    ends = {"terminated": transition.terminated, "truncated": transition.truncated}
    return tensors_of({"state": transition.state, "rewards": transition.rewards, "ends": ends})


def require_same_bits(left: Mapping[str, Tensor], right: Mapping[str, Tensor], where: str) -> None:
    """Fail unless both hold the same names and identical values; the message names the first difference."""
    require(left.keys() == right.keys(), f"{where}: {sorted(left.keys() ^ right.keys())} is present only once")
    for name, value in left.items():
        other = right[name]
        require(value.shape == other.shape, f"{where}: {name} has shape {list(value.shape)} and {list(other.shape)}")
        same = torch.equal(value, other)
        require(same, f"{where}: {name} differs{'' if same else _by_how_much(value, other)}")


def require_close(left: Mapping[str, Tensor], right: Mapping[str, Tensor], tolerance: float, where: str) -> None:
    """Fail unless all entries agree to ``tolerance``, relative to the largest entry of each tensor (at least 1)."""
    for name, value in left.items():
        size = max(1.0, float(value.abs().max())) if value.dtype.is_floating_point and value.numel() else 1.0
        near = torch.allclose(value.double(), right[name].double(), rtol=0, atol=tolerance * size)
        require(near, f"{where}: {name} differs{'' if near else _by_how_much(value, right[name])}")


def _by_how_much(left: Tensor, right: Tensor) -> str:
    return f" by up to {(left.double() - right.double()).abs().max():.3g}"
