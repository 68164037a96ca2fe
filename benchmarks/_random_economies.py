"""Gather-Trade-Build economies with random components, maps, classes of workers and parameters."""

from __future__ import annotations

import random
from typing import Any, get_args

from pydantic import ValidationError

from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.parameters import WelfareName

MAPS = ("published", "uniform", "quadrant", "split", "multi_zone")


def random_economy(seed: int) -> GatherTradeBuild:
    """Return the economy of a seed; settings that no economy may have are drawn again."""
    draw = random.Random(seed)
    while True:
        try:
            parameters = Parameters.model_validate(_settings(draw))
        except ValidationError:
            continue
        return GatherTradeBuild(parameters)


def _settings(draw: random.Random) -> dict[str, Any]:
    taxed = draw.random() < 0.8
    parts: list[Any] = draw.sample(["build", _trade(draw), "gather"], draw.choice((2, 3)))
    if taxed:
        parts.insert(draw.randint(0, len(parts)), _tax(draw))
    elif draw.random() < 0.5:
        parts.append("equalise")
    workers, planners = _workers(draw)
    side = draw.randint(12, 26)
    layout = draw.choice(MAPS)
    size = {} if layout == "published" else {"height": side, "width": draw.randint(12, 26)}
    return {
        "workers": workers,
        "planners": planners,
        "layout": {"kind": layout, **size},
        "starts": {"kind": "anywhere"},
        "components": parts,
        "build_skill": {"kind": draw.choice(("expected_ranks", "pareto", "lognormal", "equal"))},
        "gather_bonus": draw.choice(("pareto", "lognormal", 0.0, 0.5, 1.0)),
        "labour_cost": draw.choice((0.0, 0.05, 0.21)),
        "risk_aversion": draw.choice((0.0, 0.23, 1.0, 1.7)),
        "starting_coin": draw.choice((0.0, 5.0, 40.0)),
        "horizon": draw.randint(20, 60),
        "regrowth_rate": draw.choice((0.0, 0.01, 0.3, 1.0)),
        "regrowth_halfwidth": draw.choice((0, 0, 1, 2)),
        "view_radius": draw.choice((0, 2, 5, 9, "all")),
        "planner_sees_map": draw.random() < 0.5,
        "taxes_felt": draw.choice(("when_collected", "when_collected", "as_accrued")),
        "lowest_rate": draw.choice((0.0, 0.0, -0.5)) if taxed else 0.0,
        "welfare": draw.choice(get_args(WelfareName)),
        "equality_weight": draw.choice((0.0, 0.4, 1.0)),
    }


def _trade(draw: random.Random) -> dict[str, Any]:
    return {
        "kind": "trade",
        "highest_price": draw.randint(1, 12),
        "order_duration": draw.choice((0, 3, 10, 50)),
        "open_orders": draw.randint(1, 6),
    }


def _tax(draw: random.Random) -> dict[str, Any]:
    brackets = draw.choice(({"year": 2019}, [0.0], [0.0, 2.0, 9.0], [0.0, 0.5, 1.5, 4.0, 30.0]))
    return {
        "kind": "tax",
        "period": draw.choice((1, 5, 10, 17)),
        "brackets": brackets,
        "highest_rate": draw.choice((0.3, 1.0)),
        "rate_step": draw.choice((0.05, 0.25, 0.5)),
    }


def _workers(draw: random.Random) -> tuple[Any, list[str]]:
    """Return one class of workers and one planner, or three classes and one or two planners."""
    if draw.random() < 0.7:
        return draw.choice((1, 2, 4, 4, 10, 40, 100)), ["planner"]
    planners = ["capital", "province"][: draw.choice((1, 2))]
    names = ("north", "south", "visitors")
    return [
        {"name": name, "count": draw.randint(1, 5), "planner": planners[number % len(planners)],
         "risk_aversion": draw.choice((None, 0.5, 1.0, 2.0))}
        for number, name in enumerate(names)
    ], planners  # fmt: skip
