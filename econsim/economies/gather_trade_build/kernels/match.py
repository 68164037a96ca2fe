"""Kernel of order matching: best bids first, each against the best ask of another worker."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import Book, Sizes, World
from econsim.kernels.compiling import rule

BEST_BID, BEST_ASK, PLEDGED, PAID, EARNED = range(5)  # rows of the scratch array


@rule
def best(orders: Any) -> int:
    """Return the best of a worker's open orders of a good; zero: there is none."""
    highest = 0
    for slot in range(orders.size):
        highest = max(highest, orders[slot])
    return highest


@rule
def best_asks(scratch: Any, workers: int) -> tuple[int, int]:
    """Return the workers with the best and the second best ask, -1 for none; ties go to the lower number."""
    first = second = -1
    for n in range(workers):
        ask = scratch[BEST_ASK, n]
        if ask > 0:
            if first < 0 or ask > scratch[BEST_ASK, first]:
                first, second = n, first
            elif second < 0 or ask > scratch[BEST_ASK, second]:
                second = n
    return first, second


@rule
def next_pair(scratch: Any, sizes: Sizes) -> tuple[int, int]:
    """Return the buyer and the seller of the next trade; -1 if no orders cross."""
    first, second = best_asks(scratch, sizes.workers)
    buyer = seller = -1
    if first < 0:
        return buyer, seller
    for n in range(sizes.workers):
        bid, other = scratch[BEST_BID, n], second if n == first else first
        if bid > 0 and other >= 0 and (buyer < 0 or bid > scratch[BEST_BID, buyer]):
            # A bid's level is its price and an ask's is the highest price less its own.
            levels = ((bid - 1) >> sizes.age_bits) + ((scratch[BEST_ASK, other] - 1) >> sizes.age_bits)
            if levels >= sizes.prices - 1:
                buyer, seller = n, other
    return buyer, seller


@rule
def price_of(bid: int, ask: int, sizes: Sizes) -> int:
    """Return the price of the older order, or of the ask if both are of the same age."""
    ages = (1 << sizes.age_bits) - 1
    if (bid - 1) & ages <= (ask - 1) & ages:
        return sizes.prices - 1 - ((ask - 1) >> sizes.age_bits)
    return (bid - 1) >> sizes.age_bits


@rule
def remove(orders: Any, order: int) -> None:
    """Close an open order."""
    for slot in range(orders.size):
        if orders[slot] == order:
            orders[slot] = 0


@rule
def match_good(good: int, scratch: Any, sizes: Sizes, world: World, book: Book) -> None:
    """Match all crossing orders of one good."""
    for n in range(sizes.workers):
        scratch[BEST_BID, n], scratch[BEST_ASK, n] = best(book.bids[good, n]), best(book.asks[good, n])
    buyer, seller = next_pair(scratch, sizes)
    while buyer >= 0:
        bid, ask = scratch[BEST_BID, buyer], scratch[BEST_ASK, seller]
        price = price_of(bid, ask, sizes)
        remove(book.bids[good, buyer], bid)
        remove(book.asks[good, seller], ask)
        scratch[BEST_BID, buyer], scratch[BEST_ASK, seller] = (
            best(book.bids[good, buyer]),
            best(book.asks[good, seller]),
        )
        scratch[PLEDGED, buyer] += (bid - 1) >> sizes.age_bits
        scratch[PAID, buyer] += price
        scratch[EARNED, seller] += price
        world.goods[buyer, good] += 1
        world.goods_in_escrow[seller, good] -= 1
        book.price_history[good, price] += 1
        book.bought[buyer, good] += 1
        book.sold[seller, good] += 1
        book.spent[buyer, good] += price
        book.earned[seller, good] += price
        buyer, seller = next_pair(scratch, sizes)


@rule
def match(stone: bool, wood: bool, scratch: Any, sizes: Sizes, world: World, book: Book) -> None:
    """Match the orders of the goods with new orders, then move coin between the traders."""
    scratch[PLEDGED : EARNED + 1] = 0
    for good in range(2):
        if stone if good == 0 else wood:
            match_good(good, scratch, sizes, world, book)
    for n in range(sizes.workers):
        world.coin[n] += scratch[PLEDGED, n] - scratch[PAID, n]
        world.coin[n] += scratch[EARNED, n]
        world.coin_in_escrow[n] -= scratch[PLEDGED, n]
