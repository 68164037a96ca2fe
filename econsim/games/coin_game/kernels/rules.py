"""The rules of the coin game for one environment copy after another; see ``docs/kernels.md`` for the conventions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.games.coin_game.game import COIN_CELL, COIN_COLOUR
from econsim.kernels.compiling import copy, entry, row_at, rule
from econsim.kernels.draws import integer_below, state_of, stream, uniform_at_53
from econsim.kernels.threads import SMALLEST_SLICE

__all__ = ["Sizes", "observe", "step"]

COIN_REWARD, LOSS, POOLED_SHARE = range(3)
_CELL, _COLOUR = stream(COIN_CELL), stream(COIN_COLOUR)


class Sizes(NamedTuple):
    """Sizes of a game and of a batch."""

    copies: int
    players: int
    cells: int
    horizon: int
    in_turn: int  # 1: colours alternate, 0: they are drawn


class State(NamedTuple):
    """The tensors of a state, in the order of :class:`econsim.games.coin_game.game.State`."""

    time: Any
    key: Any
    position: Any
    coin: Any
    colour: Any
    taken: Any
    score: Any


TENSORS = len(State._fields)


@rule
def free_cell(number: Any, players: Any, cells: int) -> int:
    """Return the free cell that has ``number`` free cells before it; ``players``: their cells."""
    for cell in range(cells):
        taken = False
        for n in range(players.size):
            taken = taken or players[n] == cell
        if not taken:
            if number == 0:
                return cell
            number -= 1
    return -1


@rule
def free_cells(players: Any, cells: int) -> int:
    """Return the number of cells without players."""
    free = cells
    for n in range(players.size):
        first = True
        for m in range(n):
            first = first and players[m] != players[n]
        free -= first
    return free


@rule
def take(players: Any, coin: int, colour: int, taken: Any, earned: Any, numbers: Any) -> bool:
    """Give the coin to all players in its cell, write what each player earns, and return whether it was taken."""
    found = False
    for n in range(players.size):
        earned[n] = 0.0
    for n in range(players.size):
        if players[n] == coin:
            found = True
            taken[n * players.size + colour] += 1
            earned[n] += numbers[COIN_REWARD]
            if n != colour:
                earned[colour] -= numbers[LOSS]
    return found


@rule
def share(earned: Any, pooled_share: float) -> None:
    """Divide the pooled share of what players earn equally among them."""
    total = 0.0
    for n in range(earned.size):
        total += earned[n]
    mean = total / earned.size
    for n in range(earned.size):
        earned[n] += pooled_share * (mean - earned[n])


@rule
def lay_coin(b: int, now: int, sizes: Sizes, state: State, players: Any, after: State) -> None:
    """Lay a new coin in a free cell, in the colour that is next."""
    draw = uniform_at_53(state_of(state.key[b], now, _CELL), 0)
    after.coin[b] = free_cell(np.int64(draw * free_cells(players, sizes.cells)), players, sizes.cells)
    if sizes.in_turn == 1:
        after.colour[b] = state.colour[b] + 1 if state.colour[b] + 1 < sizes.players else 0
    else:
        after.colour[b] = integer_below(state_of(state.key[b], now, _COLOUR), 0, sizes.players)


@rule
def state_at(addresses: Any, start: int, copies: int, players: int) -> State:
    """Return the tensors of a state, whose addresses begin at the entry ``start``."""
    return State(
        row_at(addresses[start], 0, (copies,), np.int64),
        row_at(addresses[start + 1], 0, (copies,), np.int64),
        row_at(addresses[start + 2], 0, (copies, players), np.int64),
        row_at(addresses[start + 3], 0, (copies,), np.int64),
        row_at(addresses[start + 4], 0, (copies,), np.int64),
        row_at(addresses[start + 5], 0, (copies, players * players), np.int64),
        row_at(addresses[start + 6], 0, (copies, players), np.float64),
    )


@entry
def step(first: int, last: int, sizes: Sizes, numbers: Any, targets: Any, addresses: Any, work: Any, unit: Any) -> None:
    """Step the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        sizes: sizes of the game and of the batch.
        numbers: coin reward, loss and pooled share, ``[1 | B, 3]`` float64.
        targets: cells to which moves lead, ``[4, P]`` int64.
        addresses: addresses of the tensors of the state before the step and of that after it; of the actions ``[B, N]``
            int64, the rewards ``[B, N]`` and the ends ``[B]`` bool.
        work: scratch memory ``[slices, N]`` float64.
        unit: any array in the precision of the game.
    """
    copies, count = sizes.copies, sizes.players
    before, after = state_at(addresses, 0, copies, count), state_at(addresses, TENSORS, copies, count)
    moves = row_at(addresses[2 * TENSORS], 0, (copies, count), np.int64)
    rewards = row_at(addresses[2 * TENSORS + 1], 0, (copies, count), unit.dtype)
    over = row_at(addresses[2 * TENSORS + 2], 0, (copies,), np.bool_)
    earned = work[first // SMALLEST_SLICE]
    for b in range(first, last):
        now, players, taken = before.time[b] + 1, after.position[b], after.taken[b]
        of_copy = numbers[b if numbers.shape[0] > 1 else 0]
        copy(taken, before.taken[b], count * count)
        for n in range(count):
            players[n] = targets[moves[b, n], before.position[b, n]]
        if take(players, before.coin[b], before.colour[b], taken, earned, of_copy):
            share(earned, of_copy[POOLED_SHARE])
            lay_coin(b, now, sizes, before, players, after)
        else:
            after.coin[b], after.colour[b] = before.coin[b], before.colour[b]
        for n in range(count):
            after.score[b, n] = before.score[b, n] + earned[n]
            rewards[b, n] = earned[n]
        after.time[b], over[b] = now, now >= sizes.horizon


@entry
def observe(first: int, last: int, sizes: Sizes, addresses: Any, unit: Any) -> None:
    """Write the observations of the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        sizes: sizes of the game and of the batch.
        addresses: addresses of the tensors of the state; of the planes as features ``[B, N, 2 N, P]`` and as images
            ``[B, N, 2 N, P]`` uint8; and of the cells in which each player sees all players and the coin, with its
            colour, ``[B, N, N + 2]`` int64.
        unit: any array in the precision of the game.
    """
    copies, count, cells = sizes.copies, sizes.players, sizes.cells
    state, size = state_at(addresses, 0, copies, count), 2 * count * cells
    for b in range(first, last):
        features = row_at(addresses[TENSORS], b, (count * size,), unit.dtype)
        image = row_at(addresses[TENSORS + 1], b, (count * size,), np.uint8)
        seen = row_at(addresses[TENSORS + 2], b, (count, count + 2), np.int64)
        for pixel in range(count * size):
            features[pixel] = 0
        for pixel in range(count * size):
            image[pixel] = 0
        for n in range(count):
            for m in range(count):
                turn = m - n if m >= n else m - n + count
                seen[n, turn] = state.position[b, m]
                pixel = n * size + turn * cells + state.position[b, m]
                features[pixel], image[pixel] = 1, 1
            colour = state.colour[b] - n if state.colour[b] >= n else state.colour[b] - n + count
            pixel = n * size + (count + colour) * cells + state.coin[b]
            features[pixel], image[pixel] = 1, 1
            seen[n, count], seen[n, count + 1] = state.coin[b], colour
