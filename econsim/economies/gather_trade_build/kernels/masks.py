"""Kernel of action masks."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    BUILD,
    GATHER,
    HIGHEST_RATE,
    TRADE,
    Book,
    Constants,
    Sizes,
    World,
    row_of,
)
from econsim.economies.gather_trade_build.kernels.build import can_build
from econsim.economies.gather_trade_build.kernels.gather import is_occupied, is_open, tile_towards
from econsim.economies.gather_trade_build.kernels.trade import empty_slot
from econsim.kernels.compiling import rule


@rule
def mask_orders(b: int, n: int, mask: Any, at: int, sizes: Sizes, world: World, book: Book) -> int:
    """Write which bids and asks a worker can cover and has a free slot for."""
    for good in range(2):
        room = empty_slot(b, n, good, sizes, book) >= 0
        for price in range(sizes.prices):
            mask[at + price] = room and price <= world.coin[b, n]
            mask[at + sizes.prices + price] = room and world.goods[b, n, good] >= 1
        at += 2 * sizes.prices
    return at


@rule
def worker_mask(b: int, n: int, mask: Any, sizes: Sizes, constants: Constants, world: World, book: Book) -> None:
    """Write which actions of a worker are legal."""
    mask[0] = True
    at = 1
    for component in constants.components:
        if component == BUILD:
            mask[at] = can_build(b, n, sizes, constants, world)
            at += 1
        elif component == TRADE:
            at = mask_orders(b, n, mask, at, sizes, world, book)
        elif component == GATHER:
            for direction in range(1, 5):
                tile = tile_towards(world.position[b, n], direction, sizes.row_length)
                mask[at] = is_open(b, n, tile, constants, world) and not is_occupied(b, tile, sizes, world)
                at += 1


@rule
def planner_mask(b: int, mask: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Write which options of a planner are legal: a new rate in the first step of a period, to keep it in all."""
    begins = world.time[b] % sizes.period == 0
    highest = constants.numbers[row_of(constants.numbers, b), HIGHEST_RATE] + 1e-9
    at = 0
    for _ in range(sizes.brackets):
        mask[at] = True
        for option in range(sizes.options):
            mask[at + 1 + option] = begins and constants.rate_options[option] <= highest
        at += 1 + sizes.options
