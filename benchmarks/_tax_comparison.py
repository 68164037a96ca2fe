"""Scores, division of labour, prices and learning curves by tax system, from finished runs of Gather-Trade-Build.

Each run has one seed or several. Scores are means of the seeds, with an interval where there are two seeds or more;
figures of a seed are means of ``EPISODES`` new episodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from econsim.analysis.statistics import mean_interval
from econsim.game import Agent, Game
from econsim.runs import Run
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.load_agents import agents_of

PUBLISHED = {"free_market": 1278.0, "us_federal": 1261.0, "saez": 1435.0, "planner": 1664.0}
"""Equality times productivity (Zheng et al. 2020, Open-Quadrant, four workers)."""
GATE = {"mean_price": (3.2, 3.6), "units_traded": (220.0, inf)}
"""The lowest and the highest value at the end of the untaxed phase for a market like the published one, which has a
mean price of 3.57 coin and 236 units in the authors' released plot of an episode. The 12.1 labour per house of its
builder is compared in the table of policies: training logs only the labour of all workers per house."""
EPISODES = 64
CURVE_POINTS = 30
WORKERS = 4
LAST_SHARE = 0.1
"""Of the iterations of the untaxed phase, over which the gate takes means."""


def comparison(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the recorded result of finished runs of one scenario, which differ in their seeds or in their policies."""
    scenario = runs[0].scenario
    by_run = [_labour_of(run) for run in runs]
    labels = dict.fromkeys(label for run in runs for label in run.summary["policies"])
    return {
        "scenario": scenario.name,
        "seeds": sorted(set(_seeds(runs))),
        "episodes_scored": scenario.episodes,
        "training": None if scenario.training is None else scenario.training.dump(),
        "published": PUBLISHED,
        "policies": {
            label: score([run for run in runs if label in run.summary["policies"]], label) for label in labels
        },
        "division_of_labour": {label: _mean([each[label] for each in by_run if label in each]) for label in labels},
        "gate": gate(runs),
        "certificate": [finding for run in runs for finding in gains(run)],
        "env_steps_per_second": [speed(run) for run in runs],
        "learning_curves": {label: curve for run in runs for label, curve in curves(run).items()},
    }


def score(runs: Sequence[Run], label: str) -> dict[str, Any]:
    """Return productivity, equality and their product for a policy, with an interval over seeds."""
    policies: list[dict[str, Any]] = [run.summary["policies"][label] for run in runs]
    response = next(name for name in ("learned", "scenario", "exact") if name in policies[0])
    by_seed = [seed[response] for policy in policies for seed in policy["seeds"].values()]
    # The game's welfare is equality times coin per capita, the published figure is equality times total coin.
    products = [WORKERS * metrics["welfare"] for metrics in by_seed]
    found = {
        "productivity": sum(metrics["productivity"] for metrics in by_seed) / len(by_seed),
        "equality": sum(metrics["equality"] for metrics in by_seed) / len(by_seed),
        "equality_times_productivity": sum(products) / len(products),
        "by_seed": products,
        "seeds": _seeds(runs),
    }
    interval = mean_interval(products)
    if interval.low is not None:  # two seeds or more, which differ
        found["interval"] = [interval.low, interval.high]
    return found


def _seeds(runs: Sequence[Run]) -> list[int]:
    return [run.scenario.seed + index for run in runs for index in range(run.scenario.seeds)]


