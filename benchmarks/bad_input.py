"""Bad input: mutated scenarios, kills, two resumes at once, and corruptions of the files of runs.

Counts how each ends: with the right numbers, with an error that names its place, or with a fault (any other exception,
a hang, a number that is wrong without an error). All draws follow from the seed; the moments of kills are fractions of
the duration of the undisturbed run, which depends on the machine. The sizes of a run are in its result.

Run: ``python benchmarks/bad_input.py [--mutations 4000] [--kills 40] [--trials 6] [--corruptions 200]`` (about a
quarter of an hour on two idle cores).
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from _damaged_runs import (
    FINISHED,
    INTERRUPTED,
    NOT_COVERED,
    corruptions,
    interrupt,
    kill,
    two_resumes,
    whole_run,
)
from _mutated_scenarios import mutant, outcome
from _record import record

SEED = 7
SOUND = {
    "accepted",
    "refused",
    "identical",
    "one_refused",
    "error_names_file",
    "warned",
    "harmless",
}
"""The outcomes that are no faults."""
_CHUNK = 100


def _chunk(first: int, count: int) -> tuple[Counter[str], list[dict[str, Any]]]:
    counts, faults = Counter[str](), []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(first, first + count):
            ended, reason = outcome(mutant(random.Random(f"{SEED}-{number}")), Path(folder))
            counts[ended] += 1
            if ended not in SOUND:
                faults.append({"number": number, "outcome": ended, "reason": reason[:300]})
    return counts, faults


def mutations(count: int, run: Callable[..., Any] = map) -> dict[str, Any]:
    """Load ``count`` mutated scenarios; return the counts of outcomes and each fault with its number."""
    counts, faults = Counter[str](), []
    firsts = range(0, count, _CHUNK)
    for number, (some, others) in enumerate(run(_chunk, firsts, [min(_CHUNK, count - first) for first in firsts])):
        counts += some
        faults += others
        print(f"mutations: {min(count, (number + 1) * _CHUNK)} of {count}: {dict(counts)}", flush=True)
    return {"count": count, "outcomes": dict(counts), "faults": faults}


def kills(count: int, base: Path, whole: Path, seconds: float) -> dict[str, Any]:
    """Kill ``count`` runs at random moments and resume them."""
    draw = random.Random(SEED)
    counts = Counter(kill(base / f"kill-{number}" / "run", whole, seconds, draw) for number in range(count))
    return {"count": count, "run_seconds": round(seconds, 2), "outcomes": dict(counts)}


def resumes(count: int, base: Path, interrupted: Path, whole: Path) -> dict[str, Any]:
    """Resume an interrupted run in two processes at once, ``count`` times."""
    counts = Counter(two_resumes(interrupted, base / f"two-{number}", whole) for number in range(count))
    return {"count": count, "outcomes": dict(counts)}


def damaged(count: int, base: Path, whole: Path, interrupted: Path, run: Callable[..., Any] = map) -> dict[str, Any]:
    """Damage each kind of file ``count`` times, in a finished and in an interrupted run."""
    files = [(True, pattern) for pattern in FINISHED] + [(False, pattern) for pattern in INTERRUPTED]
    work = partial(_damaged_kind, base, whole, interrupted, count)
    tables: dict[str, Any] = {"count_by_file": count, "finished": {}, "interrupted": {}, "not_covered": NOT_COVERED}
    for (finished, pattern), counts in zip(files, run(work, *zip(*files, strict=True)), strict=True):
        tables["finished" if finished else "interrupted"][pattern] = dict(counts)
        print(f"corruptions of {pattern} ({finished=}): {dict(counts)}", flush=True)
    return tables


def _damaged_kind(base: Path, whole: Path, interrupted: Path, count: int, finished: bool, file: str) -> Counter[str]:
    with tempfile.TemporaryDirectory(dir=base) as work:
        return corruptions(whole if finished else interrupted, Path(work), finished, file, count, SEED)


def prepared(base: Path) -> tuple[Path, Path, float]:
    """Make an undisturbed and an interrupted run; return their folders and the seconds of the first."""
    for name in ("cmaes", "jinja2", "pandas", "pyarrow.parquet"):
        import_module(name)
    torch.set_num_threads(1)
    whole, interrupted = base / "whole" / "run", base / "interrupted" / "run"
    whole_run(base / "warm" / "run")  # compiles what the measured run then only loads
    seconds = whole_run(whole)
    interrupt(interrupted)
    return whole, interrupted, seconds


def unsound(result: dict[str, Any]) -> list[str]:
    """Return the outcomes in a result that are faults."""
    tables = [result[name]["outcomes"] for name in ("mutations", "kills", "two_resumes")]
    tables += [*result["corruptions"]["finished"].values(), *result["corruptions"]["interrupted"].values()]
    return [name for table in tables for name in table if name not in SOUND]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("mutations", 4000), ("kills", 40), ("trials", 6), ("corruptions", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    sizes, start = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bad-input-") as parent:
        base = Path(parent)
        whole, interrupted, seconds = prepared(base)
        with ProcessPoolExecutor(2, get_context("fork")) as pool:
            result = {
                "mutations": mutations(sizes.mutations, pool.map),
                "corruptions": damaged(sizes.corruptions, base, whole, interrupted, pool.map),
            }
        result["kills"] = kills(sizes.kills, base, whole, seconds)
        result["two_resumes"] = resumes(sizes.trials, base, interrupted, whole)
    result["seconds"] = round(time.monotonic() - start)
    record("bad_input", result, seed=SEED)
    assert not unsound(result), unsound(result)


if __name__ == "__main__":
    main()
