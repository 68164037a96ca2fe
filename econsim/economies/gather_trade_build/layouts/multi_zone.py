"""Random maps of zones: some with wood, some with stone, some with both, the rest bare."""

from __future__ import annotations

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.layouts._clumps import NEVER, Clumped, draw_sources, no_water

__all__ = ["MultiZone", "Parameters"]

BARE, ONLY_WOOD, ONLY_STONE, MIXED = range(4)


class Parameters(Clumped):
    """Sources and zones."""

    zone_rows: int = Field(8, ge=1, le=50)
    """Zones from top to bottom."""
    zone_columns: int = Field(8, ge=1, le=50)
    """Zones from left to right."""
    wood_zones: int = Field(6, ge=0)
    """Zones with wood alone."""
    stone_zones: int = Field(6, ge=0)
    """Zones with stone alone."""
    mixed_zones: int = Field(4, ge=0)
    """Zones with both."""

    @model_validator(mode="after")
    def _zones_fit(self) -> Parameters:
        used, zones = self.wood_zones + self.stone_zones + self.mixed_zones, self.zone_rows * self.zone_columns
        if used > zones:
            raise ValueError(f"{used} zones with sources do not fit into {zones} zones")
        if self.zone_rows > self.height or self.zone_columns > self.width:
            raise ValueError("zone_rows, zone_columns: more zones than tiles")
        zone = (self.height // self.zone_rows) * (self.width // self.zone_columns)
        stone, wood, mixed = self.count(self.stone_coverage), self.count(self.wood_coverage), self.mixed_zones * zone
        # Stone is drawn first and may all lie in the mixed zones; wood must fit into what that leaves.
        rooms = (
            ("stone", stone, self.stone_zones * zone + mixed),
            ("wood", wood, self.wood_zones * zone + mixed - min(stone, mixed)),
        )
        for name, needed, room in rooms:
            if needed > room:
                raise ValueError(
                    f"{name}_coverage: {needed} tiles may not fit into the zones for {name}; add {name}_zones"
                )
        return self


class MultiZone:
    """Maps of zones in random arrangement (``multi_zone`` in the AI Economist's code)."""

    random = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.height, self.width = parameters.height, parameters.width

    def draw(self, key: Tensor) -> Tensor:
        """Return maps ``[B, H, W]``."""
        zone = self._zones(key)
        stone = torch.where((zone == ONLY_STONE) | (zone == MIXED), 0.0, NEVER)
        wood = torch.where((zone == ONLY_WOOD) | (zone == MIXED), 0.0, NEVER)
        return draw_sources(key, self.parameters, stone, wood, no_water(self.parameters, key.device))

    def _zones(self, key: Tensor) -> Tensor:
        """Return the kind of zone of each tile, ``[B, H, W]``."""
        own = self.parameters
        kinds = [ONLY_WOOD] * own.wood_zones + [ONLY_STONE] * own.stone_zones + [MIXED] * own.mixed_zones
        count = own.zone_rows * own.zone_columns
        listed = torch.tensor(kinds + [BARE] * (count - len(kinds)), device=key.device)
        dealt = listed[random.permutation(key, 0, "layout/zones", count)]
        row = torch.arange(own.height, device=key.device) * own.zone_rows // own.height
        column = torch.arange(own.width, device=key.device) * own.zone_columns // own.width
        return dealt[:, row[:, None] * own.zone_columns + column]
