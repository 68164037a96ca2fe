"""Kernel of a step: all components in turn, regrowth, utility and welfare, for one environment copy after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    BUILD,
    EQUALISE,
    GATHER,
    TAX,
    TRADE,
    WORLD,
    Announced,
    Book,
    Constants,
    Fixed,
    Ledger,
    Sizes,
    World,
    announced_at,
    book_at,
    constants_of,
    fixed_at,
    ledger_at,
    sizes_of,
    world_at,
)
from econsim.economies.gather_trade_build.kernels.build import build
from econsim.economies.gather_trade_build.kernels.equalise import equalise
from econsim.economies.gather_trade_build.kernels.gather import gather
from econsim.economies.gather_trade_build.kernels.regrow import regrow
from econsim.economies.gather_trade_build.kernels.standing import standing
from econsim.economies.gather_trade_build.kernels.tax import tax
from econsim.economies.gather_trade_build.kernels.trade import trade
from econsim.kernels.compiling import copy, entry, row_at, rule
from econsim.kernels.threads import SMALLEST_SLICE

TOGETHER = 16  # environment copies whose states are copied at once: they fit into the cache
# Numbers of numpy, for which a rule is compiled once; it would be compiled again for each number of Python.
_FIRST: Any = np.int64(1)
_BUILDS: Any = np.int64(1)
_MOVES: Any = np.int64(4)


@rule
def copy_rows(first: int, last: int, before: Any, after: Any, row_bytes: Any) -> None:
    """Copy the rows of environment copies from the tensors of one state to those of another."""
    for leaf in range(WORLD, before.size):
        # The state after a step that changes no tax ledger shares the ledger of the state before.
        if before[leaf] != after[leaf]:
            size, start = (last - first) * row_bytes[leaf], first * row_bytes[leaf]
            source = row_at(before[leaf] + start, 0, (size,), np.uint8)
            target = row_at(after[leaf] + start, 0, (size,), np.uint8)
            copy(target, source, size)


@rule
def choices_of(worker_actions: Any, first: int, count: int, choice: Any) -> None:
    """Write each worker's choice among ``count`` of a component, 0 for none."""
    for n in range(choice.size):
        action = worker_actions[n] - first
        choice[n] = action + 1 if 0 <= action < count else 0


@rule
def step_copy(
    actions: Any,
    announced: Announced,
    scratch: Any,
    amounts: Any,
    sizes: Sizes,
    constants: Constants,
    fixed: Fixed,
    world: World,
    book: Book,
    ledger: Ledger,
) -> None:
    """Apply every component in turn to one environment copy, then regrow resources."""
    choice, work, first = scratch[0], scratch[1:], _FIRST
    for component in constants.components:
        if component == BUILD:
            choices_of(actions, first, _BUILDS, choice)
            build(choice, sizes, constants, fixed, world)
            first += _BUILDS
        elif component == TRADE:
            choices_of(actions, first, 4 * sizes.prices, choice)
            trade(choice, work, sizes, constants, world, book)
            first += 4 * sizes.prices
        elif component == GATHER:
            choices_of(actions, first, _MOVES, choice)
            gather(choice, work, sizes, constants, fixed, world)
            first += _MOVES
        elif component == TAX:
            tax(announced, amounts, sizes, constants, world, ledger)
        elif component == EQUALISE:
            equalise(sizes, world)
    regrow(sizes, constants, fixed, world)
    world.time[0] += 1
    standing(amounts, sizes, constants, world)


@entry
def step(
    first: int,
    last: int,
    numbers_of_sizes: Any,
    constants: Constants,
    before: Any,
    after: Any,
    row_bytes: Any,
    outputs: Any,
    inputs: Any,
    work: Any,
    money_work: Any,
) -> None:
    """Step the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        numbers_of_sizes: the sizes in the order of ``Sizes``, int64.
        constants: constants of the economy.
        before: addresses of the tensors of the state before the step, int64, in the order of ``arrays``.
        after: addresses of the tensors of the state after it.
        row_bytes: bytes per environment copy of each of these tensors.
        outputs: addresses of the rewards ``[B, N]`` and ``[B, L]`` and of the ends ``[B]`` bool.
        inputs: addresses of workers' actions ``[B, N]`` int64, and of the options ``[B, L, K]`` int64 and the rates
            ``[B, L, K]`` that planners announce, zero for none.
        work: scratch memory ``[slices, 6, N]`` int64.
        money_work: scratch memory ``[slices, 3, N]`` in the precision of the economy.
    """
    sizes, money = sizes_of(numbers_of_sizes), constants.numbers.dtype
    over = row_at(outputs[2], 0, (sizes.copies,), np.bool_)
    own_slice = first // SMALLEST_SLICE
    scratch, amounts = work[own_slice], money_work[own_slice]
    for b in range(first, last):
        if (b - first) % TOGETHER == 0:
            copy_rows(b, min(b + TOGETHER, last), before, after, row_bytes)
        own, fixed, world = (
            constants_of(constants, b),
            fixed_at(after, b, sizes, money),
            world_at(after, b, sizes, money),
        )
        book, ledger = book_at(after, b, sizes, money), ledger_at(after, b, sizes, money)
        rewards = row_at(outputs[0], b, (sizes.workers,), money)
        planner_rewards = row_at(outputs[1], b, (sizes.planners,), money)
        copy(rewards, world.utility, sizes.workers)
        copy(planner_rewards, world.welfare, sizes.planners)
        announced = announced_at(inputs[1], inputs[2], b, sizes, money)
        chosen = row_at(inputs[0], b, (sizes.workers,), np.int64)
        step_copy(chosen, announced, scratch, amounts, sizes, own, fixed, world, book, ledger)
        for n in range(sizes.workers):
            rewards[n] = world.utility[n] - rewards[n]
        for planner in range(sizes.planners):
            planner_rewards[planner] = world.welfare[planner] - planner_rewards[planner]
        over[b] = world.time[0] >= sizes.horizon


@entry
def ledger_changes(time: Any, copies: int, period: int) -> bool:
    """Return whether any environment copy is in the first or last step of a tax period."""
    times = row_at(time, 0, (copies,), np.int64)
    for b in range(copies):
        step_of_period = times[b] % period
        if step_of_period == 0 or step_of_period == period - 1:
            return True
    return False
