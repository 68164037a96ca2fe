"""Components: the parts that a Gather-Trade-Build scenario lists, each with its actions, masks, rules and features.

A component is a kind: a module here, or in a plug-in under ``economies/gather_trade_build/components``, with
``Parameters`` and one class that extends :class:`Component`. Adding one edits no list. Components act in the order in
which the scenario lists them, each on the world that the one before left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from econsim.accounts import Account
from econsim.economies.gather_trade_build.world import Ground, World


class Economy(Protocol):
    """What a component may ask of the economy that it is part of."""

    workers: int
    planners: tuple[str, ...]
    horizon: int
    row_length: int
    dtype: torch.dtype
    tables: Mapping[str, Tensor]

    def number(self, name: str) -> Tensor:
        """Return a numeric parameter, ``[1 | B, 1]`` in the economy's precision."""

    def ground(self, world: World) -> Ground:
        """Return the ground, one row or one a copy."""


@dataclass
class Features:
    """What a component adds to observations, by name; each ends in an axis for its numbers.

    worker: ``[B, N, k]``, or ``[B, 1, k]`` where all see the same.
    planner: ``[B, L, k]``, or ``[B, 1, k]`` where all see the same.
    of_workers: ``[B, N, k]``, what a planner sees of each of its workers.
    """

    worker: dict[str, Tensor] = field(default_factory=dict)
    planner: dict[str, Tensor] = field(default_factory=dict)
    of_workers: dict[str, Tensor] = field(default_factory=dict)


class Component:
    """One part of the economy; every method has a default that does nothing."""

    name: str = ""
    """Its kind, by which the economy keeps its memory; the economy sets it."""

    def numbers(self) -> dict[str, float]:
        """Return its numeric parameters by name: leaves of the game, a scalar or one a copy."""
        return {}

    def tables(self, economy: Economy) -> dict[str, Tensor]:
        """Return constant tensors that it reads in every step, by name."""
        return {}

    def choices(self, economy: Economy) -> tuple[str, ...]:
        """Return the names of the actions that it gives every worker."""
        return ()

    def planner_choices(self, economy: Economy) -> tuple[int, ...]:
        """Return how many options each of its choices gives every planner."""
        return ()

    def planner_labels(self, economy: Economy) -> Mapping[str, tuple[str, ...]]:
        """Return the names of its choices of every planner, each with the names of its options; by default numbers."""
        counts = self.planner_choices(economy)
        return {f"{self.name}_{number}": tuple(map(str, range(count))) for number, count in enumerate(counts, 1)}

    @property
    def planner_acts_every(self) -> int:
        """Steps from one action of a planner to the next."""
        return 1

    def start(self, economy: Economy, world: World) -> Any:
        """Return what it remembers at the start of an episode: a class of tensors, or ``None``."""
        return None

    def step(
        self, economy: Economy, world: World, memory: Any, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Any]:
        """Return the world and its memory after its turn.

        Args:
            economy: numbers, tables and sizes.
            world: as the components before it left it.
            memory: its own.
            actions: ``[B, N]``, 0: nothing, ``i``: the ``i``-th of its choices (from one); legal or not.
            announced: the planners' entries for its choices, ``{planner: [B, D]}``: options, or numbers where floating.
        """
        return world, memory

    def mask(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return which of its choices are legal, ``[B, N, choices]``."""
        return None

    def planner_mask(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return which of its options are open to planners, ``[B, L, options]`` with all choices one after another."""
        return None

    def observe(self, economy: Economy, world: World, memory: Any) -> Features:
        """Return what it shows to workers and planners."""
        return Features()

    def units(self) -> Mapping[str, str]:
        """Return the units of what :meth:`observe` shows, by name, scale included; none for a plain number."""
        return {}

    def accrued(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return the coin that each worker would get, or lose, if it settled now, ``[B, N]``."""
        return None

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declarations of :meth:`accounts`."""
        return ()

    def accounts(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return what analysis reads of it, float64 or integers, ``[B, N]`` or ``[B, ...]``."""
        return {}

    def conserved(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return float64 quantities ``[B]`` that it promises to keep."""
        return {}
