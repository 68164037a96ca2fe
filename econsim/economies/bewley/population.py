"""The two representations of the population: a sample of households, and their distribution on a grid."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from econsim import random

__all__ = ["PRODUCTIVITY", "People", "distributed", "drawn", "lottery", "next_states", "quantiles", "stratified"]


class People(NamedTuple):
    """The population at the start of a period."""

    age: Tensor  # [B, N] int64, from zero at birth; zero where households live for ever
    productivity: Tensor  # [B, N] int64, index of the state of the chain
    assets: Tensor  # [B, N]
    mass: Tensor  # [B, N] share of the population
    bequest: Tensor  # [B] float64, received by everybody
    growth: Tensor  # [B] float64, of the population since the period before


PRODUCTIVITY = "bewley/productivity"
"""The stream of draws of the next states of productivity."""
Population = tuple[Tensor, Tensor, Tensor]
"""States of productivity ``[B, N]`` int64, assets ``[B, N]`` and shares of the population ``[B, N]``."""


def distributed(key: Tensor, shares: Tensor, grid: Tensor, count: int, dtype: torch.dtype) -> Population:
    """Return a distribution ``[S, G]`` itself: one entry per state of productivity and grid point."""
    states, points = shares.shape
    shape = len(key), count
    productivity = torch.arange(states, device=key.device).repeat_interleave(points)
    assets = grid.to(key.device, dtype).repeat(states)
    entries = productivity, assets, shares.to(dtype).reshape(-1)
    first, second, third = (entry.expand(shape).contiguous() for entry in entries)
    return first, second, third


def drawn(key: Tensor, shares: Tensor, grid: Tensor, count: int, dtype: torch.dtype) -> Population:
    """Return ``count`` households drawn from a distribution ``[S, G]``, of equal weight."""
    draw = random.uniform(key, 0, "bewley/initial", (count,), torch.float64)
    bounds = shares.reshape(-1).cumsum(0)
    cell = torch.searchsorted(bounds, draw * bounds[-1], right=True).clamp(max=shares.numel() - 1)
    points = shares.shape[1]
    mass = torch.full_like(draw, 1 / count, dtype=dtype)
    return cell // points, grid.to(key.device, dtype)[cell % points], mass


def stratified(key: Tensor, stationary: Tensor, grid: Tensor, count: int, dtype: torch.dtype) -> Population:
    """Return ``count`` households, as many from each state of productivity, with that state's share as their weight.

    Assets are one draw from each of equally likely intervals of the stationary distribution ``[S, G]`` in that state.
    Rare states and large fortunes, which matter for aggregates far beyond their number, are then in every sample.
    """
    states, points = stationary.shape
    households = torch.arange(count, device=key.device)
    productivity = households % states
    share, number = stationary.sum(-1), torch.bincount(productivity, minlength=states)[productivity]
    mass = share[productivity] / number
    bounds = (stationary / share[:, None]).cumsum(-1).clamp(max=1.0)
    draw = (households // states + random.uniform(key, 0, "bewley/initial", (count,), torch.float64)) / number
    rows = bounds[productivity].expand(len(key), count, points).contiguous()
    point = torch.searchsorted(rows, draw[..., None].contiguous(), right=True)[..., 0].clamp(max=points - 1)
    shape = len(key), count
    return productivity.expand(shape).contiguous(), grid.to(key.device, dtype)[point], mass.to(dtype).expand(shape)


def next_states(key: Tensor, time: Tensor, productivity: Tensor, transition: Tensor) -> Tensor:
    """Return the next states of productivity ``[B, N]``, by rows of ``transition``, ``[S, S]`` or ``[B, S, S]``."""
    draw = random.uniform(key, time, PRODUCTIVITY, tuple(productivity.shape[1:]), torch.float64)
    bounds = transition.cumsum(-1)[..., :-1]
    following = torch.zeros_like(productivity)
    for state in range(bounds.shape[-1]):
        bound = bounds[..., state].expand(len(productivity), -1).gather(1, productivity)
        following = following + (draw >= bound)
    return following


def lottery(assets: Tensor, mass: Tensor, grid: Tensor, transition: Tensor) -> Tensor:
    """Return the shares ``[B, N]`` after households move to the grid points around their assets (Young 2010).

    ``transition`` is ``[S, S]``, or ``[B, S, S]``.
    """
    states, points = transition.shape[-1], len(grid)
    nodes = grid.to(assets)
    chosen, before = assets.reshape(len(assets), states, points), mass.reshape(len(mass), states, points)
    below = (torch.searchsorted(nodes, chosen.contiguous(), right=True) - 1).clamp(0, points - 2)
    lower, upper = nodes[below], nodes[below + 1]
    weight = (upper - chosen) / (upper - lower)
    moved = torch.zeros_like(before)
    moved = moved.scatter_add(-1, below, before * weight).scatter_add(-1, below + 1, before * (1 - weight))
    chances = transition.to(mass)
    after = torch.zeros_like(before)
    for state in range(states):  # not a product of matrices, whose rounding depends on the number of copies
        after = after + chances[..., state, :, None] * moved[:, state, None]
    return after.reshape(mass.shape)


def quantiles(assets: Tensor, mass: Tensor, levels: Tensor) -> Tensor:
    """Return the least assets ``[B, Q]`` that at least a share ``levels`` ``[Q]`` of the population does not exceed."""
    ordered, order = assets.sort(-1)
    people = mass.gather(-1, order).cumsum(-1)
    reached = torch.searchsorted(people, (levels * people[:, -1:] * (1 - 1e-6)).contiguous())
    return ordered.gather(-1, reached.clamp(max=assets.shape[-1] - 1))
