"""Kernel of regrowth on empty sources."""

from __future__ import annotations

from econsim.economies.gather_trade_build.kernels.arrays import Constants, Fixed, Sizes, World, row_of
from econsim.kernels.compiling import rule
from econsim.kernels.draws import state_of, stream, uniform_at

_REGROWTH = stream("regrowth")


@rule
def regrow(b: int, sizes: Sizes, constants: Constants, fixed: Fixed, world: World) -> None:
    """Regrow a unit on every empty source with the source's probability."""
    state, row = state_of(fixed.key[b], world.time[b], _REGROWTH), row_of(constants.regrowth, b)
    for source in range(sizes.sources):
        if not world.stock[b, source] and uniform_at(state, source) < constants.regrowth[row, source]:
            world.stock[b, source] = True
            world.regrown[b, int(source >= sizes.stone_sources)] += 1
