"""All benchmarks that need a CUDA GPU, in slices of less than ten minutes together: ``make benchmark-gpu``.

The slices are the environment without training, training end to end, the tests that compare a GPU with the CPU (mark
``gpu``), and three minutes of two-level training with batches that fill a GPU. Each result, with the name of the card,
is written when its slice ends, and slices that have one from this card are skipped, so that the same command continues
after an interruption; ``--again`` repeats them. ``--published`` instead runs the whole published schedule (25 and 50
million steps per planner), in slices of 8.5 minutes that resume from the last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from _record import RESULTS, card, record

HERE = Path(__file__).parent
INTERRUPTED = 130
MOST_SLICES = 50


@dataclass(frozen=True)
class Part:
    """One command, and the name of its result.

    most_slices: how often it is repeated while it ends with exit code 130, with more to do.
    timed: whether the script writes no result of its own, so that its duration and exit code are recorded.
    """

    command: tuple[str, ...]
    result: str
    most_slices: int = 1
    timed: bool = False


def _script(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(HERE / name), *arguments)


def _two_level(runs: Path, duration: str, device: str) -> tuple[str, ...]:
    batch = ("--device", device, "--copies", "2048", "--steps", "50", "--slice", duration)
    script = "gather_trade_build_two_level.py"
    return _script(script, "gather_trade_build_published", *batch, "--runs", str(runs))


def parts(runs: Path, device: str = "cuda") -> tuple[Part, ...]:
    """Return the slices in order."""
    tests = [str(HERE.parent / "tests" / name) for name in ("test_random.py", "test_acceleration.py")]
    pytest = (sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *tests)
    return (
        Part(pytest, "gpu_parity", timed=True),
        Part(_script("gather_trade_build_gpu.py", "--few"), "gather_trade_build_gpu"),
        Part(_script("bewley_gpu.py", "--few"), "bewley_gpu"),
        Part(_script("training_speed.py", "--device", device, "--iterations", "6"), "training_speed_gpu"),
        Part(_two_level(runs / "slice", "3m", device), "two_level_gpu_slice", timed=True),
    )


def published(runs: Path) -> Part:
    """Return the whole published schedule, which takes hours."""
    run = _two_level(runs / "published", "8.5m", "cuda")
    return Part(run, "gather_trade_build_published", most_slices=MOST_SLICES)


def carry_out(part: Part) -> int:
    """Run a part and record what it does not record itself; return 0 if it did what it should."""
    start, code = time.monotonic(), INTERRUPTED
    for _ in range(part.most_slices):
        code = subprocess.run(part.command, cwd=HERE.parent, check=False).returncode
        if code != INTERRUPTED:
            break
    if part.timed and code in (0, INTERRUPTED):
        stopped_as_planned = code == INTERRUPTED
        record(part.result, {"seconds": round(time.monotonic() - start, 1), "stopped_by_time": stopped_as_planned})
        return 0
    return code


def is_done(part: Part) -> bool:
    """Return whether there is a result of a part from the card of this machine."""
    path = RESULTS / f"{part.result}.json"
    return path.is_file() and json.loads(path.read_text("utf-8"))["machine"].get("card") == card()


def carry_out_all(chosen: tuple[Part, ...], again: bool) -> list[str]:
    """Run the parts that have no result yet; return the names of those that failed."""
    failed = []
    for number, part in enumerate(chosen, 1):
        if not again and is_done(part):
            print(f"[{number}/{len(chosen)}] {part.result}: done", flush=True)
            continue
        print(f"[{number}/{len(chosen)}] {part.result} ...", flush=True)
        if carry_out(part):
            failed.append(part.result)
    return failed


def main() -> int:
    """Run all slices that have no result from this card yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="repeat slices that have a result")
    parser.add_argument("--published", action="store_true", help="the whole published schedule instead, for hours")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "gpu", help="the parent of run folders")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("gpu: no CUDA device found", file=sys.stderr)
        return 2
    torch.cuda.init()
    print(f"card: {card()}", flush=True)
    runs = options.runs.resolve()
    failed = carry_out_all((published(runs),) if options.published else parts(runs), options.again)
    if failed:
        print(f"gpu: these benchmarks failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
