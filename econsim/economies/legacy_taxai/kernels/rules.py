"""A year of one environment copy after another, and its observations; ``docs/kernels.md`` has the conventions.

Between :func:`live` and :func:`close`, and before :func:`observe`, amounts are sorted by numpy, which is faster than a
sort in a kernel.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from econsim.economies.legacy_taxai import LEAST_LOGGED, UNIT
from econsim.economies.legacy_taxai.households import (
    DEVIATION,
    ENTRY,
    MULTIPLE,
    PERSISTENCE,
    PRODUCTIVITY,
    STAY,
    SUPERSTARS,
)
from econsim.economies.legacy_taxai.kernels.arrays import (
    ASSETS_BEFORE,
    CAPITAL,
    CAPITAL_BEFORE,
    DEBT,
    DEBT_BEFORE,
    GDP,
    GDP_GINI,
    GOVERNMENT_REWARD,
    INCOME_GINI,
    INSTRUMENTS,
    KEY,
    MOST_HOURS,
    OUTPUT,
    OVER,
    REWARD,
    REWARDS,
    ROWS,
    SOCIAL_WELFARE,
    SPENDING,
    SUPERSTAR,
    TIME,
    TRUNCATED,
    UTILITY,
    WAGE,
    WEALTH_GINI,
)
from econsim.economies.legacy_taxai.year import (
    INVERSE_FRISCH,
    LEAST,
    MOST,
    MOST_CURVATURE,
    MOST_LEVEL,
    MOST_SPENDING,
)
from econsim.kernels.amounts import number, power, put
from econsim.kernels.compiling import copy, entry, row_at, rule
from econsim.kernels.draws import state_of, stream, uniform_at_53

__all__ = ["Sizes", "close", "live", "observe"]

_SUPERSTARS, _RADIUS, _ANGLE = (stream(name) for name in (SUPERSTARS, PRODUCTIVITY, PRODUCTIVITY + "/angle"))
_TURN = 2.0 * math.pi
_INSTRUMENTS = 5


class Sizes(NamedTuple):
    """Sizes of a game and of a batch, and what its version fixes, see :class:`Law`."""

    households: int
    horizon: int
    closed_goods: int
    saves_wealth: int
    saturated: int
    ends_at_gini: float
    added: float  # to amounts in Gini indices
    task: int


class Amounts(NamedTuple):
    """Amounts of the households of one environment copy, ``[N]`` each."""

    productivity: Any
    assets: Any
    saving: Any
    hours: Any
    consumption: Any
    income: Any
    tax: Any
    utility: Any


@rule
def amounts_of(addresses: Any, b: int, households: int) -> Amounts:
    """Return the amounts of households in a state."""
    shape = (households,)
    return Amounts(
        row_at(addresses[0], b, shape, np.float64),
        row_at(addresses[1], b, shape, np.float64),
        row_at(addresses[2], b, shape, np.float64),
        row_at(addresses[3], b, shape, np.float64),
        row_at(addresses[4], b, shape, np.float64),
        row_at(addresses[5], b, shape, np.float64),
        row_at(addresses[6], b, shape, np.float64),
        row_at(addresses[7], b, shape, np.float64),
    )


@rule
def clipped(share: float) -> float:
    """Return a choice as the programs take it."""
    return min(max(share, LEAST), MOST)


@rule
def move(key: int, year: int, level_before: Any, was_superstar: Any, level: Any, superstar: Any) -> None:
    """Draw productivity and superstars; see :func:`econsim.economies.legacy_taxai.households.next_productivity`."""
    total, others, highest = 0.0, 0, 0.0
    for i in range(level.size):
        if not was_superstar[i]:
            total += level_before[i]
            others += 1
            highest = max(highest, level_before[i])
    mean = total / max(others, 1)
    moves, radii, angles = state_of(key, year, _SUPERSTARS), state_of(key, year, _RADIUS), state_of(key, year, _ANGLE)
    for i in range(level.size):
        drawn = uniform_at_53(moves, i)
        superstar[i] = drawn < (STAY if was_superstar[i] else ENTRY)
        if superstar[i]:
            level[i] = MULTIPLE * mean
        elif was_superstar[i]:
            level[i] = (drawn - STAY) / (1 - STAY) * highest
        else:
            radius = np.sqrt(-2.0 * np.log1p(-uniform_at_53(radii, i)))
            shock = radius * np.cos(_TURN * uniform_at_53(angles, i))
            level[i] = np.exp(PERSISTENCE * np.log(level_before[i]) + DEVIATION * shock)


@rule
def choose(chosen: Any, given: Any, instruments: Any, most_hours: float, after: Amounts) -> float:
    """Write the choices that are in force, and return effective labour."""
    for place in range(_INSTRUMENTS):
        instruments[place] = clipped(given[place])
    labour = 0.0
    for i in range(after.hours.size):
        after.saving[i], after.hours[i] = clipped(chosen[i, 0]), clipped(chosen[i, 1])
        labour += after.productivity[i] * (most_hours * after.hours[i])
    return labour


@rule
def earn(
    sizes: Sizes, pay: float, rate: float, on_consumption: float, instruments: Any, owned: Any, after: Amounts, net: Any
) -> float:
    """Write incomes, what taxes leave of assets and income (``net[0]`` and ``net[1]``) and consumption; return its sum.

    ``pay`` is that of a unit of productivity at a share of hours of one.
    """
    bent, bent_assets = 1 - MOST_CURVATURE * instruments[1], 1 - MOST_CURVATURE * instruments[3]
    level, level_assets = (1 - MOST_LEVEL * instruments[0]) / bent, (1 - MOST_LEVEL * instruments[2]) / bent_assets
    consumed = 0.0
    for i in range(owned.size):
        income = pay * after.productivity[i] * after.hours[i] + rate * owned[i]
        net_income, net_assets = level * power(income, bent), level_assets * power(owned[i], bent_assets)
        if sizes.saves_wealth == 1:
            spent = (0.5 - 0.5 * after.saving[i]) * (net_income + net_assets)
        else:
            spent = (1 - after.saving[i]) * net_income
        after.income[i], after.consumption[i] = income, spent / (1 + on_consumption)
        net[0, i], net[1, i] = net_assets, net_income
        consumed += after.consumption[i]
    return consumed


@rule
def utility_of(sizes: Sizes, consumption: float, worked: float) -> float:
    """Return the utility of a household."""
    if sizes.saturated == 0:
        return np.log(consumption) - (5 * worked) ** 3 / (1 + INVERSE_FRISCH)  # type: ignore[no-any-return]
    return consumption / (consumption + 1000 * np.exp(10 * worked**3 / (1 + INVERSE_FRISCH)))  # type: ignore[no-any-return]


@rule
def keep(
    sizes: Sizes, on_consumption: float, owned: Any, after: Amounts, net: Any
) -> tuple[float, float, float, float]:
    """Write assets, taxes and utility, and the amounts of Gini indices.

    Returns:
        The sums of consumption, taxes and assets, and the lowest assets.
    """
    consumed, taxes, kept, lowest = 0.0, 0.0, 0.0, np.inf
    for i in range(owned.size):
        wealth, consumption = net[1, i] + net[0, i], after.consumption[i]
        assets = wealth - (1 + on_consumption) * consumption
        tax = after.income[i] + owned[i] - wealth + on_consumption * consumption
        after.assets[i], after.tax[i] = assets, tax
        after.utility[i] = utility_of(sizes, consumption, after.hours[i])
        if sizes.closed_goods == 1:
            net[0, i] = assets
        if net.shape[0] == 4:
            net[2, i], net[3, i] = owned[i], after.income[i]
        consumed, taxes, kept, lowest = consumed + consumption, taxes + tax, kept + assets, min(lowest, assets)
    return consumed, taxes, kept, lowest


@entry
def live(first: int, last: int, sizes: Sizes, parameters: Any, before: Any, after: Any, read: Any, net: Any) -> None:
    """Live a year, without what Gini indices decide; ``net`` ``[B, 2 or 4, N]`` holds the amounts of these.

    Args:
        first: the first environment copy.
        last: one more than the last one.
        sizes: sizes and laws.
        parameters: ``[1 | B, 5]``.
        before: addresses of the state before.
        after: addresses of the state after.
        read: addresses of the choices of households ``[B, N, 2]`` and of the government ``[B, 5]``, float64.
        net: assets and income after tax, and for the task gini of SMFG assets and income before it.
    """
    households = sizes.households
    for b in range(first, last):
        old, new = amounts_of(before, b, households), amounts_of(after, b, households)
        year = row_at(before[TIME], b, (1,), np.int64)[0] + 1
        was, superstar = (
            row_at(before[SUPERSTAR], b, (households,), np.bool_),
            row_at(after[SUPERSTAR], b, (households,), np.bool_),
        )
        move(row_at(before[KEY], b, (1,), np.int64)[0], year, old.productivity, was, new.productivity, superstar)
        values = parameters[b if parameters.shape[0] > 1 else 0]
        share, rate, on_consumption = values[1], values[3], values[4]
        chosen, given = row_at(read[0], b, (households, 2), np.float64), row_at(read[1], b, (_INSTRUMENTS,), np.float64)
        instruments = row_at(after[INSTRUMENTS], b, (_INSTRUMENTS,), np.float64)
        capital, debt, most_hours = number(before, CAPITAL, b), number(before, DEBT, b), number(before, MOST_HOURS, b)
        labour = choose(chosen, given, instruments, most_hours, new)
        output = values[0] * power(capital, share) * power(labour, 1 - share)
        wage = (1 - share) * values[0] * power(capital / labour, share)
        spending = MOST_SPENDING * instruments[4] * output
        consumed = earn(sizes, wage * most_hours, rate, on_consumption, instruments, old.assets, new, net[b])
        is_short = consumed + spending > output
        if is_short and sizes.closed_goods == 0:
            left = (output - spending) / consumed
            for i in range(households):
                new.consumption[i] *= left
        owned = 0.0
        for i in range(households):
            owned += old.assets[i]
        consumed, taxes, kept, lowest = keep(sizes, on_consumption, old.assets, new, net[b])
        if sizes.closed_goods == 1:
            next_capital = output - spending - consumed + (1 - values[2]) * capital
        else:
            next_capital = (1 + rate) * (capital - owned) - (spending - taxes) + kept
        put(after, CAPITAL, b, next_capital)
        put(after, DEBT, b, (1 + rate) * debt + spending - taxes)
        put(after, OUTPUT, b, output)
        put(after, CAPITAL_BEFORE, b, capital)
        put(after, DEBT_BEFORE, b, debt)
        put(after, ASSETS_BEFORE, b, owned)
        put(after, SPENDING, b, spending)
        put(after, WAGE, b, wage)
        row_at(after[OVER], b, (1,), np.bool_)[0] = is_short or lowest < 0 or next_capital < 0


@rule
def gini(ranked: Any, added: float) -> float:
    """Return the Gini index of ascending amounts; see :func:`econsim.mechanisms.welfare.gini`."""
    count, total, spread = ranked.size, 0.0, 0.0
    for i in range(count):
        amount = ranked[i] + added
        total += amount
        spread += (1 - count + 2 * i) / count * amount
    return spread / total if total != 0.0 else 0.0


@rule
def reward(
    sizes: Sizes, growth: float, capital_growth: float, utility: Any, wealth: float, income: float, net: Any
) -> float:
    """Return the government's reward; ``wealth`` and ``income`` are the Gini indices after tax."""
    if sizes.task == SOCIAL_WELFARE:
        total = 0.0
        for i in range(utility.size):
            total += utility[i]
        return total
    if sizes.task == GDP_GINI:
        return growth - wealth * income
    if sizes.task == GDP:
        return growth if sizes.closed_goods == 1 else 100 * capital_growth
    if sizes.closed_goods == 1:
        return -(wealth * income)
    return 100 * ((1 - wealth / gini(net[2], sizes.added)) + (1 - income / gini(net[3], sizes.added)))


