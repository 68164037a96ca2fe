"""The untaxed phase of a two-level run of Gather-Trade-Build, which may be unfinished: prices and volumes by iteration.

``gather_trade_build_two_level.py`` keeps its runs in ``unfinished/NAME`` until all their phases are done. This script
reads the first phase, which all policies share, as soon as it is complete, and compares its end with what the published
market shows (a price of 3.2 to 3.6, at least 220 units traded in an episode).

Run: ``python benchmarks/untaxed_phase.py [NAME]``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from _record import record
from _tax_comparison import GATE

UNFINISHED = Path(__file__).parent / "unfinished"
NAMES = ("mean_price", "units_traded", "houses_built", "labour_per_house", "productivity", "equality")
PARTS = 10


def untaxed_phase(folder: Path) -> dict[str, Any]:
    """Return means of finished episodes over each tenth of the first phase of the run in ``folder``."""
    parts = sorted((folder / "metrics.parts").glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(part) for part in parts])
    rows = rows[(rows["policy"] == "shared phases") & rows["name"].str.startswith("play/")]
    iterations = int(rows["step"].max()) + 1
    tenth = rows["step"] * PARTS // iterations
    table = rows.assign(tenth=tenth).pivot_table(index="tenth", columns="name", values="value", aggfunc="mean")
    found = {name: table[f"play/{name}"].round(3).tolist() for name in NAMES}
    last = {name: values[-1] for name, values in found.items()}
    passed = all(low <= last[name] <= high for name, (low, high) in GATE.items())
    return {"iterations": iterations, "by_tenth": found, "end": last, "passed": passed}


def main() -> int:
    """Record the phase of every seed of a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="gather_trade_build_long_untaxed_phase", help="folder of the run")
    name = parser.parse_args().name
    folders = sorted((UNFINISHED / name).glob("seed_*"))
    if not folders:
        print(f"{UNFINISHED / name}: no run; gather_trade_build_two_level.py --as {name} begins one", file=sys.stderr)
        return 2
    record(name, {folder.name: untaxed_phase(folder) for folder in folders})
    return 0


if __name__ == "__main__":
    sys.exit(main())
