"""Information trees: games of several moves in sequence form, for exact values, best responses and solvers.

A *sequence* of a player is the list of its own moves on a path through the game; sequence 0 is the empty one, before
its first move. With perfect recall every information set is reached by one sequence of its player, its *parent*, and
adds one sequence per legal option. A strategy is given as a *behaviour*, the probability of the last move of each
sequence, or as a *plan*, the product of these probabilities along the sequence. Payoffs are linear in each player's
plan.

Axes: ``P`` players, ``L`` ends of the game, and for each player ``I`` information sets and ``S`` sequences. All numbers
are float64, all indices int64.

Source: von Stengel (1996), *Efficient computation of behavior strategies*, sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from econsim.game import Observation

__all__ = ["Floats", "HasGameTree", "HasInformationTree", "InformationTree", "Integers", "PlayerTree", "TreeNode"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PlayerTree:
    """One player's information sets, those with fewer own moves before them first, and its sequences.

    names: the name of each information set.
    parent: ``[I]``, the sequence that leads to each information set.
    count: ``[I]``, the number of legal options. Sequences are numbered from 1 in the order of information sets.
    option: ``[S]``, the option of the role's action that each sequence ends with; -1 for the empty sequence.
    levels: ``[D + 1]``, where information sets ``levels[d]`` to ``levels[d + 1]`` have ``d`` own moves before them.
    """

    names: tuple[str, ...]
    parent: Integers
    count: Integers
    option: Integers
    levels: Integers

    @cached_property
    def first(self) -> Integers:
        """The first sequence of each information set, and the number of sequences, ``[I + 1]``."""
        return np.concatenate([[1], 1 + np.cumsum(self.count)]).astype(np.int64)

    @cached_property
    def information_set(self) -> Integers:
        """The information set in which each sequence but the empty one ends, ``[S - 1]``."""
        return np.repeat(np.arange(len(self.count)), self.count)

    @cached_property
    def uniform(self) -> Floats:
        """The behaviour in which all legal options are equally likely, ``[S]``."""
        return np.append(1.0, np.repeat(1.0 / self.count, self.count))

    def plan(self, behaviour: Floats) -> Floats:
        """Return the plan ``[S]`` of a behaviour ``[S]``."""
        plan = np.ones(len(behaviour))
        for sets, start, end in self.ranges:
            reached = np.repeat(plan[self.parent[sets]], self.count[sets])
            plan[start:end] = reached * behaviour[start:end]
        return plan

    def behaviour(self, plan: Floats) -> Floats:
        """Return the behaviour ``[S]`` of a plan ``[S]``; uniform where the player's own moves do not lead."""
        reached = np.append(1.0, np.repeat(plan[self.parent], self.count))
        return np.where(reached > 0, plan / np.where(reached > 0, reached, 1.0), self.uniform)

    def reached(self, probabilities: Floats, ends: Integers) -> Floats:
        """Return the probability of reaching each information set, ``[I]``.

        Args:
            probabilities: of the ends of the game, ``[L]``.
            ends: the player's sequence at each end, ``[L]``.
        """
        through = np.bincount(ends, probabilities, len(self.option))
        of_set = np.zeros(len(self.names))
        for sets, start, end in reversed(self.ranges):
            of_set[sets] = np.add.reduceat(through[start:end], self.first[sets] - start)
            through += np.bincount(self.parent[sets], of_set[sets], len(through))
        return of_set

    def best_value(self, gradient: Floats) -> float:
        """Return the highest payoff of any strategy, from payoffs per unit of each sequence's plan, ``[S]``."""
        values = gradient.copy()
        for sets, start, end in reversed(self.ranges):
            best = np.maximum.reduceat(values[start:end], self.first[sets] - start)
            values += np.bincount(self.parent[sets], best, len(values))
        return float(values[0])

    @cached_property
    def ranges(self) -> list[tuple[slice, int, int]]:
        """The information sets of each level, with the first and the end of the range of their sequences."""
        levels = zip(self.levels[:-1], self.levels[1:], strict=True)
        return [(slice(low, high), int(self.first[low]), int(self.first[high])) for low, high in levels]


