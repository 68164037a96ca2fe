"""Rankings of alternatives by weighted voters."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from econsim.mechanisms.voting import preference_shares
from econsim.parameters import Model

__all__ = ["Ranking", "shares_of"]


class Ranking(Model):
    """A ranking of all alternatives, and how many voters have it."""

    order: tuple[str, ...] = Field(min_length=2)
    """The alternatives, the best first."""
    weight: float = Field(default=1.0, ge=0)
    """The number or the share of voters with this ranking."""


def shares_of(rankings: tuple[Ranking, ...]) -> NDArray[np.float64]:
    """Return the share of voters who prefer one alternative to another, ``[C, C]``, alternatives in alphabetical order.

    Raises:
        ValueError: the rankings differ in their alternatives, or no voter has a positive weight.
    """
    names = sorted(rankings[0].order)
    for number, ranking in enumerate(rankings):
        if sorted(ranking.order) != names or len(set(names)) != len(names):
            raise ValueError(f"rankings.{number}: expected each of {', '.join(sorted(set(names)))} once")
    if not sum(ranking.weight for ranking in rankings) > 0:
        raise ValueError("rankings: expected at least one positive weight")
    ballots = torch.tensor([[[-ranking.order.index(name) for name in names] for ranking in rankings]])
    weights = torch.tensor([ranking.weight for ranking in rankings], dtype=torch.float64)
    shares: NDArray[np.float64] = preference_shares(ballots.double(), weights)[0].numpy()
    return shares
