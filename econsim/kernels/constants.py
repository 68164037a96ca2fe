"""Constants of kernels: what a game's kernels need again in every call, and which tensors they can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

__all__ = ["KeptConstants", "can_be_read", "check_copies"]


class Played(Protocol):
    """What a game has on which constants of its kernels depend."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision of play."""

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """The numeric parameters."""


Of = TypeVar("Of", bound=Played)
Constants = TypeVar("Constants")


class KeptConstants(Generic[Of, Constants]):
    """Constants for batches of the same size, which are left out where a game is pickled or copied."""

    def __init__(self, make: Callable[[Of, int], Constants]) -> None:
        """Keep nothing yet; ``make(game, copies)`` makes the constants."""
        self._make = make
        self._kept: tuple[int, torch.dtype, Mapping[str, Tensor], Constants] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptConstants, (self._make,)

    def of(self, game: Of, copies: int) -> Constants:
        """Return the constants, made again where the batch, the precision or the parameters are other ones.

        Raises:
            ValueError: see :func:`check_copies`.
        """
        kept = self._kept
        if kept is None or kept[:2] != (copies, game.dtype) or kept[2] is not game.parameters:
            check_copies(game, copies)
            self._kept = kept = copies, game.dtype, game.parameters, self._make(game, copies)
        return kept[3]


def check_copies(game: Played, copies: int) -> None:
    """Check that each parameter has one value or as many as there are environment copies.

    Raises:
        ValueError: it has not; kernels would look for values beyond its end.
    """
    for name, value in game.parameters.items():
        if value.ndim and len(value) not in (1, copies):
            raise ValueError(f"{name}: {len(value)} values for {copies} environment copies")


def can_be_read(game: Played, *tensors: Tensor) -> bool:
    """Return whether kernels can read tensors of a state: they lie on the CPU, and no gradient is taken.

    ``tensors``: those that gradients can pass through, or that tell where the state lies.
    """
    if torch.compiler.is_compiling() or tensors[0].device.type != "cpu":
        return False
    followed = (*tensors, *game.parameters.values())
    return not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in followed))
