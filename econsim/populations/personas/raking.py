"""Iterative proportional fitting: a joint distribution that agrees with published margins.

Deming and Stephan (1940). What no margin fixes stays as in the seed: the odds ratios of all higher interactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.errors import EconsimError

__all__ = ["Margin", "rake"]

TOLERANCE = 1e-10
SWEEPS = 1000


@dataclass(frozen=True)
class Margin:
    """Published shares of groups of cells.

    name: what it says. group: ``[C]`` int64, the group ``0 .. G - 1`` of each cell, -1 for a cell outside the table.
    share: ``[G]``, the published share of each group among the groups of its ``family`` ``[G]`` int64; how large a
    family is, the margin does not say.
    """

    name: str
    group: Tensor
    share: Tensor
    family: Tensor

    def fitted(self, mass: Tensor) -> Tensor:
        """Return the share of each group within its family, ``[G]``, where cells have ``mass`` ``[C]``."""
        inside = self.group >= 0
        groups = torch.zeros_like(self.share).index_add(0, self.group[inside], mass[inside])
        families = torch.zeros_like(self.share).index_add(0, self.family, groups)
        return groups / families[self.family]


def rake(seed: Tensor, margins: Sequence[Margin]) -> Tensor:
    """Return the masses ``[C]``, of sum one, nearest to ``seed`` ``[C]`` that agree with all margins.

    Raises:
        EconsimError: the margins contradict each other.
    """
    mass = seed / seed.sum()
    for _ in range(SWEEPS):
        worst = 0.0
        for margin in margins:
            factor = margin.share / margin.fitted(mass)
            worst = max(worst, float((factor - 1.0).abs().max()))
            inside = margin.group >= 0
            mass = torch.where(inside, mass * factor[margin.group.clamp(min=0)], mass)
            mass = mass / mass.sum()
        if worst < TOLERANCE:
            return mass
    raise EconsimError(f"personas: {', '.join(margin.name for margin in margins)} contradict each other by {worst:.1e}")
