"""Coverage of the naive and the held-out interval of winners that were each chosen as the best of null variants.

A sweep has groups of variants without any effect: what it measures is noise whose mean is zero. In each group the best
variant is chosen by its mean over seeds, as ``econsim sweep --best`` does, and both 95 % intervals of this winner are
compared with zero. The binomial standard error of a coverage of 95 % over 1,000 groups is 0.7 %.
Run: ``python benchmarks/adaptive_choice.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from _record import record

from econsim import kinds
from econsim.sweep import Options, Sweep, read_request, start_sweep

GROUPS, VARIANTS, SEEDS = 1000, 8, 5
PLUGIN = Path(__file__).parent / "null_variants"


def null_sweep(folder: Path, groups: int, variants: int, seeds: int) -> Sweep:
    """Return a sweep of null variants, executed as one table of batches."""
    kinds.add_plugin(str(PLUGIN))
    axes = {"game.group": range(groups), "game.variant": range(variants), "seed": range(seeds)}
    return start_sweep(read_request("null_variants", axes), folder, Options(workers=1), quiet=True)


def coverage(sweep: Sweep, groups: int) -> dict[str, Any]:
    """Return how often the naive and the held-out interval of a group's winner cover zero, and their mean centres."""
    winners = [sweep.held_out("effect", within={"game.group": group}) for group in range(groups)]
    sides = {"naive": [each.winner.interval for each in winners], "held_out": [each.interval for each in winners]}
    return {
        name: {
            "coverage": sum(side["low"] <= 0.0 <= side["high"] for side in intervals) / groups,
            "mean": sum(side["mean"] for side in intervals) / groups,
        }
        for name, intervals in sides.items()
    }


def main() -> None:
    """Measure both coverages, and record them."""
    with tempfile.TemporaryDirectory() as parent:
        sizes = {"groups": GROUPS, "variants": VARIANTS, "seeds": SEEDS}
        result = coverage(null_sweep(Path(parent) / "sweep", GROUPS, VARIANTS, SEEDS), GROUPS)
    record("adaptive_choice", {**result, **sizes, "checksum": result["held_out"]["mean"]})


if __name__ == "__main__":
    main()
