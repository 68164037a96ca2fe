"""Observations of one environment copy after another; ``docs/kernels.md`` has the conventions."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.bewley.kernels.arrays import (
    BY_DEBT,
    BY_LABOUR_TAX,
    DUE,
    FEATURES,
    OF_GOVERNMENT,
    SEEN_ASSETS,
    SEEN_CAPITAL,
    SEEN_DEBT,
    SEEN_LEVEL,
    SEEN_POLICY,
    SEEN_RATE,
    SEEN_STATE,
    SEEN_TIME,
    SEEN_TIMES,
    SEEN_WAGE,
    SHARED,
    Numbers,
    Sizes,
    Tables,
)
from econsim.kernels.amounts import number, whole
from econsim.kernels.compiling import entry, row_at

__all__ = ["observe"]


@entry
def observe(
    first: int, last: int, sizes: Sizes, numbers: Numbers, tables: Tables, addresses: Any, further: Any, unit: Any
) -> None:
    """Write observations.

    Args:
        first: the first environment copy.
        last: one more than the last one.
        sizes: sizes and settings.
        numbers: what observations are relative to.
        tables: what does not change.
        addresses: of what is observed, and of observations, by their places in ``arrays``.
        further: the last entries that all observe, ``[B, E]``.
        unit: an array in the precision of the game.
    """
    count, rates = sizes.households, sizes.rates
    closing = 1 if sizes.adjusts in (BY_DEBT, BY_LABOUR_TAX) else 0
    width = rates + 3 + sizes.with_times + closing + further.shape[1]
    for b in range(first, last):
        state, assets = (
            row_at(addresses[SEEN_STATE], b, (count,), np.int64),
            row_at(addresses[SEEN_ASSETS], b, (count,), unit.dtype),
        )
        own, shared = (
            row_at(addresses[FEATURES], b, (count, 2), unit.dtype),
            row_at(addresses[SHARED], b, (width,), unit.dtype),
        )
        for i in range(count):
            # Not log1p, which takes twice the time: the sum is rounded in float64, to a few in 10^16.
            own[i, 0] = np.log(1.0 + (np.float64(assets[i]) - numbers.least) / numbers.output)
            own[i, 1] = tables.of_work[state[i]]
        policy = row_at(addresses[SEEN_POLICY], b, (rates,), unit.dtype)
        for place in range(rates):
            shared[place] = policy[place]
        shared[rates] = np.log(number(addresses, SEEN_CAPITAL, b) / numbers.capital)
        shared[rates + 1] = np.log(number(addresses, SEEN_WAGE, b) / numbers.wage)
        shared[rates + 2] = number(addresses, SEEN_RATE, b)
        place = rates + 3
        if sizes.with_times == 1:
            shared[place] = whole(addresses, SEEN_TIMES, b)
            place += 1
        if sizes.adjusts == BY_DEBT:
            shared[place] = number(addresses, SEEN_DEBT, b) / numbers.output
        if sizes.adjusts == BY_LABOUR_TAX:
            shared[place] = 1.0 - number(addresses, SEEN_LEVEL, b)
        for entry_number in range(further.shape[1]):
            shared[place + closing + entry_number] = further[b, entry_number]
        time, of_government = (
            whole(addresses, SEEN_TIME, b),
            row_at(addresses[OF_GOVERNMENT], b, (width + 1,), unit.dtype),
        )
        of_government[0] = time / sizes.horizon
        for place in range(width):
            of_government[place + 1] = shared[place]
        row_at(addresses[DUE], b, (1,), np.bool_)[0] = time % sizes.review == 0
