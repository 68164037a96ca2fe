"""Components of Gather-Trade-Build: parts of the economy with their own actions, masks, rules and features.

A component is a kind: a module in this package, or in a plug-in under ``economies/gather_trade_build/components``, with
``Parameters`` and one class that extends :class:`Component`. No registry has to be edited. Components act in the order
in which the scenario lists them, each on the world as the previous component left it.
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
    """Interface of the economy that components may use."""

    workers: int
    planners: tuple[str, ...]
    horizon: int
    lowest_rate: float
    row_length: int
    dtype: torch.dtype
    tables: Mapping[str, Tensor]

    def number(self, name: str) -> Tensor:
        """Return a numeric parameter, ``[1 | B, 1]`` in the economy's precision."""

    def ground(self, world: World) -> Ground:
        """Return the ground, with one row or one per environment copy."""


@dataclass
class Features:
    """Named features that a component adds to observations; the last axis holds the ``k`` entries of a feature.

    worker: ``[B, N, k]``, or ``[B, 1, k]`` if all workers observe the same.
    planner: ``[B, L, k]``, or ``[B, 1, k]`` if all planners observe the same.
    of_workers: ``[B, N, k]``, what a planner observes of each of its workers.
    """

    worker: dict[str, Tensor] = field(default_factory=dict)
    planner: dict[str, Tensor] = field(default_factory=dict)
    of_workers: dict[str, Tensor] = field(default_factory=dict)


class Component:
    """Base class of components; every method has a default without effect."""

    name: str = ""
    """Name of the component's kind, set by the economy; also the key of the component's memory."""

    def numbers(self) -> dict[str, float]:
        """Return the numeric parameters by name, each a scalar; the game may hold one value per environment copy."""
        return {}

    def tables(self, economy: Economy) -> dict[str, Tensor]:
        """Return constant tensors used in every step, by name."""
        return {}

    def choices(self, economy: Economy) -> tuple[str, ...]:
        """Return the names of the actions that the component adds for every worker."""
        return ()

    def planner_choices(self, economy: Economy) -> tuple[int, ...]:
        """Return the number of options of each choice that the component adds for every planner."""
        return ()

    def planner_labels(self, economy: Economy) -> Mapping[str, tuple[str, ...]]:
        """Return the names of planners' choices, each with the names of its options; by default numbers."""
        counts = self.planner_choices(economy)
        return {f"{self.name}_{number}": tuple(map(str, range(count))) for number, count in enumerate(counts, 1)}

    @property
    def planner_acts_every(self) -> int:
        """Number of steps between actions of a planner."""
        return 1

    def start(self, economy: Economy, world: World) -> Any:
        """Return the component's memory at the start of an episode: a class of tensors, or ``None``."""
        return None

    def step(
        self, economy: Economy, world: World, memory: Any, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Any]:
        """Return the world and the component's memory after its turn.

        Args:
            economy: parameters, tables and sizes.
            world: the world as the previous component left it.
            memory: the component's memory.
            actions: ``[B, N]``, 0: nothing, ``i``: the ``i``-th of the component's choices (from one); legal or not.
            announced: the planners' actions for the component's choices, ``{planner: [B, D]}``: indices of options
                (integers) or values (floating point).
        """
        return world, memory

    def mask(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return which of the component's choices are legal, ``[B, N, choices]``; ``None`` if all are."""
        return None

    def planner_mask(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return which options planners may take, ``[B, L, options]``, choices concatenated; ``None`` if all."""
        return None

    def observe(self, economy: Economy, world: World, memory: Any) -> Features:
        """Return the features that the component adds to observations of workers and planners."""
        return Features()

    def units(self) -> Mapping[str, str]:
        """Return the units of the features of :meth:`observe` by name, scale included; no entry without a unit."""
        return {}

    def accrued(self, economy: Economy, world: World, memory: Any) -> Tensor | None:
        """Return the coin that each worker would gain or lose in a settlement at this point, ``[B, N]``."""
        return None

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declarations of :meth:`accounts`."""
        return ()

    def accounts(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return the component's accounts, float64 or integers, ``[B, N]`` or ``[B, ...]``."""
        return {}

    def conserved(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return residuals ``[B]`` float64 of the component's conservation laws."""
        return {}
