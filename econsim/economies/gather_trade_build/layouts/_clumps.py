"""Random draws of clustered sources.

The score of a tile is the logarithm of its weight plus spatially correlated noise, and the tiles with the highest
scores become sources. With independent Gumbel noise this would be sampling without replacement in proportion to the
weights; correlated noise with the same standard deviation produces clusters. The AI Economist grows clusters by random
convolutions until coverage is close to its target. Here coverage is exact, round(coverage * area) sources of each good,
because tensors have static shapes. Among 300 of the AI Economist's ``uniform`` maps with default parameters, those with
exactly 16 sources of a good have on average 1.03 (stone) and 0.60 (wood) neighbours of the same kind per source; the
maps drawn here have 0.91 and 0.75. The mean distance of sources from the edge that they favour is 1.5 (stone) and 1.6
(wood) rows there, and 1.4 here.
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

SPREAD = math.pi / math.sqrt(6.0)  # standard deviation of Gumbel noise
NEIGHBOURHOOD = 3
NEVER = -1e9  # log weight of a tile that cannot be a source


class Clumped(Model):
    """Size and sources of a randomly drawn map."""

    height: int = Field(25, ge=5, le=200)
    """Number of rows."""
    width: int = Field(25, ge=5, le=200)
    """Number of columns."""
    stone_coverage: float = Field(0.025, ge=0, le=0.3)
    """Share of tiles that are sources of stone."""
    wood_coverage: float = Field(0.025, ge=0, le=0.3)
    """Share of tiles that are sources of wood."""
    stone_clumpiness: float = Field(0.5, ge=0, le=1)
    """Share of the variance of the noise that neighbouring stone tiles have in common; 0: no clustering."""
    wood_clumpiness: float = Field(0.35, ge=0, le=1)
    """Share of the variance of the noise that neighbouring wood tiles have in common; 0: no clustering."""

    @model_validator(mode="after")
    def _has_sources(self) -> Clumped:
        if not self.count(self.stone_coverage) and not self.count(self.wood_coverage):
            raise ValueError("stone_coverage, wood_coverage: the map has no sources; raise one of them")
        return self

    def count(self, coverage: float) -> int:
        """Return the number of tiles that correspond to ``coverage``."""
        return round(coverage * self.height * self.width)


def draw_sources(key: Tensor, settings: Clumped, stone: Tensor, wood: Tensor, water: Tensor) -> Tensor:
    """Return tile codes ``[B, H, W]`` uint8; stone is drawn first, and wood on the remaining tiles.

    Args:
        key: random keys ``[B]``.
        settings: numbers and clumpiness of sources.
        stone: log weights of tiles, ``[1 | B, H, W]`` float.
        wood: log weights of tiles, of the same shape.
        water: mask of water tiles, ``[H, W]`` bool.
    """
    codes = torch.where(water, WATER, 0).to(torch.uint8).expand(key.shape[0], -1, -1)
    sources = (
        (STONE, "stone", stone, settings.stone_clumpiness, settings.count(settings.stone_coverage)),
        (WOOD, "wood", wood, settings.wood_clumpiness, settings.count(settings.wood_coverage)),
    )
    for code, name, weight, clumpiness, count in sources:
        score = weight + _noise(key, f"layout/{name}", settings.height, settings.width, clumpiness)
        best = score.masked_fill(codes != 0, 2 * NEVER).flatten(1).topk(count, dim=1).indices
        codes = codes.flatten(1).scatter(1, best, code).view_as(score)
    return codes


def _noise(key: Tensor, stream: str, height: int, width: int, clumpiness: float) -> Tensor:
    """Return noise ``[B, H, W]``; neighbouring tiles share the fraction ``clumpiness`` of its variance."""
    margin = NEIGHBOURHOOD // 2
    independent = random.normal(key, 0, stream, (height, width))
    fine = random.normal(key, 0, f"{stream}/shared", (height + 2 * margin, width + 2 * margin))
    shared = avg_pool2d(fine[:, None], NEIGHBOURHOOD, stride=1)[:, 0] * NEIGHBOURHOOD
    return SPREAD * (math.sqrt(1.0 - clumpiness) * independent + math.sqrt(clumpiness) * shared)


def log_ramp(count: int, steepness: float) -> Tensor:
    """Return ``steepness`` times the log of a linear ramp from near 0 to near 1, ``[count]``."""
    return steepness * ((torch.arange(count) + 0.5) / count).log()


def no_water(settings: Clumped, device: torch.device) -> Tensor:
    """Return a map without water, ``[H, W]`` bool."""
    return torch.zeros((settings.height, settings.width), dtype=torch.bool, device=device)
