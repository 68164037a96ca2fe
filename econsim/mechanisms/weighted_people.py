"""Statistics of weighted populations: pure functions of individual amounts, from ``[..., N]`` to ``[...]``.

``people`` ``[..., N]`` is the number of people that each entry represents; one each by default. Splitting an entry into
several that share its weight changes no statistic.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mean(amount: Tensor, people: Tensor | None = None) -> Tensor:
    """Return the mean amount per person."""
    return amount.mean(-1) if people is None else (people * amount).sum(-1) / people.sum(-1)


def share(condition: Tensor, people: Tensor | None = None) -> Tensor:
    """Return the share of people of whom ``condition`` (bool) holds, float64."""
    return mean(condition.double(), None if people is None else people.double())


def number_of(amount: Tensor, people: Tensor | None = None) -> Tensor:
    """Return how many people there are, float64."""
    return torch.ones_like(amount, dtype=torch.float64).sum(-1) if people is None else people.double().sum(-1)
