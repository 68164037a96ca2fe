"""Kernel of order matching: best bids first, each against the best ask of another worker."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import Book, Sizes, World
from econsim.kernels.compiling import part, rule

BIDS, ASKS, PLEDGED, PAID, EARNED = range(5)  # rows of the scratch array
NUMBER_BITS = 8  # of a worker's number in the key of its best order
LAST = (1 << NUMBER_BITS) - 1
# Numbers of numpy, for which a rule is compiled once; it would be compiled again for each number of Python.
NO_ORDER: Any = np.int32(0)
NO_KEY: Any = np.int64(0)


@rule
def highest_of(numbers: Any, none: Any) -> Any:
    """Return the highest of positive numbers; ``none``, a zero of their type, if there are none."""
    highest = none
    for index in range(numbers.size):
        highest = max(highest, numbers[index])
    return highest


@rule
def level_of(order: int, sizes: Sizes) -> int:
    """Return the level of an order: of a bid its price, of an ask the highest price less its own."""
    return (order - 1) >> sizes.age_bits


@rule
def crosses(bid: Any, ask: Any, sizes: Sizes) -> Any:
    """Return whether a bid is at least as high as an ask; neither crosses where there is no order."""
    return bid > 0 and ask > 0 and level_of(bid, sizes) + level_of(ask, sizes) >= sizes.prices - 1


@rule
def key_of(n: int, orders: Any) -> Any:
    """Return the key of a worker's best order of a good, zero for none.

    Keys sort as orders do, and equal orders by the number of the worker, lower numbers first.
    """
    order = np.int64(highest_of(orders, NO_ORDER))
    return (order << NUMBER_BITS) + LAST - n if order > 0 else NO_KEY


@rule
def worker_of(key: int) -> int:
    """Return the worker whose best order has a key."""
    return LAST - (key & LAST)


@rule
def order_of(key: int) -> int:
    """Return the order that has a key."""
    return key >> NUMBER_BITS


@rule
def best_of_others(n: int, keys: Any) -> Any:
    """Return the highest key of workers other than ``n``; zero for none."""
    own, keys[n] = keys[n], NO_KEY
    highest = highest_of(keys, NO_KEY)
    keys[n] = own
    return highest


@rule
def next_pair(bids: Any, asks: Any, sizes: Sizes) -> tuple[int, int]:
    """Return the keys of the bid and the ask of the next trade, zeros if no orders of two workers cross."""
    bid, ask = highest_of(bids, NO_KEY), highest_of(asks, NO_KEY)
    if bid > 0 and ask > 0 and worker_of(bid) == worker_of(ask):
        other_ask = best_of_others(worker_of(ask), asks)
        if crosses(order_of(bid), order_of(other_ask), sizes):
            ask = other_ask
        else:
            bid = best_of_others(worker_of(bid), bids)
    if crosses(order_of(bid), order_of(ask), sizes):
        return bid, ask
    return NO_KEY, NO_KEY


@rule
def price_of(bid: int, ask: int, sizes: Sizes) -> int:
    """Return the price of the older order, or of the ask if both are of the same age."""
    ages = (1 << sizes.age_bits) - 1
    if (bid - 1) & ages <= (ask - 1) & ages:
        return sizes.prices - 1 - level_of(ask, sizes)
    return level_of(bid, sizes)


@rule
def remove(orders: Any, order: int) -> None:
    """Close an open order."""
    for slot in range(orders.size):
        if orders[slot] == order:
            orders[slot] = 0


@rule
def may_trade(good: int, sizes: Sizes, book: Book) -> Any:
    """Return whether the best bid and the best ask of a good cross; both may be the same worker's."""
    count = sizes.workers * sizes.slots
    bids, asks = part(book.bids, good * count, count), part(book.asks, good * count, count)
    return crosses(np.int64(highest_of(bids, NO_ORDER)), np.int64(highest_of(asks, NO_ORDER)), sizes)


@rule
def match_good(good: int, scratch: Any, sizes: Sizes, world: World, book: Book) -> None:
    """Match all crossing orders of one good."""
    bids, asks = part(scratch[BIDS], 0, sizes.workers), part(scratch[ASKS], 0, sizes.workers)
    for n in range(sizes.workers):
        bids[n], asks[n] = key_of(n, book.bids[good, n]), key_of(n, book.asks[good, n])
    best_bid, best_ask = next_pair(bids, asks, sizes)
    while best_bid > 0:
        buyer, seller = worker_of(best_bid), worker_of(best_ask)
        bid, ask = order_of(best_bid), order_of(best_ask)
        price = price_of(bid, ask, sizes)
        remove(book.bids[good, buyer], bid)
        remove(book.asks[good, seller], ask)
        bids[buyer], asks[seller] = key_of(buyer, book.bids[good, buyer]), key_of(seller, book.asks[good, seller])
        scratch[PLEDGED, buyer] += level_of(bid, sizes)
        scratch[PAID, buyer] += price
        scratch[EARNED, seller] += price
        world.goods[buyer, good] += 1
        world.goods_in_escrow[seller, good] -= 1
        book.price_history[good, price] += 1
        book.bought[buyer, good] += 1
        book.sold[seller, good] += 1
        book.spent[buyer, good] += price
        book.earned[seller, good] += price
        best_bid, best_ask = next_pair(bids, asks, sizes)


@rule
def match(stone: bool, wood: bool, scratch: Any, sizes: Sizes, world: World, book: Book) -> None:
    """Match the orders of the goods with new orders, then move coin between the traders."""
    stone, wood = stone and may_trade(0, sizes, book), wood and may_trade(1, sizes, book)
    if not (stone or wood):
        return
    scratch[PLEDGED : EARNED + 1] = 0
    for good in range(2):
        if stone if good == 0 else wood:
            match_good(good, scratch, sizes, world, book)
    for n in range(sizes.workers):
        world.coin[n] += scratch[PLEDGED, n] - scratch[PAID, n]
        world.coin[n] += scratch[EARNED, n]
        world.coin_in_escrow[n] -= scratch[PLEDGED, n]
