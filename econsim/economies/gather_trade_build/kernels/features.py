"""Kernel of the features that workers and planners observe, in the order of the components.

Features that all workers observe alike are computed once per environment copy and copied to each worker, which then
writes its own. What a worker sees of a market is ``[1 + 5 prices]`` per good: the market rate, the price history, open
orders of others, and its own, asks before bids; planners see the first ``1 + 3 prices`` of them, with all orders.
"""

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
from econsim.economies.gather_trade_build.kernels.match import level_of
from econsim.economies.gather_trade_build.kernels.tax import marginal_rate_of
from econsim.kernels.compiling import copy, part, rule

OWN = 6  # features of a worker before those of components


@rule
def common_features(
    common: Any,
    marginal: Any,
    orders: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Write the features of a worker that all share, with all orders in place of those of others; zero elsewhere.

    ``marginal`` ``[N]`` receives the marginal tax rate on each worker's next coin, ``orders`` ``[N, 2, 2 prices]`` the
    open orders of each by good and price, asks before bids.
    """
    for index in range(common.size):
        common[index] = 0
    common[0] = world.time[0] / sizes.horizon
    at = OWN
    for component in constants.components:
        if component == BUILD:
            at += 2
        elif component == TRADE:
            for good in range(2):
                survey_market(good, part(common, at, common.size - at), orders, constants.numbers[HISTORY], sizes, book)
                at += 1 + 5 * sizes.prices
        elif component == GATHER:
            at += 1
        elif component == TAX:
            survey_incomes(part(common, at, common.size - at), marginal, sizes, constants, world, ledger)
            at += 3 + sizes.workers + sizes.brackets + 1


@rule
def survey_market(good: int, market: Any, orders: Any, scale: float, sizes: Sizes, book: Book) -> None:
    """Write the market rate and the price history of a good, and count the open orders of each worker and of all."""
    total = value = 0.0
    history, prices = part(book.price_history, good * sizes.prices, sizes.prices), part(market, 1, sizes.prices)
    for price in range(sizes.prices):
        total += history[price]
        value += history[price] * price
        prices[price] = history[price] * scale
    market[0] = value / max(total, 0.001)
    of_all = part(market, 1 + sizes.prices, 2 * sizes.prices)
    for n in range(sizes.workers):
        own = orders[n, good]
        count_orders(n, good, own, sizes, book)
        for entry in range(own.size):
            of_all[entry] += own[entry]


@rule
def count_orders(n: int, good: int, own: Any, sizes: Sizes, book: Book) -> None:
    """Count a worker's open orders of a good by price; a slot holds an ask or a bid."""
    for entry in range(own.size):
        own[entry] = 0
    for slot in range(sizes.slots):
        # No branch, since which slots are open is hard to predict: an empty one adds nothing to the first entry.
        ask, order = book.asks[good, n, slot], book.asks[good, n, slot] + book.bids[good, n, slot]
        level = level_of(order, sizes)
        entry = sizes.prices - 1 - level if ask > 0 else sizes.prices + level
        own[entry if order > 0 else 0] += order > 0


@rule
def survey_incomes(taxes: Any, marginal: Any, sizes: Sizes, constants: Constants, world: World, ledger: Ledger) -> None:
    """Write the tax calendar and last incomes in ascending order; compute the rates on each worker's next coin."""
    step = world.time[0] % sizes.period + 1
    taxes[0], taxes[1], taxes[2] = step >= sizes.period, step == 1, step / sizes.period
    last_incomes = part(taxes, 3, sizes.workers)
    for n in range(sizes.workers):
        income = world.coin[n] + world.coin_in_escrow[n] - ledger.at_start[n]
        marginal[n] = marginal_rate_of(income, ledger.rates[constants.planner_of[n]], constants.thresholds)
        last, rank = ledger.last_income[n] / sizes.period, n
        while rank > 0 and last_incomes[rank - 1] > last:
            last_incomes[rank] = last_incomes[rank - 1]
            rank -= 1
        last_incomes[rank] = last


@rule
def write_own_orders(market: Any, own: Any) -> None:
    """Write a worker's open orders of a good by price, and those of others in place of all."""
    others, of_worker = part(market, 0, own.size), part(market, own.size, own.size)
    for entry in range(own.size):
        others[entry] -= own[entry]
    copy(of_worker, own, own.size)


@rule
def worker_features(
    n: int,
    row: int,
    column: int,
    features: Any,
    common: Any,
    marginal: Any,
    orders: Any,
    sizes: Sizes,
    constants: Constants,
    fixed: Fixed,
    world: World,
    ledger: Ledger,
) -> None:
    """Write the features of one worker."""
    numbers = constants.numbers
    copy(features, common, common.size)
    features[1] = (row - sizes.margin) / sizes.height
    features[2] = (column - sizes.margin) / sizes.width
    features[3] = world.coin[n] * numbers[INVENTORY]
    features[4] = world.goods[n, 0] * numbers[INVENTORY]
    features[5] = world.goods[n, 1] * numbers[INVENTORY]
    at = OWN
    for component in constants.components:
        if component == BUILD:
            multiple = fixed.build_payment[n] / numbers[BASE_PAYMENT]
            features[at] = multiple
            features[at + 1] = (multiple - 1) / (numbers[HIGHEST_MULTIPLE] - 1)
            at += 2
        elif component == TRADE:
            for good in range(2):
                own = orders[n, good]
                write_own_orders(part(features, at + 1 + sizes.prices, 2 * own.size), own)
                at += 1 + 5 * sizes.prices
        elif component == GATHER:
            features[at] = fixed.gather_bonus[n]
            at += 1
        elif component == TAX:
            at += 3 + sizes.workers
            copy(part(features, at, sizes.brackets), ledger.rates[constants.planner_of[n]], sizes.brackets)
            features[at + sizes.brackets] = marginal[n]
            at += sizes.brackets + 1


@rule
def planner_features(
    planner: int,
    features: Any,
    common: Any,
    marginal: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    ledger: Ledger,
) -> None:
    """Write the features of one planner, which include those of each of its workers."""
    numbers = constants.numbers
    features[0] = common[0]
    features[1] = features[2] = features[3] = 0
    at, to, length = OWN, 4, 1 + 3 * sizes.prices
    for component in constants.components:
        if component == BUILD:
            at += 2
        elif component == TRADE:
            for _ in range(2):
                copy(part(features, to, length), part(common, at, length), length)
                at, to = at + 1 + 5 * sizes.prices, to + length
        elif component == GATHER:
            at += 1
        elif component == TAX:
            copy(part(features, to, 3 + sizes.workers), part(common, at, 3 + sizes.workers), 3 + sizes.workers)
            at, to = at + 3 + sizes.workers + sizes.brackets + 1, to + 3 + sizes.workers
            copy(part(features, to, sizes.brackets), ledger.rates[planner], sizes.brackets)
            to += sizes.brackets
    for n in range(sizes.workers):
        if constants.planner_of[n] == planner:
            features[to] = world.coin[n] * numbers[INVENTORY]
            features[to + 1] = world.goods[n, 0] * numbers[INVENTORY]
            features[to + 2] = world.goods[n, 1] * numbers[INVENTORY]
            features[to + 3] = ledger.last_income[n] / sizes.period
            features[to + 4] = ledger.last_marginal_rate[n]
            features[to + 5] = marginal[n]
            to += 6
