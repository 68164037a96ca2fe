"""Methods of fitting a leader's tax schedule, compared at the same budget of CPU seconds by the welfare gap closed.

Every method fits the one-step economy with seven and with three brackets and is scored under exact best responses on
the shipped half-hour grid. A method that finishes early is restarted with another seed, and the schedule with the
highest return of the leader is used. Methods that differentiate through hours fit the same economy with continuous
hours; ``soft_drawn`` fits the economy on the grid. Saez's formula is deterministic and runs once. PPO methods, in which
workers learn too (``two_level``: followers trained to respond to any schedule; ``ppo_simultaneous``: both levels at the
same time), are fitted once, with as many iterations as the budget allows. The ceiling is one long search (``CEILING``),
the floor is the free market.

Run: ``python benchmarks/leader_methods.py [SEEDS] [CPU_SECONDS] [METHOD ...]`` (about half an hour on two idle cores).
Every fit is printed as soon as it is done. With names of methods, only these are fitted again; the other rows, and the
welfare of the floor and the ceiling, are those of the stored result, which then names them with its date.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from multiprocessing import get_context
from statistics import fmean
from typing import Any

import torch
from _record import RESULTS, record

from econsim import kinds
from econsim.analysis.welfare import share_of_gap_closed
from econsim.game import Agent, Game
from econsim.learning import Learner, SelfFit
from econsim.runs.evaluation import evaluation_key, play
from econsim.scenario import Scenario, load

SCENARIOS = {"seven_brackets": "one_step", "three_brackets": "one_step_three_brackets"}
FIRST_SEED = 200
FIRST_RESTART = 1000
CONTINUOUS = {"economy.hours_step": None}
CEILING = {"kind": "search", "starts": 16}


@dataclass(frozen=True)
class Method:
    """A planner in the notation of scenarios, its overrides of the scenario, and the use of its budget.

    A method is restarted while time is left. A ``learner`` of workers and planner is instead trained once, for ``pace``
    iterations per CPU second (as measured on the machine of the committed result, which reports the time used with the
    score); a quarter of the iterations of ``two_level`` is its warm-up.
    """

    planner: dict[str, Any]
    overrides: dict[str, Any] = field(default_factory=dict)
    restarts: bool = True
    learner: str | None = None
    pace: float = 0.0

    def scenario(self, name: str, budget: float) -> Scenario:
        """Return the scenario that this method fits."""
        if self.learner is None:
            return load(name, self.overrides)
        iterations = round(self.pace * budget)
        lengths = {"iterations": iterations}
        if self.learner == "two_level":
            lengths = {"warm_up": iterations // 4, "iterations": iterations - iterations // 4}
        return load(name, {**self.overrides, "training": {"kind": self.learner, **lengths}})


METHODS = {
    "saez": Method({"kind": "saez", "method": "kernel"}, restarts=False),
    "saez_brackets": Method({"kind": "saez"}, restarts=False),
    "search_coordinate": Method({"kind": "search", "method": "coordinate", "starts": 4}),
    "search_cma_es": Method({"kind": "search", "method": "cma_es", "starts": 1}),
    "search_both": Method({"kind": "search", "starts": 1}),
    "search_bayesian": Method({"kind": "search", "method": "bayesian", "candidates": 150}),
    "soft": Method({"kind": "hypergradient", "starts": 32}, CONTINUOUS),
    "soft_drawn": Method({"kind": "hypergradient", "starts": 8}),
    "implicit": Method({"kind": "hypergradient", "method": "implicit"}, CONTINUOUS),
    "unrolled": Method({"kind": "hypergradient", "method": "unrolled"}, CONTINUOUS),
    "two_level": Method({"kind": "ppo"}, restarts=False, learner="two_level", pace=7.5),
    "ppo_simultaneous": Method({"kind": "ppo"}, restarts=False, learner="ppo", pace=7.5),
}


class Counting:
    """A recorder that counts the evaluations of leader actions."""

    def __init__(self) -> None:
        self.evaluations = 0.0

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        if name == "leader_evaluations":
            self.evaluations += value

    def progress(self, done: int, total: int, message: str = "") -> None: ...

    def checkpoint(self, step: int, state: Any) -> None: ...

    def restore(self) -> None:
        return None


def built(planner: dict[str, Any], scenario: Scenario) -> tuple[dict[str, Agent], Learner]:
    """Return untrained agents and the learner that fits them."""
    parameters = {name: value for name, value in planner.items() if name != "kind"}
    kind = kinds.load("planners", planner["kind"])
    agent = kind.build(kind.parameters.model_validate(parameters))  # type: ignore[attr-defined]
    if planner["kind"] == "ppo":
        return {"planner": agent, "worker": scenario.agents["worker"].build()}, scenario.training.build()  # type: ignore[union-attr]
    return {"planner": agent, "worker": scenario.evaluation.workers.build()}, SelfFit("planner")  # type: ignore[union-attr]


def welfare(scenario: Scenario, planner: Agent) -> float:
    game: Game[Any] = scenario.build()[0].to(dtype=torch.float64)
    agents = {"planner": planner, "worker": scenario.evaluation.workers.build()}  # type: ignore[union-attr]
    return float(play(game, agents, evaluation_key(0)).accounts["welfare"][0])


def one_fit(name: str, label: str, seed: int, budget: float) -> dict[str, float]:
    """Fit one method under one seed until its budget is used up; return its score and the resources used."""
    torch.set_num_threads(1)
    method, shipped = METHODS[label], load(SCENARIOS[name])
    scenario = method.scenario(SCENARIOS[name], budget)
    game, _ = scenario.build()
    recorder, begin, fits, best = Counting(), time.process_time(), 0, -torch.inf
    planner: Agent | None = None
    while True:
        agents, learner = built(method.planner, scenario)
        fitted = learner.fit(game, agents, seed + FIRST_RESTART * fits, recorder)["planner"]
        value = float(fitted.state_dict().get("value", torch.zeros(1))[0])
        fits += 1
        if value > best:
            best, planner = value, fitted
        spent = time.process_time() - begin
        if not method.restarts or spent + 0.5 * spent / fits > budget:
            break
    assert planner is not None
    found = {
        "welfare": welfare(shipped, planner),
        "fits": fits,
        "leader_evaluations": recorder.evaluations,
        "cpu_seconds": round(spent, 1),
    }
    print(name, label, seed, json.dumps(found), flush=True)
    return found


def ends(name: str) -> tuple[float, float]:
    """Return the welfare of the free market and of the long search."""
    torch.set_num_threads(1)
    scenario = load(SCENARIOS[name])
    agents, learner = built(CEILING, scenario)
    best = learner.fit(scenario.build()[0], agents, 0, Counting())["planner"]
    return welfare(scenario, scenario.baselines["free_market"].build()), welfare(scenario, best)


def row(found: list[dict[str, float]], floor: float, ceiling: float) -> dict[str, Any]:
    closed = [round(share_of_gap_closed(one["welfare"], floor, ceiling), 5) for one in found]
    means = {key: round(fmean(one[key] for one in found), 1) for key in found[0]}
    return {"gap_closed_mean": round(fmean(closed), 5), "gap_closed_by_seed": closed, **means}


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = ["# Methods of fitting a leader", "", f"{result['cpu_seconds']:g} CPU seconds per fit, scored under"]
    lines[-1] += f" exact best responses; {result['seeds']} seeds. Written by `benchmarks/leader_methods.py`."
    if "measured_before" in result:
        earlier = result["measured_before"]
        lines += ["", f"Measured {earlier['date']}: {', '.join(earlier['methods'])}; the others later."]
    for name in SCENARIOS:
        found = result[name]
        lines += ["", f"## {name.replace('_', ' ').capitalize()}", ""]
        lines += [f"Free market {found['free_market']:,.1f}, long search {found['long_search']:,.1f}.", ""]
        lines += [
            "| method | gap closed | lowest seed | CPU s | fits | leader evaluations |",
            "|---|---|---|---|---|---|",
        ]
        ranked = sorted(found["methods"].items(), key=lambda entry: -entry[1]["gap_closed_mean"])
        for label, it in ranked:
            used = f"{it['leader_evaluations']:,.0f}" if it["leader_evaluations"] else ""
            share = f"{it['gap_closed_mean']:.2%} | {min(it['gap_closed_by_seed']):.2%}"
            lines.append(f"| {label} | {share} | {it['cpu_seconds']:.0f} | {it['fits']:.1f} | {used} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    budget = float(sys.argv[2]) if len(sys.argv) > 2 else 45.0
    chosen = sys.argv[3:] or list(METHODS)
    result: dict[str, Any] = {"seeds": seeds, "cpu_seconds": budget, "threads_per_fit": 1, "fits_at_once": 2}
    stored: dict[str, Any] = {} if len(sys.argv) < 4 else json.loads((RESULTS / "leader_methods.json").read_text())
    if stored:
        kept = sorted(stored["result"]["seven_brackets"]["methods"].keys() - set(chosen))
        first = stored["result"].get("measured_before", stored)["date"]
        result["measured_before"] = {"date": first, "methods": kept}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        waiting: dict[tuple[str, str], list[Future[dict[str, float]]]] = {}
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            for name, label in product(SCENARIOS, chosen):
                waiting.setdefault((name, label), []).append(pool.submit(one_fit, name, label, seed, budget))
        levels = {} if stored else {name: pool.submit(ends, name) for name in SCENARIOS}
        for name in SCENARIOS:
            before = stored["result"][name] if stored else {"methods": {}}
            floor, ceiling = levels[name].result() if levels else (before["free_market"], before["long_search"])
            rows = {label: row([fit.result() for fit in waiting[name, label]], floor, ceiling) for label in chosen}
            result[name] = {"free_market": floor, "long_search": ceiling, "methods": {**before["methods"], **rows}}
    record("leader_methods", result, FIRST_SEED)
    (RESULTS / "leader_methods.md").write_text(table(result))


if __name__ == "__main__":
    main()
