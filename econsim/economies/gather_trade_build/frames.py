"""Frames of recordings of Gather-Trade-Build: the map, workers, markets and taxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.components.tax import Ledger, Tax
from econsim.economies.gather_trade_build.components.trade import Book, Trade
from econsim.economies.gather_trade_build.layouts import EMPTY, STONE, WATER, WOOD
from econsim.economies.gather_trade_build.world import (
    GOODS,
    IS_STONE_SOURCE,
    IS_WATER,
    IS_WOOD_SOURCE,
    Ground,
    State,
    World,
)

if TYPE_CHECKING:
    from econsim.economies.gather_trade_build.economy import GatherTradeBuild

__all__ = ["frame_of", "stage_of"]


def stage_of(economy: GatherTradeBuild) -> dict[str, Any]:
    """Return the constants of a recording: map size, workers, planners, goods, prices, tax period and thresholds."""
    stage: dict[str, Any] = {
        "horizon": economy.horizon,
        "height": economy.layout.height,
        "width": economy.layout.width,
        "unit": economy.unit,
        "goods": list(GOODS),
        "workers": [group.name for group in economy.groups for _ in range(group.count)],
        "planners": list(economy.planners),
    }
    for component in economy.components:
        if isinstance(component, Trade):
            stage["highest_price"] = component.parameters.highest_price
        if isinstance(component, Tax):
            stage |= {"period": component.parameters.period, "thresholds": list(component.thresholds)}
            stage["taxed_by"] = economy.tables["planner_of"].tolist()
    return stage


def frame_of(economy: GatherTradeBuild, state: State) -> dict[str, Tensor]:
    """Return one frame of every environment copy.

    ``ground`` (tile codes of layouts), ``stock`` (0 or 1 unit) and ``owner`` (0: no house, ``n + 1``: worker ``n``) are
    ``[B, H, W]``. ``row``, ``column``, ``coin`` (escrow included), ``labour``, ``pay`` (coin per house) and ``houses``
    are ``[B, N]``. ``goods`` is ``[B, N, 2]`` in units, escrow included. The components ``trade`` and ``tax`` add the
    entries of ``_market`` and ``_tax_office``.
    """
    world = state.world
    frame = _tiles(economy, world) | _people(economy, world)
    for component in economy.components:
        memory = state.parts[component.name]
        if isinstance(component, Trade):
            frame |= _market(component, memory)
        if isinstance(component, Tax):
            frame |= _tax_office(memory)
    return frame


def _tiles(economy: GatherTradeBuild, world: World) -> dict[str, Tensor]:
    ground = economy.ground(world)
    copies = world.position.shape[0]
    stock = torch.zeros_like(world.owner, dtype=torch.uint8)
    stock = stock.scatter(1, ground.source.expand(copies, -1), world.stock.to(torch.uint8))
    layers = {"ground": _codes(ground).expand(copies, -1), "stock": stock, "owner": world.owner}
    shape = (copies, economy.layout.height, economy.layout.width)
    return {name: tiles[:, economy.tables["map"]].reshape(shape) for name, tiles in layers.items()}


def _codes(ground: Ground) -> Tensor:
    """Return the tile codes of layouts, ``[1 | B, P]`` uint8."""
    codes = torch.full_like(ground.terrain, EMPTY)
    for bit, code in ((IS_WATER, WATER), (IS_STONE_SOURCE, STONE), (IS_WOOD_SOURCE, WOOD)):
        codes = torch.where((ground.terrain >> bit & 1) == 1, code, codes)
    return codes.to(torch.uint8)


def _people(economy: GatherTradeBuild, world: World) -> dict[str, Tensor]:
    return {
        "row": (world.position // economy.row_length - economy.margin).to(torch.int16),
        "column": (world.position % economy.row_length - economy.margin).to(torch.int16),
        "coin": world.endowment.float(),
        "labour": world.labour.float(),
        "pay": world.build_payment.float(),
        "houses": world.built,
        "goods": world.goods + world.goods_in_escrow,
    }


def _market(trade: Trade, book: Book) -> dict[str, Tensor]:
    """Return units and coin traded so far and the best open prices (-1: none), ``[B, 2]`` int32 each."""
    bid, ask = ((orders.amax((2, 3)) - 1) >> trade.age_bits for orders in (book.bids, book.asks))
    return {
        "traded": book.bought.sum(1, dtype=torch.int32),
        "turnover": book.spent.sum(1, dtype=torch.int32),
        "best_bid": bid.int(),
        "best_ask": torch.where(ask >= 0, trade.prices - 1 - ask, -1).int(),
    }


def _tax_office(ledger: Ledger) -> dict[str, Tensor]:
    """Return rates in force ``[B, L, K]``; income, tax and rebate of all completed periods, ``[B, N]`` in coin."""
    books = {"taxed_income": ledger.income, "tax": ledger.tax, "rebate": ledger.rebate}
    return {"rates": ledger.rates.float(), **{name: row.sum(-1).float() for name, row in books.items()}}
