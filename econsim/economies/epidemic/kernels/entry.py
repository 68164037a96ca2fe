"""The kernel of a day of the epidemic, which Python calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.epidemic.contagion import INFECTED
from econsim.economies.epidemic.kernels.rules import (
    Block,
    Numbers,
    Person,
    Population,
    Sizes,
    begin,
    decide,
    mix,
    progress,
    reward,
    spread,
    test,
    vaccinate,
)
from econsim.kernels.compiling import copy, entry, row_at
from econsim.kernels.threads import SMALLEST_SLICE

__all__ = ["step"]


@entry
def step(
    first: int,
    last: int,
    sizes: Sizes,
    numbers: Numbers,
    population: Population,
    mortality: Any,
    shares: Any,
    addresses: Any,
    flags: Any,
    pressures: Any,
    whole: Any,
    sources: Any,
    small: Any,
    listed: Any,
    unit: Any,
) -> None:
    """Step the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        sizes: sizes and settings.
        numbers: probabilities and costs.
        population: people and contacts.
        mortality: ``[1 | B]`` float64.
        shares: infectiousness by days since exposure, ``[L]`` int64.
        addresses: addresses of the fields of the state before the step, of those after it (time, stage, days, home,
            test, confined, vaccinated, counts, today, peak), of the levers in force ``[B, K]`` float64, of the actions
            of people ``[B, N]`` int64 where they are read, of the risk of a day or the reproduction number, ``[B, L]``
            float64 in a network and else ``[B, 1]``, and of the rewards ``[B, N]``.
        flags: scratch memory ``[slices, 2, N]`` bool.
        pressures: scratch memory ``[slices, 2, G]`` float64.
        whole: scratch memory ``[slices, 2, BLOCK]`` int64.
        sources: scratch memory ``[slices, BLOCK]`` int32.
        small: scratch memory ``[slices, BLOCK]`` bool.
        listed: scratch memory ``[slices, BLOCK + 1]`` int32.
        unit: any array in the precision of the game.
    """
    copies, people = (sizes.copies,), (sizes.people,)
    key, time = row_at(addresses[0], 0, copies, np.int64), row_at(addresses[1], 0, copies, np.int64)
    next_time, peak = row_at(addresses[11], 0, copies, np.int64), row_at(addresses[20], 0, copies, np.int64)
    peak_before = row_at(addresses[10], 0, copies, np.int64)
    isolated = (sizes.people if sizes.isolation > 0 else 0,)
    testable = (sizes.people if sizes.testing == 1 else 0,)
    vaccinable = (sizes.people if sizes.vaccination == 1 else 0,)
    row = first // SMALLEST_SLICE
    block = Block(whole[row, 0], whole[row, 1], sources[row], small[row], listed[row])
    for b in range(first, last):
        person = Person(
            row_at(addresses[12], b, people, np.int8),
            row_at(addresses[13], b, people, np.int8),
            row_at(addresses[14], b, isolated, np.bool_),
            row_at(addresses[15], b, testable, np.int8),
            row_at(addresses[16], b, testable, np.int8),
            row_at(addresses[17], b, vaccinable, np.bool_),
            flags[row, 0],
            flags[row, 1],
        )
        copy(person.stage, row_at(addresses[2], b, people, np.int8), sizes.people)
        copy(person.days, row_at(addresses[3], b, people, np.int8), sizes.people)
        copy(person.home, row_at(addresses[4], b, isolated, np.bool_), isolated[0])
        copy(person.test, row_at(addresses[5], b, testable, np.int8), testable[0])
        copy(person.confined, row_at(addresses[6], b, testable, np.int8), testable[0])
        copy(person.vaccinated, row_at(addresses[7], b, vaccinable, np.bool_), vaccinable[0])
        counts, today = row_at(addresses[18], b, (5,), np.int64), row_at(addresses[19], b, (6,), np.int64)
        levers = row_at(addresses[21], b, (sizes.levers,), np.float64)
        chosen = row_at(addresses[22], b, people, np.int64)
        rewards = row_at(addresses[24], b, people, unit.dtype)
        now = time[b]
        copy(counts, row_at(addresses[8], b, (5,), np.int64), 5)
        for index in range(6):
            today[index] = 0
        decide(key[b], now, sizes, numbers, levers, chosen, person)
        if sizes.isolation > 0 or sizes.testing == 1:
            begin(key[b], now, sizes, numbers, person, today)
        if sizes.edges < 0:
            reproduction = row_at(addresses[23], b, (1,), np.float64)[0]
            mix(key[b], now, sizes, numbers, population, reproduction, shares, person, pressures[row])
        else:
            of_day = row_at(addresses[23], b, (sizes.length,), np.float64)
            spread(key[b], now, sizes, numbers, population, of_day, person, block)
        reward(sizes, numbers, person, rewards)
        rate = mortality[b if mortality.size > 1 else 0]
        progress(key[b], now, sizes, numbers, population, rate, person, block, rewards, counts, today)
        if sizes.testing == 1:
            today[2] = test(key[b], now, sizes, numbers, levers[sizes.testing_lever], person, block)
        if sizes.vaccination == 1:
            today[4] = vaccinate(key[b], now, sizes, numbers, levers[sizes.levers - 1], person, block)
        peak[b] = max(peak_before[b], counts[INFECTED])
        next_time[b] = now + 1
