"""Random maps of zones with wood, with stone, with both, or without sources."""

from __future__ import annotations

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.layouts._clumps import NEVER, Clumped, draw_sources, no_water

__all__ = ["MultiZone", "Parameters"]

BARE, ONLY_WOOD, ONLY_STONE, MIXED = range(4)


class Parameters(Clumped):
    """Parameters of maps of zones."""

    zone_rows: int = Field(8, ge=1, le=50)
    """Number of zones from top to bottom."""
    zone_columns: int = Field(8, ge=1, le=50)
    """Number of zones from left to right."""
    wood_zones: int = Field(6, ge=0)
    """Number of zones with wood only."""
    stone_zones: int = Field(6, ge=0)
    """Number of zones with stone only."""
    mixed_zones: int = Field(4, ge=0)
    """Number of zones with both goods."""

    @model_validator(mode="after")
    def _zones_fit(self) -> Parameters:
        used, zones = self.wood_zones + self.stone_zones + self.mixed_zones, self.zone_rows * self.zone_columns
        if used > zones:
            raise ValueError(
                f"wood_zones, stone_zones, mixed_zones: expected at most {zones} zones in total, found {used}"
            )
        if self.zone_rows > self.height or self.zone_columns > self.width:
            raise ValueError("zone_rows, zone_columns: expected at most height and width, since zones consist of tiles")
        zone = (self.height // self.zone_rows) * (self.width // self.zone_columns)
        stone, wood, mixed = self.count(self.stone_coverage), self.count(self.wood_coverage), self.mixed_zones * zone
        # Stone is drawn first and may fill the mixed zones; wood must fit into the remaining tiles.
        capacities = (
            ("stone", stone, self.stone_zones * zone + mixed),
            ("wood", wood, self.wood_zones * zone + mixed - min(stone, mixed)),
        )
        for name, needed, capacity in capacities:
            if needed > capacity:
                raise ValueError(
                    f"{name}_coverage: {needed} sources may not fit into the zones with {name}; raise {name}_zones"
                )
        return self


class MultiZone:
    """Maps of randomly arranged zones (``multi_zone`` in the AI Economist's code)."""

    random = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.height, self.width = parameters.height, parameters.width

    def draw(self, key: Tensor) -> Tensor:
        """Return tile codes of maps ``[B, H, W]``."""
        zone = self._zones(key)
        stone = torch.where((zone == ONLY_STONE) | (zone == MIXED), 0.0, NEVER)
        wood = torch.where((zone == ONLY_WOOD) | (zone == MIXED), 0.0, NEVER)
        return draw_sources(key, self.parameters, stone, wood, no_water(self.parameters, key.device))

    def _zones(self, key: Tensor) -> Tensor:
        """Return the kind of zone of each tile, ``[B, H, W]``."""
        zones = self.parameters
        kinds = [ONLY_WOOD] * zones.wood_zones + [ONLY_STONE] * zones.stone_zones + [MIXED] * zones.mixed_zones
        count = zones.zone_rows * zones.zone_columns
        listed = torch.tensor(kinds + [BARE] * (count - len(kinds)), device=key.device)
        shuffled = listed[random.permutation(key, 0, "layout/zones", count)]
        row = torch.arange(zones.height, device=key.device) * zones.zone_rows // zones.height
        column = torch.arange(zones.width, device=key.device) * zones.zone_columns // zones.width
        return shuffled[:, row[:, None] * zones.zone_columns + column]
