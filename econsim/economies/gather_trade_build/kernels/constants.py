"""Constants of an economy as kernels read them, made once and again where parameters or maps are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import torch
from torch import Tensor

from econsim.economies.gather_trade_build.components.trade import REMEMBERED
from econsim.economies.gather_trade_build.kernels import arrays
from econsim.economies.gather_trade_build.parameters import WelfareName
from econsim.economies.gather_trade_build.world import Ground, World
from econsim.kernels.allocation import array_of

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["COMPONENTS", "ConstantTables"]

COMPONENTS = {"build": arrays.BUILD, "trade": arrays.TRADE, "gather": arrays.GATHER, "tax": arrays.TAX,
              "equalise": arrays.EQUALISE}  # fmt: skip
_COLUMNS = ("build_labour", "order_labour", "move_labour", "collect_labour", "highest_rate", "base_payment",
            "highest_multiple")  # fmt: skip
_INVENTORY_SCALE = _HISTORY_SCALE = 0.01


class ConstantTables:
    """Sizes and constants for kernels, kept until the parameters, the precision, the map or the batch changes."""

    def __init__(self) -> None:
        self._last: tuple[list[Any], Any, arrays.Constants] | None = None

    def of(self, economy: GatherTradeBuild, world: World) -> tuple[Any, arrays.Constants]:
        """Return the sizes ``[27]`` int64 and the constants."""
        ground = economy.ground(world)
        made_of = [economy.dtype, world.key.shape[0], ground, *economy.parameters.values()]
        last = self._last
        if last is None or len(last[0]) != len(made_of) or any(map(_differ, last[0], made_of)):
            sizes = np.array(_sizes(economy, ground, world.key.shape[0]), np.int64)
            self._last = last = (made_of, sizes, _constants(economy, ground))
        return last[1], last[2]


def _differ(left: Any, right: Any) -> bool:
    return left is not right and (not isinstance(left, int) or left != right)


def _sizes(economy: GatherTradeBuild, ground: Ground, copies: int) -> arrays.Sizes:
    components = {component.name: component for component in economy.components}
    trade, tax = (getattr(components.get(name), "parameters", None) for name in ("trade", "tax"))
    whole_map, radius = economy.settings.view_radius == "all", economy.settings.view_radius
    side = 1 if isinstance(radius, str) else 2 * radius + 1
    prices = trade.highest_price + 1 if trade else 0
    options = len(economy.tables["rate_options"]) if tax else 0
    brackets = len(economy.tables["thresholds"]) if tax else 0
    return arrays.Sizes(
        copies=copies,
        workers=economy.workers,
        planners=len(economy.planners),
        tiles=ground.terrain.shape[1],
        sources=ground.source.shape[1],
        stone_sources=int(economy.tables["stone_sources"]),
        row_length=economy.row_length,
        margin=economy.margin,
        height=economy.layout.height,
        width=economy.layout.width,
        horizon=economy.horizon,
        prices=prices,
        slots=trade.open_orders if trade else 0,
        age_bits=(trade.order_duration + 1).bit_length() if trade else 0,
        order_duration=trade.order_duration if trade else 0,
        brackets=brackets,
        options=options,
        period=tax.period if tax else 1,
        periods=len(economy.tables["periods"]) if tax else 0,
        worker_choices=1 + sum(len(component.choices(economy)) for component in economy.components),
        worker_features=len(economy.roles[economy.groups[0].name].features),
        planner_choices=brackets * (options + 1),
        view_height=economy.layout.height if whole_map else side,
        view_width=economy.layout.width if whole_map else side,
        whole_map=int(whole_map),
        welfare=get_args(WelfareName).index(economy.settings.welfare),
        credits=int(economy.lowest_rate < 0),
    )


def _constants(economy: GatherTradeBuild, ground: Ground) -> arrays.Constants:
    tables, money = economy.tables, economy.dtype
    nothing = torch.zeros(0)

    def of_money(tensor: Tensor) -> Any:
        return array_of(tensor.to(money))

    return arrays.Constants(
        components=np.array([COMPONENTS[component.name] for component in economy.components], np.int64),
        numbers=of_money(_numbers(economy)),
        labour_cost=of_money(_of_workers(economy, "labour_cost")),
        risk_aversion=of_money(_of_workers(economy, "risk_aversion")),
        terrain=array_of(ground.terrain),
        source=array_of(ground.source),
        source_at=array_of(ground.source_at),
        regrowth=of_money(economy.number("regrowth_rate") * ground.regrowth.to(money)),
        thresholds=of_money(tables.get("thresholds", nothing)),
        rate_options=array_of(tables.get("rate_options", nothing).double()),
        planner_of=array_of(tables.get("planner_of", nothing).long()),
        people=array_of(tables["people"].sum(-1)) if "people" in tables else np.zeros(0, np.int64),
    )


def _numbers(economy: GatherTradeBuild) -> Tensor:
    """Return the numeric parameters ``[1 | B, 11]``; those of components that are left out are zero."""
    given = economy.parameters
    columns = [given[name].double().reshape(-1) if name in given else torch.zeros(1).double() for name in _COLUMNS]
    fixed = (REMEMBERED, _INVENTORY_SCALE, _HISTORY_SCALE, economy.settings.equality_weight)
    columns += [torch.full((1,), value, dtype=torch.float64) for value in fixed]
    rows = max(column.shape[0] for column in columns)
    return torch.stack([column.expand(rows) for column in columns], 1)


def _of_workers(economy: GatherTradeBuild, name: str) -> Tensor:
    values = economy.of_workers(name)
    return values.expand(values.shape[0], economy.workers)
