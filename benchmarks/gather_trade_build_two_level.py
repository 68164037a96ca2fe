"""Two-level training in Gather-Trade-Build, compared with the published equality, productivity and their product.

Workers are retrained under each tax system from the same untaxed phase, as in the published comparison. Scores are
means of 64 new episodes per seed, in which trained policies draw their actions. The result also contains the division
of labour and prices by tax system, and learning curves. The shipped scenario takes two and a half hours of a CPU core
per seed on kernels: 25.6 million untaxed steps and 10.2 million under each tax system, while the published training
took 75 million steps for each planner; the result states the budget of each phase.

Published (Zheng et al. 2020, Open-Quadrant, four workers): free market 1278, US federal 1261, Saez 1435, AI Economist
1664. Targets: the planner at least 10 % above Saez; the first three within 10 %; productivity under every tax system
below that without taxes; without taxes productivity of at least 2600, equality from 0.35 to 0.50, at least 80 % of the
houses built by the worker with the highest skill, and the two workers with the lowest skills as net sellers.

Run: ``python benchmarks/gather_trade_build_two_level.py [SCENARIO] [KEY=VALUE ...] [--seeds 5] [--slice 40m]`` (default
scenario ``gather_trade_build_two_level``). Each seed is a run of its own under ``benchmarks/unfinished/NAME``. The same
command continues where the last one stopped, and with ``--slice`` it stops after that time with exit code 130; the
folder is small, and is committed until all seeds are finished. Every call records the seeds that are finished.

Several processes share a seed where each trains some of its policies, as in ``--policies free_market us_federal`` and
``--policies saez planner``: the workers under a policy are the same whichever others a run has. A call without
``--policies`` joins them.

After ``econsim equilibrium RUN [--policy LABEL]``, the gains in its certificates are recorded too. Results of variants
are stored under separate names: ``benchmarks/gather_trade_build_short_schedule.yaml baselines=[]
--as gather_trade_build_saez_long_run "planner={kind: saez_buffer, elasticity: 4.35, copies: 64, rounds: 1, buffer:
50000}"`` gives Saez's formula an elasticity of its own. Where the workers of a scenario have the weights of another
run, ``--workers-of`` names the folder of the runs of all seeds.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from _record import RESULTS, record
from _tax_comparison import comparison, table

from econsim.runs import Run, RunInterrupted, execute, open_run, resume
from econsim.scenario import Scenario, load

UNFINISHED = Path(__file__).parent / "unfinished"
SECONDS = {"s": 1, "m": 60, "h": 3600}


def in_larger_batches(scenario: Scenario, copies: int, steps: int) -> Scenario:
    """Return the scenario with the same environment steps in each phase, played in ``copies`` environment copies."""
    training = scenario.training
    assert training is not None
    phases = []
    for phase in training.dump()["phases"]:
        learner = phase["training"]
        played = learner["iterations"] * learner["copies"] * learner["steps"]
        more = {"copies": copies, "steps": steps, "iterations": max(1, played // (copies * steps)), "stagger": True}
        phases.append({**phase, "training": {**learner, **more}})
    data = scenario.model_dump(mode="json", exclude_none=True)
    return Scenario.model_validate({**data, "training": {**training.dump(), "phases": phases}})


def duration(text: str) -> float:
    """Return the seconds of a duration such as ``40m``, ``90s`` or ``1.5h``.

    Raises:
        argparse.ArgumentTypeError: it is not written so.
    """
    read = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if read is None:
        raise argparse.ArgumentTypeError(f"{text}: expected a duration such as 90s, 40m or 1.5h")
    return float(read[1]) * SECONDS[read[2]]


def stop_after(seconds: float) -> None:
    """Interrupt this process after some time, as Ctrl-C would; the run can be resumed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
    timer.daemon = True
    timer.start()


