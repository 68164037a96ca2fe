"""Kernel of the component build."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    BUILD_LABOUR,
    Constants,
    Fixed,
    Sizes,
    World,
    row_of,
)
from econsim.kernels.compiling import rule


@rule
def can_build(b: int, n: int, sizes: Sizes, constants: Constants, world: World) -> Any:
    """Return whether a worker has both goods and stands on a tile without house or source."""
    tile = world.position[b, n]
    bare = constants.source_at[row_of(constants.source_at, b), tile] == sizes.sources and world.owner[b, tile] == 0
    return bare and world.goods[b, n, 0] >= 1 and world.goods[b, n, 1] >= 1


@rule
def build(b: int, choice: Any, sizes: Sizes, constants: Constants, fixed: Fixed, world: World) -> None:
    """Build houses where legal."""
    labour = constants.numbers[row_of(constants.numbers, b), BUILD_LABOUR]
    for n in range(sizes.workers):
        if choice[n] == 1 and can_build(b, n, sizes, constants, world):
            world.goods[b, n, 0] -= 1
            world.goods[b, n, 1] -= 1
            world.coin[b, n] += fixed.build_payment[b, n]
            world.labour[b, n] += labour
            world.owner[b, world.position[b, n]] = n + 1
            world.built[b, n] += 1
