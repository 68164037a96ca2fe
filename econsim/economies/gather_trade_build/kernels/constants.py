"""Constants of an economy as kernels read them, made once and again where parameters or maps are replaced."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from econsim.economies.gather_trade_build.components.trade import HISTORY_SCALE, REMEMBERED
from econsim.economies.gather_trade_build.economy import INVENTORY_SCALE
from econsim.economies.gather_trade_build.kernels import arrays
from econsim.economies.gather_trade_build.kernels.memory import row_bytes, tensors_of
from econsim.economies.gather_trade_build.observation import CHANNELS
from econsim.economies.gather_trade_build.parameters import WelfareName
from econsim.economies.gather_trade_build.world import (
    HAS_STONE,
    HAS_WOOD,
    IS_STONE_SOURCE,
    IS_WOOD_SOURCE,
    Ground,
    State,
)
from econsim.kernels.allocation import array_of
from econsim.kernels.constants import check_copies
from econsim.kernels.recycling import Recycled

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["COMPONENTS", "ConstantTables", "Tables"]

COMPONENTS = {"build": arrays.BUILD, "trade": arrays.TRADE, "gather": arrays.GATHER, "tax": arrays.TAX,
              "equalise": arrays.EQUALISE}  # fmt: skip
_COLUMNS = ("build_labour", "order_labour", "move_labour", "collect_labour", "highest_rate", "base_payment",
            "highest_multiple")  # fmt: skip


class Tables(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    sizes: arrays.Sizes
    numbers: Any  # the sizes as [27] int64
    constants: arrays.Constants
    row_bytes: Any  # [FIXED + WORLD + BOOK + LEDGER] int64, bytes per environment copy of each tensor of a state
    changing: Recycled  # the tensors of a state that every step changes
    ledger: Recycled  # those of the component tax
    outcomes: Recycled  # the rewards [B, N] and [B, L] and the ends [B] bool
    seen: Recycled  # workers' features, masks and images, planners' masks, who acts, the whole map, planners' features
    planner_lengths: Any  # the number F of each planner's features, int64
    alive: Tensor  # [B, N] bool, all True
    planner_alive: Tensor  # [B, 1] bool, all True
    never: Tensor  # [B] bool, all False


class ConstantTables:
    """Tables for kernels, kept until the parameters, the precision, the map or the batch changes."""

    def __init__(self) -> None:
        self._last: tuple[list[Any], Tables] | None = None

    def of(self, economy: GatherTradeBuild, state: State) -> Tables:
        """Return the tables for a state's batch."""
        copies, ground = state.world.key.shape[0], economy.ground(state.world)
        made_of = [economy.dtype, ground, *economy.parameters.values()]
        last = self._last
        if last is None or last[1].sizes.copies != copies or not _same(last[0], made_of):
            check_copies(economy, copies)
            self._last = last = (made_of, _tables(economy, ground, state))
        return last[1]


def _tables(economy: GatherTradeBuild, ground: Ground, state: State) -> Tables:
    copies, money, planners = state.world.key.shape[0], economy.dtype, economy.planners
    sizes = _sizes(economy, ground, copies)
    n, s, sees_map = sizes.workers, sizes, bool(planners) and economy.settings.planner_sees_map
    lengths = [len(economy.roles[name].features) for name in planners]
    ones = torch.ones((copies, n), dtype=torch.bool)
    seen = [
        _pattern(money, copies, n, s.worker_features),
        _pattern(torch.bool, copies, n, s.worker_choices),
        _pattern(torch.uint8, copies, n, CHANNELS, s.view_height, s.view_width),
        _pattern(torch.bool, copies, s.planners, s.planner_choices),
        _pattern(torch.bool, copies, 1),
        _pattern(torch.uint8, copies, 1, CHANNELS, s.height, s.width) if sees_map else _pattern(torch.uint8, 0),
        *(_pattern(money, copies, 1, length) for length in lengths),
    ]
    outcomes = [_pattern(money, copies, n), _pattern(money, copies, s.planners), _pattern(torch.bool, copies)]
    _, changing, ledger = tensors_of(state)
    return Tables(
        sizes=sizes,
        numbers=np.array(sizes, np.int64),
        constants=_constants(economy, ground),
        row_bytes=row_bytes(state),
        changing=Recycled(list(map(_pattern_of, changing))),
        ledger=Recycled(list(map(_pattern_of, ledger))),
        outcomes=Recycled(outcomes),
        seen=Recycled(seen),
        planner_lengths=np.array(lengths, np.int64),
        alive=ones,
        planner_alive=ones[:, :1].clone(),
        never=torch.zeros(copies, dtype=torch.bool),
    )


def _pattern(dtype: torch.dtype, *shape: int) -> Tensor:
    """Return a tensor of a shape and type that holds no more than one number."""
    return torch.empty((), dtype=dtype).expand(shape)


def _pattern_of(tensor: Tensor) -> Tensor:
    return _pattern(tensor.dtype, *tensor.shape)


def _same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(map(is_, left, right))


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
        stocked=array_of(_stocked(ground.terrain)),
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
    fixed = (REMEMBERED, INVENTORY_SCALE, HISTORY_SCALE, economy.settings.equality_weight)
    columns += [torch.full((1,), value, dtype=torch.float64) for value in fixed]
    rows = max(column.shape[0] for column in columns)
    return torch.stack([column.expand(rows) for column in columns], 1)


def _of_workers(economy: GatherTradeBuild, name: str) -> Tensor:
    values = economy.of_workers(name)
    return values.expand(values.shape[0], economy.workers)


def _stocked(terrain: Tensor) -> Tensor:
    """Return the bits of tiles ``[1 | B, P]`` with a unit on every source."""
    stocked = terrain
    for source, unit in ((IS_STONE_SOURCE, HAS_STONE), (IS_WOOD_SOURCE, HAS_WOOD)):
        stocked = stocked | (terrain >> source & 1) << unit
    return stocked