@dataclass(frozen=True)
class InformationTree:
    """A game of several moves with perfect recall, in sequence form.

    players: the information sets and sequences of each player, in the order of the game's roles.
    ends: ``[L, P]``, the sequences of all players with which the game ends; each combination once.
    chance: ``[L]``, the sum of the probabilities of chance over all ends with these sequences.
    payoffs: ``[L, P]``, the sum of payoffs times these probabilities.
    """

    players: tuple[PlayerTree, ...]
    ends: Integers
    chance: Floats
    payoffs: Floats

    def gradient(self, player: int, plans: Sequence[Floats]) -> Floats:
        """Return the payoff per unit of the plan of each of a player's sequences, ``[S]``, given the others' plans."""
        weights = self.payoffs[:, player]
        for other, plan in enumerate(plans):
            if other != player:
                weights = weights * plan[self.ends[:, other]]
        sequences = len(self.players[player].option)
        return np.bincount(self.ends[:, player], weights, sequences).astype(np.float64)

    def values(self, plans: Sequence[Floats]) -> Floats:
        """Return the expected payoff of each player, ``[P]``."""
        reached = np.ones(len(self.ends))
        for player, plan in enumerate(plans):
            reached = reached * plan[self.ends[:, player]]
        expected: Floats = reached @ self.payoffs
        return expected

    def best_values(self, plans: Sequence[Floats]) -> Floats:
        """Return each player's expected payoff from an exact best response to the others' plans, ``[P]``."""
        players = enumerate(self.players)
        return np.array([tree.best_value(self.gradient(player, plans)) for player, tree in players])

    def reached(self, plans: Sequence[Floats]) -> list[Floats]:
        """Return the probability with which each information set ``[I]`` of each player is reached."""
        ends = self.chance.copy()
        for player, plan in enumerate(plans):
            ends *= plan[self.ends[:, player]]
        return [tree.reached(ends, self.ends[:, player]) for player, tree in enumerate(self.players)]

    def is_constant_sum(self, tolerance: float = 1e-9) -> bool:
        """Return whether payoffs add up to the same number at all ends, up to a share of the largest payoff."""
        total = self.payoffs.sum(1)
        rest = total - total.sum() / self.chance.sum() * self.chance
        return bool(np.abs(rest).max() <= tolerance * max(1.0, float(np.abs(self.payoffs).max())))


@runtime_checkable
class HasInformationTree(Protocol):
    """A game of several moves, one player per role, whose information sets can be listed."""

    def information_tree(self) -> InformationTree:
        """Return the game in sequence form.

        Raises:
            UserError: a player does not recall its own moves in some information set; the message names it.
        """

    def information_sets(self, role: str) -> Observation:
        """Return what a player observes in each of its information sets, as ``[I, 1, ...]``, all of them different."""


class TreeNode(Protocol):
    """A point of an explicit game tree."""

    @property
    def player(self) -> int:
        """The index of the player who moves; negative where chance moves or the game ends."""

    @property
    def information(self) -> str:
        """The name of the player's information set; "" at other nodes."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the options."""

    @property
    def children(self) -> tuple[int, ...]:
        """The index of the node to which each option leads; empty at an end."""

    @property
    def probabilities(self) -> tuple[Fraction, ...]:
        """The probabilities of the options of chance."""

    @property
    def payoffs(self) -> tuple[Fraction, ...]:
        """The payoffs of all players at an end."""


@runtime_checkable
class HasGameTree(Protocol):
    """A game over an explicit tree, which can be drawn."""

    def tree_nodes(self) -> Sequence[TreeNode]:
        """Return the nodes, the root first and every parent before its children."""
