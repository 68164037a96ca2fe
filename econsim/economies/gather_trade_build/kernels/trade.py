"""Kernel of the component trade: orders are placed, matched, aged and cancelled."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    ORDER_LABOUR,
    REMEMBERED,
    Book,
    Constants,
    Sizes,
    World,
    row_of,
)
from econsim.economies.gather_trade_build.kernels.match import match
from econsim.kernels.compiling import rule


@rule
def empty_slot(b: int, n: int, good: int, sizes: Sizes, book: Book) -> int:
    """Return the first empty slot of a worker for orders of a good; -1: there is none."""
    for slot in range(sizes.slots):
        if book.bids[b, good, n, slot] + book.asks[b, good, n, slot] == 0:
            return slot
    return -1


@rule
def place(b: int, n: int, choice: int, labour: float, sizes: Sizes, world: World, book: Book) -> int:
    """Open a worker's order if it is covered and there is a slot; return its good, or -1."""
    price = choice % sizes.prices
    is_ask = choice // sizes.prices % 2 == 1
    good = choice // (2 * sizes.prices)
    slot = empty_slot(b, n, good, sizes, book)
    if slot < 0:
        return -1
    if is_ask:
        if world.goods[b, n, good] < 1:
            return -1
        book.asks[b, good, n, slot] = 1 + ((sizes.prices - 1 - price) << sizes.age_bits)
        world.goods[b, n, good] -= 1
        world.goods_in_escrow[b, n, good] += 1
    else:
        if price > world.coin[b, n]:
            return -1
        book.bids[b, good, n, slot] = 1 + (price << sizes.age_bits)
        world.coin[b, n] -= price
        world.coin_in_escrow[b, n] += price
    world.labour[b, n] += labour
    return good


@rule
def cancel(b: int, sizes: Sizes, world: World, book: Book) -> None:
    """Age every open order by one step, and return the content of expired orders from escrow."""
    ages, too_old = (1 << sizes.age_bits) - 1, sizes.order_duration + 1
    for good in range(2):
        for n in range(sizes.workers):
            for slot in range(sizes.slots):
                bid, ask = book.bids[b, good, n, slot], book.asks[b, good, n, slot]
                # The order is one step older now: its code was one more than its level and age.
                if bid > 0:
                    book.bids[b, good, n, slot] = bid + 1
                    if bid & ages == too_old:
                        world.coin[b, n] += bid >> sizes.age_bits
                        world.coin_in_escrow[b, n] -= bid >> sizes.age_bits
                        book.bids[b, good, n, slot] = 0
                if ask > 0:
                    book.asks[b, good, n, slot] = ask + 1
                    if ask & ages == too_old:
                        world.goods[b, n, good] += 1
                        world.goods_in_escrow[b, n, good] -= 1
                        book.asks[b, good, n, slot] = 0


@rule
def trade(b: int, choice: Any, scratch: Any, sizes: Sizes, constants: Constants, world: World, book: Book) -> None:
    """Place legal orders, match crossing orders, then age all open orders and cancel expired ones."""
    row = row_of(constants.numbers, b)
    for good in range(2):
        for price in range(sizes.prices):
            book.price_history[b, good, price] *= constants.numbers[row, REMEMBERED]
    new_stone = new_wood = False
    for n in range(sizes.workers):
        if choice[n] > 0:
            good = place(b, n, choice[n] - 1, constants.numbers[row, ORDER_LABOUR], sizes, world, book)
            new_stone |= good == 0
            new_wood |= good == 1
    # Orders cross only after a new one has been placed.
    if new_stone or new_wood:
        match(b, new_stone, new_wood, scratch, sizes, world, book)
    cancel(b, sizes, world, book)