def of_seed(scenario: Scenario, seed: int, options: argparse.Namespace) -> Scenario:
    """Return the scenario with this seed, and with ``--workers-of`` with workers of the run of this seed there."""
    if options.workers_of is None:
        return scenario.model_copy(update={"seed": seed})
    weights = {"run": str(options.workers_of / f"seed_{seed}"), "seed": seed}
    of_run = [f"agents.worker.weights.{key}={value}" for key, value in weights.items()]
    return load(options.scenario, [*options.overrides, *of_run, f"seed={seed}"])


def restricted(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """Return the scenario with these of its policies alone: ``planner``, or names of baselines.

    Raises:
        SystemExit: a name is not one of these.
    """
    known = ("planner", *scenario.baselines)
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"--policies {unknown[0]}: expected some of {', '.join(known)}")
    baselines = {name: chosen for name, chosen in scenario.baselines.items() if name in names}
    planner = scenario.planner if "planner" in names else None
    return scenario.model_copy(update={"planner": planner, "baselines": baselines})


def finished(scenario: Scenario, folder: Path, options: argparse.Namespace) -> Run:
    """Return the finished run in ``folder`` after reading, resuming or executing it."""
    if (folder / "environment.json").is_file():
        run = open_run(folder)
        return run if run.finished else resume(folder)
    return execute(scenario, folder, options.device, backend=options.backend)


def main() -> int:
    """Execute or read the runs of all seeds, and record the result of those that are finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenario", nargs="?", default="gather_trade_build_two_level", help="name or path of the scenario"
    )
    parser.add_argument("overrides", nargs="*", help="overrides KEY=VALUE of the scenario")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, a run each (default 1)")
    parser.add_argument("--runs", type=Path, help="the folder of the runs (default benchmarks/unfinished/NAME)")
    parser.add_argument("--workers-of", type=Path, help="the folder of runs seed_N whose workers play for seed N")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="device for training (default cpu)")
    parser.add_argument("--backend", default="tensors", choices=["tensors", "kernels"], help="default tensors")
    parser.add_argument("--copies", type=int, help="number of environment copies, with the total steps unchanged")
    parser.add_argument("--steps", type=int, default=50, help="length of a rollout with --copies (default 50)")
    parser.add_argument("--slice", type=duration, help="stop after this time, such as 40m; repeat to continue")
    parser.add_argument("--as", dest="name", help="name of the result (default: the name of the scenario)")
    parser.add_argument(
        "--policies",
        nargs="+",
        help="train only these, planner or names of baselines, in a folder beside that of the seed, so that several"
        " processes share a seed; without it, such folders take the place of a missing one",
    )
    parser.add_argument("--trial", action="store_true", help="write no result")
    options = parser.parse_args()
    if "=" in options.scenario:  # overrides of the default scenario
        options.overrides.insert(0, options.scenario)
        options.scenario = parser.get_default("scenario")
    scenario = load(options.scenario, options.overrides)
    if options.copies:
        scenario = in_larger_batches(scenario, options.copies, options.steps)
    name = options.name or scenario.name
    folder = options.runs or UNFINISHED / name
    if options.slice is not None:
        stop_after(options.slice)
    runs: list[Run] = []
    try:
        for seed in range(scenario.seed, scenario.seed + options.seeds):
            of_this = of_seed(scenario, seed, options)
            parts = sorted(folder.glob(f"seed_{seed}_with_*"))
            if options.policies:
                part = "_".join(options.policies)
                runs.append(
                    finished(restricted(of_this, options.policies), folder / f"seed_{seed}_with_{part}", options)
                )
            elif parts:
                runs += [finished(of_this, part, options) for part in parts]
            else:
                runs.append(finished(of_this, folder / f"seed_{seed}", options))
    except (RunInterrupted, KeyboardInterrupt) as error:  # the second outside of training, with nothing to store
        print(error or "stopped between runs", file=sys.stderr)
    if runs:
        result = comparison(runs)
        print(table(result, options.seeds))
        if not options.trial:
            record(name, result, seed=scenario.seed)
            (RESULTS / f"{name}.md").write_text(table(result, options.seeds))
    return 0 if len({run.scenario.seed for run in runs}) == options.seeds else 130


if __name__ == "__main__":
    sys.exit(main())
