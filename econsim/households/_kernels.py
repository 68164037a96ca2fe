"""Kernels of the household's problem, compiled by numba; :mod:`econsim.households._arrays` computes the same."""

from __future__ import annotations

from typing import Any

from econsim.kernels.compiling import entry, rule

__all__ = ["euler_step", "expect", "move"]

_STEPS = 60  # of Newton's method


@rule
def _power(base: Any, exponent: Any) -> Any:
    if exponent == -1.0:
        return 1.0 / base
    if exponent == -2.0:
        return 1.0 / (base * base)
    if exponent == -3.0:
        return 1.0 / (base * base * base)
    return base**exponent


@rule
def _hours(consumption: Any, scale: Any, wage: Any, numbers: Any, brackets: Any) -> Any:
    """Return the hours of the first-order condition, at most the largest; one where labour is no choice.

    In a schedule of brackets, hours fall from those of one bracket to those of the next at its threshold, where
    households who want hours between the two stay.
    """
    if numbers[5] == 0.0:
        return 1.0
    hours = (scale * _power(consumption, -numbers[0])) ** numbers[6]
    untaxed = hours
    for bracket in range(brackets.shape[1]):
        threshold = brackets[0, bracket] / wage
        if hours <= threshold:
            break
        hours = max(threshold, untaxed * (1.0 - brackets[1, bracket]) ** numbers[6])
    return min(hours, numbers[7])


@rule
def _net(hours: Any, wage: Any, numbers: Any, brackets: Any) -> Any:
    """Return labour income after tax."""
    count = brackets.shape[1]
    if count == 0:
        return numbers[3] * (wage * hours) ** numbers[4]
    gross, below = wage * hours, 0.0
    net = gross
    for bracket in range(count):
        net -= (brackets[1, bracket] - below) * max(gross - brackets[0, bracket], 0.0)
        below = brackets[1, bracket]
    return net


@rule
def _in_brackets(resources: Any, guess: Any, scale: Any, wage: Any, numbers: Any, brackets: Any) -> Any:
    """Return consumption as :func:`_constrained`: Newton's method, whose steps stay within bounds at kinks."""
    point, low, high = guess, 0.0, 0.0
    for _ in range(_STEPS):
        hours = _hours(point, scale, wage, numbers, brackets)
        value = numbers[2] * point - _net(hours, wage, numbers, brackets) - resources
        if value < 0.0:
            low = point
        else:
            high = point
        slope = numbers[2]
        if hours < numbers[7]:
            marginal = 0.0
            for bracket in range(brackets.shape[1]):
                threshold = brackets[0, bracket] / wage
                if hours > threshold:
                    marginal = wage * (1.0 - brackets[1, bracket])
                elif hours == threshold:
                    marginal = 0.0
            slope += marginal * hours * numbers[0] * numbers[6] / point
        new = point - value / slope
        if new <= low or (high > 0.0 and new >= high):
            new = 0.5 * (low + high) if high > 0.0 else 2.0 * point
        done = abs(new - point) <= 1e-14 * point
        point = new
        if done:
            break
    return point


@rule
def _constrained(resources: Any, guess: Any, scale: Any, wage: Any, numbers: Any, brackets: Any) -> Any:
    """Return consumption at given assets of the next period, which leave ``resources`` and net earnings to consume."""
    price, level, kept = numbers[2], numbers[3], numbers[4]
    most = 1.0 if numbers[5] == 0.0 else numbers[7]
    consumption = (resources + _net(most, wage, numbers, brackets)) / price
    if numbers[5] == 0.0 or (consumption > 0.0 and _hours(consumption, scale, wage, numbers, brackets) >= most):
        return consumption
    if brackets.shape[1] > 0:
        return _in_brackets(resources, guess, scale, wage, numbers, brackets)
    point = guess
    for _ in range(_STEPS):
        net = level * (wage * (scale * _power(point, -numbers[0])) ** numbers[6]) ** kept
        value = price * point - net - resources
        slope = price + net * numbers[0] * numbers[6] * kept / point
        new = max(point - value / slope, 0.25 * point)
        done = abs(new - point) <= 1e-14 * point
        point = new
        if done:
            break
    return point


