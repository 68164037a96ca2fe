"""Trade: a continuous double auction in each good, one unit per order, at integer prices, with full escrow.

An open order is encoded as one integer, larger for better orders. A bid at price ``p`` that is ``a`` steps old is
``1 + p A + a`` and an ask is ``1 + (highest - p) A + a``, where ``A`` is a power of two above all ages. The largest bid
thus has the highest price and then the greatest age, the largest ask the lowest price and then the greatest age; zero
is an empty slot. Ties go to the worker with the lower number, as in a list that is filled worker by worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from pydantic import Field
from torch import Tensor

from econsim.accounts import MONEY, Account
from econsim.economies.gather_trade_build.accounts import WORKERS
from econsim.economies.gather_trade_build.components import Component, Economy, Features
from econsim.economies.gather_trade_build.components._matching import Settlement, settle
from econsim.economies.gather_trade_build.world import GOODS, World
from econsim.game import tensors
from econsim.parameters import Model

__all__ = ["Parameters", "Trade"]

REMEMBERED = 0.995  # share of the price history that is kept from one step to the next
HISTORY_SCALE = 0.01  # of the price history as it is observed


class Parameters(Model):
    """Parameters of the auction."""

    highest_price: int = Field(10, ge=1, le=100)
    """Highest price; prices are whole coins from 0 up to it."""
    order_labour: float = Field(0.25, ge=0)
    """Labour per order placed."""
    order_duration: int = Field(50, ge=0, le=10_000)
    """Steps for which an order stays open after the one in which it is placed."""
    open_orders: int = Field(5, ge=1, le=50)
    """Maximum number of open orders of a worker in one good, bids and asks together."""


@tensors
class Book:
    """Memory of the trade component: open orders, the price history and totals."""

    bids: Tensor  # [B, 2, N, O] int32, by good, encoded as the module docstring describes
    asks: Tensor  # [B, 2, N, O] int32
    price_history: Tensor  # [B, 2, prices], decayed counts of sales by price
    bought: Tensor  # [B, N, 2] int32, units since the start
    sold: Tensor  # [B, N, 2] int32, units
    spent: Tensor  # [B, N, 2] int32, coin
    earned: Tensor  # [B, N, 2] int32, coin


class Trade(Component):
    """Double auction: in every step, orders are placed and matched, then they age and old ones are cancelled."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.prices = parameters.highest_price + 1
        self.age_bits = (parameters.order_duration + 1).bit_length()
        self.ages = 1 << self.age_bits

    def numbers(self) -> dict[str, float]:
        """Return the labour of an order."""
        return {"order_labour": self.parameters.order_labour}

    def tables(self, economy: Economy) -> dict[str, Tensor]:
        """Return the prices, the indices of goods and slots, and the precedence of workers."""
        return {
            "prices": torch.arange(self.prices, dtype=torch.int32),
            "goods": torch.arange(len(GOODS)),
            "slots": torch.arange(self.parameters.open_orders, dtype=torch.int32),
            "precedence": torch.arange(economy.workers - 1, -1, -1, dtype=torch.int32),
        }

    def choices(self, economy: Economy) -> tuple[str, ...]:
        """Return bids and asks by good and price."""
        sides = ("bid", "ask")
        return tuple(f"{side}_{good}_{price}" for good in GOODS for side in sides for price in range(self.prices))

    def start(self, economy: Economy, world: World) -> Book:
        """Return an empty book."""
        copies, workers, goods = world.goods.shape
        orders = world.goods.new_zeros((copies, goods, workers, self.parameters.open_orders))
        history = torch.zeros((copies, goods, self.prices), dtype=economy.dtype, device=world.goods.device)
        nothing = torch.zeros_like(world.goods)
        return Book(orders, orders, history, nothing, nothing, nothing, nothing)

    def mask(self, economy: Economy, world: World, memory: Book) -> Tensor:
        """Return the orders that a worker can cover and has a free slot for, ``[B, N, 2 * 2 * prices]``."""
        room = self._room(memory).movedim(1, 2)  # [B, N, 2]
        affordable = economy.tables["prices"] <= world.coin[..., None]  # [B, N, prices]
        bids = room[..., None] & affordable[:, :, None, :]
        asks = (room & (world.goods >= 1))[..., None].expand_as(bids)
        return torch.stack([bids, asks], 3).flatten(2)

    def step(
        self, economy: Economy, world: World, memory: Book, actions: Tensor, announced: Mapping[str, Tensor]
    ) -> tuple[World, Book]:
        """Place legal orders, match crossing orders, then age all open orders and cancel expired ones."""
        memory = replace(memory, price_history=memory.price_history * REMEMBERED)
        world, memory = self._place(economy, world, memory, actions)
        bids, asks, done = settle(memory.bids, memory.asks, self.age_bits, self.prices, economy.tables["precedence"])
        world, memory = _deliver(world, replace(memory, bids=bids, asks=asks), done)
        return self._cancel(world, memory)

    def observe(self, economy: Economy, world: World, memory: Book) -> Features:
        """Return, for each good, the market rate, price history, and open orders of others and of the worker."""
        own_bids, own_asks = self._histogram(memory.bids), self._histogram_of_asks(memory)  # [B, 2, N, prices]
        all_bids, all_asks = own_bids.sum(2, keepdim=True), own_asks.sum(2, keepdim=True)
        history = memory.price_history
        total = history.sum(-1)
        rate = (history * economy.tables["prices"]).sum(-1) / total.clamp(min=0.001)
        seen = Features()
        for number, good in enumerate(GOODS):
            public = {
                f"market_rate-{good}": rate[:, number, None, None],
                f"price_history-{good}": history[:, number, None] * HISTORY_SCALE,
            }
            seen.worker |= public | {
                f"available_asks-{good}": (all_asks - own_asks)[:, number],
                f"available_bids-{good}": (all_bids - own_bids)[:, number],
                f"my_asks-{good}": own_asks[:, number],
                f"my_bids-{good}": own_bids[:, number],
            }
            seen.planner |= public | {
                f"full_asks-{good}": all_asks[:, number],
                f"full_bids-{good}": all_bids[:, number],
            }
        return seen

    def units(self) -> dict[str, str]:
        """Return the units of the market features; histograms have one entry per price, starting at 0."""
        units: dict[str, str] = {}
        for good in GOODS:
            units |= {f"market_rate-{good}": "coin", f"price_history-{good}": "hundreds of recent sales at this price"}
            orders = ("available_asks", "available_bids", "my_asks", "my_bids", "full_asks", "full_bids")
            units |= {f"{name}-{good}": "orders at this price" for name in orders}
        return units

    def accounts_spec(self, economy: Economy) -> tuple[Account, ...]:
        """Return the declared accounts of workers, the price history, and the accounts of the whole market."""
        return (
            *(account for good in GOODS for account in _accounts_of(good)),
            Account("units_traded", (), "units", show="detail"),
            Account("coin_traded", (), MONEY, show="detail"),
            Account("mean_price", (), f"{MONEY} per unit", show="detail"),
        )

    def accounts(self, economy: Economy, world: World, memory: Book) -> dict[str, Tensor]:
        """Return units and coin traded by worker, ``[B, N]``, the price history of each good, and market totals.

        The price history is ``[B, prices]``. Units and coin of all sales are ``[B]``, and so is the mean price of an
        episode, zero without sales; the price of several episodes is their coin over their units.
        """
        units, coin = memory.bought.double().sum((1, 2)), memory.spent.double().sum((1, 2))
        accounts = {"units_traded": units, "coin_traded": coin, "mean_price": coin / units.clamp_min(1.0)}
        for number, good in enumerate(GOODS):
            accounts |= {
                f"bought_{good}": memory.bought[..., number].double(),
                f"sold_{good}": memory.sold[..., number].double(),
                f"spent_on_{good}": memory.spent[..., number].double(),
                f"earned_with_{good}": memory.earned[..., number].double(),
                f"price_history_{good}": memory.price_history[:, number].double(),
            }
        return accounts

    def conserved(self, economy: Economy, world: World, memory: Book) -> dict[str, Tensor]:
        """Return buyers' payments less sellers' receipts, and escrow less the content of open orders, all zero."""
        bid_prices = ((memory.bids - 1) >> self.age_bits) * (memory.bids > 0)
        paid = (memory.spent - memory.earned).double().sum((1, 2))
        coin = world.coin_in_escrow.double().sum(1) - bid_prices.double().sum((1, 2, 3))
        asks = (memory.asks > 0).sum((2, 3)) - world.goods_in_escrow.sum(1)
        return {"trade_payments": paid, "bids_in_escrow": coin, "asks_in_escrow": asks.double().sum(1)}

    def _room(self, memory: Book) -> Tensor:
        """Return whether each worker may open another order, ``[B, 2, N]``."""
        return ((memory.bids + memory.asks) == 0).any(-1)

    def _place(self, economy: Economy, world: World, memory: Book, actions: Tensor) -> tuple[World, Book]:
        """Open the covered orders that have a free slot; an order takes the first empty slot."""
        choice = actions - 1
        price = (choice % self.prices).int()
        is_ask = (choice // self.prices) % 2 == 1
        of_good = (choice // (2 * self.prices))[..., None] == economy.tables["goods"]  # [B, N, 2]
        covered = torch.where(is_ask[..., None], world.goods >= 1, (price <= world.coin)[..., None])
        opens = of_good & covered & self._room(memory).movedim(1, 2) & (actions > 0)[..., None]
        opens_ask, opens_bid = opens & is_ask[..., None], opens & ~is_ask[..., None]
        empty = (memory.bids + memory.asks) == 0
        slots = economy.tables["slots"]
        first = torch.where(empty, slots, self.parameters.open_orders).amin(-1, keepdim=True) == slots
        bid = (1 + price * self.ages)[:, None, :, None] * (opens_bid.movedim(1, 2)[..., None] & first)
        ask = (1 + (self.prices - 1 - price) * self.ages)[:, None, :, None]
        ask = ask * (opens_ask.movedim(1, 2)[..., None] & first)
        paid = (price * opens_bid.any(-1)).to(world.coin)
        units = opens_ask.int()
        world = replace(
            world,
            coin=world.coin - paid,
            coin_in_escrow=world.coin_in_escrow + paid,
            goods=world.goods - units,
            goods_in_escrow=world.goods_in_escrow + units,
            labour=world.labour + economy.number("order_labour") * opens.any(-1),
        )
        return world, replace(memory, bids=memory.bids + bid, asks=memory.asks + ask)

    def _cancel(self, world: World, memory: Book) -> tuple[World, Book]:
        """Age every open order by one step; return the content of expired orders from escrow."""
        bids, asks = memory.bids + (memory.bids > 0), memory.asks + (memory.asks > 0)
        too_old = self.parameters.order_duration + 1
        old_bids, old_asks = ((orders > 0) & ((orders - 1) & (self.ages - 1) == too_old) for orders in (bids, asks))
        refund = (((bids - 1) >> self.age_bits) * old_bids).sum((1, 3), dtype=torch.int32).to(world.coin)
        units = old_asks.sum(-1, dtype=torch.int32).movedim(1, 2)
        world = replace(
            world,
            coin=world.coin + refund,
            coin_in_escrow=world.coin_in_escrow - refund,
            goods=world.goods + units,
            goods_in_escrow=world.goods_in_escrow - units,
        )
        return world, replace(memory, bids=bids * ~old_bids, asks=asks * ~old_asks)

    def _histogram(self, orders: Tensor) -> Tensor:
        """Return the number of open orders at each price level, ``[B, 2, N, prices]``, the worst level first."""
        level = ((orders - 1) >> self.age_bits).long() + 1  # empty slots are counted separately, in the first entry
        counts = orders.new_zeros((*orders.shape[:3], self.prices + 1))
        return counts.scatter_add(3, level, torch.ones_like(orders))[..., 1:]

    def _histogram_of_asks(self, memory: Book) -> Tensor:
        return self._histogram(memory.asks).flip(-1)


def _deliver(world: World, memory: Book, done: Settlement) -> tuple[World, Book]:
    """Settle trades: goods and the excess of the bid over the price go to buyers, the price goes to sellers."""
    pledged, paid = done.pledged.sum(1).to(world.coin), done.paid.sum(1).to(world.coin)
    earned = done.earned.sum(1).to(world.coin)
    bought, sold = done.bought.movedim(1, 2), done.sold.movedim(1, 2)
    world = replace(
        world,
        coin=world.coin + (pledged - paid) + earned,
        coin_in_escrow=world.coin_in_escrow - pledged,
        goods=world.goods + bought,
        goods_in_escrow=world.goods_in_escrow - sold,
    )
    return world, replace(
        memory,
        price_history=memory.price_history + done.by_price,
        bought=memory.bought + bought,
        sold=memory.sold + sold,
        spent=memory.spent + done.paid.movedim(1, 2),
        earned=memory.earned + done.earned.movedim(1, 2),
    )


def _accounts_of(good: str) -> tuple[Account, ...]:
    return (
        Account(f"bought_{good}", WORKERS, "units"),
        Account(f"sold_{good}", WORKERS, "units"),
        Account(f"spent_on_{good}", WORKERS, MONEY),
        Account(f"earned_with_{good}", WORKERS, MONEY),
        Account(f"price_history_{good}", ("price",), "trades"),
    )
