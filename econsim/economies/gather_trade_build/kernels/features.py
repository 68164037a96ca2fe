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
    row_of,
)
from econsim.economies.gather_trade_build.kernels.tax import marginal_rate_of
from econsim.kernels.compiling import rule

MARKET_RATES, ASKS, BIDS = 0, 1, 3  # rows of the scratch array; asks and bids have one row per good
LAST_INCOMES, MARGINAL_RATES = 0, 1  # rows of the scratch array of workers


@rule
def count_orders(b: int, n: int, good: int, own_asks: Any, own_bids: Any, sizes: Sizes, book: Book) -> None:
    """Add a worker's open orders of a good to counts by price."""
    for slot in range(sizes.slots):
        ask, bid = book.asks[b, good, n, slot], book.bids[b, good, n, slot]
        if ask > 0:
            own_asks[sizes.prices - 1 - ((ask - 1) >> sizes.age_bits)] += 1
        if bid > 0:
            own_bids[(bid - 1) >> sizes.age_bits] += 1


@rule
def survey_market(b: int, market: Any, sizes: Sizes, book: Book) -> None:
    """Compute the market rates and the counts of all open orders by price."""
    market[:] = 0
    for good in range(2):
        total = value = 0.0
        for price in range(sizes.prices):
            total += book.price_history[b, good, price]
            value += book.price_history[b, good, price] * price
        market[MARKET_RATES, good] = value / max(total, 0.001)
        for n in range(sizes.workers):
            count_orders(b, n, good, market[ASKS + good], market[BIDS + good], sizes, book)


@rule
def survey_incomes(b: int, workers: Any, sizes: Sizes, constants: Constants, world: World, ledger: Ledger) -> None:
    """Compute last incomes in ascending order, and the marginal tax rate on each worker's next coin."""
    for n in range(sizes.workers):
        income = world.coin[b, n] + world.coin_in_escrow[b, n] - ledger.at_start[b, n]
        rates = ledger.rates[b, constants.planner_of[n]]
        workers[MARGINAL_RATES, n] = marginal_rate_of(income, rates, constants.thresholds)
        last, rank = ledger.last_income[b, n] / sizes.period, n
        while rank > 0 and workers[LAST_INCOMES, rank - 1] > last:
            workers[LAST_INCOMES, rank] = workers[LAST_INCOMES, rank - 1]
            rank -= 1
        workers[LAST_INCOMES, rank] = last


@rule
def write_prices(b: int, good: int, features: Any, at: int, market: Any, scale: float, sizes: Sizes, book: Book) -> int:
    """Write the market rate and the price history of a good."""
    features[at] = market[MARKET_RATES, good]
    for price in range(sizes.prices):
        features[at + 1 + price] = book.price_history[b, good, price] * scale
    return at + 1 + sizes.prices


@rule
def write_own_market(
    b: int, n: int, features: Any, at: int, market: Any, scale: float, sizes: Sizes, book: Book
) -> int:
    """Write what a worker observes of the markets: prices, open orders of others and its own."""
    prices = sizes.prices
    for good in range(2):
        at = write_prices(b, good, features, at, market, scale, sizes, book)
        own_asks, own_bids = features[at + 2 * prices : at + 3 * prices], features[at + 3 * prices : at + 4 * prices]
        own_asks[:] = 0
        own_bids[:] = 0
        count_orders(b, n, good, own_asks, own_bids, sizes, book)
        for price in range(prices):
            features[at + price] = market[ASKS + good, price] - own_asks[price]
            features[at + prices + price] = market[BIDS + good, price] - own_bids[price]
        at += 4 * prices
    return at


@rule
def write_market(b: int, features: Any, at: int, market: Any, scale: float, sizes: Sizes, book: Book) -> int:
    """Write what planners observe of the markets."""
    for good in range(2):
        at = write_prices(b, good, features, at, market, scale, sizes, book)
        for price in range(sizes.prices):
            features[at + price] = market[ASKS + good, price]
            features[at + sizes.prices + price] = market[BIDS + good, price]
        at += 2 * sizes.prices
    return at


@rule
def write_taxes(
    b: int, planner: int, features: Any, at: int, workers: Any, sizes: Sizes, world: World, ledger: Ledger
) -> int:
    """Write the tax calendar, the last period's incomes and a planner's rates."""
    step = world.time[b] % sizes.period + 1
    features[at], features[at + 1] = step >= sizes.period, step == 1
    features[at + 2] = step / sizes.period
    at += 3
    for n in range(sizes.workers):
        features[at + n] = workers[LAST_INCOMES, n]
    at += sizes.workers
    for bracket in range(sizes.brackets):
        features[at + bracket] = ledger.rates[b, planner, bracket]
    return at + sizes.brackets


@rule
def worker_features(
    b: int,
    n: int,
    features: Any,
    market: Any,
    workers: Any,
    sizes: Sizes,
    constants: Constants,
    fixed: Fixed,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Write the features of one worker."""
    numbers, tile = constants.numbers[row_of(constants.numbers, b)], world.position[b, n]
    features[0] = world.time[b] / sizes.horizon
    features[1] = (tile // sizes.row_length - sizes.margin) / sizes.height
    features[2] = (tile % sizes.row_length - sizes.margin) / sizes.width
    features[3] = world.coin[b, n] * numbers[INVENTORY]
    features[4] = world.goods[b, n, 0] * numbers[INVENTORY]
    features[5] = world.goods[b, n, 1] * numbers[INVENTORY]
    at = 6
    for component in constants.components:
        if component == BUILD:
            multiple = fixed.build_payment[b, n] / numbers[BASE_PAYMENT]
            features[at] = multiple
            features[at + 1] = (multiple - 1) / (numbers[HIGHEST_MULTIPLE] - 1)
            at += 2
        elif component == TRADE:
            at = write_own_market(b, n, features, at, market, numbers[HISTORY], sizes, book)
        elif component == GATHER:
            features[at] = fixed.gather_bonus[b, n]
            at += 1
        elif component == TAX:
            at = write_taxes(b, constants.planner_of[n], features, at, workers, sizes, world, ledger)
            features[at] = workers[MARGINAL_RATES, n]
            at += 1


@rule
def planner_features(
    b: int,
    planner: int,
    features: Any,
    market: Any,
    workers: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Write the features of one planner, which include those of each of its workers."""
    numbers = constants.numbers[row_of(constants.numbers, b)]
    features[0] = world.time[b] / sizes.horizon
    features[1:4] = 0
    at = 4
    for component in constants.components:
        if component == TRADE:
            at = write_market(b, features, at, market, numbers[HISTORY], sizes, book)
        elif component == TAX:
            at = write_taxes(b, planner, features, at, workers, sizes, world, ledger)
    for n in range(sizes.workers):
        if constants.planner_of[n] == planner:
            features[at] = world.coin[b, n] * numbers[INVENTORY]
            features[at + 1] = world.goods[b, n, 0] * numbers[INVENTORY]
            features[at + 2] = world.goods[b, n, 1] * numbers[INVENTORY]
            features[at + 3] = ledger.last_income[b, n] / sizes.period
            features[at + 4] = ledger.last_marginal_rate[b, n]
            features[at + 5] = workers[MARGINAL_RATES, n]
            at += 6
