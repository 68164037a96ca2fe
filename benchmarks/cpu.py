"""All benchmarks that fit into 20 minutes on two cores, and which claims they repeat: ``make benchmark-cpu``.

Each benchmark writes its result to ``--folder``; the committed results stay as they are unless ``--save`` is given. A
table then compares the figures that the README and the documentation state with what this machine gives now. Shares are
held within an absolute tolerance; speeds and costs, which depend on the machine, within a factor, and ratios of systems
measured in one run within a smaller one. The exit code is 1 if a claim was not held, or a benchmark failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
COMMITTED = HERE / "results"


@dataclass(frozen=True)
class Part:
    """One script with its arguments. ``shorter``: these are fewer repetitions than the committed result has."""

    name: str
    arguments: tuple[str, ...] = ()
    shorter: bool = False


@dataclass(frozen=True)
class Claim:
    """A figure of a result: ``value`` is held within ``tolerance``, ``speed`` and ``cost`` within a share of it."""

    text: str
    result: str
    path: tuple[str, ...]
    kind: Literal["value", "speed", "cost"]
    tolerance: float

    def held(self, committed: float, now: float) -> bool:
        """Return whether the figure ``now`` is as good as the committed one."""
        if self.kind == "speed":
            return now >= committed * (1 - self.tolerance)
        if self.kind == "cost":
            return now <= committed * (1 + self.tolerance)
        return abs(now - committed) <= self.tolerance


PARTS = (
    Part("startup"),
    Part("best_response"),
    Part("schedules_on_grid"),
    Part("llm_prompts"),
    Part("llm_archetypes"),
    Part("llm_overhead", ("--without-peers",), shorter=True),
    Part("paired_errors"),
    Part("interval_coverage"),
    Part("adaptive_choice"),
    Part("training_speed", ("--iterations", "6"), shorter=True),
    Part("gather_trade_build_speed", ("--rounds", "1", "--seconds", "3"), shorter=True),
    Part("two_level", ("1",), shorter=True),
)
"""In the order in which they run, short ones first."""

_OVERHEAD, _LOGNORMAL = "llm_overhead", "lognormal, standard deviation of the logarithm 1"
CLAIMS = (
    Claim("econsim --help, CPU seconds", "startup", ("help_cpu_seconds",), "cost", 1.0),
    Claim(
        "exact best responses per CPU-second, rising rates",
        "best_response",
        ("float32", "rising_rates", "decisions_per_cpu_second"),
        "speed",
        0.5,
    ),
    Claim(
        "exact best responses per CPU-second, falling rates",
        "best_response",
        ("float32", "falling_rates", "decisions_per_cpu_second"),
        "speed",
        0.5,
    ),
    Claim("memory of a million workers, MB", "best_response", ("peak_memory_mb",), "cost", 0.2),
    Claim("10,000 schedules, CPU seconds", "schedules_on_grid", ("cpu_seconds",), "cost", 1.0),
    Claim("their best welfare", "schedules_on_grid", ("best_welfare",), "value", 1e-6),
    Claim("a prompt, ms per worker and step", "llm_prompts", ("plain", "ms_per_worker_and_step"), "cost", 1.0),
    Claim("a million archetypes, CPU seconds", "llm_archetypes", ("cpu_seconds_a_step",), "cost", 1.0),
    Claim("a recorded call, CPU ms", _OVERHEAD, ("recording", "cpu_milliseconds_a_call"), "cost", 1.0),
    Claim("a replayed call, CPU ms", _OVERHEAD, ("strict replay", "cpu_milliseconds_a_call"), "cost", 1.0),
    Claim(
        "errors of a reform, times smaller",
        "paired_errors",
        ("times_smaller", "elasticity 0.4 to 0.3 under federal taxes", "welfare"),
        "speed",
        0.2,
    ),
    Claim("coverage, ten skewed values", "interval_coverage", ("coverage", _LOGNORMAL, "10", "default"), "value", 0.01),
    Claim("coverage of held-out intervals", "adaptive_choice", ("held_out", "coverage"), "value", 0.02),
    Claim("coverage of naive intervals", "adaptive_choice", ("naive", "coverage"), "value", 0.03),
    Claim("PPO, compact, per CPU-second", "training_speed", ("compact", "env_steps_per_second"), "speed", 0.5),
    Claim(
        "PPO, published, steps per CPU-second", "training_speed", ("published", "env_steps_per_second"), "speed", 0.5
    ),
    Claim("times as fast as Foundation", "gather_trade_build_speed", ("workers_4", "ratio"), "speed", 0.3),
    Claim("the same with 10 workers", "gather_trade_build_speed", ("workers_10", "ratio"), "speed", 0.3),
    Claim("share of the gap, 3 brackets", "two_level", ("three_brackets", "gap_closed_mean"), "value", 0.015),
    Claim("share of the gap, 7 brackets", "two_level", ("seven_brackets", "gap_closed_mean"), "value", 0.02),
)


def carry_out(part: Part, folder: Path, seconds: float) -> str:
    """Run a benchmark for at most ``seconds``; return what went wrong, empty if it wrote its result."""
    command = [sys.executable, str(HERE / f"{part.name}.py"), *part.arguments]
    environment = {**os.environ, "ECONSIM_RESULTS": str(folder)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return "the time is over"
    return "\n".join(done.stderr.splitlines()[-3:]) if done.returncode else ""


def figure(folder: Path, claim: Claim) -> float | None:
    """Return a claim's figure in the results of a folder, or ``None`` where there is none."""
    path = folder / f"{claim.result}.json"
    value: Any = json.loads(path.read_text("utf-8"))["result"] if path.is_file() else {}
    for key in claim.path:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else float(value)


