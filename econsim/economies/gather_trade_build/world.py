"""State of a Gather-Trade-Build economy: the map, the workers on it and their possessions.

Tiles are numbered row by row over the map *with a border* as wide as workers can see, ``P`` tiles in total. No worker
can step on the border, so neither moves nor windows have to check for the edge of the map. Goods are stone (0) and wood
(1).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from econsim.economies.gather_trade_build.layouts import STONE, WATER, WOOD
from econsim.game import tensors

GOODS = ("stone", "wood")
# The bits of a tile, in the order of the published map channels. Houses and resources change, the others are constant.
HAS_STONE, HAS_WOOD, HAS_HOUSE, IS_WATER, IS_STONE_SOURCE, IS_WOOD_SOURCE, IS_INSIDE = range(7)


@tensors
class Ground:
    """The constant part of a map; one row (``1``) if all environment copies share a map, else one per copy."""

    terrain: Tensor  # [1 | B, P] uint8, bits IS_WATER to IS_INSIDE
    source: Tensor  # [1 | B, S] int64, the tile of each source, stone before wood, row by row
    source_at: Tensor  # [1 | B, P] int64, the index of the source on a tile, S for none
    regrowth: Tensor  # [1 | B, S] float64, share of sources in the window; times the rate: chance per step


@tensors
class World:
    """The state, except the memory of components; money in coin, labour in units of effort."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps taken
    ground: Ground | None  # given if every environment copy has its own map
    stock: Tensor  # [B, S] bool, whether the source carries a unit
    owner: Tensor  # [B, P] uint8 or int16, 0: no house, n + 1: the house of worker n
    position: Tensor  # [B, N] int64, tile
    coin: Tensor  # [B, N] inventory
    goods: Tensor  # [B, N, 2] int32, inventory, units
    coin_in_escrow: Tensor  # [B, N]
    goods_in_escrow: Tensor  # [B, N, 2] int32, units
    labour: Tensor  # [B, N] since the start
    build_payment: Tensor  # [B, N] coin per house
    gather_bonus: Tensor  # [B, N] probability of a second unit
    built: Tensor  # [B, N] int32, houses
    gathered: Tensor  # [B, N, 2] int32, units, bonus included
    taken: Tensor  # [B, 2] int32, units taken from sources
    regrown: Tensor  # [B, 2] int32, units regrown on sources

    @property
    def endowment(self) -> Tensor:
        """Coin in inventory and in escrow, ``[B, N]``: the basis of utility, income and welfare."""
        return self.coin + self.coin_in_escrow


@tensors
class State:
    """The world, the memory of each component, and utility and welfare, whose changes are the rewards."""

    world: World
    parts: dict[str, Any]  # the memory of each component, by name
    utility: Tensor  # [B, N]
    welfare: Tensor  # [B, L], of each planner's workers


def ground_of(codes: Tensor, margin: int, halfwidth: int) -> Ground:
    """Return the ground of maps with tile codes ``[M, H, W]`` uint8, with a border of ``margin`` tiles.

    ``halfwidth`` is half the width of the square window of sources that affect the regrowth of a source.
    """
    rows = codes.shape[0]
    inside = torch.ones_like(codes, dtype=torch.int64)
    kinds = ((IS_WATER, WATER), (IS_STONE_SOURCE, STONE), (IS_WOOD_SOURCE, WOOD))
    terrain = sum(((codes == code).long() << bit for bit, code in kinds), inside << IS_INSIDE)
    bordered = _border(terrain, margin).flatten(1)
    stone, wood = (_tiles(bordered, bit) for bit in (IS_STONE_SOURCE, IS_WOOD_SOURCE))
    source = torch.cat([stone, wood], 1)
    count = source.shape[1]
    numbers = torch.arange(count, device=codes.device).expand(rows, -1)
    source_at = torch.full_like(bordered, count).scatter(1, source, numbers)
    shares = [_window_share(codes == code, margin, halfwidth) for code in (STONE, WOOD)]
    regrowth = torch.cat([share.gather(1, tiles) for share, tiles in zip(shares, (stone, wood), strict=True)], 1)
    return Ground(bordered.to(torch.uint8), source, source_at, regrowth)


def _border(tiles: Tensor, margin: int) -> Tensor:
    return pad(tiles, (margin, margin, margin, margin))


def _tiles(terrain: Tensor, bit: int) -> Tensor:
    """Return the tiles ``[M, count]`` with a bit set; the count is the same on every map."""
    return (terrain >> bit & 1).nonzero()[:, 1].reshape(terrain.shape[0], -1)


def _window_share(sources: Tensor, margin: int, halfwidth: int) -> Tensor:
    """Return the share of sources in the window around each tile, ``[M, P]``; one if the window is a single tile."""
    width = 1 + 2 * halfwidth
    share = torch.nn.functional.avg_pool2d(
        sources.double()[:, None], width, stride=1, padding=halfwidth, count_include_pad=True
    )[:, 0]
    return _border(share, margin).flatten(1)