def division_of_labour(game: Game[Any], agents: dict[str, Agent], seed: int) -> dict[str, Any]:
    """Return the workers' activities by skill rank, the lowest first, and the market, as means of episodes.

    ``labour_per_house`` is the labour of the worker with the highest skill per house that it builds; ``builder``: its
    margin, see :func:`margin`.
    """
    accounts = play(game, agents, evaluation_key(seed, EPISODES)).accounts
    rank = accounts["build_payment"].argsort(1)

    def by_skill(name: str) -> list[float]:
        return [float(mean) for mean in accounts[name].double().gather(1, rank).mean(0)]

    traded = ("stone", "wood")
    sold = torch.stack([accounts[f"sold_{good}"] - accounts[f"bought_{good}"] for good in traded]).sum(0)
    units, coin = (float(accounts[name].mean()) for name in ("units_traded", "coin_traded"))
    houses, labour = by_skill("houses"), by_skill("labour")
    return {
        "houses": houses,
        "share_of_houses_by_highest_skill": houses[-1] / sum(houses) if sum(houses) else None,
        "labour_per_house": labour[-1] / houses[-1] if houses[-1] else None,
        "net_units_sold": [float(mean) for mean in sold.double().gather(1, rank).mean(0)],
        "labour": labour,
        "coin": by_skill("consumption"),
        "units_traded": units,
        "mean_price": coin / units if units else None,
        "builder": margin(game, accounts) if houses[-1] else None,
    }


def margin(game: Game[Any], accounts: Mapping[str, Tensor]) -> dict[str, float]:
    r"""Return what one more house costs and brings the worker with the highest skill, from means of episodes.

    A worker with labour cost $c$ builds $h$ houses with labour $l$, pays $m$ net for materials and ends with coin $x$.
    All inputs in proportion, it is at its best where $c \, l / h = (1 - s \, \tau (1 - 1 / N)) (b - m / h) x^{-\eta}$,
    with the payment per house $b$ and its marginal tax rate $\tau$ (a mean over periods, weighted by income), of whose
    tax one $N$-th comes back as rebate. The share $s$ of the tax is what it attributes to its work. ``cost`` is the
    left side, ``gain_untaxed`` the right side for $s = 0$, and ``felt`` the $s$ for which both are equal.
    """
    best = accounts["build_payment"].argmax(1, keepdim=True)

    def of_best(values: Tensor) -> float:
        return float(values.double().gather(1, best).mean())

    rates, incomes = (accounts[name].double() for name in ("marginal_rate_by_period", "income_by_period"))
    houses, workers = of_best(accounts["houses"]), accounts["houses"].shape[1]
    goods = ("stone", "wood")
    materials = sum(of_best(accounts[f"spent_on_{good}"] - accounts[f"earned_with_{good}"]) for good in goods)
    net = (of_best(accounts["building_income"]) - materials) / houses
    rate = of_best((rates * incomes).sum(-1)) / of_best(incomes.sum(-1))
    risk_aversion, labour_cost = (float(game.number(name)) for name in ("risk_aversion", "labour_cost"))
    gain = net * of_best(accounts["consumption"]) ** -risk_aversion
    cost = labour_cost * of_best(accounts["labour"]) / houses
    wedge = rate * (1 - 1 / workers)
    found = {"net_of_materials": net, "marginal_rate": rate, "gain_untaxed": gain, "cost": cost}
    return found if not wedge else {**found, "felt": (1 - cost / gain) / wedge}


def _labour_of(run: Run) -> dict[str, dict[str, Any]]:
    plan = run.plan
    by_policy = {
        policy.label: [
            division_of_labour(plan.game, agents_of(run, plan, policy, seed), run.scenario.seed)
            for seed in policy.seeds
        ]
        for policy in plan.policies
    }
    return {label: _mean(rows) for label, rows in by_policy.items()}


