"""Compilation of a game's kernels before it is played, so that no first step takes a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Box, Discrete, Game, Observation, Role
from econsim.kernels import numba_version
from econsim.nn.symbols import compile_for

__all__ = ["PRECISIONS", "SCORING", "compile_kernels", "compiled_in_words", "compiled_parts"]

SCORING = torch.float64
PRECISIONS = (torch.float32, SCORING)
"""The precisions of training and of scoring."""
_NOTICEABLE = 2.0  # seconds


def compiled_in_words(game: Game[Any], precisions: Sequence[torch.dtype] = PRECISIONS) -> Iterator[str]:
    """Compile the kernels of a game that is on them; yield a line before, and one after if it took long."""
    yield f"backend: kernels (numba {numba_version()}); compiled on first use, which takes a minute or two"
    seconds = compile_kernels(game, precisions)
    if seconds > _NOTICEABLE:
        yield f"kernels: ready after {seconds:.0f} s"


def compile_kernels(game: Game[Any], precisions: Sequence[torch.dtype] = PRECISIONS) -> float:
    """Compile the kernels of a run with a game that is on them, or load them; return the seconds taken."""
    begun = time.monotonic()
    for _ in compiled_parts(game, precisions):
        pass
    return time.monotonic() - begun


@torch.no_grad()
def compiled_parts(game: Game[Any], precisions: Sequence[torch.dtype] = PRECISIONS) -> Iterator[str]:
    """Yield the name of each part of the kernels before it is compiled, by playing one step of the game.

    With the precision of training, these include the kernels of networks that learn to play it.
    """
    from econsim.kernels.drawing import write_draws

    yield "random draws"
    for dtype in (torch.int64, *PRECISIONS):
        write_draws(random.keys(0, 1), 0, 0, torch.empty(1, 1, dtype=dtype))
    for precision in precisions:
        played, precision_name = game.to(dtype=precision), str(precision).removeprefix("torch.")
        state = played.reset(random.keys(0, 1))
        yield f"observations in {precision_name}"
        seen = played.observe(state)
        yield f"step in {precision_name}"
        played.step(state, {name: _first_option(role, seen[name], precision) for name, role in played.roles.items()})
        views = [observation.view for observation in seen.values() if observation.view is not None]
        if views and precision != SCORING:
            yield "policy networks"
            compile_for(views[0].dtype)


def _first_option(role: Role, observation: Observation, precision: torch.dtype) -> Tensor:
    """Return the first legal action of every player."""
    space, shape = role.action, observation.alive.shape
    if isinstance(space, Box):
        return torch.full((*shape, *space.shape), space.low if math.isfinite(space.low) else 0.0, dtype=precision)
    mask = torch.ones(()) if observation.action_mask is None else observation.action_mask.int()
    mask = mask.expand(*shape, space.mask_size)
    if isinstance(space, Discrete):
        return mask.argmax(-1)
    return torch.stack([option.argmax(-1) for option in torch.split(mask, list(space.counts), -1)], -1)
