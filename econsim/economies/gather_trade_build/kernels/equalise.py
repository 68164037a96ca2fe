"""Kernel of the component equalise."""

from __future__ import annotations

from econsim.economies.gather_trade_build.kernels.arrays import Sizes, World
from econsim.kernels.compiling import rule


@rule
def equalise(sizes: Sizes, world: World) -> None:
    """Divide all coin equally."""
    total = 0.0
    for n in range(sizes.workers):
        world.coin[n] += world.coin_in_escrow[n]  # rounded as the endowment of a worker is
        total += world.coin[n]
    for n in range(sizes.workers):
        world.coin[n] = total / sizes.workers
        world.coin[n] -= world.coin_in_escrow[n]
