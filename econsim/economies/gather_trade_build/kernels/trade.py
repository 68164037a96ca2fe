"""Kernel of the component trade: orders are placed, matched, aged and cancelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    ORDER_LABOUR,
    REMEMBERED,
    Book,
    Constants,
    Sizes,
    World,
)
from econsim.economies.gather_trade_build.kernels.match import match
from econsim.kernels.compiling import part, rule

_NO_ORDER: Any = np.bool_(False)  # of numpy, so that rules are not compiled once more for a constant


@rule
def empty_slot(n: int, good: int, sizes: Sizes, book: Book) -> int:
    """Return the first empty slot of a worker for orders of a good; -1: there is none."""
    for slot in range(sizes.slots):
        if book.bids[good, n, slot] + book.asks[good, n, slot] == 0:
            return slot
    return -1


@rule
def place(n: int, choice: int, labour: float, sizes: Sizes, world: World, book: Book) -> int:
    """Open a worker's order if it is covered and there is a slot; return its good, or -1."""
    price = choice % sizes.prices
    is_ask = choice // sizes.prices % 2 == 1
    good = choice // (2 * sizes.prices)
    slot = empty_slot(n, good, sizes, book)
    if slot < 0:
        return -1
    if is_ask:
        if world.goods[n, good] < 1:
            return -1
        book.asks[good, n, slot] = 1 + ((sizes.prices - 1 - price) << sizes.age_bits)
        world.goods[n, good] -= 1
        world.goods_in_escrow[n, good] += 1
    else:
        if price > world.coin[n]:
            return -1
        book.bids[good, n, slot] = 1 + (price << sizes.age_bits)
        world.coin[n] -= price
        world.coin_in_escrow[n] += price
    world.labour[n] += labour
    return good


@rule
def age(all_orders: Any, sizes: Sizes) -> Any:
    """Make every open order one step older; return whether any is now older than orders may be."""
    orders, ages = part(all_orders, 0, all_orders.size), np.int32((1 << sizes.age_bits) - 1)
    too_old, expired = np.int32(sizes.order_duration + 1), 0
    for order in range(orders.size):
        # The code of an order is one more than its level and age.
        expired |= (orders[order] > 0) & (orders[order] & ages == too_old)
        orders[order] += orders[order] > 0
    return expired != 0


@rule
def cancel(sizes: Sizes, world: World, book: Book) -> None:
    """Age every open order by one step, and return the content of expired orders from escrow."""
    if not age(book.bids, sizes) | age(book.asks, sizes):
        return
    ages, too_old = (1 << sizes.age_bits) - 1, sizes.order_duration + 1
    for good in range(2):
        for n in range(sizes.workers):
            for slot in range(sizes.slots):
                bid, ask = book.bids[good, n, slot], book.asks[good, n, slot]
                if bid > 0 and (bid - 1) & ages == too_old:
                    world.coin[n] += (bid - 1) >> sizes.age_bits
                    world.coin_in_escrow[n] -= (bid - 1) >> sizes.age_bits
                    book.bids[good, n, slot] = 0
                if ask > 0 and (ask - 1) & ages == too_old:
                    world.goods[n, good] += 1
                    world.goods_in_escrow[n, good] -= 1
                    book.asks[good, n, slot] = 0


@rule
def trade(choice: Any, scratch: Any, sizes: Sizes, constants: Constants, world: World, book: Book) -> None:
    """Place legal orders, match crossing orders, then age all open orders and cancel expired ones."""
    history, remembered = part(book.price_history, 0, 2 * sizes.prices), constants.numbers[REMEMBERED]
    for price in range(history.size):
        history[price] *= remembered
    new_stone = new_wood = _NO_ORDER
    for n in range(sizes.workers):
        if choice[n] > 0:
            good = place(n, choice[n] - 1, constants.numbers[ORDER_LABOUR], sizes, world, book)
            new_stone |= good == 0
            new_wood |= good == 1
    # Orders cross only after a new one has been placed.
    if new_stone or new_wood:
        match(new_stone, new_wood, scratch, sizes, world, book)
    cancel(sizes, world, book)
