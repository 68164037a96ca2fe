"""Kernel of the features that workers and planners observe, in the order of the components."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    BASE_PAYMENT,
    BUILD,
    GATHER,
    HIGHEST_MULTIPLE,
    HISTORY,
    INVENTORY,
    TAX,
    TRADE,
    Book,
    Constants,
    Fixed,
    Ledger,
    Sizes,
    World,
)
from econsim.economies.gather_trade_build.kernels.tax import marginal_rate_of
from econsim.kernels.compiling import copy, part, rule

MARKET_RATES, LAST_INCOMES, MARGINAL_RATES = range(3)  # rows of the scratch array
ASKS, BIDS = 0, 1


@rule
def survey_market(rates: Any, orders: Any, sizes: Sizes, book: Book) -> None:
    """Compute market rates, and count open orders by price.

    ``orders`` is ``[N + 1, 2, 2, prices]``: per worker and in total, of each good, asks and then bids.
    """
    counts = part(orders, 0, orders.size)
    for index in range(counts.size):
        counts[index] = 0
    for good in range(2):
        total = value = 0.0
        for price in range(sizes.prices):
            total += book.price_history[good, price]
            value += book.price_history[good, price] * price
        rates[good] = value / max(total, 0.001)
        for n in range(sizes.workers):
            count_orders(n, good, orders, sizes, book)


@rule
def count_orders(n: int, good: int, orders: Any, sizes: Sizes, book: Book) -> None:
    """Count a worker's open orders of a good by price."""
    for slot in range(sizes.slots):
        ask, bid = book.asks[good, n, slot], book.bids[good, n, slot]
        if ask > 0:
            price = sizes.prices - 1 - ((ask - 1) >> sizes.age_bits)
            orders[n, good, ASKS, price] += 1
            orders[sizes.workers, good, ASKS, price] += 1
        if bid > 0:
            price = (bid - 1) >> sizes.age_bits
            orders[n, good, BIDS, price] += 1
            orders[sizes.workers, good, BIDS, price] += 1


@rule
def survey_incomes(workers: Any, sizes: Sizes, constants: Constants, world: World, ledger: Ledger) -> None:
    """Compute last incomes in ascending order, and the marginal tax rate on each worker's next coin."""
    for n in range(sizes.workers):
        income = world.coin[n] + world.coin_in_escrow[n] - ledger.at_start[n]
        rates = ledger.rates[constants.planner_of[n]]
        workers[MARGINAL_RATES, n] = marginal_rate_of(income, rates, constants.thresholds)
        last, rank = ledger.last_income[n] / sizes.period, n
        while rank > 0 and workers[LAST_INCOMES, rank - 1] > last:
            workers[LAST_INCOMES, rank] = workers[LAST_INCOMES, rank - 1]
            rank -= 1
        workers[LAST_INCOMES, rank] = last


@rule
def write_prices(good: int, features: Any, at: int, rates: Any, scale: float, sizes: Sizes, book: Book) -> int:
    """Write the market rate and the price history of a good."""
    features[at] = rates[good]
    written, history = part(features, at + 1, sizes.prices), part(book.price_history, good * sizes.prices, sizes.prices)
    for price in range(sizes.prices):
        written[price] = history[price] * scale
    return at + 1 + sizes.prices


@rule
def write_own_market(
    n: int, features: Any, at: int, rates: Any, orders: Any, scale: float, sizes: Sizes, book: Book
) -> int:
    """Write what a worker observes of the markets: prices, open orders of others and its own."""
    length = 2 * sizes.prices
    for good in range(2):
        at = write_prices(good, features, at, rates, scale, sizes, book)
        own = part(orders, start_of_orders(n, good, sizes), length)
        of_all = part(orders, start_of_orders(sizes.workers, good, sizes), length)
        of_others = part(features, at, length)
        for index in range(length):
            of_others[index] = of_all[index] - own[index]
        copy(part(features, at + length, length), own, length)
        at += 2 * length
    return at


@rule
def write_market(features: Any, at: int, rates: Any, orders: Any, scale: float, sizes: Sizes, book: Book) -> int:
    """Write what planners observe of the markets."""
    length = 2 * sizes.prices
    for good in range(2):
        at = write_prices(good, features, at, rates, scale, sizes, book)
        of_all = part(orders, start_of_orders(sizes.workers, good, sizes), length)
        copy(part(features, at, length), of_all, length)
        at += length
    return at


@rule
def start_of_orders(n: int, good: int, sizes: Sizes) -> int:
    """Return where the counts of a worker's asks and bids of a good begin, those of all workers for ``n = N``."""
    return (n * 2 + good) * 2 * sizes.prices


@rule
def write_taxes(planner: int, features: Any, at: int, workers: Any, sizes: Sizes, world: World, ledger: Ledger) -> int:
    """Write the tax calendar, the last period's incomes and a planner's rates."""
    step = world.time[0] % sizes.period + 1
    features[at], features[at + 1] = step >= sizes.period, step == 1
    features[at + 2] = step / sizes.period
    at += 3
    copy(part(features, at, sizes.workers), workers[LAST_INCOMES], sizes.workers)
    at += sizes.workers
    copy(part(features, at, sizes.brackets), ledger.rates[planner], sizes.brackets)
    return at + sizes.brackets


@rule
def worker_features(
    n: int,
    row: int,
    column: int,
    features: Any,
    workers: Any,
    orders: Any,
    sizes: Sizes,
    constants: Constants,
    fixed: Fixed,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Write the features of one worker."""
    numbers = constants.numbers
    features[0] = world.time[0] / sizes.horizon
    features[1] = (row - sizes.margin) / sizes.height
    features[2] = (column - sizes.margin) / sizes.width
    features[3] = world.coin[n] * numbers[INVENTORY]
    features[4] = world.goods[n, 0] * numbers[INVENTORY]
    features[5] = world.goods[n, 1] * numbers[INVENTORY]
    at = 6
    for component in constants.components:
        if component == BUILD:
            multiple = fixed.build_payment[n] / numbers[BASE_PAYMENT]
            features[at] = multiple
            features[at + 1] = (multiple - 1) / (numbers[HIGHEST_MULTIPLE] - 1)
            at += 2
        elif component == TRADE:
            at = write_own_market(n, features, at, workers[MARKET_RATES], orders, numbers[HISTORY], sizes, book)
        elif component == GATHER:
            features[at] = fixed.gather_bonus[n]
            at += 1
        elif component == TAX:
            at = write_taxes(constants.planner_of[n], features, at, workers, sizes, world, ledger)
            features[at] = workers[MARGINAL_RATES, n]
            at += 1


@rule
def planner_features(
    planner: int,
    features: Any,
    workers: Any,
    orders: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Write the features of one planner, which include those of each of its workers."""
    numbers = constants.numbers
    features[0] = world.time[0] / sizes.horizon
    features[1] = features[2] = features[3] = 0
    at = 4
    for component in constants.components:
        if component == TRADE:
            at = write_market(features, at, workers[MARKET_RATES], orders, numbers[HISTORY], sizes, book)
        elif component == TAX:
            at = write_taxes(planner, features, at, workers, sizes, world, ledger)
    for n in range(sizes.workers):
        if constants.planner_of[n] == planner:
            features[at] = world.coin[n] * numbers[INVENTORY]
            features[at + 1] = world.goods[n, 0] * numbers[INVENTORY]
            features[at + 2] = world.goods[n, 1] * numbers[INVENTORY]
            features[at + 3] = ledger.last_income[n] / sizes.period
            features[at + 4] = ledger.last_marginal_rate[n]
            features[at + 5] = workers[MARGINAL_RATES, n]
            at += 6
