"""Kernel of the component build."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    BUILD_LABOUR,
    Constants,
    Fixed,
    Sizes,
    World,
)
from econsim.kernels.compiling import rule


@rule
def can_build(n: int, sizes: Sizes, constants: Constants, world: World) -> Any:
    """Return whether a worker has both goods and stands on a tile without house or source."""
    tile = world.position[n]
    bare = (constants.source_at[tile] == sizes.sources) & (world.owner[tile] == 0)
    return bare & (world.goods[n, 0] >= 1) & (world.goods[n, 1] >= 1)


@rule
def build(choice: Any, sizes: Sizes, constants: Constants, fixed: Fixed, world: World) -> None:
    """Build houses where legal."""
    labour = constants.numbers[BUILD_LABOUR]
    for n in range(sizes.workers):
        if choice[n] == 1 and can_build(n, sizes, constants, world):
            world.goods[n, 0] -= 1
            world.goods[n, 1] -= 1
            world.coin[n] += fixed.build_payment[n]
            world.labour[n] += labour
            world.owner[world.position[n]] = n + 1
            world.built[n] += 1
