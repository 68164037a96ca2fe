"""Phases of a two-level run of Gather-Trade-Build, which may be unfinished: prices, volumes and outcomes in training.

``gather_trade_build_two_level.py`` keeps its runs in ``unfinished/NAME`` until all their phases are done. This script
reads the first phase, which all policies share, as soon as it is complete, and compares its end with what the published
market shows (a price of 3.2 to 3.6, at least 220 units traded in an episode). Of each policy's own phase it reads the
last iterations that are there, with their number, the course of equality times productivity by tenths, and the last
elasticity that Saez's formula estimated.

Run: ``python benchmarks/two_level_phases.py [NAME]``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from _record import record
from _tax_comparison import GATE

from econsim.scenario.plan import SHARED

UNFINISHED = Path(__file__).parent / "unfinished"
NAMES = ("mean_price", "units_traded", "houses_built", "labour_per_house", "productivity", "equality")
ELASTICITY = "saez_buffer/elasticity"
PARTS = 10
LAST = 50
"""Iterations at the end of a policy's own phase whose episodes are averaged."""


def played(folder: Path) -> pd.DataFrame:
    """Return what finished episodes of training show, and the elasticity estimated, by policy and iteration."""
    whole = folder / "metrics.parquet"
    parts = [whole] if whole.is_file() else sorted((folder / "metrics.parts").glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(part) for part in parts])
    return rows[rows["name"].isin([ELASTICITY, *(f"play/{name}" for name in NAMES)])]


def taxed_phases(rows: pd.DataFrame) -> dict[str, Any]:
    """Return by policy the iterations of its own phase so far, and means over the last of them."""
    found: dict[str, Any] = {}
    for label, mine in rows[rows["policy"] != SHARED].groupby("policy", sort=False):
        iterations = int(mine["step"].max()) + 1
        last = mine[mine["step"] >= iterations - LAST].groupby("name")["value"].mean()
        means = {name: float(last[f"play/{name}"]) for name in NAMES}
        product = means["equality"] * means["productivity"]
        tenth = by_tenth(mine, iterations)
        course = (tenth["play/equality"] * tenth["play/productivity"]).round().tolist()
        found[str(label)] = {
            "iterations": iterations,
            **means,
            "equality_times_productivity": product,
            "product_by_tenth": course,
        }
        estimates = mine[mine["name"] == ELASTICITY]
        if len(estimates):
            found[str(label)]["last_elasticity"] = float(estimates.sort_values("step")["value"].iloc[-1])
    return found


def by_tenth(rows: pd.DataFrame, iterations: int) -> pd.DataFrame:
    """Return means of finished episodes over each tenth of a phase, a column for each name."""
    tenth = rows["step"] * PARTS // iterations
    return rows.assign(tenth=tenth).pivot_table(index="tenth", columns="name", values="value", aggfunc="mean")


def untaxed_phase(rows: pd.DataFrame) -> dict[str, Any]:
    """Return means over each tenth of the first phase, and its end; nothing for a run without this phase."""
    rows = rows[rows["policy"] == SHARED]
    if rows.empty:
        return {}
    iterations = int(rows["step"].max()) + 1
    table = by_tenth(rows, iterations)
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
    tables: dict[str, pd.DataFrame] = {}
    for folder in folders:  # of a seed, or of some of its policies
        seed, rows = folder.name.partition("_with_")[0], played(folder)
        tables[seed] = pd.concat([tables[seed], rows]) if seed in tables else rows
    record(
        f"{name}_phases", {seed: {**untaxed_phase(rows), "taxed": taxed_phases(rows)} for seed, rows in tables.items()}
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
