"""Kernel of utility and social welfare."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    EQUALITY_WEIGHT,
    Constants,
    Sizes,
    World,
)
from econsim.kernels.compiling import rule

# Codes of the social welfare functions.
EQUALITY_TIMES_PRODUCTIVITY, INVERSE_INCOME_UTILITY, INVERSE_INCOME_COIN, UTILITARIAN, RAWLSIAN = range(5)


@rule
def utility_of(coin: float, risk_aversion: float) -> Any:
    """Return isoelastic utility; with a risk aversion of one or more, less than one coin counts as one."""
    distance = 1 - risk_aversion
    logarithm = np.log(max(coin, coin * 0 + 1) if risk_aversion >= 1 else coin)
    return logarithm if abs(distance) < 1e-9 else np.expm1(distance * logarithm) / distance


@rule
def equality_of(amounts: Any) -> Any:
    """Return equality of amounts, which are sorted in place."""
    count, total, spread = amounts.size, 0.0, 0.0
    for index in range(1, count):
        amount, rank = amounts[index], index
        while rank > 0 and amounts[rank - 1] > amount:
            amounts[rank] = amounts[rank - 1]
            rank -= 1
        amounts[rank] = amount
    for index in range(count):
        total += amounts[index]
        spread += (2.0 * (index + 1) - 1 - count) / count * amounts[index]
    if total == 0:
        return 1.0
    return 1.0 - spread / total * (count / (count - 1.0) if count > 1 else 1.0)


@rule
def social_welfare(kind: int, coin: Any, utility: Any, equality_weight: float) -> Any:
    """Return the social welfare of workers with ``coin`` and ``utility``; ``coin`` may be sorted in place."""
    count, inverse, total = coin.size, 0.0, 0.0
    if kind == RAWLSIAN:
        lowest = utility[0] * 1.0
        for n in range(count):
            lowest = min(lowest, utility[n])
        return lowest
    if kind == EQUALITY_TIMES_PRODUCTIVITY:
        for n in range(count):
            total += coin[n]
        return (equality_weight * equality_of(coin) + 1.0 - equality_weight) * (total / count)
    for n in range(count):
        weight = 1.0 if kind == UTILITARIAN else 1.0 / max(coin[n], 1.0)
        inverse += weight
        total += weight * (coin[n] if kind == INVERSE_INCOME_COIN else utility[n])
    return total / inverse


@rule
def standing(amounts: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Compute the utility of every worker and the social welfare of each planner's workers."""
    for n in range(sizes.workers):
        coin = world.coin[n] + world.coin_in_escrow[n]
        gained = utility_of(coin, constants.risk_aversion[n])
        world.utility[n] = gained - constants.labour_cost[n] * world.labour[n]
    weight = constants.numbers[EQUALITY_WEIGHT]
    for planner in range(sizes.planners):
        count = 0
        for n in range(sizes.workers):
            if constants.planner_of[n] == planner:
                amounts[0, count] = world.coin[n] + world.coin_in_escrow[n]
                amounts[1, count] = world.utility[n]
                count += 1
        world.welfare[planner] = social_welfare(sizes.welfare, amounts[0, :count], amounts[1, :count], weight)
