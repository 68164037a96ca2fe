"""Iterative proportional fitting of a joint distribution to published margins.

The odds ratios of all interactions that no margin determines are those of the seed. Source: Deming and Stephan (1940).
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

    name: name of the margin.
    group: ``[C]`` int64, the group ``0 .. G - 1`` of each cell, -1 for a cell outside the table.
    share: ``[G]``, the published share of each group within its family.
    family: ``[G]`` int64, the family of each group; the margin does not determine the sizes of families.
    """

    name: str
    group: Tensor
    share: Tensor
    family: Tensor

    def fitted(self, mass: Tensor) -> Tensor:
        """Return the share of each group within its family, ``[G]``, for masses of cells ``[C]``."""
        inside = self.group >= 0
        groups = torch.zeros_like(self.share).index_add(0, self.group[inside], mass[inside])
        families = torch.zeros_like(self.share).index_add(0, self.family, groups)
        return groups / families[self.family]


def rake(seed: Tensor, margins: Sequence[Margin]) -> Tensor:
    """Return masses ``[C]`` with a sum of one that agree with all margins, scaled from ``seed`` ``[C]``.

    Raises:
        EconsimError: the iteration does not converge, since the margins are inconsistent.
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
    raise EconsimError(
        f"personas: margins {', '.join(margin.name for margin in margins)} are inconsistent by {worst:.1e}"
    )
