"""Arrays of the state and constants of the economy, as kernels see them, opened at the addresses of their tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.kernels.compiling import row_at, rule

BUILD, TRADE, GATHER, TAX, EQUALISE = range(5)  # codes of the components
(BUILD_LABOUR, ORDER_LABOUR, MOVE_LABOUR, COLLECT_LABOUR, HIGHEST_RATE, BASE_PAYMENT, HIGHEST_MULTIPLE, REMEMBERED,
 INVENTORY, HISTORY, EQUALITY_WEIGHT) = range(11)  # columns of the numeric parameters  # fmt: skip


class Sizes(NamedTuple):
    """Whole numbers that describe the economy."""

    copies: int
    workers: int
    planners: int
    tiles: int
    sources: int
    stone_sources: int
    row_length: int
    margin: int
    height: int
    width: int
    horizon: int
    prices: int
    slots: int
    age_bits: int
    order_duration: int
    brackets: int
    options: int
    period: int
    periods: int
    worker_choices: int
    worker_features: int
    planner_choices: int
    view_height: int
    view_width: int
    whole_map: int
    welfare: int
    credits: int


class Constants(NamedTuple):
    """Constants of the economy; ``R`` is one, or ``B`` where environment copies differ."""

    components: Any  # [C] int64, codes in the order in which they act
    numbers: Any  # [R, 11] numeric parameters
    labour_cost: Any  # [R, N]
    risk_aversion: Any  # [R, N]
    stocked: Any  # [R, P] uint8, bits of tiles with a unit on every source
    source: Any  # [R, S] int64
    source_at: Any  # [R, P] int64
    regrowth: Any  # [R, S] probability per step
    thresholds: Any  # [K]
    rate_options: Any  # [options]
    planner_of: Any  # [N] int64
    people: Any  # [L] int64, the number of each planner's workers


class World(NamedTuple):
    """The world, utility and welfare; see :class:`econsim.economies.gather_trade_build.world.World`."""

    time: Any
    stock: Any
    owner: Any
    position: Any
    coin: Any
    goods: Any
    coin_in_escrow: Any
    goods_in_escrow: Any
    labour: Any
    built: Any
    gathered: Any
    taken: Any
    regrown: Any
    utility: Any
    welfare: Any


class Fixed(NamedTuple):
    """What no step of an episode changes."""

    key: Any
    build_payment: Any
    gather_bonus: Any


class Book(NamedTuple):
    """The memory of the component trade."""

    bids: Any
    asks: Any
    price_history: Any
    bought: Any
    sold: Any
    spent: Any
    earned: Any


class Ledger(NamedTuple):
    """The memory of the component tax."""

    rates: Any
    at_start: Any
    last_income: Any
    last_marginal_rate: Any
    income: Any
    tax: Any
    shielded: Any
    rebate: Any
    marginal_rate: Any
    schedule: Any


class Announced(NamedTuple):
    """What planners announce in a step: options, or rates if ``is_rates``."""

    is_rates: bool
    options: Any  # [L, K] int64
    rates: Any  # [L, K]


# Addresses of a state, in this order.
FIXED, WORLD, BOOK = 0, len(Fixed._fields), len(Fixed._fields + World._fields)
LEDGER = BOOK + len(Book._fields)


@rule
def sizes_of(numbers: Any) -> Sizes:
    """Return the sizes by name."""
    s = numbers
    return Sizes(
        s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14], s[15], s[16],
        s[17], s[18], s[19], s[20], s[21], s[22], s[23], s[24], s[25], s[26],
    )  # fmt: skip


@rule
def fixed_at(addresses: Any, b: int, sizes: Sizes, money: Any) -> Fixed:
    """Return what is constant over an episode."""
    n = sizes.workers
    return Fixed(
        row_at(addresses[FIXED], b, (1,), np.int64),
        row_at(addresses[FIXED + 1], b, (n,), money),
        row_at(addresses[FIXED + 2], b, (n,), money),
    )


@rule
def world_at(addresses: Any, b: int, sizes: Sizes, money: Any) -> World:
    """Return the world at addresses of its tensors."""
    n = sizes.workers
    return World(
        row_at(addresses[WORLD], b, (1,), np.int64),
        row_at(addresses[WORLD + 1], b, (sizes.sources,), np.bool_),
        row_at(addresses[WORLD + 2], b, (sizes.tiles,), np.uint8),
        row_at(addresses[WORLD + 3], b, (n,), np.int64),
        row_at(addresses[WORLD + 4], b, (n,), money),
        row_at(addresses[WORLD + 5], b, (n, 2), np.int32),
        row_at(addresses[WORLD + 6], b, (n,), money),
        row_at(addresses[WORLD + 7], b, (n, 2), np.int32),
        row_at(addresses[WORLD + 8], b, (n,), money),
        row_at(addresses[WORLD + 9], b, (n,), np.int32),
        row_at(addresses[WORLD + 10], b, (n, 2), np.int32),
        row_at(addresses[WORLD + 11], b, (2,), np.int32),
        row_at(addresses[WORLD + 12], b, (2,), np.int32),
        row_at(addresses[WORLD + 13], b, (n,), money),
        row_at(addresses[WORLD + 14], b, (sizes.planners,), money),
    )


@rule
def book_at(addresses: Any, b: int, sizes: Sizes, money: Any) -> Book:
    """Return the order book at addresses of its tensors; without trade, all of its arrays are empty."""
    n = sizes.workers
    return Book(
        row_at(addresses[BOOK], b, (2, n, sizes.slots), np.int32),
        row_at(addresses[BOOK + 1], b, (2, n, sizes.slots), np.int32),
        row_at(addresses[BOOK + 2], b, (2, sizes.prices), money),
        row_at(addresses[BOOK + 3], b, (n, 2), np.int32),
        row_at(addresses[BOOK + 4], b, (n, 2), np.int32),
        row_at(addresses[BOOK + 5], b, (n, 2), np.int32),
        row_at(addresses[BOOK + 6], b, (n, 2), np.int32),
    )


@rule
def ledger_at(addresses: Any, b: int, sizes: Sizes, money: Any) -> Ledger:
    """Return the tax ledger at addresses of its tensors; without taxes, none of its arrays is read."""
    n, years = sizes.workers, sizes.periods
    return Ledger(
        row_at(addresses[LEDGER], b, (sizes.planners, sizes.brackets), money),
        row_at(addresses[LEDGER + 1], b, (n,), money),
        row_at(addresses[LEDGER + 2], b, (n,), money),
        row_at(addresses[LEDGER + 3], b, (n,), money),
        row_at(addresses[LEDGER + 4], b, (n, years), money),
        row_at(addresses[LEDGER + 5], b, (n, years), money),
        row_at(addresses[LEDGER + 6], b, (n, years), money),
        row_at(addresses[LEDGER + 7], b, (n, years), money),
        row_at(addresses[LEDGER + 8], b, (n, years), money),
        row_at(addresses[LEDGER + 9], b, (sizes.planners, years, sizes.brackets), money),
    )


@rule
def announced_at(options: int, rates: int, b: int, sizes: Sizes, money: Any) -> Announced:
    """Return what planners announce, at the addresses of options and rates, of which one is zero."""
    shape = (sizes.planners, sizes.brackets)
    return Announced(rates != 0, row_at(options, b, shape, np.int64), row_at(rates, b, shape, money))


@rule
def row_of(array: Any, b: int) -> int:
    """Return the row of an environment copy in an array with one row for all, or one per copy."""
    return b if array.shape[0] > 1 else 0


@rule
def constants_of(c: Constants, b: int) -> Constants:
    """Return the constants of one environment copy."""
    return Constants(
        c.components,
        c.numbers[row_of(c.numbers, b)],
        c.labour_cost[row_of(c.labour_cost, b)],
        c.risk_aversion[row_of(c.risk_aversion, b)],
        c.stocked[row_of(c.stocked, b)],
        c.source[row_of(c.source, b)],
        c.source_at[row_of(c.source_at, b)],
        c.regrowth[row_of(c.regrowth, b)],
        c.thresholds,
        c.rate_options,
        c.planner_of,
        c.people,
    )
