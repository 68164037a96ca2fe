"""Two-level training in Gather-Trade-Build, compared with the published equality, productivity and their product.

Workers are retrained under each tax system from the same untaxed phase, as in the published comparison. Scores are
means of 64 new episodes per seed, in which trained policies draw their actions. The result also contains the division
of labour and prices by tax system, and learning curves. The shipped scenario is sized for two CPU cores and an hour per
seed, while the published training took 75 million steps for each planner; the result states the budget of each phase.

Published (Zheng et al. 2020, Open-Quadrant, four workers): free market 1278, US federal 1261, Saez 1435, AI Economist
1664. Targets: the planner at least 10 % above Saez; the first three within 10 %; productivity under every tax system
below that without taxes; without taxes productivity of at least 2600, equality from 0.35 to 0.50, at least 80 % of the
houses built by the worker with the highest skill, and the two workers with the lowest skills as net sellers.

Run: ``python benchmarks/gather_trade_build_two_level.py [SCENARIO] [KEY=VALUE ...]`` (default scenario
``gather_trade_build_two_level``), or with ``--run RUN`` to read a finished run. An unfinished run is resumed.

After ``econsim equilibrium RUN``, the gains in its certificate are recorded too. Results of variants are stored under
separate names: ``--as gather_trade_build_saez_long_run baselines=[] "planner={kind: saez_buffer, elasticity: 4.35,
copies: 64, rounds: 1, buffer: 50000}"`` gives Saez's formula the elasticity that theory predicts for these workers.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from _record import RESULTS, record

from econsim.analysis.statistics import mean_interval
from econsim.game import Agent, Game
from econsim.runs import Run, RunInterrupted, execute, open_run, resume
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.load_agents import agents_of
from econsim.scenario import Scenario, load

PUBLISHED = {"free_market": 1278.0, "us_federal": 1261.0, "saez": 1435.0, "saez_buffer": 1435.0, "planner": 1664.0}
EPISODES = 64
CURVE_POINTS = 30
WORKERS = 4


def scores(run: Run) -> dict[str, Any]:
    """Return productivity, equality and their product for each policy, with intervals over seeds."""
    return {label: _score(policy) for label, policy in run.summary["policies"].items()}


def _score(policy: dict[str, Any]) -> dict[str, Any]:
    response = next(name for name in ("learned", "scenario", "exact") if name in policy)
    by_seed = [seed[response] for seed in policy["seeds"].values()]
    # The game's welfare is equality times coin per capita, the published figure is equality times total coin.
    products = [WORKERS * metrics["welfare"] for metrics in by_seed]
    found = {
        "productivity": policy[response]["productivity"],
        "equality": policy[response]["equality"],
        "equality_times_productivity": sum(products) / len(products),
        "by_seed": products,
    }
    if len(products) > 1:
        interval = mean_interval(products)
        found["interval"] = [interval.low, interval.high]
    return found


def division_of_labour(game: Game[Any], agents: dict[str, Agent], seed: int) -> dict[str, Any]:
    """Return the workers' activities by skill rank, the lowest first, as means of ``EPISODES`` episodes."""
    accounts = play(game, agents, evaluation_key(seed, EPISODES)).accounts
    rank = accounts["build_payment"].argsort(1)

    def by_skill(name: str) -> list[float]:
        return [float(mean) for mean in accounts[name].double().gather(1, rank).mean(0)]

    traded = ("stone", "wood")
    sold = torch.stack([accounts[f"sold_{good}"] - accounts[f"bought_{good}"] for good in traded]).sum(0)
    spent = sum(accounts[f"spent_on_{good}"].double().sum() for good in traded)
    bought = sum(accounts[f"bought_{good}"].double().sum() for good in traded)
    houses = by_skill("houses")
    return {
        "houses": houses,
        "share_of_houses_by_highest_skill": houses[-1] / sum(houses) if sum(houses) else None,
        "net_units_sold": [float(mean) for mean in sold.double().gather(1, rank).mean(0)],
        "labour": by_skill("labour"),
        "coin": by_skill("consumption"),
        "mean_price": float(spent / max(float(bought), 1.0)),
    }


