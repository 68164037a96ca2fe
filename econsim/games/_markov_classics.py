"""Finite Markov games by name, and repeated games.

``soccer`` is the game of Littman (1994) on a smaller pitch, without its draw at every step: it ends with a goal, and
otherwise at the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from econsim.games._markov_tables import Tables, check_size, numbered
from econsim.games.normal_form import Parameters as StageGame

MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1), "stay": (0, 0)}
ROWS, COLUMNS = 2, 4

Square = tuple[int, int]


class Pitch(NamedTuple):
    """The squares of both players of soccer, and the player who has the ball."""

    squares: tuple[Square, Square]
    ball: int

    @property
    def label(self) -> str:
        """The state in words: row and column of each player, counted from 1."""
        own, other = (f"{row + 1}-{column + 1}" for row, column in self.squares)
        return f"left at {own}; right at {other}; {('left', 'right')[self.ball]} has the ball"


def hidden_index() -> Tables:
    """Return a game of two periods: a choice that pays nothing, then matching pennies with payoffs 1 and 0."""
    rewards = np.zeros((1, 2, 2, 2, 2))
    rewards[0, 0, 1] = np.eye(2)
    rewards[0, 1, 1] = 1 - np.eye(2)
    transitions = np.zeros((1, 2, 2, 2, 2))
    transitions[..., 1] = 1.0
    options = (("zero", "one"),) * 2
    return Tables(("row", "column"), options, ("first", "second"), rewards, transitions, np.array([1.0, 0.0]))


def repeated(stage: StageGame, memory: int) -> Tables:
    """Return a game of one round that is repeated; the state is the last ``memory`` action profiles, oldest first.

    Raises:
        ValueError: the tables would be too large.
    """
    players = tuple(stage.tables)
    options = tuple(
        stage.options_of(player) or numbered(count) for player, count in zip(players, stage.shape, strict=True)
    )
    profiles = list(product(*map(range, stage.shape)))
    check_size(sum(len(profiles) ** rounds for rounds in range(memory + 1)), stage.shape)
    histories = [past for rounds in range(memory + 1) for past in product(profiles, repeat=rounds)]
    index = {past: number for number, past in enumerate(histories)}
    transitions = np.zeros((1, len(histories), *stage.shape, len(histories)))
    for past, profile in product(histories, profiles):
        after = (*past, profile)[-memory:] if memory else ()
        transitions[(0, index[past], *profile, index[after])] = 1.0
    payoffs = np.array(list(stage.tables.values()), dtype=np.float64)
    rewards = np.repeat(payoffs[None, :, None], len(histories), 2)
    states = tuple(_history(past, options) for past in histories)
    return Tables(players, options, states, rewards, transitions, np.eye(len(histories))[0])


def _history(past: Sequence[Sequence[int]], options: Sequence[Sequence[str]]) -> str:
    rounds = [", ".join(names[option] for names, option in zip(options, profile, strict=True)) for profile in past]
    return " then ".join(rounds) or "start"


def soccer() -> Tables:
    """Return soccer on a pitch of 2 by 4 squares: a goal pays 1, the other player pays it."""
    squares = list(product(range(ROWS), range(COLUMNS)))
    pitches = [Pitch((a, b), ball) for a, b, ball in product(squares, squares, range(2)) if a != b]
    index = {pitch: number for number, pitch in enumerate(pitches)}
    states, actions = len(pitches) + 1, len(MOVES)
    rewards, transitions = np.zeros((1, 2, states, actions, actions)), np.zeros((1, states, actions, actions, states))
    transitions[0, -1, ..., -1] = 1.0
    for (number, pitch), own, other, first in product(enumerate(pitches), range(actions), range(actions), range(2)):
        after = _moved(pitch, (own, other), first)
        goal = after if isinstance(after, float) else 0.0
        rewards[0, :, number, own, other] += [goal / 2, -goal / 2]
        transitions[0, number, own, other, index[after] if isinstance(after, Pitch) else -1] += 0.5
    start = np.zeros(states)
    start[[index[Pitch(((1, 1), (0, 2)), ball)] for ball in range(2)]] = 0.5
    labels = (*(pitch.label for pitch in pitches), "after a goal")
    return Tables(("left", "right"), (tuple(MOVES),) * 2, labels, rewards, transitions, start)


def _moved(pitch: Pitch, actions: tuple[int, int], first: int) -> Pitch | float:
    """Return the pitch after both moves, ``first`` moving first, or the goals of left less those of right."""
    moves = list(MOVES.values())
    for player in (first, 1 - first):
        (row, column), (down, right) = pitch.squares[player], moves[actions[player]]
        target = (row + down, column + right)
        if pitch.ball == player and target[1] == (COLUMNS if player == 0 else -1):
            return 1.0 if player == 0 else -1.0
        if target == pitch.squares[1 - player]:
            pitch = Pitch(pitch.squares, 1 - player)  # the player who stood there has the ball
        elif target[0] in range(ROWS) and target[1] in range(COLUMNS):
            squares = (target, pitch.squares[1]) if player == 0 else (pitch.squares[0], target)
            pitch = Pitch(squares, pitch.ball)
    return pitch