def _mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the mean of each figure over ``rows``; ``None`` where a row has none."""

    def of(values: Sequence[Any]) -> Any:
        if any(value is None for value in values):
            return None
        if isinstance(values[0], list):
            return [of(entries) for entries in zip(*values, strict=True)]
        if isinstance(values[0], dict):
            return _mean(values)
        return sum(values) / len(values)

    return {name: of([row[name] for row in rows]) for name in rows[0]}


def gate(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Return price and volume at the end of the untaxed phase, by seed, and whether they are those published."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for seed, rows in run.metrics[run.metrics["policy"] == "shared phases"].groupby("seed"):
            untaxed = rows[rows["step"] >= (1 - LAST_SHARE) * rows["step"].max()]
            means = {name: float(untaxed[untaxed["name"] == f"play/{name}"]["value"].mean()) for name in GATE}
            passed = all(low <= means[name] <= high for name, (low, high) in GATE.items())
            found[f"seed {seed}"] = {**means, "passed": passed}
    return found


def curves(run: Run) -> dict[str, Any]:
    """Return what the episodes that finished during training have in common, at selected iterations."""
    played = run.metrics[run.metrics["name"].str.startswith("play/")]
    found: dict[str, Any] = {}
    for (policy, seed), rows in played.groupby(["policy", "seed"], sort=False):
        table = rows.pivot_table(index="step", columns="name", values="value")
        thin = table.iloc[:: max(1, len(table) // CURVE_POINTS)]
        names = ("productivity", "equality", "mean_price", "units_traded", "houses_built", "labour_per_house")
        found[f"{policy}, seed {seed}"] = {
            "iteration": [int(step) for step in thin.index],
            **{name: thin[f"play/{name}"].round(4).tolist() for name in names},
        }
    return found


def speed(run: Run) -> float:
    """Return the median number of environment steps per second over the whole training."""
    rows: pd.Series[float] = run.throughput.query("name == 'throughput/env_steps_per_second'")["value"]
    return float(rows.median())


def gains(run: Run) -> list[dict[str, Any]]:
    """Return the gain of each role from deviating, under each policy for which ``econsim equilibrium`` measured it."""
    kept = ("role", "seed", "method", "followers", "own", "gain", "low", "high", "relative", "ranks", "announcement")
    return [
        {"policy": policy} | {name: finding[name] for name in kept if name in finding}
        for policy, certificate in run.certificates.items()
        for finding in certificate["findings"]
    ]


def table(result: dict[str, Any], planned: int) -> str:
    """Return the comparison as Markdown; ``planned`` is the number of seeds that it will have."""
    seeds = result["seeds"]
    lines = [
        f"# {result['scenario']}, {len(seeds)} of {planned} seeds ({', '.join(map(str, seeds))})",
        "",
        "Houses, labour per house and the share of houses are those of the worker with the highest skill.",
        "",
        "| policy | productivity | equality | equality x productivity | published | houses | share | labour a house "
        "| units traded | mean price |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for label, found in result["policies"].items():
        labour = result["division_of_labour"][label]
        interval = found.get("interval")
        spread = f" ({interval[0]:,.0f} to {interval[1]:,.0f})" if interval else ""
        lines.append(
            f"| {label} | {found['productivity']:,.0f} | {found['equality']:.3f} "
            f"| {found['equality_times_productivity']:,.0f}{spread} | {published(label):,.0f} "
            f"| {labour['houses'][-1]:.1f} | {_shown(labour['share_of_houses_by_highest_skill'], '.0%')} "
            f"| {_shown(labour['labour_per_house'], '.1f')} | {labour['units_traded']:.0f} "
            f"| {_shown(labour['mean_price'], '.2f')} |"
        )
    (low, high), (fewest, _) = GATE.values()
    lines += ["", f"End of the untaxed phase (asked for: a price of {low} to {high}, at least {fewest:.0f} units):"]
    for seed, market in result["gate"].items():
        verdict = "passed" if market["passed"] else "not passed"
        lines.append(f"{seed}: price {market['mean_price']:.2f}, {market['units_traded']:.0f} units, {verdict}.")
    return "\n".join(lines) + "\n"


def published(label: str) -> float:
    """Return the published score of a policy: of the formula with any elasticity, and of the planner for all others."""
    name = "saez" if label.startswith(("saez", "elasticity")) else label
    return PUBLISHED.get(name, PUBLISHED["planner"])


def _shown(value: float | None, form: str) -> str:
    return "none built" if value is None else format(value, form)