@entry
def euler_step(
    consumption: Any,  # [S, G], of the next period
    transition: Any,  # [S, S]
    grid: Any,  # [G]
    wages: Any,  # [S], W e
    scales: Any,  # [S], of the first-order condition of hours
    numbers: Any,  # risk aversion, discount * R, 1 + tax, level, 1 - progressivity, elastic, exponent, most hours, R, T
    brackets: Any,  # [2, K], thresholds and marginal rates; K is zero without a schedule of brackets
    scratch: Any,  # [S + 2, G]
    new_consumption: Any,  # [S, G], as all that follow
    hours: Any,
    assets: Any,
) -> None:
    """Do one step of the endogenous grid method."""
    states, points = consumption.shape
    sigma, factor, price = numbers[0], numbers[1], numbers[2]
    gross, transfer = numbers[8], numbers[9]
    last = points - 1
    for other in range(states):
        for point in range(points):
            scratch[other, point] = _power(consumption[other, point], -sigma)
    for state in range(states):
        wage, scale = wages[state], scales[state]
        fixed = _net(1.0, wage, numbers, brackets)
        for point in range(points):
            scratch[states, point] = 0.0
        for other in range(states):
            probability = factor * transition[state, other]
            for point in range(points):
                scratch[states, point] += probability * scratch[other, point]
        for point in range(points):
            chosen = _power(scratch[states, point], -1.0 / sigma)
            net = fixed
            if numbers[5] != 0.0:
                net = _net(_hours(chosen, scale, wage, numbers, brackets), wage, numbers, brackets)
            scratch[states, point] = chosen
            scratch[states + 1, point] = price * chosen + grid[point] - net - transfer
        below = 0
        for point in range(points):
            owned = gross * grid[point]
            if owned <= scratch[states + 1, 0]:
                saved = grid[0]
                chosen = _constrained(
                    owned + transfer - saved, consumption[state, point], scale, wage, numbers, brackets
                )
                worked = _hours(chosen, scale, wage, numbers, brackets)
            else:
                while below < last - 1 and scratch[states + 1, below + 1] < owned:
                    below += 1
                first, second = scratch[states + 1, below], scratch[states + 1, below + 1]
                share = (owned - first) / (second - first)
                chosen = scratch[states, below] + share * (scratch[states, below + 1] - scratch[states, below])
                worked = _hours(chosen, scale, wage, numbers, brackets)
                net = fixed if numbers[5] == 0.0 else _net(worked, wage, numbers, brackets)
                saved = max(owned + net + transfer - price * chosen, grid[0])
                if saved > grid[last]:
                    saved = grid[last]
                    chosen = _constrained(owned + transfer - saved, chosen, scale, wage, numbers, brackets)
                    worked = _hours(chosen, scale, wage, numbers, brackets)
            new_consumption[state, point] = chosen
            hours[state, point] = worked
            assets[state, point] = saved


@entry
def move(
    mass: Any,  # [S, G]
    below: Any,  # [S, G] int64, the grid point below the assets of the next period
    weight: Any,  # [S, G], of that grid point
    transition: Any,  # [S, S]
    scratch: Any,  # [S, G]
    new_mass: Any,  # [S, G]
) -> None:
    """Move households to the two grid points around their assets, and to their next productivity."""
    states, points = mass.shape
    for state in range(states):
        for point in range(points):
            scratch[state, point] = 0.0
        for point in range(points):
            lower = below[state, point]
            part = mass[state, point] * weight[state, point]
            scratch[state, lower] += part
            scratch[state, lower + 1] += mass[state, point] - part
    for other in range(states):
        for point in range(points):
            new_mass[other, point] = 0.0
        for state in range(states):
            probability = transition[state, other]
            for point in range(points):
                new_mass[other, point] += probability * scratch[state, point]


@entry
def expect(
    values: Any,  # [S, G], by state of the next period
    below: Any,  # [S, G] int64, the grid point below the assets of the next period
    lower: Any,  # [S, G], of that grid point
    upper: Any,  # [S, G], of the one above it
    transition: Any,  # [S, S]
    means: Any,  # [S, G], set to the expectation by assets of the next period
    expected: Any,  # [S, G]
) -> None:
    """Set the expectation of ``values`` at the two grid points around the assets, times ``lower`` and ``upper``."""
    states, points = values.shape
    for state in range(states):
        for point in range(points):
            means[state, point] = 0.0
        for other in range(states):
            probability = transition[state, other]
            for point in range(points):
                means[state, point] += probability * values[other, point]
        for point in range(points):
            first = below[state, point]
            at_lower = lower[state, point] * means[state, first]
            expected[state, point] = at_lower + upper[state, point] * means[state, first + 1]