@rule
def hold(households: int, b: int, before: Any, after: Any) -> None:
    """Leave the state of an episode that was cut short as it was."""
    for place in range(ROWS):
        copy(
            row_at(after[place], b, (households,), np.float64),
            row_at(before[place], b, (households,), np.float64),
            households,
        )
    for place in range(ROWS, TIME):
        put(after, place, b, number(before, place, b))
    copy(
        row_at(after[SUPERSTAR], b, (households,), np.bool_),
        row_at(before[SUPERSTAR], b, (households,), np.bool_),
        households,
    )
    copy(
        row_at(after[INSTRUMENTS], b, (_INSTRUMENTS,), np.float64),
        row_at(before[INSTRUMENTS], b, (_INSTRUMENTS,), np.float64),
        _INSTRUMENTS,
    )


@entry
def close(first: int, last: int, sizes: Sizes, before: Any, after: Any, net: Any, unit: Any) -> None:
    """Close a year: Gini indices, rewards, and whether the episode is over; ``net`` has ascending rows."""
    for b in range(first, last):
        wealth, income = gini(net[b, 0], sizes.added), gini(net[b, 1], sizes.added)
        utility = row_at(after[UTILITY], b, (sizes.households,), np.float64)
        growth = number(after, OUTPUT, b) / number(before, OUTPUT, b) - 1
        capital_growth = number(after, CAPITAL, b) / number(before, CAPITAL, b) - 1
        gained = reward(sizes, growth, capital_growth, utility, wealth, income, net[b])
        put(after, WEALTH_GINI, b, wealth)
        put(after, INCOME_GINI, b, income)
        put(after, REWARD, b, gained)
        rewards = row_at(after[REWARDS], b, (sizes.households,), unit.dtype)
        for i in range(sizes.households):
            rewards[i] = utility[i]
        row_at(after[GOVERNMENT_REWARD], b, (1,), unit.dtype)[0] = gained
        unequal = max(wealth, income)
        over = row_at(after[OVER], b, (1,), np.bool_)
        time, next_time = row_at(before[TIME], b, (1,), np.int64)[0], row_at(after[TIME], b, (1,), np.int64)
        ends = unequal > sizes.ends_at_gini if sizes.closed_goods == 1 else unequal >= sizes.ends_at_gini
        over[0] = over[0] or ends
        next_time[0] = time + 1
        if row_at(before[OVER], b, (1,), np.bool_)[0]:
            hold(sizes.households, b, before, after)
            over[0], next_time[0] = True, time
        row_at(after[TRUNCATED], b, (1,), np.bool_)[0] = next_time[0] >= sizes.horizon and not over[0]


