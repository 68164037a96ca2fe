"""Kernel of regrowth on empty sources."""

from __future__ import annotations

from econsim.economies.gather_trade_build.kernels.arrays import Constants, Fixed, Sizes, World
from econsim.kernels.compiling import rule
from econsim.kernels.draws import state_of, stream, uniform_at

_REGROWTH = stream("regrowth")


@rule
def regrow(sizes: Sizes, constants: Constants, fixed: Fixed, world: World) -> None:
    """Regrow a unit on every empty source with the source's probability."""
    state = state_of(fixed.key[0], world.time[0], _REGROWTH)
    for source in range(sizes.sources):
        if not world.stock[source] and uniform_at(state, source) < constants.regrowth[source]:
            world.stock[source] = True
            world.regrown[int(source >= sizes.stone_sources)] += 1