def table(folder: Path) -> tuple[list[str], bool]:
    """Return the lines of the table of claims, and whether all that were measured are held."""
    lines, all_held = [f"{'claim':38} {'committed':>12} {'now':>12}  held within"], True
    for claim in CLAIMS:
        committed, now = figure(COMMITTED, claim), figure(folder, claim)
        if committed is None or now is None:
            lines.append(f"{claim.text:38} {_shown(committed):>12} {_shown(now):>12}  not measured")
            continue
        held = claim.held(committed, now)
        all_held = all_held and held
        allowed = f"{claim.tolerance:g}" if claim.kind == "value" else f"{100 * claim.tolerance:.0f} % ({claim.kind})"
        lines.append(f"{claim.text:38} {committed:12,.5g} {now:12,.5g}  {'yes' if held else 'NO'}, {allowed}")
    return lines, all_held


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.5g}"


def save(folder: Path) -> None:
    """Copy results with as many repetitions as the committed ones over these, and name the others."""
    for part in PARTS:
        if (folder / f"{part.name}.json").is_file():
            if part.shorter:
                print(f"not saved: {part.name}, since it has fewer repetitions; run benchmarks/{part.name}.py")
            else:
                shutil.copy(folder / f"{part.name}.json", COMMITTED)


def main() -> int:
    """Run the benchmarks and compare their claims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="benchmarks to run (default all)")
    parser.add_argument("--minutes", type=float, default=20.0, help="time after which nothing more runs (default 20)")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "cpu", help="results (default runs/cpu)")
    parser.add_argument("--save", action="store_true", help="replace the committed results of complete benchmarks")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    folder, start, failed = options.folder.resolve(), time.monotonic(), []
    chosen = [part for part in PARTS if part.name in options.only]
    for number, part in enumerate(chosen, 1):
        left = 60 * options.minutes - (time.monotonic() - start)
        print(f"[{number}/{len(chosen)}] {part.name} ...", end=" ", flush=True)
        begin = time.monotonic()
        problem = carry_out(part, folder, left) if left > 0 else "the time is over"
        print(problem or f"{time.monotonic() - begin:.0f} s", flush=True)
        failed += [part.name] if problem else []
    lines, all_held = table(folder)
    print("\n".join(["", *lines, "", f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"]))
    if options.save:
        save(folder)
    return 0 if all_held and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
