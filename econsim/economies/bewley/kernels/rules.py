"""A period of one environment copy after another; ``docs/kernels.md`` has the conventions.

Amounts of households are computed in float64 and stored in the precision of the game. Sums are over stored amounts, so
that accounts balance as those of tensors do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.economies.bewley.kernels.arrays import (
    ANNOUNCED,
    ANNOUNCED_AFTER,
    ASSETS,
    BY_DEBT,
    BY_LABOUR_TAX,
    BY_TRANSFER,
    CAPITAL,
    CAPITAL_AFTER,
    CHOSEN,
    CONSUMPTION,
    DEBT,
    DEBT_AFTER,
    HOURS,
    INCOME,
    KEY,
    LABOUR_LEVEL,
    MASS,
    MASS_AFTER,
    MEAN_CONSUMPTION,
    OUTPUT,
    OUTPUT_AFTER,
    OVER,
    OWN_ASSETS,
    OWN_LEVEL,
    POLICY,
    POLICY_AFTER,
    RATE,
    REWARD,
    SET,
    SPENDING,
    STATE,
    STATE_AFTER,
    TAX,
    TIME,
    TIME_AFTER,
    TRANSFER,
    UNTIL,
    UNTIL_AFTER,
    UTILITY,
    WAGE,
    Chances,
    Numbers,
    Problem,
    Sizes,
    Tables,
)
from econsim.economies.bewley.period import ROUNDING
from econsim.economies.bewley.population import PRODUCTIVITY
from econsim.kernels.amounts import number, power, put, whole
from econsim.kernels.compiling import entry, row_at, rule
from econsim.kernels.draws import state_of, stream, uniform_at_53
from econsim.kernels.threads import SMALLEST_SLICE

__all__ = ["live"]

_PRODUCTIVITY = stream(PRODUCTIVITY)
_ALL_LABOUR, _NOTHING_LEFT, _NO_SPENDING, _NO_CAPITAL, _UNBALANCED = (int(problem) for problem in Problem)


class People(NamedTuple):
    """What a period begins with, of the households of one environment copy, ``[N]`` each."""

    state: Any
    assets: Any
    mass: Any


class Flows(NamedTuple):
    """What households of one environment copy do in a period, ``[N]`` each."""

    level: Any
    assets: Any
    consumption: Any
    hours: Any
    income: Any
    tax: Any
    utility: Any


class Preferences(NamedTuple):
    """Numbers of the utility function."""

    risk_aversion: float
    labour_weight: float
    labour_curvature: float


class Market(NamedTuple):
    """What no single household moves."""

    labour: float
    rate: float
    wage: float
    of_consumption: float  # taxes
    on_assets: float  # a share of them, on interest and on wealth


@rule
def isoelastic(consumption: float, risk_aversion: float) -> float:
    """Return utility; see :func:`econsim.mechanisms.preferences.isoelastic`."""
    distance = 1.0 - risk_aversion
    if abs(distance) < 1e-9:
        return np.log(consumption)  # type: ignore[no-any-return]
    return np.expm1(distance * np.log(consumption)) / distance  # type: ignore[no-any-return]


@rule
def brackets_tax(income: float, thresholds: Any, rates: Any) -> float:
    """Return the tax; see :func:`econsim.mechanisms.taxes.brackets_tax`."""
    tax = 0.0
    for bracket in range(rates.size):
        upper = thresholds[bracket + 1] if bracket + 1 < rates.size else np.inf
        tax += rates[bracket] * (min(max(income, thresholds[bracket]), upper) - thresholds[bracket])
    return tax


@rule
def work(sizes: Sizes, levels: Any, chosen: Any, people: People, flows: Flows) -> float:
    """Write productivity and hours, and return effective labour."""
    labour = 0.0
    for i in range(sizes.households):
        flows.level[i] = levels[people.state[i]]
        flows.hours[i] = chosen[i, 1] if sizes.choices > 1 else 1.0
        labour += people.mass[i] * (np.float64(flows.level[i]) * flows.hours[i])
    return labour


@rule
def keep(
    sizes: Sizes,
    numbers: Numbers,
    tables: Tables,
    market: Market,
    bend: float,
    chosen: Any,
    people: People,
    flows: Flows,
    kept: Any,
) -> tuple[float, float, float, float, float]:
    """Write the labour income ``[N]`` that is kept if the level of its tax is one.

    Returns:
        Means per household: of labour income before tax with the taxes on assets, and of labour income that is kept;
        then, weighted by the share of resources that a household consumes, of one, of assets above the least after
        taxes on them, and of labour income that is kept.
    """
    mean = market.wage * market.labour
    gross, of_kept, of_one, of_owned, of_kept_spent = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(sizes.households):
        effective, assets = np.float64(flows.level[i]) * flows.hours[i], np.float64(people.assets[i])
        earned, relative = market.wage * effective, effective / market.labour
        if tables.rates.size > 0:
            kept[i] = earned - mean * brackets_tax(relative, tables.thresholds, tables.rates)
        else:
            kept[i] = earned * power(relative, bend)
        weight = np.float64(people.mass[i])
        spent = weight * chosen[i, 0]
        gross += weight * (earned + market.on_assets * assets)
        of_kept += weight * kept[i]
        of_one += spent
        of_owned += spent * ((assets - numbers.least) + assets * (market.rate - market.on_assets))
        of_kept_spent += spent * kept[i]
    return gross, of_kept, of_one, of_owned, of_kept_spent


@rule
def close(
    sizes: Sizes, numbers: Numbers, level: float, left: float, inclusive: float, debt: float, interest: float, sums: Any
) -> tuple[float, float]:
    """Return the level of the labour tax and the transfer that close the budget; ``sums`` are those of :func:`keep`."""
    gross, kept, of_one, of_owned, of_kept = sums
    if sizes.adjusts == BY_TRANSFER:
        revenue = gross - level * kept + inclusive * (of_owned + level * of_kept)
        surplus = revenue - interest - numbers.spending
        return level, left * surplus / (1.0 - left * inclusive * of_one)
    if sizes.adjusts == BY_LABOUR_TAX:
        spent = inclusive * (of_owned + numbers.transfer * of_one)
        yielded = gross + spent - numbers.spending - numbers.transfer - interest
        return yielded / (kept - inclusive * of_kept), numbers.transfer
    if sizes.adjusts == BY_DEBT:
        return level, numbers.transfer - numbers.response * (debt - numbers.debt)
    return level, numbers.transfer


@rule
def spend(
    sizes: Sizes,
    numbers: Numbers,
    tastes: Preferences,
    market: Market,
    level: float,
    transfer: float,
    chosen: Any,
    people: People,
    flows: Flows,
    kept: Any,
) -> tuple[float, float, float, float, int]:
    """Write what households consume, keep, pay and enjoy.

    Returns:
        Means of consumption, taxes, assets and utility, and the number of households who have nothing to spend.
    """
    consumed, taxes, owned, enjoyed, destitute = 0.0, 0.0, 0.0, 0.0, 0
    inclusive = market.of_consumption / (1.0 + market.of_consumption)
    for i in range(sizes.households):
        assets, hours = np.float64(people.assets[i]), np.float64(flows.hours[i])
        earned, on_assets = market.wage * (flows.level[i] * hours), market.on_assets * assets
        net = level * kept[i]
        room = (assets - numbers.least) + (market.rate * assets - on_assets) + net + transfer
        destitute += 0 if room > 0.0 else 1
        flows.assets[i] = min(numbers.least + (1.0 - chosen[i, 0]) * room, numbers.largest)
        spent = room - (flows.assets[i] - numbers.least)
        flows.consumption[i] = spent / (1.0 + market.of_consumption)
        flows.tax[i] = earned - net + on_assets + inclusive * spent
        flows.income[i] = earned + market.rate * assets
        utility = isoelastic(np.float64(flows.consumption[i]), tastes.risk_aversion)
        if tastes.labour_weight != 0.0:
            bent = 1.0 + tastes.labour_curvature
            utility -= tastes.labour_weight * power(hours, bent) / bent
        flows.utility[i] = utility
        weight = np.float64(people.mass[i])
        consumed += weight * flows.consumption[i]
        taxes += weight * flows.tax[i]
        owned += weight * flows.assets[i]
        enjoyed += weight * flows.utility[i]
    return consumed, taxes, owned, enjoyed, destitute


@rule
def move(key: int, time: int, bounds: Any, before: Any, after: Any) -> None:
    """Draw the next states of productivity; see :func:`econsim.economies.bewley.population.next_states`.

    ``bounds``: ``[S, S]``, cumulated chances of the next state.
    """
    draws, last = state_of(key, time, _PRODUCTIVITY), bounds.shape[1] - 1
    for i in range(before.size):
        drawn, following = uniform_at_53(draws, i), 0
        for state in range(last):
            following += 1 if drawn >= bounds[before[i], state] else 0
        after[i] = following


@rule
def cell_below(grid: Any, assets: float) -> int:
    """Return the last point of the grid, its end left out, that assets are not below."""
    low, high = 0, grid.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if assets >= grid[middle]:
            low = middle
        else:
            high = middle
    return low


@rule
def lottery(grid: Any, chances: Any, chosen: Any, mass: Any, moved: Any, after: Any) -> None:
    """Write the next shares of cells; see :func:`econsim.economies.bewley.population.lottery`.

    Args:
        grid: ``[G]``.
        chances: ``[S, S]``, of the next state of productivity.
        chosen: assets of each cell at the end of the period, ``[S * G]``.
        mass: shares of cells before.
        moved: scratch memory ``[S * G]``.
        after: shares of cells, written.
    """
    points, states = grid.size, chances.shape[0]
    for i in range(mass.size):
        moved[i] = 0.0
    for state in range(states):
        start = state * points
        for i in range(start, start + points):
            below = cell_below(grid, chosen[i])
            weight = (grid[below + 1] - chosen[i]) / (grid[below + 1] - grid[below])
            moved[start + below] += mass[i] * weight
            moved[start + below + 1] += mass[i] * (1.0 - weight)
    for following in range(states):
        for point in range(points):
            share = 0.0
            for state in range(states):
                share += chances[state, following] * moved[state * points + point]
            after[following * points + point] = share


@rule
def announce(sizes: Sizes, tables: Tables, time: int, b: int, before: Any, after: Any, unit: Any) -> None:
    """Write the policies of the next period; see :func:`econsim.economies.bewley.announcements.news_after`."""
    old, new = (
        row_at(before[POLICY], b, (sizes.rates,), unit.dtype),
        row_at(after[POLICY_AFTER], b, (sizes.rates,), unit.dtype),
    )
    to_come = row_at(before[ANNOUNCED], b, (sizes.rates,), unit.dtype)
    following = new if sizes.delay == 0 else row_at(after[ANNOUNCED_AFTER], b, (sizes.rates,), unit.dtype)
    given = row_at(before[SET], b, (tables.instruments.size,), unit.dtype)
    due, left = time % sizes.review == 0, max(whole(before, UNTIL, b) - 1, 0)
    for place in range(sizes.rates):
        new[place] = to_come[place] if left == 0 else old[place]
        if sizes.delay > 0:
            following[place] = to_come[place]
        if due:
            following[place] = tables.status_quo[place]
    if due:
        for place in range(tables.instruments.size):
            following[tables.instruments[place]] = given[place]
        left = sizes.delay if sizes.delay > 0 else left
    row_at(after[UNTIL_AFTER], b, (1,), np.int64)[0] = left


@entry
def live(
    first: int,
    last: int,
    sizes: Sizes,
    numbers: Numbers,
    tables: Tables,
    chances: Chances,
    before: Any,
    after: Any,
    scratch: Any,
    failures: Any,
    unit: Any,
) -> None:
    """Live a period.

    Args:
        first: the first environment copy.
        last: one more than the last one.
        sizes: sizes and settings.
        numbers: limits, budget and objective.
        tables: what does not change.
        chances: of the next states of productivity, and what times do to output.
        before: addresses of the state before and of actions, by their places in ``arrays``.
        after: addresses of the state after and of what the period returns besides.
        scratch: ``[slices, 2, N]``.
        failures: ``[B]`` int64, the numbers of what is wrong, written.
        unit: an array in the precision of the game.
    """
    count, mine = sizes.households, scratch[first // SMALLEST_SLICE]
    for b in range(first, last):
        people = People(
            row_at(before[STATE], b, (count,), np.int64),
            row_at(before[ASSETS], b, (count,), unit.dtype),
            row_at(before[MASS], b, (count,), unit.dtype),
        )
        flows = Flows(
            row_at(after[OWN_LEVEL], b, (count,), unit.dtype),
            row_at(after[OWN_ASSETS], b, (count,), unit.dtype),
            row_at(after[CONSUMPTION], b, (count,), unit.dtype),
            row_at(after[HOURS], b, (count,), unit.dtype),
            row_at(after[INCOME], b, (count,), unit.dtype),
            row_at(after[TAX], b, (count,), unit.dtype),
            row_at(after[UTILITY], b, (count,), unit.dtype),
        )
        chosen, policy = (
            row_at(before[CHOSEN], b, (count, sizes.choices), unit.dtype),
            row_at(before[POLICY], b, (sizes.rates,), unit.dtype),
        )
        row = b if chances.factor.size > 1 else 0
        values = tables.parameters[b if tables.parameters.shape[0] > 1 else 0]
        capital, debt, share = number(before, CAPITAL, b), number(before, DEBT, b), values[3]
        labour = work(sizes, tables.levels, chosen, people, flows)
        output = values[5] * chances.factor[row] * power(capital, share) * power(labour, 1.0 - share)
        rate, wage = share * output / capital - values[4], (1.0 - share) * output / labour
        on_assets = np.float64(policy[3]) * max(rate, 0.0) + policy[4]
        market = Market(labour, rate, wage, np.float64(policy[0]), on_assets)
        inclusive = market.of_consumption / (1.0 + market.of_consumption)
        sums = keep(sizes, numbers, tables, market, -np.float64(policy[2]), chosen, people, flows, mine[0])
        issued = 0.0 if sizes.adjusts == BY_DEBT else debt - numbers.debt
        interest = rate * debt + issued
        level, transfer = close(
            sizes, numbers, 1.0 - np.float64(policy[1]), 1.0 - np.float64(policy[5]), inclusive, debt, interest, sums
        )
        tastes = Preferences(values[0], values[1], values[2])
        consumed, taxes, owned, enjoyed, destitute = spend(
            sizes, numbers, tastes, market, level, transfer, chosen, people, flows, mine[0]
        )
        spending = numbers.spending if sizes.adjusts == BY_DEBT else taxes - transfer - interest
        next_debt = numbers.debt
        if sizes.adjusts == BY_DEBT:
            next_debt = spending + transfer + (1.0 + rate) * debt - taxes
        key, time = whole(before, KEY, b), whole(before, TIME, b)
        next_capital = owned - next_debt
        if sizes.is_distribution == 1:
            mass = row_at(after[MASS_AFTER], b, (count,), unit.dtype)
            lottery(tables.grid, chances.transition[row], flows.assets, people.mass, mine[1], mass)
            next_capital = -next_debt
            for i in range(count):
                next_capital += np.float64(mass[i]) * people.assets[i]
        else:
            move(key, time, chances.bounds[row], people.state, row_at(after[STATE_AFTER], b, (count,), np.int64))
        announce(sizes, tables, time, b, before, after, unit)
        reward = numbers.welfare * enjoyed
        if numbers.growth != 0.0:
            reward += numbers.growth * np.log(output / number(before, OUTPUT, b))
        row_at(after[REWARD], b, (1,), unit.dtype)[0] = reward
        for place, amount in (
            (OUTPUT_AFTER, output),
            (RATE, rate),
            (WAGE, wage),
            (MEAN_CONSUMPTION, consumed),
            (SPENDING, spending),
            (TRANSFER, transfer),
            (LABOUR_LEVEL, level),
            (CAPITAL_AFTER, next_capital),
            (DEBT_AFTER, next_debt),
        ):
            put(after, place, b, amount)
        row_at(after[TIME_AFTER], b, (1,), np.int64)[0] = time + 1
        row_at(after[OVER], b, (1,), np.bool_)[0] = time + 1 >= sizes.horizon
        goods = (output - consumed - spending - (next_capital - (1.0 - values[4]) * capital)) / output
        balance = (owned - next_capital - next_debt) / owned
        budget = (taxes - (spending + transfer + (1.0 + rate) * debt - next_debt)) / output
        failed = 0
        if not max(abs(goods), abs(balance), abs(budget)) <= numbers.allowed:
            failed = _UNBALANCED
        if not next_capital > 0.0:
            failed = _NO_CAPITAL
        if not spending >= -ROUNDING * output:
            failed = _NO_SPENDING
        if destitute > 0:
            failed = _NOTHING_LEFT
        if sizes.adjusts == BY_LABOUR_TAX and not level > 0.0:
            failed = _ALL_LABOUR
        failures[b] = failed
