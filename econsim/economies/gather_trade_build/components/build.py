"""Build: a worker turns one unit of stone and one of wood into a house and is paid according to skill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.economies.gather_trade_build.accounts import WORKERS
from econsim.economies.gather_trade_build.components import Component, Economy, Features
from econsim.economies.gather_trade_build.world import World
from econsim.parameters import Model

__all__ = ["Build", "Parameters"]


class Parameters(Model):
    """Parameters of building."""

    labour: float = Field(10.0, ge=0)
    """Labour per house, in units of the labour of a move."""


class Build(Component):
    """Building of houses: legal on a tile without house or source, with one unit of each good in inventory."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def numbers(self) -> dict[str, float]:
        """Return the labour of a house."""
        return {"build_labour": self.parameters.labour}

    def choices(self, economy: Economy) -> tuple[str, ...]:
        """Return the only action, ``build``."""
        return ("build",)

    def mask(self, economy: Economy, world: World, memory: Any) -> Tensor:
        """Return whether each worker can build now, ``[B, N, 1]``."""
        return self._able(economy, world)[..., None]

    def step(
        self, economy: Economy, world: World, memory: Any, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Any]:
        """Build houses where legal; the order of workers does not matter, since no two stand on the same tile."""
        builds = (actions == 1) & self._able(economy, world)
        number = torch.arange(1, economy.workers + 1, device=actions.device).to(world.owner)
        standing = world.owner.gather(1, world.position)
        used = builds.int()
        after = replace(
            world,
            goods=world.goods - used[..., None],
            coin=world.coin + torch.where(builds, world.build_payment, 0.0),
            labour=world.labour + economy.number("build_labour") * builds,
            owner=world.owner.scatter(1, world.position, torch.where(builds, number, standing)),
            built=world.built + used,
        )
        return after, None

    def observe(self, economy: Economy, world: World, memory: Any) -> Features:
        """Return the worker's payment per house in multiples of the base payment, and the corresponding skill."""
        multiple = world.build_payment / economy.number("base_payment")
        skill = (multiple - 1.0) / (economy.number("highest_multiple") - 1.0)
        return Features(worker={"build_payment": multiple[..., None], "build_skill": skill[..., None]})

    def units(self) -> dict[str, str]:
        """Return the units of the payment and of the skill."""
        return {"build_payment": "multiples of the base payment", "build_skill": "0: the lowest, 1: the highest"}

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declared accounts of workers, then of the whole economy."""
        return (
            Account("houses", WORKERS, "houses", statistics=(Statistic("mean", "table"),)),
            Account("building_income", WORKERS, MONEY),
            Account("houses_built", (), "houses", show="detail"),
            Account("labour_per_house", (), "labour per house", show="detail"),
        )

    def accounts(self, economy: Economy, world: World, memory: Any) -> dict[str, Tensor]:
        """Return houses built and coin earned by building, ``[B, N]``, and figures of the whole economy, ``[B]``.

        Those are the houses of all workers and the labour of all workers per house, which is zero without houses.
        """
        houses, labour = world.built.double(), world.labour.double().sum(1)
        total = houses.sum(1)
        return {
            "houses": houses,
            "building_income": world.built * world.build_payment.double(),
            "houses_built": total,
            "labour_per_house": torch.where(total > 0, labour / total.clamp_min(1.0), 0.0),
        }

    def _able(self, economy: Economy, world: World) -> Tensor:
        ground = economy.ground(world)
        copies = world.position.shape[0]
        source = ground.source_at.expand(copies, -1).gather(1, world.position)
        bare = (source == ground.source.shape[1]) & (world.owner.gather(1, world.position) == 0)
        return bare & (world.goods >= 1).all(-1)
