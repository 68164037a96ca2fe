"""Everything that needs a CUDA GPU, one after another, unattended: ``make benchmark-gpu``.

The environment alone, training end to end, and the published recipe (25 and 50 million steps a planner) with batches
that fill a GPU. Long parts go in slices of under nine minutes, each of which resumes from the last checkpoint; parts
whose result is there are passed over, so that the same command continues what was cut off. ``--again`` measures anew.
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
    """One script with its arguments, and the result that it writes."""

    script: str
    arguments: tuple[str, ...]
    result: str


def parts(runs: Path) -> list[Part]:
    """Return all parts, in order."""
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
    """Run a part, slice after slice, and return the exit code of the last."""
    command = [sys.executable, str(HERE / part.script), *part.arguments]
    for _ in range(MOST_SLICES):
        code = subprocess.run(command, check=False).returncode
        if code != INTERRUPTED:
            return code
    return INTERRUPTED


def main() -> int:
    """Carry out what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="measure also what has a result")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "gpu", help="where run folders go")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("gpu: no CUDA device here", file=sys.stderr)
        return 2
    failed = []
    for part in parts(options.runs):
        if options.again or not (HERE / "results" / f"{part.result}.json").is_file():
            print(f"--- {part.result}", flush=True)
            if carry_out(part):
                failed.append(part.result)
    if failed:
        print(f"gpu: not done: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
