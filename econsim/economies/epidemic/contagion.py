"""Rules of the disease on tensors: contacts, exposure and the course of the infection.

Probabilities are float64. Draws are those of a day ``time`` ``[B]``, at the position of the person, and in a network at
that of the edge.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random
from econsim.economies.epidemic.disease import Population

__all__ = [
    "DEAD",
    "EXPOSED",
    "INFECTED",
    "RECOVERED",
    "SUSCEPTIBLE",
    "exposed_by_contacts",
    "exposed_by_mixing",
    "is_infectious",
    "progressed",
]

SUSCEPTIBLE, EXPOSED, INFECTED, RECOVERED, DEAD = range(5)
EXPOSURE, DEATH = "epidemic/exposure", "epidemic/death"
SHARE_UNIT = 2.0**-30  # of infectiousness


def exposed_by_contacts(
    stage: Tensor,
    days: Tensor,
    away: Tensor | None,
    risk: Tensor,
    susceptibility: Tensor,
    population: Population,
    key: Tensor,
    time: Tensor,
    worked: Tensor | None = None,
) -> Tensor:
    """Return who is exposed today in a network, ``[B, N]`` bool.

    Each contact of an infectious with a susceptible person infects it with probability ``1 - exp(-risk)``,
    independently of the others.

    Args:
        stage: ``[B, N]``.
        days: ``[B, N]`` int8, days since exposure.
        away: ``[B, N]`` bool, people at home or in quarantine; ``None``: nobody.
        risk: ``[B, L]`` float64, of an edge of weight 1 from a person so many days after exposure.
        susceptibility: ``[1 | B, N]`` float64.
        population: the network and its weights.
        key: ``[B]``.
        time: ``[B]``.
        worked: ``[B, N]`` bool, people who work today, without whom contacts at work do not take place; ``None``: there
            is no labour.
    """
    assert population.network is not None
    target, rows = population.network.neighbours.long(), population.network.rows
    source = torch.searchsorted(rows, torch.arange(len(target), device=rows.device), right=True) - 1
    on_edge = (risk.gather(1, _day(days, risk.shape[1])) * is_infectious(stage))[:, source]
    if population.weights is not None:
        on_edge = on_edge * population.weights.double()
    draw = random.uniform(key, time, EXPOSURE, (len(target),), torch.float64)
    infects = draw < -torch.expm1(-(on_edge * susceptibility[:, target]))
    if away is not None:
        closed = away[:, source] | away[:, target]
        infects &= ~(closed if population.at_home is None else closed & ~population.at_home)
    if worked is not None and population.at_work is not None:
        infects &= ~population.at_work | (worked[:, source] & worked[:, target])
    new = torch.zeros_like(stage)
    new.scatter_reduce_(1, target.expand(len(infects), -1), infects.to(new.dtype), "amax")
    return (stage == SUSCEPTIBLE) & (new > 0)


def exposed_by_mixing(
    stage: Tensor,
    days: Tensor,
    away: Tensor | None,
    shares: Tensor,
    reproduction: Tensor,
    susceptibility: Tensor,
    population: Population,
    key: Tensor,
    time: Tensor,
) -> Tensor:
    """Return who is exposed today where everybody meets everybody, ``[B, N]`` bool.

    Args:
        stage: ``[B, N]``.
        days: ``[B, N]`` int8, days since exposure.
        away: ``[B, N]`` bool; ``None``: nobody.
        shares: ``[L]`` int64, infectiousness by days since exposure in units of ``2**-30``.
        reproduction: ``[B]`` float64.
        susceptibility: ``[1 | B, N]`` float64.
        population: age groups and their mixing.
        key: ``[B]``.
        time: ``[B]``.
    """
    groups, size = population.groups.long(), len(population.mixing)
    meets = is_infectious(stage) if away is None else is_infectious(stage) & ~away
    of_group = torch.zeros((len(stage), size), dtype=torch.int64, device=stage.device)
    of_group.scatter_add_(1, groups.expand(len(stage), -1), shares[_day(days, len(shares))] * meets)
    columns = []
    for group in range(size):
        pressure = torch.zeros_like(reproduction)
        for other in range(size):  # in this order, as kernels add up
            pressure = pressure + population.mixing[group, other] * of_group[:, other].double()
        columns.append(pressure * SHARE_UNIT * reproduction)
    risk = torch.stack(columns, 1)[:, groups] * susceptibility
    draw = random.uniform(key, time, EXPOSURE, (stage.shape[1],), torch.float64)
    new = (stage == SUSCEPTIBLE) & (draw < -torch.expm1(-risk))
    return new if away is None else new & ~away


def is_infectious(stage: Tensor) -> Tensor:
    """Return who is exposed or infected, ``[B, N]`` bool."""
    return (stage == EXPOSED) | (stage == INFECTED)


def _day(days: Tensor, length: int) -> Tensor:
    return days.long().clamp(max=length - 1)  # a day beyond the last is that of somebody who is not infectious


def progressed(
    stage: Tensor, days: Tensor, new: Tensor, death_rate: Tensor, lengths: tuple[int, int], key: Tensor, time: Tensor
) -> tuple[Tensor, Tensor]:
    """Return stages and days since exposure after the day, ``[B, N]`` int8.

    Args:
        stage: ``[B, N]``.
        days: ``[B, N]``.
        new: ``[B, N]`` bool, people exposed today.
        death_rate: ``[B, N]`` float64, probability of death at the end of an infection.
        lengths: days of the exposed and of the infected stage.
        key: ``[B]``.
        time: ``[B]``.
    """
    later = days + is_infectious(stage).to(days.dtype)
    falls_ill = (stage == EXPOSED) & (later >= lengths[0])
    ends = (stage == INFECTED) & (later >= sum(lengths))
    dies = ends & (random.uniform(key, time, DEATH, (stage.shape[1],), torch.float64) < death_rate)
    after = torch.where(new, EXPOSED, torch.where(falls_ill, INFECTED, torch.where(ends, RECOVERED, stage)))
    return torch.where(dies, DEAD, after).to(torch.int8), later