@rule
def logarithm(amount: float) -> float:
    """Return the logarithm of an amount, zero taken as a very small one."""
    return np.log(max(amount, LEAST_LOGGED))  # type: ignore[no-any-return]


@rule
def mean_of(amounts: Any, start: int, end: int) -> float:
    """Return the mean of a range of amounts."""
    total = 0.0
    for i in range(start, end):
        total += amounts[i]
    return total / (end - start)


@rule
def sums_by_rank(amounts: Any, ranked_by: Any, ranked: Any, richest: int) -> tuple[float, float]:
    """Return the sums of amounts over the richest and over all others; of equals, the first are the richer.

    Args:
        amounts: ``[N]``.
        ranked_by: ``[N]``, by which people are ranked.
        ranked: the same, ascending.
        richest: the number of the richest.
    """
    bound, ties = ranked[ranked.size - richest], richest
    for i in range(ranked.size):
        ties -= 1 if ranked_by[i] > bound else 0
    among, others = 0.0, 0.0
    for i in range(ranked.size):
        if ranked_by[i] > bound:
            among += amounts[i]
        elif ranked_by[i] == bound and ties > 0:
            among += amounts[i]
            ties -= 1
        else:
            others += amounts[i]
    return among, others


@entry
def observe(first: int, last: int, sizes: Sizes, addresses: Any, ranked: Any, unit: Any) -> None:
    """Write observations.

    Args:
        first: the first environment copy.
        last: one more than the last one.
        sizes: sizes and laws.
        addresses: of productivity, assets and income ``[B, N]``, wages ``[B]``, and of what households observe of
            themselves ``[B, N, 2]`` and all of the population ``[B, G]``.
        ranked: assets and income in ascending order, ``[2, B, N]``.
        unit: an array in the precision of the game.
    """
    count = sizes.households
    tenth, half = count // 10, count // 2
    for b in range(first, last):
        level, assets, income = (
            row_at(addresses[0], b, (count,), np.float64),
            row_at(addresses[1], b, (count,), np.float64),
            row_at(addresses[2], b, (count,), np.float64),
        )
        own = row_at(addresses[4], b, (count, 2), unit.dtype)
        for i in range(count):
            own[i, 0], own[i, 1] = logarithm(level[i]), np.log1p(assets[i] / UNIT)
        shared = row_at(addresses[5], b, (6 + sizes.closed_goods,), unit.dtype)
        for place in range(2):
            rising = ranked[place, b]
            shared[place] = np.log1p(max(mean_of(rising, count - tenth, count), 0.0) / UNIT)
            shared[3 + place] = np.log1p(max(mean_of(rising, 0, count - half), 0.0) / UNIT)
        richest, _ = sums_by_rank(level, income, ranked[1, b], tenth)
        _, poorer = sums_by_rank(level, income, ranked[1, b], half)
        shared[2], shared[5] = logarithm(richest / tenth), logarithm(poorer / (count - half))
        if sizes.closed_goods == 1:
            shared[6] = logarithm(number(addresses, 3, b))
