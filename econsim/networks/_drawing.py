"""Random edges that are all different: repeated ones and loops are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import Field

from econsim import random
from econsim.parameters import Model

__all__ = ["Edges", "Seeded", "distinct", "uniforms", "whole_numbers"]

Array = Any
Edges = tuple[Array, Array]
ROUNDS = 100


class Seeded(Model):
    """Parameters of a network that is drawn at random."""

    seed: int = Field(42, ge=0)
    """Seed of the network; all environment copies and episodes have the same."""


def uniforms(seed: int, step: int, stream: str, count: int) -> Array:
    """Return numbers uniform on [0, 1), ``[count]`` float32."""
    return random.uniform(random.keys(seed, 1), step, f"networks/{stream}", (count,))[0].numpy()


def whole_numbers(seed: int, step: int, stream: str, high: int, count: int) -> Array:
    """Return whole numbers uniform on ``0 .. high - 1``, ``[count]`` int64."""
    return random.integers(random.keys(seed, 1), step, f"networks/{stream}", high, (count,))[0].numpy()


def distinct(people: int, count: int, draw: Callable[[int, Array], Edges], kept: Edges | None = None) -> Edges:
    """Return ``count`` undirected edges without loops and repetitions, behind those that are ``kept``.

    An edge that is a loop, or there already, is drawn again, at most a hundred times; one that then is so still is left
    out, which happens where hardly any other edge is possible.

    Args:
        people: number of people.
        count: number of edges to draw.
        draw: a function from the round and the indices of edges ``[M]`` to their sources and targets, ``[M]`` each.
        kept: edges that are given, without loops and repetitions.
    """
    nothing = np.zeros(0, np.int64)
    first, second = kept if kept is not None else (nothing, nothing)
    fixed = len(first)
    drawn = draw(0, np.arange(count))
    sources, targets = np.concatenate([first, drawn[0]]), np.concatenate([second, drawn[1]])
    for number in range(1, ROUNDS):
        again = _repeated(people, sources, targets)
        if not len(again):
            return sources, targets
        sources[again], targets[again] = draw(number, again - fixed)
    left = np.ones(len(sources), bool)
    left[_repeated(people, sources, targets)] = False
    return sources[left], targets[left]


def _repeated(people: int, sources: Array, targets: Array) -> Array:
    """Return the indices of loops, and of edges that are the same as an earlier one."""
    keys = np.minimum(sources, targets) * people + np.maximum(sources, targets)
    ranked = np.sort(keys)
    repeated = np.unique(ranked[1:][ranked[1:] == ranked[:-1]])
    loops = np.flatnonzero(sources == targets)
    if not len(repeated):
        return loops
    place = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    candidates = np.flatnonzero(repeated[place] == keys)
    _, first = np.unique(keys[candidates], return_index=True)
    return np.union1d(loops, np.delete(candidates, first))
