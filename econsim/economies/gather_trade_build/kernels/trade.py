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
from econsim.economies.gather_trade_build.kernels.match import level_of, match
from econsim.kernels.compiling import part, rule

_NO: Any = np.bool_(False)  # of numpy, so that rules are not compiled once more for a constant


@rule
def empty_slot(n: int, good: int, sizes: Sizes, book: Book) -> int:
    """Return the first empty slot of a worker for orders of a good; -1: there is none."""
    # From the last slot on, so that nothing depends on which of them are open, which is hard to predict.
    empty = -1
    for slot in range(sizes.slots - 1, -1, -1):
        empty = slot if book.bids[good, n, slot] + book.asks[good, n, slot] == 0 else empty
    return empty


@rule
def has_room(n: int, good: int, sizes: Sizes, book: Book) -> Any:
    """Return whether a worker has an empty slot for orders of a good, without a search for the first one."""
    room = _NO
    for slot in range(sizes.slots):
        room |= book.bids[good, n, slot] + book.asks[good, n, slot] == 0
    return room


@rule
def place(n: int, choice: int, labour: float, sizes: Sizes, world: World, book: Book) -> int:
    """Open a worker's order if it is covered and there is a slot; return its good, or -1."""
    # Bids and asks of stone, then those of wood; comparisons take less time than divisions.
    block = int(choice >= sizes.prices) + int(choice >= 2 * sizes.prices) + int(choice >= 3 * sizes.prices)
    price, is_ask, good = choice - block * sizes.prices, block & 1 == 1, block >> 1
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
def is_expired(order: Any, sizes: Sizes) -> Any:
    """Return whether an order is older than orders may be."""
    ages, too_old = np.int32((1 << sizes.age_bits) - 1), np.int32(sizes.order_duration + 1)
    return (order > 0) & ((order - np.int32(1)) & ages == too_old)


@rule
def cancel(sizes: Sizes, world: World, book: Book) -> None:
    """Age every open order by one step, and return the content of expired orders from escrow."""
    if not age(book.bids, sizes) | age(book.asks, sizes):
        return
    for good in range(2):
        first, count = good * sizes.workers * sizes.slots, sizes.workers * sizes.slots
        bids, asks = part(book.bids, first, count), part(book.asks, first, count)
        for order in range(count):
            if is_expired(bids[order], sizes):
                n = order // sizes.slots
                world.coin[n] += level_of(bids[order], sizes)
                world.coin_in_escrow[n] -= level_of(bids[order], sizes)
                bids[order] = 0
        for order in range(count):
            if is_expired(asks[order], sizes):
                world.goods[order // sizes.slots, good] += 1
                world.goods_in_escrow[order // sizes.slots, good] -= 1
                asks[order] = 0


@rule
def trade(choice: Any, scratch: Any, sizes: Sizes, constants: Constants, world: World, book: Book) -> None:
    """Place legal orders, match crossing orders, then age all open orders and cancel expired ones."""
    history, remembered = part(book.price_history, 0, 2 * sizes.prices), constants.numbers[REMEMBERED]
    for price in range(history.size):
        history[price] *= remembered
    new_stone = new_wood = _NO
    for n in range(sizes.workers):
        if choice[n] > 0:
            good = place(n, choice[n] - 1, constants.numbers[ORDER_LABOUR], sizes, world, book)
            new_stone |= good == 0
            new_wood |= good == 1
    # Orders cross only after a new one has been placed.
    if new_stone or new_wood:
        match(new_stone, new_wood, scratch, sizes, world, book)
    cancel(sizes, world, book)
