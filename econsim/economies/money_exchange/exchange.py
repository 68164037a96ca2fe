"""Rules of the money exchange on tensors; whole coins throughout, so that money is conserved exactly.

``wealth`` is ``[B, N]`` int64 coins; ``takes_part`` is ``[B, N]`` bool. Draws are those of a step ``time`` ``[B]``, at
the position of the person who acts.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim import random

__all__ = ["DIVISION", "ORDER", "PARTNER", "REMAINDER", "ROUNDING", "partners", "pool", "taxed", "units"]

PARTNER, DIVISION, ORDER = "money_exchange/partner", "money_exchange/division", "money_exchange/order"
ROUNDING, REMAINDER = "money_exchange/rounding", "money_exchange/remainder"  # of the tax


def partners(key: Tensor, time: Tensor, people: int, network: Mapping[str, Tensor]) -> Tensor:
    """Return the person that each person meets, ``[B, N]``.

    It is a neighbour in the network, with equal probabilities, and oneself for somebody without neighbours; without a
    network it is anybody, oneself included.

    Args:
        key: ``[B]``.
        time: ``[B]``.
        people: ``N``.
        network: ``rows`` ``[N + 1]`` and ``neighbours`` ``[E]`` (:class:`econsim.networks.Network`), or nothing.
    """
    if not network:
        return random.integers(key, time, PARTNER, people, (people,))
    first, degree = network["rows"][:-1], network["rows"].diff()
    place = (random.uniform(key, time, PARTNER, (people,), torch.float64) * degree).long()
    if not len(network["neighbours"]):
        return torch.arange(people, device=key.device).expand(len(key), -1)
    neighbour = network["neighbours"][(first + place).clamp(max=len(network["neighbours"]) - 1)].long()
    return torch.where(degree > 0, neighbour, torch.arange(people, device=key.device))


def units(wealth: Tensor, takes_part: Tensor, partner: Tensor, order: Tensor | None) -> Tensor:
    """Return wealth after everybody who has a coin has given one to the partner ``[B, N]``.

    ``order`` ``[B, N]`` is the order in which people act; ``None``: all at once.
    """
    if order is None:
        gives = ((wealth > 0) & takes_part).to(wealth)
        return (wealth - gives).scatter_add(1, partner, gives)
    wealth = wealth.clone()
    for person in torch.split(order, 1, 1):
        gives = ((wealth.gather(1, person) > 0) & takes_part.gather(1, person)).to(wealth)
        wealth.scatter_add_(1, person, -gives)
        wealth.scatter_add_(1, partner.gather(1, person), gives)
    return wealth


def pool(
    wealth: Tensor, takes_part: Tensor, partner: Tensor | None, order: Tensor, part: Tensor, saving: Tensor
) -> Tensor:
    """Return wealth after people have met in pairs and each pair has divided what its two people do not save.

    Args:
        wealth: ``[B, N]``.
        takes_part: ``[B, N]``; nothing is pooled where one of two people stays out.
        partner: ``[B, N]``, whom each person meets when it acts; ``None``: all meet at once, the first in the order
            with the second, the third with the fourth and so on, and the last of an odd number meets nobody.
        order: ``[B, N]``, the order in which people act.
        part: ``[B, N]`` float64 in [0, 1), the share of the pool that goes to the person who acts.
        saving: saving propensity, ``[1 | B, 1]`` float64.
    """
    wealth = wealth.clone()
    if partner is None:
        pairs = order[:, : order.shape[1] // 2 * 2].reshape(len(order), -1, 2)
        _divide(wealth, takes_part, pairs[..., 0], pairs[..., 1], part, saving)
        return wealth
    for person in torch.split(order, 1, 1):
        _divide(wealth, takes_part, person, partner.gather(1, person), part, saving)
    return wealth


def _divide(wealth: Tensor, takes_part: Tensor, person: Tensor, other: Tensor, part: Tensor, saving: Tensor) -> None:
    both = takes_part.gather(1, person) & takes_part.gather(1, other) & (person != other)
    stake, of_other = (
        torch.where(both, ((1.0 - saving) * wealth.gather(1, who)).floor().long(), 0) for who in (person, other)
    )
    pooled = stake + of_other
    received = (part.gather(1, person) * (pooled + 1)).long()  # 0 to pooled, all equally likely
    wealth.scatter_add_(1, person, received - stake)
    wealth.scatter_add_(1, other, stake - received)


def taxed(wealth: Tensor, rates: Tensor, thresholds: Tensor, key: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """Return wealth after the tax and its redistribution, ``[B, N]``, and revenue ``[B]`` in coins.

    A liability is rounded to whole coins at random, so that its expectation is exact. Everybody receives the same whole
    number of coins; those that remain go to people one after another, from a person drawn at random.

    Args:
        wealth: ``[B, N]``.
        rates: marginal rates ``[B, K]`` float64.
        thresholds: lower thresholds ``[K]`` float64, in coins.
        key: ``[B]``.
        time: ``[B]``.
    """
    people = wealth.shape[1]
    upper = torch.cat([thresholds[1:], thresholds.new_full((1,), torch.inf)])
    liability = torch.zeros_like(wealth, dtype=torch.float64)
    for bracket in range(len(thresholds)):
        inside = (torch.minimum(wealth.double(), upper[bracket]) - thresholds[bracket]).clamp(min=0.0)
        liability = liability + rates[:, bracket : bracket + 1] * inside
    tax = (liability + random.uniform(key, time, ROUNDING, (people,)).double()).long()
    revenue = tax.sum(-1)
    first = random.integers(key, time, REMAINDER, people)
    place = (torch.arange(people, device=key.device) - first[:, None]) % people
    more = place < (revenue % people)[:, None]
    return wealth - tax + (revenue // people)[:, None] + more, revenue
