"""Continuous double auction in one good: orders of one unit at integer prices, with full escrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from econsim.economies.gather_trade_build.reference.people import Worker

REMEMBERED = 0.995  # share of past sales that is kept from one step to the next


@dataclass(eq=False)
class Order:
    """An open bid or ask for one unit."""

    worker: Worker
    price: int
    age: int = 0
    """Steps since the order was placed."""


@dataclass(frozen=True)
class Sale:
    """Sale of one unit; ages are those of the orders when they were matched."""

    buyer: Worker
    seller: Worker
    price: int
    bid_price: int
    bid_age: int
    ask_age: int


@dataclass
class Auction:
    """The market of one good."""

    good: str
    highest_price: int
    duration: int
    """Steps for which an order stays open after the one in which it is placed."""
    most_orders: int
    """Maximum number of open orders of a worker in this good, bids and asks together."""
    order_labour: float
    bids: list[Order] = field(default_factory=list)
    asks: list[Order] = field(default_factory=list)
    sales_by_price: list[float] = field(default_factory=list)
    """Decayed number of sales at each price."""
    sales: list[Sale] = field(default_factory=list)
    """Sales of the latest step."""
    expired: list[Order] = field(default_factory=list)
    """Orders cancelled in the latest step."""

    def __post_init__(self) -> None:
        self.sales_by_price = [0.0] * (self.highest_price + 1)

    # --- placing orders -------------------------------------------------------------------------------------------

    def has_room(self, worker: Worker) -> bool:
        """Return whether a worker may open one more order."""
        return sum(order.worker is worker for order in self.bids + self.asks) < self.most_orders

    def may_bid(self, worker: Worker, price: int) -> bool:
        """Return whether a worker may open one more order and has the coin for the bid in inventory."""
        return price <= worker.coin and self.has_room(worker)

    def may_ask(self, worker: Worker) -> bool:
        """Return whether a worker may open one more order and has a unit in inventory."""
        return worker.goods[self.good] >= 1 and self.has_room(worker)

    def bid(self, worker: Worker, price: int) -> None:
        """Open a bid and move its coin into escrow; do nothing if that is not allowed."""
        if self.may_bid(worker, price):
            worker.coin -= price
            worker.coin_in_escrow += price
            worker.labour += self.order_labour
            self.bids.append(Order(worker, price))

    def ask(self, worker: Worker, price: int) -> None:
        """Open an ask and move its unit into escrow; do nothing if that is not allowed."""
        if self.may_ask(worker):
            worker.goods[self.good] -= 1
            worker.goods_in_escrow[self.good] += 1
            worker.labour += self.order_labour
            self.asks.append(Order(worker, price))

    # --- a step of the market -------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Discount past sales."""
        self.sales_by_price = [count * REMEMBERED for count in self.sales_by_price]

    def match(self) -> None:
        """Match orders until no bid can be filled: highest bids first, each against the lowest ask of another worker.

        At equal prices older orders come first, and then those of workers with a lower number, which were placed first
        within their step; stable sorting keeps that order. A buyer whose best bid cannot be filled is excluded for this
        step, with all lower bids.
        """
        self.bids.sort(key=lambda bid: (-bid.price, -bid.age))
        self.asks.sort(key=lambda ask: (ask.price, -ask.age))
        self.sales = []
        excluded: set[Worker] = set()
        while bid := next((bid for bid in self.bids if bid.worker not in excluded), None):
            ask = next((ask for ask in self.asks if ask.worker is not bid.worker), None)
            if ask is None or ask.price > bid.price:
                excluded.add(bid.worker)
            else:
                self._trade(bid, ask)

    def _trade(self, bid: Order, ask: Order) -> None:
        """Exchange a unit at the price of the older order, or of the ask if both have the same age."""
        price = bid.price if bid.age > ask.age else ask.price
        buyer, seller, good = bid.worker, ask.worker, self.good
        self.sales.append(Sale(buyer, seller, price, bid.price, bid.age, ask.age))
        self.bids.remove(bid)
        self.asks.remove(ask)
        self.sales_by_price[price] += 1
        seller.goods_in_escrow[good] -= 1
        buyer.goods[good] += 1
        buyer.coin_in_escrow -= bid.price
        buyer.coin += bid.price - price
        seller.coin += price
        buyer.bought[good] += 1
        buyer.spent[good] += price
        seller.sold[good] += 1
        seller.earned[good] += price

    def grow_older(self) -> None:
        """Age all open orders by one step, cancel expired ones and return their content from escrow."""
        for order in self.bids + self.asks:
            order.age += 1
        old_bids, self.bids = self._parted_by_age(self.bids)
        old_asks, self.asks = self._parted_by_age(self.asks)
        for bid in old_bids:
            bid.worker.coin_in_escrow -= bid.price
            bid.worker.coin += bid.price
        for ask in old_asks:
            ask.worker.goods_in_escrow[self.good] -= 1
            ask.worker.goods[self.good] += 1
        self.expired = old_bids + old_asks

    def _parted_by_age(self, orders: Sequence[Order]) -> tuple[list[Order], list[Order]]:
        too_old = [order for order in orders if order.age > self.duration]
        return too_old, [order for order in orders if order.age <= self.duration]

    # --- market data ----------------------------------------------------------------------------------------------

    @property
    def market_rate(self) -> float:
        """Mean price of past sales, weighted by their decayed counts, in coin."""
        value = sum(price * count for price, count in enumerate(self.sales_by_price))
        return value / max(sum(self.sales_by_price), 0.001)

    def count_by_price(self, orders: Sequence[Order]) -> list[int]:
        """Return the number of orders at each price."""
        counts = [0] * (self.highest_price + 1)
        for order in orders:
            counts[order.price] += 1
        return counts
