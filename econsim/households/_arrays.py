"""The household's problem in numpy, which plays where numba is not installed; kernels compute the same numbers."""

from __future__ import annotations

import numpy as np

from econsim.households.chains import Floats

__all__ = ["earnings", "endogenous_grid", "euler_step", "move"]

_STEPS = 60  # of Newton's method


def _hours(consumption: Floats, scale: Floats, numbers: Floats) -> Floats:
    if numbers[5] == 0:
        return np.ones_like(consumption)
    hours: Floats = np.minimum((scale * consumption ** -numbers[0]) ** numbers[6], numbers[7])
    return hours


def _constrained(resources: Floats, guess: Floats, scale: Floats, wage: Floats, numbers: Floats) -> Floats:
    sigma, price, level, kept, exponent = numbers[0], numbers[2], numbers[3], numbers[4], numbers[6]
    most = numbers[7] if numbers[5] else 1.0
    at_most: Floats = (resources + level * (wage * most) ** kept) / price
    if numbers[5] == 0:
        return at_most
    is_most = (at_most > 0) & (_hours(np.where(at_most > 0, at_most, 1.0), scale, numbers) >= most)
    point = guess
    for _ in range(_STEPS):
        net = level * (wage * (scale * point**-sigma) ** exponent) ** kept
        slope = price + net * sigma * exponent * kept / point
        new = np.maximum(point - (price * point - net - resources) / slope, 0.25 * point)
        done = np.abs(new - point) <= 1e-14 * point
        point = new
        if done.all():
            break
    return np.where(is_most, at_most, point)


def earnings(consumption: Floats, wages: Floats, scales: Floats, numbers: Floats) -> tuple[Floats, Floats, Floats]:
    r"""Return hours and net earnings at a level of consumption ``[S, G]``, and the derivative of spending net of them.

    The derivative, in consumption, is $1 + \tau_c$ where hours are no choice or at their largest number.
    """
    hours = _hours(consumption, scales[:, None], numbers)
    net: Floats = numbers[3] * (wages[:, None] * hours) ** numbers[4]
    fall = numbers[0] * numbers[6] * numbers[4] * net / consumption
    return hours, net, numbers[2] + np.where(hours < numbers[7], fall, 0.0)


def endogenous_grid(
    consumption: Floats, transition: Floats, grid: Floats, wages: Floats, scales: Floats, numbers: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return consumption by assets of the next period, the cash at hand that it takes, and its derivative in it."""
    sigma, factor, price = numbers[:3]
    chosen: Floats = (factor * transition @ consumption**-sigma) ** (-1 / sigma)
    _, net, slope = earnings(chosen, wages, scales, numbers)
    nodes: Floats = price * chosen + grid - net - numbers[9]
    return chosen, nodes, slope


def euler_step(
    consumption: Floats,
    transition: Floats,
    grid: Floats,
    wages: Floats,
    scales: Floats,
    numbers: Floats,
    scratch: Floats,
    new_consumption: Floats,
    hours: Floats,
    assets: Floats,
) -> None:
    """Do one step of the endogenous grid method; the arguments are those of the kernel of the same name."""
    _, _, price, level, kept = numbers[:5]
    gross, transfer = numbers[8:]
    wage, scale = wages[:, None], scales[:, None]
    chosen, nodes, _ = endogenous_grid(consumption, transition, grid, wages, scales, numbers)
    owned = gross * grid
    for state in range(len(wages)):
        below = np.clip(np.searchsorted(nodes[state], owned) - 1, 0, len(grid) - 2)
        share = (owned - nodes[state, below]) / (nodes[state, below + 1] - nodes[state, below])
        new_consumption[state] = chosen[state, below] + share * (chosen[state, below + 1] - chosen[state, below])
    bound = owned <= nodes[:, :1]
    free = np.where(bound, consumption, new_consumption)
    net = level * (wage * _hours(free, scale, numbers)) ** kept
    assets[:] = np.where(bound, grid[0], np.clip(owned + net + transfer - price * free, grid[0], grid[-1]))
    held = bound | (assets >= grid[-1])
    at_limit = _constrained(owned + transfer - assets, free, scale, wage, numbers)
    new_consumption[:] = np.where(held, at_limit, free)
    hours[:] = _hours(new_consumption, scale, numbers)


def move(mass: Floats, below: Floats, weight: Floats, transition: Floats, scratch: Floats, new_mass: Floats) -> None:
    """Move households as the kernel of the same name does."""
    points = mass.shape[1]
    for state in range(len(mass)):
        lower = np.bincount(below[state], mass[state] * weight[state], points)
        upper = np.bincount(below[state] + 1, mass[state] * (1 - weight[state]), points)
        scratch[state] = lower + upper
    np.matmul(transition.T, scratch, out=new_mass)
