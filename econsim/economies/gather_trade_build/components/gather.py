"""Gather: workers move on the map, one tile per step, and collect the resource on their tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.economies.gather_trade_build.accounts import WORKERS
from econsim.economies.gather_trade_build.components import Component, Economy, Features
from econsim.economies.gather_trade_build.world import GOODS, IS_INSIDE, IS_WATER, World
from econsim.parameters import Model

__all__ = ["Gather", "Parameters"]


class Parameters(Model):
    """Parameters of moving and collecting."""

    move_labour: float = Field(1.0, ge=0)
    """Labour per successful move."""
    collect_labour: float = Field(1.0, ge=0)
    """Labour per collection, bonus unit included."""


class Gather(Component):
    """Movement in a random order of workers, followed by collection of resources."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def numbers(self) -> dict[str, float]:
        """Return the labour of a move and of a collection."""
        return {"move_labour": self.parameters.move_labour, "collect_labour": self.parameters.collect_labour}

    def tables(self, economy: Economy) -> dict[str, Tensor]:
        """Return the change of the tile index by action: none, left, right, up, down."""
        return {"moves": torch.tensor([0, -1, 1, -economy.row_length, economy.row_length])}

    def choices(self, economy: Economy) -> tuple[str, ...]:
        """Return the four directions."""
        return ("left", "right", "up", "down")

    def mask(self, economy: Economy, world: World, memory: Any) -> Tensor:
        """Return the directions in which the next tile is accessible and unoccupied, ``[B, N, 4]``."""
        target = world.position[..., None] + economy.tables["moves"][1:]
        occupied = torch.zeros_like(world.owner, dtype=torch.bool).scatter_(1, world.position, True)
        free = ~occupied.gather(1, target.flatten(1)).view_as(target)
        return free & self._open(economy, world, target)

    def step(
        self, economy: Economy, world: World, memory: Any, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Any]:
        """Move workers, then collect resources."""
        position = self._move(economy, world, actions)
        moved = (position != world.position).to(world.labour)
        world = replace(world, position=position, labour=world.labour + economy.number("move_labour") * moved)
        return self._collect(economy, world), None

    def observe(self, economy: Economy, world: World, memory: Any) -> Features:
        """Return the worker's probability of a bonus unit."""
        return Features(worker={"bonus_gather_prob": world.gather_bonus[..., None]})

    def units(self) -> dict[str, str]:
        """Return the unit of the bonus."""
        return {"bonus_gather_prob": "probability"}

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declared accounts of workers."""
        return tuple(Account(f"gathered_{good}", WORKERS, "units") for good in GOODS)

    def accounts(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return the units gathered of each good, ``[B, N]``."""
        return {f"gathered_{good}": world.gathered[..., number].double() for number, good in enumerate(GOODS)}

    def _open(self, economy: Economy, world: World, target: Tensor) -> Tensor:
        """Return whether tiles ``[B, N, k]`` are land without another worker's house."""
        copies, tiles = target.shape[0], target.flatten(1)
        terrain = economy.ground(world).terrain.expand(copies, -1).gather(1, tiles).view_as(target)
        land = (terrain & (1 << IS_INSIDE | 1 << IS_WATER)) == 1 << IS_INSIDE
        owner = world.owner.gather(1, tiles).view_as(target)
        number = torch.arange(1, economy.workers + 1, device=target.device).to(owner)[:, None]
        return land & ((owner == 0) | (owner == number))

    def _move(self, economy: Economy, world: World, actions: Tensor) -> Tensor:
        """Return positions ``[B, N]`` after the moves of all workers in turn; a tile is free once its worker left."""
        order = random.permutation(world.key, world.time, "gather/order", economy.workers)
        target = world.position + economy.tables["moves"][actions]
        wanted = self._open(economy, world, target[..., None])[..., 0] & (actions > 0)
        wanted, target, position = (entry.gather(1, order) for entry in (wanted, target, world.position))
        for turn in range(economy.workers):
            taken = (position == target[:, turn, None]).any(1)
            position[:, turn] = torch.where(wanted[:, turn] & ~taken, target[:, turn], position[:, turn])
        return torch.empty_like(position).scatter(1, order, position)

    def _collect(self, economy: Economy, world: World) -> World:
        """Collect resources; workers do not compete for a unit, since no two stand on the same tile."""
        ground = economy.ground(world)
        copies, sources = world.stock.shape
        number = ground.source_at.expand(copies, -1).gather(1, world.position)
        stock = torch.nn.functional.pad(world.stock, (0, 1))  # an empty entry for tiles without a source
        collects = stock.gather(1, number)
        bonus = random.uniform(world.key, world.time, "gather/bonus", (economy.workers,)) < world.gather_bonus
        units = collects.int() + (collects & bonus)
        wood = number >= economy.tables["stone_sources"]
        of_good = torch.stack([~wood, wood], -1)
        return replace(
            world,
            stock=stock.scatter(1, number, False)[:, :sources],
            goods=world.goods + units[..., None] * of_good,
            gathered=world.gathered + units[..., None] * of_good,
            taken=world.taken + (collects[..., None] & of_good).sum(1, dtype=torch.int32),
            labour=world.labour + economy.number("collect_labour") * collects,
        )
