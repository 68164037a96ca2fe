"""Kernel of action masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    BUILD,
    GATHER,
    HIGHEST_RATE,
    TRADE,
    Book,
    Constants,
    Sizes,
    World,
)
from econsim.economies.gather_trade_build.kernels.build import can_build
from econsim.economies.gather_trade_build.kernels.gather import tile_towards
from econsim.economies.gather_trade_build.kernels.pictures import IS_OCCUPIED
from econsim.economies.gather_trade_build.kernels.trade import has_room
from econsim.economies.gather_trade_build.world import IS_INSIDE, IS_WATER
from econsim.kernels.compiling import part, rule

_FIRST: Any = np.int64(1)  # of numpy, so that rules are not compiled once more for a constant
_LAND = 1 << IS_INSIDE
_OBSTACLES = _LAND | 1 << IS_WATER | 1 << IS_OCCUPIED


@rule
def mask_orders(n: int, mask: Any, at: int, sizes: Sizes, world: World, book: Book) -> int:
    """Write which bids and asks a worker can cover and has a free slot for."""
    coin = world.coin[n]
    for good in range(2):
        room = has_room(n, good, sizes, book)
        can_ask = room & (world.goods[n, good] >= 1)
        bids, asks = part(mask, at, sizes.prices), part(mask, at + sizes.prices, sizes.prices)
        for price in range(sizes.prices):
            bids[price] = room & (price <= coin)
            asks[price] = can_ask
        at += 2 * sizes.prices
    return at


@rule
def worker_mask(n: int, mask: Any, tiles: Any, sizes: Sizes, constants: Constants, world: World, book: Book) -> None:
    """Write which actions of a worker are legal; ``tiles`` are the bits of the surveyed map."""
    mask[0] = True
    at = _FIRST
    for component in constants.components:
        if component == BUILD:
            mask[at] = can_build(n, sizes, constants, world)
            at += 1
        elif component == TRADE:
            at = mask_orders(n, mask, at, sizes, world, book)
        elif component == GATHER:
            for direction in range(1, 5):
                tile = tile_towards(world.position[n], direction, sizes.row_length)
                owner = world.owner[tile]
                mask[at] = (tiles[tile] & _OBSTACLES == _LAND) & ((owner == 0) | (owner == n + 1))
                at += 1


@rule
def planner_mask(mask: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Write which options of a planner are legal: a new rate in the first step of a period, to keep it in all."""
    begins = world.time[0] % sizes.period == 0
    highest = constants.numbers[HIGHEST_RATE] + 1e-9
    at = 0
    for _ in range(sizes.brackets):
        mask[at] = True
        options = part(mask, at + 1, sizes.options)
        if begins:
            for option in range(sizes.options):
                options[option] = constants.rate_options[option] <= highest
        else:
            for option in range(sizes.options):
                options[option] = False
        at += 1 + sizes.options
