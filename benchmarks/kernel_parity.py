"""Agreement of the kernels of Gather-Trade-Build with its tensors, over whole episodes of random economies.

Each economy has random components, maps, classes of workers and parameters (``_random_economies.py``), and is played at
random by its tensors. In every step, kernels observe the same state and make the same step. Whole numbers must be
equal. Of floating-point numbers, the largest difference is recorded, over one plus their size. Rewards are differences
of utilities, whose rounding they inherit: theirs is over one plus the largest utility.
Run: ``python benchmarks/kernel_parity.py``, about 10 CPU-minutes without machine code of the kernels.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

import torch
from _random_economies import random_economy
from _record import record
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild
from econsim.testing.play import Moment, play, tensors_of

COPIES = 3


class Differences:
    """Whole numbers that differ, and the largest difference of others, over all comparisons so far."""

    def __init__(self) -> None:
        self.unequal: Counter[str] = Counter()
        self.largest: dict[str, float] = {}

    def compare(self, what: str, tensors: Any, kernels: Any, scale: Tensor | None = None) -> None:
        """Compare all tensors of two trees, floating-point numbers by ``scale`` or by their own size."""
        left, right = tensors_of(tensors), tensors_of(kernels)
        if left.keys() != right.keys():
            raise SystemExit(f"{what}: kernels return {sorted(right)} in place of {sorted(left)}")
        for name, one in left.items():
            other = right[name]
            if one.shape != other.shape or one.dtype != other.dtype:
                raise SystemExit(f"{what} {name}: {other.dtype} {tuple(other.shape)} in place of {tuple(one.shape)}")
            if not one.is_floating_point():
                self.unequal[what] += int((one != other).sum())
            elif one.numel():
                sizes = one.abs() + 1 if scale is None else scale
                gap = torch.where(one == other, torch.zeros_like(one), (one - other).abs() / sizes).max()
                self.largest[what] = max(self.largest.get(what, 0.0), gap.item())


def compare(game: GatherTradeBuild, key: Tensor, found: Differences) -> Moment:
    """Play whole episodes and compare each observation and step; return the last step."""
    kernels, moment = game.on_kernels(), None
    for moment in play(game, key, game.horizon):
        found.compare("observations", moment.observations, kernels.observe(moment.state))
        transition = kernels.step(moment.state, moment.actions)
        found.compare("states", moment.transition.state, transition.state)
        utility = 1 + moment.state.utility.abs().max()
        found.compare("rewards", moment.transition.rewards, transition.rewards, utility)
        found.compare("ends", moment.transition.terminated, transition.terminated)
    assert moment is not None
    return moment


def settings_of(game: GatherTradeBuild) -> list[str]:
    """Return the settings whose number of economies is recorded."""
    settings = game.settings
    parts = [component.name for component in game.components]
    named = [*parts, settings.layout.kind.name, settings.welfare, settings.taxes_felt, f"{len(game.planners)} planners"]
    return [*named, f"{game.workers} workers", *(["credits"] if settings.lowest_rate < 0 else [])]


def parity(economies: int, precision: torch.dtype) -> dict[str, Any]:
    """Return the differences over a number of economies in a precision."""
    found, seen, steps, events = Differences(), Counter[str](), 0, Counter[str]()
    for seed in range(economies):
        game = random_economy(seed).to(dtype=precision)
        assert isinstance(game, GatherTradeBuild)
        last = compare(game, random.keys(seed, COPIES), found)
        seen.update(settings_of(game))
        steps += COPIES * (last.time + 1)
        world, parts = last.transition.state.world, last.transition.state.parts
        events += Counter(gathered=int(world.gathered.sum()), built=int(world.built.sum()))
        events += Counter(sold=int(parts["trade"].sold.sum()) if "trade" in parts else 0)
        events += Counter(periods=int((parts["tax"].income != 0).any(1).sum()) if "tax" in parts else 0)
    return {
        "economies": economies,
        "env_steps": steps,
        "whole_numbers_that_differ": sum(found.unequal.values()),
        "largest_difference": {name: float(f"{gap:.2g}") for name, gap in found.largest.items()},
        "events": dict(events),
        "settings": dict(sorted(seen.items())),
    }


def main() -> None:
    """Record the differences in both precisions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--economies", type=int, default=100, help="random economies a precision (default 100)")
    economies = parser.parse_args().economies
    precisions = (torch.float32, torch.float64)
    record("kernel_parity", {str(p).removeprefix("torch."): parity(economies, p) for p in precisions}, seed=0)


if __name__ == "__main__":
    main()
