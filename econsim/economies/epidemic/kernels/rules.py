"""The rules of the epidemic for one environment copy after another; ``docs/kernels.md`` has the conventions.

In the order and the units of :mod:`econsim.economies.epidemic.contagion`, so that both agree exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.economies.epidemic.contagion import (
    DEAD,
    DEATH,
    EXPOSED,
    EXPOSURE,
    INFECTED,
    RECOVERED,
    SHARE_UNIT,
    SUSCEPTIBLE,
)
from econsim.economies.epidemic.measures import ADVICE, BREAKS, ENTERS, OUTCOME, TAKEN, VACCINE
from econsim.kernels.compiling import rule
from econsim.kernels.draws import bits_at, state_of, stream, uniform_at_53

__all__ = [
    "BLOCK",
    "Block",
    "Numbers",
    "Person",
    "Population",
    "Sizes",
    "begin",
    "decide",
    "mix",
    "progress",
    "reward",
    "spread",
    "test",
    "vaccinate",
]

_ADVICE, _BREAKS, _DEATH, _ENTERS, _EXPOSURE, _OUTCOME, _TAKEN, _VACCINE = (
    stream(name) for name in (ADVICE, BREAKS, DEATH, ENTERS, EXPOSURE, OUTCOME, TAKEN, VACCINE)
)
BLOCK = 2048  # contacts whose draws are computed together
_11, _2_TO_53, _ALL = np.uint64(11), 2.0**53, np.int64(2**53)
_MARGIN = 1.0 + 1e-12  # for rounding


class Sizes(NamedTuple):
    """Sizes and settings of a game and of a batch."""

    copies: int
    people: int
    length: int  # days from exposure to the end of an infection
    exposed_days: int
    groups: int
    edges: int  # of the network; -1: there is none, and everybody meets everybody
    weighted: int  # 1: edges have weights
    households: int  # 1: some edges are open at home
    isolation: int  # 0: none; 1: by advice; 2: people decide
    isolation_every: int
    testing: int  # 1: tests and quarantine
    result_days: int
    quarantine_days: int
    vaccination: int  # 1
    levers: int
    testing_lever: int  # which of the levers


class Numbers(NamedTuple):
    """Probabilities and costs."""

    isolation_compliance: float
    test_capacity: float
    true_positive: float
    false_positive: float
    quarantine_compliance: float
    break_rate: float
    vaccine_capacity: float
    not_protected: float  # 1 - efficacy
    not_saved: float  # 1 - efficacy against death
    infection_cost: float
    death_cost: float
    home_cost: float


class Population(NamedTuple):
    """People and contacts, the same for all environment copies."""

    rows: Any  # [N + 1] int64
    neighbours: Any  # [E] int32
    weights: Any  # [E] float32, if weighted
    at_home: Any  # [E] bool, if there are households
    groups: Any  # [N] int8
    susceptibility: Any  # [G] float64
    death_rate: Any  # [G] float64
    mixing: Any  # [G, G] float64


class Person(NamedTuple):
    """What one environment copy holds of its people, ``[N]`` each; without a measure, arrays of length zero."""

    stage: Any  # int8
    days: Any  # int8
    home: Any  # bool
    test: Any  # int8
    confined: Any  # int8
    vaccinated: Any  # bool
    away: Any  # bool, scratch
    new: Any  # bool, scratch: people whom a contact infects today


class Block(NamedTuple):
    """Scratch memory for a block of contacts, ``[BLOCK]`` each."""

    edges: Any  # int64
    limits: Any  # int64, of the first 53 bits of draws that can infect somebody
    sources: Any  # int32
    small: Any  # bool, whether a draw is below its limit
    people: Any  # [BLOCK + 1] int32, those of a block of people who are to be looked at


@rule
def decide(key: int, now: int, sizes: Sizes, numbers: Numbers, levers: Any, chosen: Any, person: Person) -> None:
    """Decide who stays at home, on the days of decisions."""
    if sizes.isolation == 0 or now % sizes.isolation_every != 0:
        return
    if sizes.isolation == 2:
        for i in range(sizes.people):
            person.home[i] = (chosen[i] == 1) & (person.stage[i] != DEAD)
        return
    draws, chance = state_of(key, now, _ADVICE), levers[0] * numbers.isolation_compliance
    for i in range(sizes.people):
        person.home[i] = uniform_at_53(draws, i) < chance


@rule
def begin(key: int, now: int, sizes: Sizes, numbers: Numbers, person: Person, today: Any) -> None:
    """Let a day of quarantine pass, give results of tests, and note who is away from the contacts of the day."""
    breaks, enters = state_of(key, now, _BREAKS), state_of(key, now, _ENTERS)
    positives, number_away = 0, 0
    for i in range(sizes.people):
        person.away[i] = sizes.isolation > 0 and person.home[i]
    if sizes.testing == 1:
        for i in range(sizes.people):
            result, left = person.test[i], person.confined[i]
            if (result | left) == 0:
                continue
            if left > 0:
                left = left - 1 if uniform_at_53(breaks, i) >= numbers.break_rate else 0
            if result == -1:
                positives += 1
                if uniform_at_53(enters, i) < numbers.quarantine_compliance:
                    left = sizes.quarantine_days
            person.test[i] = result - 1 if result > 0 else (result + 1 if result < 0 else result)
            person.confined[i] = left
            person.away[i] |= left > 0
    for i in range(sizes.people):
        person.away[i] &= person.stage[i] != DEAD
        number_away += person.away[i]
    today[3], today[5] = positives, number_away


@rule
def _infects(draw: float, risk: float) -> bool:
    return draw < risk and draw < -np.expm1(-risk)  # 1 - exp(-x) is at most x, which is quicker to compare


@rule
def _susceptibility(other: Any, sizes: Sizes, numbers: Numbers, population: Population, person: Person) -> float:
    value: float = population.susceptibility[population.groups[other] if sizes.groups > 1 else 0]
    if sizes.vaccination == 1 and person.vaccinated[other]:
        value *= numbers.not_protected
    return value


@rule
def _infectious(first: int, last: int, person: Person, block: Block) -> int:
    """List the exposed and infected people of a block; return how many.

    Without a branch, since a processor cannot predict who is infected.
    """
    count = 0
    for i in range(first, last):
        block.people[count] = i
        count += (person.stage[i] == EXPOSED) | (person.stage[i] == INFECTED)
    return count


@rule
def _limit(risk: float) -> np.int64:
    """Return a number above the first 53 bits of all draws below a risk, with a margin for rounding."""
    return np.int64(risk * _MARGIN * _2_TO_53) + 1 if risk < 1.0 else _ALL


@rule
def _flush(
    count: int,
    draws: np.uint64,
    sizes: Sizes,
    numbers: Numbers,
    population: Population,
    risks: Any,
    person: Person,
    block: Block,
) -> None:
    """Note whom the contacts of a block infect.

    Whether a draw is small enough to infect the most susceptible person is found in a loop of vector instructions. This
    is rare, and only then is the stage of the other person read, which lies anywhere in memory.
    """
    measured = sizes.isolation > 0 or sizes.testing == 1
    for c in range(count):
        block.small[c] = np.int64(bits_at(draws, block.edges[c]) >> _11) < block.limits[c]
    for c in range(count):
        if block.small[c]:
            edge, i = block.edges[c], block.sources[c]
            other = population.neighbours[edge]
            if person.stage[other] != SUSCEPTIBLE:
                continue
            closed = measured and (person.away[i] or person.away[other])
            if closed and (sizes.households == 0 or not population.at_home[edge]):
                continue
            risk = risks[person.days[i]] * (population.weights[edge] if sizes.weighted == 1 else np.float32(1.0))
            risk *= _susceptibility(other, sizes, numbers, population, person)
            if _infects(uniform_at_53(draws, edge), risk):
                person.new[other] = True


@rule
def spread(
    key: int,
    now: int,
    sizes: Sizes,
    numbers: Numbers,
    population: Population,
    risks: Any,
    person: Person,
    block: Block,
) -> None:
    """Note whom a contact infects today."""
    measured, draws = sizes.isolation > 0 or sizes.testing == 1, state_of(key, now, _EXPOSURE)
    highest, count = 0.0, 0
    for group in range(sizes.groups):
        highest = max(highest, population.susceptibility[group])
    for i in range(sizes.people):
        person.new[i] = False
    for first in range(0, sizes.people, BLOCK):
        last = min(first + BLOCK, sizes.people)
        for c in range(_infectious(first, last, person, block)):
            i = block.people[c]
            of_day = risks[person.days[i]] * highest
            if of_day == 0.0 or (measured and person.away[i] and sizes.households == 0):
                continue
            limit = _limit(of_day)
            for edge in range(population.rows[i], population.rows[i + 1]):
                if sizes.weighted == 1:
                    limit = _limit(of_day * population.weights[edge])
                block.edges[count], block.limits[count], block.sources[count] = edge, limit, i
                count += 1
                if count == BLOCK:
                    _flush(count, draws, sizes, numbers, population, risks, person, block)
                    count = 0
    _flush(count, draws, sizes, numbers, population, risks, person, block)


@rule
def mix(
    key: int,
    now: int,
    sizes: Sizes,
    numbers: Numbers,
    population: Population,
    reproduction: float,
    shares: Any,
    person: Person,
    pressure: Any,
) -> None:
    """Note who is exposed today where everybody meets everybody."""
    measured = sizes.isolation > 0 or sizes.testing == 1
    given = pressure[1]
    for group in range(sizes.groups):
        given[group] = 0.0
    total = np.int64(0)
    for i in range(sizes.people):
        if person.stage[i] in (EXPOSED, INFECTED) and not (measured and person.away[i]):
            if sizes.groups == 1:
                total += shares[person.days[i]]
            else:  # whole numbers below 2^53, whose sum is exact in any order
                given[population.groups[i]] += np.float64(shares[person.days[i]])
    if sizes.groups == 1:
        given[0] = np.float64(total)
    for group in range(sizes.groups):
        risk = 0.0
        for other in range(sizes.groups):
            risk += population.mixing[group, other] * given[other]
        pressure[0, group] = risk * SHARE_UNIT * reproduction
    draws = state_of(key, now, _EXPOSURE)
    for i in range(sizes.people):
        person.new[i] = False
        if person.stage[i] == SUSCEPTIBLE and not (measured and person.away[i]):
            of_group = pressure[0, population.groups[i] if sizes.groups > 1 else 0]
            risk = of_group * _susceptibility(i, sizes, numbers, population, person)
            person.new[i] = _infects(uniform_at_53(draws, i), risk)


@rule
def reward(sizes: Sizes, numbers: Numbers, person: Person, rewards: Any) -> None:
    """Write the reward of people to whom nothing happens."""
    if sizes.isolation > 0 or sizes.testing == 1:
        for i in range(sizes.people):
            rewards[i] = -numbers.home_cost if person.away[i] else -0.0
    else:
        for i in range(sizes.people):
            rewards[i] = -0.0


@rule
def progress(
    key: int,
    now: int,
    sizes: Sizes,
    numbers: Numbers,
    population: Population,
    mortality: float,
    person: Person,
    block: Block,
    rewards: Any,
    counts: Any,
    today: Any,
) -> None:
    """Advance infections and expose people; ``counts`` are those of the day before."""
    death, measured = state_of(key, now, _DEATH), sizes.isolation > 0 or sizes.testing == 1
    new, fall_ill, ended, died = 0, 0, 0, 0
    for first in range(0, sizes.people, BLOCK):
        last = min(first + BLOCK, sizes.people)
        for c in range(_infectious(first, last, person, block)):
            i = block.people[c]
            days = person.days[i] + 1
            person.days[i] = days
            if days == sizes.exposed_days:
                person.stage[i] = np.int8(INFECTED)
                fall_ill += 1
            elif days == sizes.length:
                ended += 1
                person.stage[i] = np.int8(RECOVERED)
                rate = mortality * population.death_rate[population.groups[i] if sizes.groups > 1 else 0]
                if sizes.vaccination == 1 and person.vaccinated[i]:
                    rate *= numbers.not_saved
                if uniform_at_53(death, i) < rate:
                    person.stage[i] = np.int8(DEAD)
                    died += 1
                    rewards[i] = -(
                        numbers.death_cost + numbers.home_cost if measured and person.away[i] else numbers.death_cost
                    )
        for i in range(first, last):
            if person.new[i] and person.stage[i] == SUSCEPTIBLE:
                person.stage[i] = np.int8(EXPOSED)
                new += 1
                rewards[i] = -(
                    numbers.infection_cost + numbers.home_cost
                    if measured and person.away[i]
                    else numbers.infection_cost
                )
    counts[SUSCEPTIBLE] -= new
    counts[EXPOSED] += new - fall_ill
    counts[INFECTED] += fall_ill - ended
    counts[RECOVERED] += ended - died
    counts[DEAD] += died
    today[0], today[1] = new, died


@rule
def _draw(first: int, last: int, draws: np.uint64, chance: float, block: Block) -> None:
    """Draw who of a block of people something happens to, in a loop of vector instructions."""
    limit = np.int64(np.ceil(chance * _2_TO_53))
    for i in range(first, last):
        block.small[i - first] = np.int64(bits_at(draws, i) >> _11) < limit


@rule
def test(key: int, now: int, sizes: Sizes, numbers: Numbers, level: float, person: Person, block: Block) -> int:
    """Test people; return how many."""
    taken, outcome = state_of(key, now, _TAKEN), state_of(key, now, _OUTCOME)
    tested = 0
    for first in range(0, sizes.people, BLOCK):
        last = min(first + BLOCK, sizes.people)
        _draw(first, last, taken, level * numbers.test_capacity, block)
        for i in range(first, last):
            if block.small[i - first] and (person.test[i] | person.confined[i]) == 0 and person.stage[i] != DEAD:
                tested += 1
                carries = person.stage[i] == EXPOSED or person.stage[i] == INFECTED
                positive = uniform_at_53(outcome, i) < (numbers.true_positive if carries else numbers.false_positive)
                person.test[i] = -sizes.result_days if positive else sizes.result_days
    return tested


@rule
def vaccinate(key: int, now: int, sizes: Sizes, numbers: Numbers, level: float, person: Person, block: Block) -> int:
    """Vaccinate people; return how many."""
    draws, doses = state_of(key, now, _VACCINE), 0
    for first in range(0, sizes.people, BLOCK):
        last = min(first + BLOCK, sizes.people)
        _draw(first, last, draws, level * numbers.vaccine_capacity, block)
        for i in range(first, last):
            if block.small[i - first] and not person.vaccinated[i] and person.stage[i] != DEAD:
                person.vaccinated[i] = True
                doses += 1
    return doses
