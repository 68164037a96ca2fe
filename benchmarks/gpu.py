"""All benchmarks that need a CUDA GPU, run one after another: ``make benchmark-gpu``.

They are the environment without training, training end to end, and the published training schedule (25 and 50 million
steps per planner) with batches that fill a GPU. Long benchmarks run in slices of less than nine minutes, each of which
resumes from the last checkpoint. Benchmarks with a result are skipped, so that the same command continues after an
interruption; ``--again`` repeats them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

HERE = Path(__file__).parent
INTERRUPTED = 130
MOST_SLICES = 50


@dataclass(frozen=True)
class Part:
    """One script with its arguments, and the name of the result that it writes."""

    script: str
    arguments: tuple[str, ...]
    result: str


def parts(runs: Path) -> list[Part]:
    """Return all benchmarks in order."""
    recipe = (
        "gather_trade_build_published",
        "--device",
        "cuda",
        "--copies",
        "2048",
        "--steps",
        "50",
        "--minutes",
        "8.5",
    )
    return [
        Part("gather_trade_build_gpu.py", (), "gather_trade_build_gpu"),
        Part("training_speed.py", ("--device", "cuda"), "training_speed_gpu"),
        Part(
            "gather_trade_build_two_level.py",
            (*recipe, "--run", str(runs / "published")),
            "gather_trade_build_published",
        ),
    ]


def carry_out(part: Part) -> int:
    """Run a benchmark slice by slice, and return the exit code of the last slice."""
    command = [sys.executable, str(HERE / part.script), *part.arguments]
    for _ in range(MOST_SLICES):
        code = subprocess.run(command, check=False).returncode
        if code != INTERRUPTED:
            return code
    return INTERRUPTED


def main() -> int:
    """Run all benchmarks that have no result yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="repeat benchmarks that have a result")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "gpu", help="the parent of run folders")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("gpu: no CUDA device found", file=sys.stderr)
        return 2
    failed = []
    for part in parts(options.runs):
        if options.again or not (HERE / "results" / f"{part.result}.json").is_file():
            print(f"--- {part.result}", flush=True)
            if carry_out(part):
                failed.append(part.result)
    if failed:
        print(f"gpu: these benchmarks failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
