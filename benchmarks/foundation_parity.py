"""Parity of Gather-Trade-Build with the system that it reimplements, Foundation (``ai-economist==1.7.1``).

Aligned play: both systems play the same actions, legal and illegal, from the same initial state with the same order of
moves, bonus draws and regrowth, for ten whole episodes each under a free market, US federal rates and a random planner,
with 4 and with 10 workers. State, accounts, masks, observations and rewards are compared after every step.

Distributions: uniform legal play with each system's own random numbers. Each row reports the difference of two means in
two-sample standard errors (z). Of about 160 rows, about seven are expected beyond two standard errors by chance. A row
beyond two is therefore sampled again with new seeds and twice the episodes, and both values are reported; it fails if
the second value is beyond two as well, which happens by chance to one row in 480. Foundation's first samples share one
seed, so that deviations are correlated across policies; the new seeds differ by case.

Run: ``python benchmarks/foundation_parity.py [--quick]``. It takes about two hours on one core, or half an hour if
Foundation's episodes are stored in ``.peers``; ``--quick`` takes five minutes, prints the tables and writes nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import _foundation_differences
import torch
from _foundation_configuration import configuration
from _foundation_distributions import Sample, compare, econsim_sample, foundation_sample, pay
from _foundation_table import page
from _record import RESULTS, record

import econsim
from econsim import random

POLICIES = ("free_market", "us_federal", "random_planner")
WORKERS = (4, 10)
FIRST_SEED, SECOND_SEED = 20261121, 20261122
SIZES = {"aligned": 10, "foundation": 400, "econsim": 2000}
QUICK = {"aligned": 1, "foundation": 20, "econsim": 200}
BEYOND = 2.0  # standard errors


def aligned_play(taxes: str, workers: int, episodes: int) -> dict[str, Any]:
    """Return the differences for one policy and one number of workers."""
    game = econsim.make("gather_trade_build", workers=workers).to(dtype=torch.float64)
    key = random.fold(random.keys(FIRST_SEED, episodes), f"{taxes}/{workers}")
    return _foundation_differences.compare(game, configuration(workers, taxes), key, taxes)


def distributions(taxes: str, workers: int, sizes: dict[str, int], second_seed: int) -> dict[str, Any]:
    """Return payments by skill rank and the rows for one policy and one number of workers.

    If any row is beyond two standard errors, all rows get a second value from new seeds.
    """
    settings = configuration(workers, taxes)

    def samples(seed: int, times: int) -> tuple[Sample, Sample]:
        theirs = foundation_sample(settings, taxes, times * sizes["foundation"], seed)
        return theirs, econsim_sample(taxes, workers, times * sizes["econsim"], seed)

    first = samples(FIRST_SEED, 1)
    rows: dict[str, Any] = dict(compare(*first))
    if any(abs(row["z"]) > BEYOND for row in rows.values()):
        again = compare(*samples(second_seed, 2))
        rows = {name: {**row, "second": again[name]} for name, row in rows.items()}
    return {"pay": pay(*first), "rows": rows}


def holds(row: dict[str, Any]) -> bool:
    """Return whether a row is within two standard errors in its first sample or, failing that, in its second."""
    return bool(abs(row["z"]) <= BEYOND or abs(row["second"]["z"]) <= BEYOND)


def summary(aligned: dict[str, Any], compared: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of rows that agree and that differ."""
    quantities = [row for entry in aligned.values() for row in entry["rows"].values()]
    rows = {f"{case}: {name}": row for case, entry in compared.items() for name, row in entry["rows"].items()}
    return {
        "aligned_rows": len(quantities),
        "aligned_rows_that_agree": sum(row["agrees"] for row in quantities),
        "numbers_compared": sum(row["numbers"] for row in quantities),
        "distribution_rows": len(rows),
        "beyond_two_errors_at_first": [name for name, row in rows.items() if abs(row["z"]) > BEYOND],
        "beyond_two_errors_twice": [name for name, row in rows.items() if not holds(row)],
        "largest_z_at_first": max(abs(row["z"]) for row in rows.values()),
    }


def main(sizes: dict[str, int]) -> None:
    """Run all comparisons; write full-size results to ``results/foundation_parity.json`` and ``.md``, print others."""
    torch.set_num_threads(1)
    cases = [(taxes, workers) for workers in WORKERS for taxes in POLICIES]
    aligned = {
        f"{taxes}, {workers} workers": aligned_play(taxes, workers, sizes["aligned"]) for taxes, workers in cases
    }
    compared = {
        f"{taxes}, {workers} workers": distributions(taxes, workers, sizes, SECOND_SEED + number)
        for number, (taxes, workers) in enumerate(cases)
    }
    result = {
        "episodes": sizes,
        "second_seeds": [SECOND_SEED + number for number in range(len(cases))],
        "summary": summary(aligned, compared),
        "aligned": aligned,
        "distributions": compared,
    }
    if sizes is SIZES:
        record("foundation_parity", result, FIRST_SEED)
        (RESULTS / "foundation_parity.md").write_text(page(result))
    else:
        print(page(result))


if __name__ == "__main__":
    main(QUICK if "--quick" in sys.argv[1:] else SIZES)
