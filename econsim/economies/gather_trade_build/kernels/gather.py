"""Kernel of the component gather: moves in a random order, then collection."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    COLLECT_LABOUR,
    MOVE_LABOUR,
    Constants,
    Fixed,
    Sizes,
    World,
)
from econsim.economies.gather_trade_build.world import IS_INSIDE, IS_WATER
from econsim.kernels.compiling import rule
from econsim.kernels.draws import bits_at, state_of, stream, uniform_at

_ORDER, _BONUS = stream("gather/order"), stream("gather/bonus")
_LAND, _LAND_OR_WATER = 1 << IS_INSIDE, 1 << IS_INSIDE | 1 << IS_WATER
TURN, BITS = 0, 1  # rows of the scratch array


@rule
def tile_towards(tile: int, direction: int, row_length: int) -> int:
    """Return the next tile to the left (1), right (2), up (3) or down (4)."""
    if direction == 1:
        return tile - 1
    if direction == 2:
        return tile + 1
    return tile - row_length if direction == 3 else tile + row_length


@rule
def is_open(n: int, tile: int, constants: Constants, world: World) -> Any:
    """Return whether a tile is land without another worker's house."""
    owner = world.owner[tile]
    is_land = constants.stocked[tile] & _LAND_OR_WATER == _LAND
    return is_land and (owner == 0 or owner == n + 1)


@rule
def is_occupied(tile: int, sizes: Sizes, world: World) -> bool:
    """Return whether a worker stands on a tile."""
    occupied = False
    for other in range(sizes.workers):
        occupied |= world.position[other] == tile
    return occupied


@rule
def order_of_moves(time: int, choice: Any, scratch: Any, sizes: Sizes, fixed: Fixed) -> int:
    """Draw the order in which workers move, by sorting random bits of those who do; return their number."""
    state, moving = state_of(fixed.key[0], time, _ORDER), 0
    for n in range(sizes.workers):
        if choice[n] > 0:
            bits, rank = np.int64(bits_at(state, n)), moving
            while rank > 0 and scratch[BITS, rank - 1] > bits:
                scratch[BITS, rank], scratch[TURN, rank] = scratch[BITS, rank - 1], scratch[TURN, rank - 1]
                rank -= 1
            scratch[BITS, rank], scratch[TURN, rank] = bits, n
            moving += 1
    return moving


@rule
def gather(choice: Any, scratch: Any, sizes: Sizes, constants: Constants, fixed: Fixed, world: World) -> None:
    """Move workers, then collect resources."""
    time, numbers = world.time[0], constants.numbers
    for turn in range(order_of_moves(time, choice, scratch, sizes, fixed)):
        n = scratch[TURN, turn]
        target = tile_towards(world.position[n], choice[n], sizes.row_length)
        if is_open(n, target, constants, world) and not is_occupied(target, sizes, world):
            world.position[n] = target
            world.labour[n] += numbers[MOVE_LABOUR]
    state = state_of(fixed.key[0], time, _BONUS)
    for n in range(sizes.workers):
        source = constants.source_at[world.position[n]]
        if source < sizes.sources and world.stock[source]:
            good = int(source >= sizes.stone_sources)
            units = 1 + int(uniform_at(state, n) < fixed.gather_bonus[n])
            world.stock[source] = False
            world.goods[n, good] += units
            world.gathered[n, good] += units
            world.taken[good] += 1
            world.labour[n] += numbers[COLLECT_LABOUR]
