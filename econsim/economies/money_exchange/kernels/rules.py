"""The rules of the money exchange for one environment copy after another; ``docs/kernels.md`` has the conventions.

In whole numbers, and in the order of :mod:`econsim.economies.money_exchange.exchange`, so that both agree exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.economies.money_exchange.economy import STAY_OUT
from econsim.economies.money_exchange.exchange import DIVISION, PARTNER, REMAINDER, ROUNDING
from econsim.kernels.compiling import copy, entry, row_at, rule
from econsim.kernels.draws import integer_below, state_of, stream, uniform_at, uniform_at_53
from econsim.kernels.threads import SMALLEST_SLICE

__all__ = ["BLOCK", "Sizes", "step"]

BLOCK = 2048  # people whose units are given together
_FULL = np.uint8(255)
_DIVISION, _PARTNER, _REMAINDER, _ROUNDING = (stream(name) for name in (DIVISION, PARTNER, REMAINDER, ROUNDING))


class Sizes(NamedTuple):
    """Sizes and settings of a game and of a batch."""

    copies: int
    people: int
    brackets: int  # of the wealth tax; 0: there is none
    every: int  # steps between two collections of the tax
    pooled: int  # 1: pairs pool their money; 0: people give units
    in_turn: int  # 1: people act one after another; 0: all at once
    voluntary: int  # 1: people may stay out
    edges: int  # of the network; -1: there is none, and anybody may meet anybody


class Contacts(NamedTuple):
    """Whom people can meet."""

    anybody: bool  # there is no network
    rows: Any  # [N + 1] int64
    neighbours: Any  # [E] int32


class Scratch(NamedTuple):
    """Scratch memory of one environment copy."""

    givers: Any  # [BLOCK + 1] int32
    receivers: Any  # [BLOCK + 1] int32
    takes_part: Any  # [N] uint8, 1: takes part
    received: Any  # [N] uint8, units


@rule
def liability(wealth: int, rates: Any, thresholds: Any) -> float:
    """Return the tax on wealth before it is rounded, in coins."""
    due = 0.0
    for bracket in range(rates.size):
        upper = thresholds[bracket + 1] if bracket + 1 < rates.size else np.inf
        due += rates[bracket] * max(min(float(wealth), upper) - thresholds[bracket], 0.0)
    return due


@rule
def tax(key: int, now: int, wealth: Any, rates: Any, thresholds: Any) -> np.int64:
    """Collect the tax and pay it out equally; return its revenue."""
    rounding, revenue = state_of(key, now, _ROUNDING), np.int64(0)
    for person in range(wealth.size):
        due = np.int32(liability(wealth[person], rates, thresholds) + uniform_at(rounding, person))
        wealth[person] -= due
        revenue += due
    each, rest = np.int32(revenue // wealth.size), revenue % wealth.size
    receiver = integer_below(state_of(key, now, _REMAINDER), 0, wealth.size)
    for other in range(wealth.size):
        wealth[other] += each
    for _ in range(rest):
        wealth[receiver] += 1
        receiver = np.int64(receiver + 1 if receiver + 1 < wealth.size else 0)
    return revenue


@rule
def partner(draws: np.uint64, person: Any, people: int, contacts: Contacts) -> np.int64:
    """Return whom a person meets."""
    if contacts.anybody:
        return integer_below(draws, person, people)
    degree = contacts.rows[person + 1] - contacts.rows[person]
    if degree == 0:
        return np.int64(person)
    return np.int64(contacts.neighbours[contacts.rows[person] + integer_below(draws, person, degree)])


@rule
def give_at_once(draws: np.uint64, wealth: Any, scratch: Scratch, contacts: Contacts) -> None:
    """Give one unit of everybody who has one and takes part, all at once.

    The receivers of a block of people are drawn in a loop of vector instructions. Units are counted in bytes, which
    stay in a fast cache where a million people do not; a full byte is emptied.
    """
    people, givers, receivers, received = wealth.size, scratch.givers, scratch.receivers, scratch.received
    for person in range(people):
        gives = np.uint8(wealth[person] > 0) & scratch.takes_part[person]
        scratch.takes_part[person], received[person] = gives, 0
        wealth[person] -= np.int32(gives)
    for first in range(0, people, BLOCK):
        count = 0
        for person in range(first, min(first + BLOCK, people)):
            givers[count] = person
            count += scratch.takes_part[person]
        if contacts.anybody:  # a loop of its own, which becomes vector instructions
            for index in range(count):
                receivers[index] = np.int32(integer_below(draws, givers[index], people))
        else:
            for index in range(count):
                receivers[index] = np.int32(partner(draws, givers[index], people, contacts))
        for index in range(count):
            receiver = receivers[index]
            if received[receiver] == _FULL:
                wealth[receiver] += np.int32(_FULL)
                received[receiver] = 0
            received[receiver] += np.uint8(1)
    for person in range(people):
        wealth[person] += np.int32(received[person])


@rule
def give_in_turn(draws: np.uint64, order: Any, wealth: Any, takes_part: Any, contacts: Contacts) -> None:
    """Let people give a unit one after another."""
    for place in range(wealth.size):
        person = order[place]
        if wealth[person] > 0 and takes_part[person] == 1:
            wealth[person] -= 1
            wealth[partner(draws, person, wealth.size, contacts)] += 1


@rule
def divide(part: float, saving: float, person: Any, other: Any, wealth: Any) -> None:
    """Divide what two people do not save; ``part`` in [0, 1): the share of the first person."""
    stake = np.int64((1.0 - saving) * wealth[person])
    pooled = stake + np.int64((1.0 - saving) * wealth[other])
    gain = np.int32(np.int64(part * (pooled + 1)) - stake)
    wealth[person] += gain
    wealth[other] -= gain


@rule
def pool(
    key: int, now: int, saving: float, in_turn: int, order: Any, wealth: Any, takes_part: Any, contacts: Contacts
) -> None:
    """Let pairs divide their pools: people one after another with their partners, or in pairs of the order."""
    division, draws = state_of(key, now, _DIVISION), state_of(key, now, _PARTNER)
    stride = 1 if in_turn == 1 else 2
    for place in range(0, wealth.size - stride + 1, stride):
        person = order[place]
        other = partner(draws, person, wealth.size, contacts) if in_turn == 1 else order[place + 1]
        if person != other and takes_part[person] == 1 and takes_part[other] == 1:
            divide(uniform_at_53(division, person), saving, person, other, wealth)


@rule
def choose(b: int, sizes: Sizes, actions: int, takes_part: Any) -> None:
    """Write who takes part."""
    if sizes.voluntary == 0:
        for person in range(sizes.people):
            takes_part[person] = 1
        return
    chosen = row_at(actions, b, (sizes.people,), np.int64)
    for person in range(sizes.people):
        takes_part[person] = chosen[person] != STAY_OUT


@rule
def summarise(b: int, before: Any, wealth: Any, gains: Any, squares: Any, without: Any) -> None:
    """Write the gain of each person in coins, and the summary of the distribution."""
    total, poor = np.int64(0), np.int64(0)
    for person in range(wealth.size):
        gains[person] = np.int32(wealth[person] - before[person])
        total += np.int64(wealth[person]) * np.int64(wealth[person])
        poor += wealth[person] == 0
    squares[b], without[b] = total, poor


@entry
def step(
    first: int,
    last: int,
    sizes: Sizes,
    saving: Any,
    thresholds: Any,
    addresses: Any,
    blocks: Any,
    flags: Any,
    unit: Any,
) -> None:
    """Step the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        sizes: sizes and settings.
        saving: saving propensity, ``[1 | B]`` float64.
        thresholds: of the brackets of the tax, ``[K]`` float64.
        addresses: addresses of key and time ``[B]``, wealth ``[B, N]`` int32 and rates ``[B, K]`` before the step; of
            time, wealth, squares, people without money, rates and revenue after it; of the actions of people ``[B, N]``
            int64, the rates chosen ``[B, K]`` float64, the order of people ``[B, N]`` int64, where they are read; of
            the gains ``[B, N]``; and of the network's rows ``[N + 1]`` int64 and neighbours ``[E]`` int32, if any.
        blocks: scratch memory ``[slices, 2, BLOCK + 1]`` int32.
        flags: scratch memory ``[slices, 2, N]`` uint8.
        unit: any array in the precision of the game.
    """
    copies, people, brackets = sizes.copies, sizes.people, sizes.brackets
    key, time = row_at(addresses[0], 0, (copies,), np.int64), row_at(addresses[1], 0, (copies,), np.int64)
    next_time = row_at(addresses[4], 0, (copies,), np.int64)
    squares = row_at(addresses[6], 0, (copies,), np.int64)
    without = row_at(addresses[7], 0, (copies,), np.int64)
    revenue = row_at(addresses[9], 0, (copies,), np.int64)
    contacts = Contacts(
        sizes.edges < 0,
        row_at(addresses[14], 0, (people + 1,), np.int64),
        row_at(addresses[15], 0, (sizes.edges,), np.int32),
    )
    row = first // SMALLEST_SLICE
    scratch = Scratch(blocks[row, 0], blocks[row, 1], flags[row, 0], flags[row, 1])
    for b in range(first, last):
        now = time[b]
        before, wealth = (
            row_at(addresses[2], b, (people,), np.int32),
            row_at(addresses[5], b, (people,), np.int32),
        )
        rates = row_at(addresses[8], b, (brackets,), np.float64)
        copy(wealth, before, people)
        copy(rates, row_at(addresses[3], b, (brackets,), np.float64), brackets)
        revenue[b] = 0
        if brackets > 0 and now % sizes.every == 0:
            copy(rates, row_at(addresses[11], b, (brackets,), np.float64), brackets)
            revenue[b] = tax(key[b], now, wealth, rates, thresholds)
        choose(b, sizes, addresses[10], scratch.takes_part)
        draws = state_of(key[b], now, _PARTNER)
        if sizes.pooled == 1:
            order = row_at(addresses[12], b, (people,), np.int64)
            share = saving[b if saving.size > 1 else 0]
            pool(key[b], now, share, sizes.in_turn, order, wealth, scratch.takes_part, contacts)
        elif sizes.in_turn == 1:
            give_in_turn(draws, row_at(addresses[12], b, (people,), np.int64), wealth, scratch.takes_part, contacts)
        else:
            give_at_once(draws, wealth, scratch, contacts)
        gains = row_at(addresses[13], b, (people,), unit.dtype)
        summarise(b, before, wealth, gains, squares, without)
        next_time[b] = now + 1
