"""Backends of runs: a game is played by its tensors, or on a CPU by the kernels that it offers.

Kernels round differently from tensors. The backend is therefore part of a run, as its number of threads is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError
from econsim.kernels import require_numba

if TYPE_CHECKING:
    from econsim.game import Game

__all__ = ["BACKENDS", "KERNELS", "TENSORS", "BackedGame", "check_backend", "on_backend"]

BACKENDS = TENSORS, KERNELS = "tensors", "kernels"


@dataclass(frozen=True)
class BackedGame:
    """A game and the backend that plays it; ``reason``: why tensors play although kernels were requested, or ""."""

    game: Game[Any]
    backend: str
    reason: str = ""


def check_backend(backend: str, device: str) -> None:
    """Check that games can be played on a backend and a device.

    Raises:
        UserError: there is no such backend, or kernels are requested on a GPU or without numba.
    """
    if backend not in BACKENDS:
        raise UserError(f"--backend {backend}: expected tensors or kernels")
    if backend == TENSORS:
        return
    if device.startswith("cuda"):
        raise UserError(
            f"--backend kernels: kernels play on the CPU, and this run is on the GPU ({device}); add --device cpu, or"
            " leave --backend out"
        )
    require_numba()


def on_backend(game: Game[Any], backend: str) -> BackedGame:
    """Return a game as a backend plays it: by tensors where it has no kernels, or they do not cover it.

    Raises:
        UserError: as :func:`check_backend`.
    """
    from econsim import random
    from econsim.game import OffersKernels
    from econsim.split_roles import base_game

    check_backend(backend, str(game.device))
    if backend == TENSORS:
        return BackedGame(game, TENSORS)
    if not isinstance(game, OffersKernels):
        return BackedGame(game, TENSORS, f"{type(base_game(game)).__name__} has no kernels")
    if missing := game.not_covered():
        return BackedGame(game, TENSORS, f"the kernels do not cover {missing}")
    from econsim.kernels.drawing import write_draws

    random.draw_with(write_draws)
    return BackedGame(game.on_kernels(), KERNELS)
