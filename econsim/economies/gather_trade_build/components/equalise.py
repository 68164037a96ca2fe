"""Equalise: all coin is divided equally in every step, a bound on the effects of redistribution alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from econsim.economies.gather_trade_build.components import Component, Economy
from econsim.economies.gather_trade_build.world import World
from econsim.parameters import Model

__all__ = ["Equalise", "Parameters"]


class Parameters(Model):
    """The component has no parameters."""


class Equalise(Component):
    """Gives every worker the mean endowment; coin in escrow counts towards it, and may exceed it."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def step(
        self, economy: Economy, world: World, memory: Any, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Any]:
        """Divide all coin equally."""
        mean = world.endowment.double().mean(-1, keepdim=True).to(world.coin)
        return replace(world, coin=mean - world.coin_in_escrow), memory