def curves(run: Run) -> dict[str, Any]:
    """Return productivity and equality of the episodes that finished during training, at selected iterations."""
    played = run.metrics[run.metrics["name"].str.startswith("play/")]
    found: dict[str, Any] = {}
    for (policy, seed), rows in played.groupby(["policy", "seed"], sort=False):
        table = rows.pivot_table(index="step", columns="name", values="value")
        thin = table.iloc[:: max(1, len(table) // CURVE_POINTS)]
        found[f"{policy}, seed {seed}"] = {
            "iteration": [int(step) for step in thin.index],
            "productivity": thin["play/productivity"].round(1).tolist(),
            "equality": thin["play/equality"].round(4).tolist(),
        }
    return found


def speed(run: Run) -> float:
    """Return the median number of environment steps per second over the whole training."""
    rows: pd.Series[float] = run.throughput.query("name == 'throughput/env_steps_per_second'")["value"]
    return float(rows.median())


def gains(run: Run) -> list[dict[str, Any]]:
    """Return the gain of each role from deviating, if ``econsim equilibrium`` has measured it."""
    if not (run.path / "certificate.json").is_file():
        return []
    kept = ("role", "seed", "method", "followers", "own", "gain", "low", "high", "announcement")
    return [{name: finding[name] for name in kept if name in finding} for finding in run.certificate["findings"]]


def result_of(run: Run) -> dict[str, Any]:
    """Return the recorded result of a finished run."""
    scenario, plan = run.scenario, run.plan
    seeds = [scenario.seed + index for index in range(scenario.seeds)]
    return {
        "scenario": scenario.name,
        "seeds": seeds,
        "episodes_scored": scenario.episodes,
        "training": None if scenario.training is None else scenario.training.dump(),
        "published": PUBLISHED,
        "policies": scores(run),
        "division_of_labour": {
            policy.label: division_of_labour(plan.game, agents_of(run, plan, policy, seeds[0]), scenario.seed)
            for policy in plan.policies
        },
        "certificate": gains(run),
        "env_steps_per_second": speed(run),
        "learning_curves": curves(run),
    }


def table(result: dict[str, Any]) -> str:
    """Return the comparison as Markdown."""
    lines = [
        f"# {result['scenario']}, seeds {result['seeds']}",
        "",
        "| policy | productivity | equality | equality x productivity | published | houses by the highest skill |",
        "|---|---|---|---|---|---|",
    ]
    for label, found in result["policies"].items():
        published = PUBLISHED.get(label, PUBLISHED["planner"])
        interval = found.get("interval")
        spread = f" ({interval[0]:,.0f} to {interval[1]:,.0f})" if interval else ""
        share = result["division_of_labour"][label]["share_of_houses_by_highest_skill"]
        built = "none built" if share is None else f"{share:.0%}"
        lines.append(
            f"| {label} | {found['productivity']:,.0f} | {found['equality']:.3f} "
            f"| {found['equality_times_productivity']:,.0f}{spread} | {published:,.0f} | {built} |"
        )
    return "\n".join(lines) + "\n"


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


def stop_after(minutes: float) -> None:
    """Interrupt this process after some minutes, as Ctrl-C would; the run can be resumed."""
    timer = threading.Timer(60 * minutes, signal.raise_signal, [signal.SIGINT])
    timer.daemon = True
    timer.start()


def finished(options: argparse.Namespace) -> Run:
    """Return the requested run after reading, resuming or executing it."""
    if options.run is not None and (options.run / "environment.json").is_file():
        run = open_run(options.run)
        return run if run.finished else resume(options.run)
    scenario = load(options.scenario, options.overrides)
    if options.copies:
        scenario = in_larger_batches(scenario, options.copies, options.steps)
    return execute(scenario, options.run, options.device)


def main() -> int:
    """Execute or read a run, and record its result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenario", nargs="?", default="gather_trade_build_two_level", help="name or path of the scenario"
    )
    parser.add_argument("overrides", nargs="*", help="overrides KEY=VALUE of the scenario")
    parser.add_argument("--run", type=Path, help="the run folder; an existing run is read, or resumed if unfinished")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="device for training (default cpu)")
    parser.add_argument("--copies", type=int, help="number of environment copies, with the total steps unchanged")
    parser.add_argument("--steps", type=int, default=50, help="length of a rollout with --copies (default 50)")
    parser.add_argument(
        "--minutes", type=float, help="stop after this time with exit code 130; repeat the command to continue"
    )
    parser.add_argument("--as", dest="name", help="name of the result (default: the name of the scenario)")
    parser.add_argument("--trial", action="store_true", help="write no result")
    options = parser.parse_args()
    if options.minutes is not None:
        stop_after(options.minutes)
    try:
        run = finished(options)
    except RunInterrupted as error:
        print(error, file=sys.stderr)
        return 130
    result = result_of(run)
    print(table(result))
    if not options.trial:
        name = options.name or run.scenario.name
        record(name, result, seed=run.scenario.seed)
        (RESULTS / f"{name}.md").write_text(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
