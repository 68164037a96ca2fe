"""Tables of a finite Markov game, and the checks that make them one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.games._payoffs import check_range

Floats = NDArray[np.float64]

MOST_NUMBERS = 50_000_000
TOLERANCE = 1e-6
"""Of sums of probabilities, since those in a scenario or a file are rounded."""


@dataclass(frozen=True, eq=False)  # parameters that hold them compare their own fields
class Tables:
    """A finite Markov game; ``L`` is 1 where all periods are alike, and else the number of periods.

    Attributes:
        players: the names of the ``P`` players.
        options: of each player, the names of its options.
        states: the names of the ``S`` states.
        rewards: ``[L, P, S, A_1, ..., A_P]``.
        transitions: ``[L, S, A_1, ..., A_P, S]``.
        start: ``[S]``.
    """

    players: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    states: tuple[str, ...]
    rewards: Floats
    transitions: Floats
    start: Floats


def numbered(count: int) -> tuple[str, ...]:
    """Return the names of options or states that have none: numbers from 0."""
    return tuple(map(str, range(count)))


def check_size(states: int, options: Sequence[int], periods: int = 1) -> None:
    """Raise ``ValueError`` if the tables of a game would be too large."""
    numbers = periods * states * prod(options) * (states + len(options))
    if numbers > MOST_NUMBERS:
        sizes = f"{states:,} states, {' x '.join(map(str, options))} action profiles"
        raise ValueError(f"{sizes} and {periods} different periods are {numbers:,} numbers; at most {MOST_NUMBERS:,}")


def check_horizon(states: int, options: Sequence[int], periods: int) -> None:
    """Raise ``ValueError`` if a policy of all periods, which exact returns and solvers need, would be too large."""
    numbers = periods * states * prod(options)
    if numbers > MOST_NUMBERS:
        sizes = f"{periods:,} periods, {states:,} states and {' x '.join(map(str, options))} action profiles"
        raise ValueError(f"horizon: {sizes} are {numbers:,} numbers; at most {MOST_NUMBERS:,}")


def tables_of(
    rewards: Mapping[str, Any],
    transitions: Any,
    states: Sequence[str],
    options: Mapping[str, Sequence[str]],
    start: Mapping[str, float] | None,
) -> Tables:
    """Return the tables of nested lists, which have the axes of :class:`Tables` without ``L``.

    Raises:
        ValueError: the lists are not a game; the message says where and what was expected.
    """
    if not rewards:
        raise ValueError("rewards: expected a table for each player")
    paid = [_numbers(f"rewards of {player}", table) for player, table in rewards.items()]
    moves = _numbers("transitions", transitions)
    first, shape = next(iter(rewards)), paid[0].shape
    for player, table in zip(rewards, paid, strict=True):
        if not player.isidentifier():
            raise ValueError(f"{player!r} is not a valid name of a player; use letters, digits and _")
        if table.shape != shape:
            raise ValueError(f"the rewards of {player} are {_by(table.shape)}, those of {first} are {_by(shape)}")
    if len(shape) != 1 + len(rewards):
        raise ValueError(f"rewards: expected {1 + len(rewards)} axes, states and one per player, found {len(shape)}")
    if moves.shape != (*shape, shape[0]):
        raise ValueError(f"transitions: expected {_by((*shape, shape[0]))}, found {_by(moves.shape)}")
    names = _names("states", states, shape[0])
    counts = zip(rewards, shape[1:], strict=True)
    chosen = [_names(f"options of {player}", options.get(player, ()), count) for player, count in counts]
    if unknown := [player for player in options if player not in rewards]:
        raise ValueError(f"options: no player is called {unknown[0]!r}; players: {', '.join(rewards)}")
    moves = _laws(moves, names, chosen)
    law = _start(start, names)
    return Tables(tuple(rewards), tuple(chosen), names, np.stack(paid)[None], moves[None], law)


def _numbers(what: str, table: Any) -> Floats:
    try:
        numbers = np.array(table, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: a value that is not a number, or rows of different length") from None
    if not np.isfinite(numbers).all():
        place = ", ".join(str(index) for index in np.argwhere(~np.isfinite(numbers))[0])
        raise ValueError(f"{what}: the value at [{place}] is missing or not finite")
    check_range(what, numbers)
    return numbers


def _names(what: str, given: Sequence[str], count: int) -> tuple[str, ...]:
    if not given:
        return numbered(count)
    if len(set(given)) != count:
        raise ValueError(f"{what}: expected {count} different names, found {len(given)}")
    return tuple(given)


def _laws(moves: Floats, states: Sequence[str], options: Sequence[Sequence[str]]) -> Floats:
    """Return the transitions with sums of exactly one."""
    total = moves.sum(-1)
    wrong = np.argwhere((moves < 0).any(-1) | (np.abs(total - 1) > TOLERANCE))
    if len(wrong):
        state, *actions = wrong[0]
        place = ", ".join([states[state], *(names[action] for names, action in zip(options, actions, strict=True))])
        least = moves[tuple(wrong[0])].min()
        found = f"{least:g}" if least < 0 else f"a sum of {total[tuple(wrong[0])]:g}"
        raise ValueError(f"transitions from {place}: expected probabilities that add up to 1, found {found}")
    scaled: Floats = moves / total[..., None]
    return scaled


def _start(given: Mapping[str, float] | None, states: Sequence[str]) -> Floats:
    law = np.zeros(len(states))
    if not given:
        law[0] = 1.0
        return law
    for state, probability in given.items():
        if state not in states:
            raise ValueError(f"start: no state is called {state!r}; states: {', '.join(states[:20])}")
        law[states.index(state)] = probability
    if (law < 0).any() or abs(law.sum() - 1) > TOLERANCE:
        raise ValueError(f"start: expected probabilities that add up to 1, found a sum of {law.sum():g}")
    scaled: Floats = law / law.sum()
    return scaled


def _by(shape: Sequence[int]) -> str:
    return " by ".join(map(str, shape)) or "a single number"
