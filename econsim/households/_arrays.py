"""The household's problem in numpy, which plays where numba is not installed; kernels compute the same numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from econsim.households.chains import Floats

__all__ = ["Earnings", "earnings", "endogenous_grid", "euler_step", "expect", "move"]

_STEPS = 60  # of Newton's method


def _hours(consumption: Floats, scale: Floats, wage: Floats, numbers: Floats, brackets: Floats) -> Floats:
    if numbers[5] == 0:
        return np.ones_like(consumption)
    untaxed: Floats = (scale * consumption ** -numbers[0]) ** numbers[6]
    hours = untaxed
    for start, rate in brackets.T:
        threshold = start / wage
        within = np.maximum(threshold, untaxed * (1 - rate) ** numbers[6])
        hours = np.where(hours > threshold, within, hours)
    return np.asarray(np.minimum(hours, numbers[7]))


def _net(hours: Floats, wage: Floats, numbers: Floats, brackets: Floats) -> Floats:
    net: Floats = wage * hours
    if not brackets.size:
        return np.asarray(numbers[3] * net ** numbers[4])
    gross, below = net, 0.0
    for start, rate in brackets.T:
        net = net - (rate - below) * np.maximum(gross - start, 0.0)
        below = rate
    return net


def _gain(hours: Floats, net: Floats, wage: Floats, numbers: Floats, brackets: Floats) -> tuple[Floats, Floats]:
    """Return the derivative of net earnings in the logarithm of hours, and the elasticity of hours in net earnings."""
    elasticity = numbers[6] * (hours < numbers[7])
    if not brackets.size:
        return numbers[4] * net, elasticity
    rate = np.zeros_like(hours)
    for start, above in brackets.T:
        threshold = start / wage
        rate = np.where(hours > threshold, above, rate)
        elasticity = np.where((hours == threshold) & (start > 0), 0.0, elasticity)
    return (1 - rate) * wage * hours, elasticity


def _constrained(
    resources: Floats, guess: Floats, scale: Floats, wage: Floats, numbers: Floats, brackets: Floats
) -> Floats:
    price, most = numbers[2], numbers[7] if numbers[5] else 1.0
    at_most: Floats = (resources + _net(np.asarray(most), wage, numbers, brackets)) / price
    if numbers[5] == 0:
        return at_most
    possible = np.where(at_most > 0, at_most, 1.0)
    is_most = (at_most > 0) & (_hours(possible, scale, wage, numbers, brackets) >= most)
    point, low, high = guess, np.zeros_like(guess), np.zeros_like(guess)
    for _ in range(_STEPS):
        if brackets.size:
            hours = _hours(point, scale, wage, numbers, brackets)
        else:
            hours = (scale * point ** -numbers[0]) ** numbers[6]  # beyond the largest too
        net = _net(hours, wage, numbers, brackets)
        value = price * point - net - resources
        slope = price + _slope_of(hours, net, wage, numbers, brackets) / point
        new = point - value / slope
        if brackets.size:
            low, high = np.where(value < 0, point, low), np.where(value < 0, high, point)
            outside = (new <= low) | ((high > 0) & (new >= high))
            new = np.where(outside, np.where(high > 0, 0.5 * (low + high), 2 * point), new)
        else:
            new = np.maximum(new, 0.25 * point)
        done = np.abs(new - point) <= 1e-14 * point
        point = new
        if done.all():
            break
    return np.where(is_most, at_most, point)


def _slope_of(hours: Floats, net: Floats, wage: Floats, numbers: Floats, brackets: Floats) -> Floats:
    """Return minus the derivative of net earnings in the logarithm of consumption, where hours follow it."""
    if not brackets.size:
        return np.asarray(net * numbers[0] * numbers[6] * numbers[4])
    gain, elasticity = _gain(hours, net, wage, numbers, brackets)
    return np.asarray(gain * numbers[0] * elasticity)


class Earnings(NamedTuple):
    """Hours and net earnings at a level of consumption, ``[S, G]`` each, and derivatives.

    slope: of spending net of earnings in consumption: its price where hours are no choice, or at a kink of the budget.
    gain: of net earnings in the logarithm of hours.
    elasticity: of hours in net earnings at given consumption, zero where hours are at their largest number or a kink.
    """

    hours: Floats
    net: Floats
    slope: Floats
    gain: Floats
    elasticity: Floats


def earnings(consumption: Floats, wages: Floats, scales: Floats, numbers: Floats, brackets: Floats) -> Earnings:
    """Return hours and net earnings at a level of consumption ``[S, G]``."""
    wage = wages[:, None]
    hours = _hours(consumption, scales[:, None], wage, numbers, brackets)
    net = _net(hours, wage, numbers, brackets)
    gain, elasticity = _gain(hours, net, wage, numbers, brackets)
    return Earnings(hours, net, numbers[2] + numbers[0] * elasticity * gain / consumption, gain, elasticity)


def endogenous_grid(
    consumption: Floats,
    transition: Floats,
    grid: Floats,
    wages: Floats,
    scales: Floats,
    numbers: Floats,
    brackets: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return consumption by assets of the next period, the cash at hand that it takes, and its derivative in it."""
    sigma, factor, price = numbers[:3]
    chosen: Floats = (factor * transition @ consumption**-sigma) ** (-1 / sigma)
    earned = earnings(chosen, wages, scales, numbers, brackets)
    nodes: Floats = price * chosen + grid - earned.net - numbers[9]
    return chosen, nodes, earned.slope


