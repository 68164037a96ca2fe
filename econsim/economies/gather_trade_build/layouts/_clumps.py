"""Drawing sources: where a map favours them, in clumps.

A tile's score is the log of its weight plus correlated noise, and the best tiles of each map are taken. Independent
Gumbel noise would be drawing without replacement in proportion to the weights; noise that neighbours share, of the same
spread, draws clumps. The AI Economist grows clumps by random convolutions until coverage is near its target; here it is
exact, because tensors have static shapes: round(coverage * area) tiles of each. Of 300 of its maps of ``uniform``
(defaults), those with just our 16 tiles had 1.03 (stone) and 0.60 (wood) neighbours of the same kind a source, where
ours have 0.91 and 0.75. Its sources lie 1.5 (stone) and 1.6 (wood) rows from their edge on average, ours 1.4.
"""

from __future__ import annotations

import math

import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn.functional import avg_pool2d

from econsim import random
from econsim.economies.gather_trade_build.layouts import STONE, WATER, WOOD
from econsim.parameters import Model

SPREAD = math.pi / math.sqrt(6.0)  # of Gumbel noise
NEIGHBOURHOOD = 3
NEVER = -1e9  # the weight of a tile that no source may take, as a log


class Clumped(Model):
    """Size and sources of a drawn map."""

    height: int = Field(25, ge=5, le=200)
    """Rows."""
    width: int = Field(25, ge=5, le=200)
    """Columns."""
    stone_coverage: float = Field(0.025, ge=0, le=0.3)
    """Share of tiles that are sources of stone."""
    wood_coverage: float = Field(0.025, ge=0, le=0.3)
    """Share of tiles that are sources of wood."""
    stone_clumpiness: float = Field(0.5, ge=0, le=1)
    """Share of the noise that neighbouring tiles have in common; 0: every tile for itself."""
    wood_clumpiness: float = Field(0.35, ge=0, le=1)
    """As for stone."""

    @model_validator(mode="after")
    def _has_sources(self) -> Clumped:
        if not self.count(self.stone_coverage) and not self.count(self.wood_coverage):
            raise ValueError("stone_coverage and wood_coverage: a map without any source")
        return self

    def count(self, coverage: float) -> int:
        """Return the number of tiles that ``coverage`` is."""
        return round(coverage * self.height * self.width)


def draw_sources(key: Tensor, settings: Clumped, stone: Tensor, wood: Tensor, water: Tensor) -> Tensor:
    """Return tile codes ``[B, H, W]`` uint8; wood takes no tile that stone took.

    Args:
        key: ``[B]``.
        settings: how many sources, how clumped.
        stone: log weights of tiles, ``[1 | B, H, W]`` float.
        wood: likewise.
        water: ``[H, W]`` bool.
    """
    codes = torch.where(water, WATER, 0).to(torch.uint8).expand(key.shape[0], -1, -1)
    wanted = (
        (STONE, "stone", stone, settings.stone_clumpiness, settings.count(settings.stone_coverage)),
        (WOOD, "wood", wood, settings.wood_clumpiness, settings.count(settings.wood_coverage)),
    )
    for code, name, weight, clumpiness, count in wanted:
        score = weight + _noise(key, f"layout/{name}", settings.height, settings.width, clumpiness)
        best = score.masked_fill(codes != 0, 2 * NEVER).flatten(1).topk(count, dim=1).indices
        codes = codes.flatten(1).scatter(1, best, code).view_as(score)
    return codes


def _noise(key: Tensor, stream: str, height: int, width: int, clumpiness: float) -> Tensor:
    """Return noise ``[B, H, W]``, of which neighbours share ``clumpiness`` of the variance."""
    margin = NEIGHBOURHOOD // 2
    own = random.normal(key, 0, stream, (height, width))
    fine = random.normal(key, 0, f"{stream}/shared", (height + 2 * margin, width + 2 * margin))
    shared = avg_pool2d(fine[:, None], NEIGHBOURHOOD, stride=1)[:, 0] * NEIGHBOURHOOD
    return SPREAD * (math.sqrt(1.0 - clumpiness) * own + math.sqrt(clumpiness) * shared)


def log_ramp(count: int, steepness: float) -> Tensor:
    """Return ``steepness * log`` of a ramp from just above 0 to 1, ``[count]``: weights that grow as its power."""
    return steepness * ((torch.arange(count) + 0.5) / count).log()


def no_water(settings: Clumped, device: torch.device) -> Tensor:
    """Return a map without water, ``[H, W]`` bool."""
    return torch.zeros((settings.height, settings.width), dtype=torch.bool, device=device)
