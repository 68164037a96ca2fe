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
_MARKS = 1 << 16


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
    keys = _keys(people, sources, targets)
    seen = np.sort(keys)
    again = _repeated(people, keys, _alike(seen), np.flatnonzero(sources == targets))
    for number in range(1, ROUNDS):
        if not len(again):
            return sources, targets
        sources[again], targets[again] = draw(number, again - fixed)
        keys[again] = new = _keys(people, sources[again], targets[again])
        # All other edges are different. Those that were replaced are among ``seen`` too, which costs time only.
        hits = new[seen[np.minimum(np.searchsorted(seen, new), len(seen) - 1)] == new]
        new.sort()
        suspects = np.union1d(hits, _alike(new))
        seen = np.insert(seen, np.searchsorted(seen, new), new)
        again = _repeated(people, keys, suspects, again[sources[again] == targets[again]])
    left = np.ones(len(sources), bool)
    left[again] = False
    return sources[left], targets[left]


def _keys(people: int, sources: Array, targets: Array) -> Array:
    """Return one number for each edge, the same in both directions."""
    return np.minimum(sources, targets) * people + np.maximum(sources, targets)


def _alike(ranked: Array) -> Array:
    """Return the numbers that occur more than once, in increasing order."""
    return np.unique(ranked[1:][ranked[1:] == ranked[:-1]])


def _repeated(people: int, keys: Array, suspects: Array, loops: Array) -> Array:
    """Return the indices of loops, and of edges that are the same as an earlier one; ``suspects`` has their keys."""
    if not len(suspects):
        return loops
    marked = np.zeros(_MARKS, bool)  # by the last digits of keys: few edges are looked up
    marked[suspects % _MARKS] = True
    candidates = np.flatnonzero(marked[keys & (_MARKS - 1)])
    candidates = candidates[np.isin(keys[candidates], suspects)]
    _, first = np.unique(keys[candidates], return_index=True)
    return np.union1d(loops, np.delete(candidates, first))