def euler_step(
    consumption: Floats,
    transition: Floats,
    grid: Floats,
    wages: Floats,
    scales: Floats,
    numbers: Floats,
    brackets: Floats,
    scratch: Floats,
    new_consumption: Floats,
    hours: Floats,
    assets: Floats,
) -> None:
    """Do one step of the endogenous grid method; the arguments are those of the kernel of the same name."""
    price, gross, transfer = numbers[2], numbers[8], numbers[9]
    wage, scale = wages[:, None], scales[:, None]
    chosen, nodes, _ = endogenous_grid(consumption, transition, grid, wages, scales, numbers, brackets)
    owned = gross * grid
    for state in range(len(wages)):
        below = np.clip(np.searchsorted(nodes[state], owned) - 1, 0, len(grid) - 2)
        share = (owned - nodes[state, below]) / (nodes[state, below + 1] - nodes[state, below])
        new_consumption[state] = chosen[state, below] + share * (chosen[state, below + 1] - chosen[state, below])
    bound = owned <= nodes[:, :1]
    free = np.where(bound, consumption, new_consumption)
    net = _net(_hours(free, scale, wage, numbers, brackets), wage, numbers, brackets)
    assets[:] = np.where(bound, grid[0], np.clip(owned + net + transfer - price * free, grid[0], grid[-1]))
    held = bound | (assets >= grid[-1])
    at_limit = _constrained(owned + transfer - assets, free, scale, wage, numbers, brackets)
    new_consumption[:] = np.where(held, at_limit, free)
    hours[:] = _hours(new_consumption, scale, wage, numbers, brackets)


def move(mass: Floats, below: Floats, weight: Floats, transition: Floats, scratch: Floats, new_mass: Floats) -> None:
    """Move households as the kernel of the same name does."""
    points = mass.shape[1]
    for state in range(len(mass)):
        lower = np.bincount(below[state], mass[state] * weight[state], points)
        upper = np.bincount(below[state] + 1, mass[state] * (1 - weight[state]), points)
        scratch[state] = lower + upper
    np.matmul(transition.T, scratch, out=new_mass)


def expect(
    values: Floats, below: Floats, lower: Floats, upper: Floats, transition: Floats, means: Floats, expected: Floats
) -> None:
    """Set means and expectations as the kernel of the same name does."""
    np.matmul(transition, values, out=means)
    flat = below + means.shape[1] * np.arange(len(means))[:, None]
    np.add(lower * means.take(flat), upper * means.take(flat + 1), out=expected)
