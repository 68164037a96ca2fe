"""Explicit game trees with rational probabilities and payoffs, and their sequence form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import NamedTuple

import numpy as np

from econsim.errors import UserError
from econsim.information_tree import InformationTree, PlayerTree

__all__ = ["CHANCE", "END", "Branch", "Node", "Tree", "chance", "end", "grown", "sequence_form"]

CHANCE, END = -1, -2
"""The player of a node at which chance moves, and of a node at which the game ends."""


class Node(NamedTuple):
    """A point of the game: who moves, with which options, and to which nodes they lead.

    Attributes:
        player: the index of the player, ``CHANCE`` or ``END``.
        information: the name of the player's information set; "" at other nodes.
        actions: the names of the options.
        children: the index of the node to which each option leads.
        probabilities: of the options of chance.
        payoffs: of all players at an end.
    """

    player: int
    information: str = ""
    actions: tuple[str, ...] = ()
    children: tuple[int, ...] = ()
    probabilities: tuple[Fraction, ...] = ()
    payoffs: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Tree:
    """A game tree: names of the players, a title, and nodes, the root first and every parent before its children."""

    players: tuple[str, ...]
    nodes: tuple[Node, ...]
    title: str = ""

    def options(self, player: int) -> tuple[str, ...]:
        """Return the names of all options that a player has anywhere, in the order in which they first appear."""
        return tuple(dict.fromkeys(name for node in self.nodes if node.player == player for name in node.actions))

    def information(self, player: int) -> dict[str, tuple[str, ...]]:
        """Return the options of each of a player's information sets, in the order in which they first appear."""
        return {node.information: node.actions for node in self.nodes if node.player == player}

    def moves_before(self, player: int) -> dict[str, int]:
        """Return the number of a player's own moves before each of its information sets, the lowest on any path."""
        own, before = [0] * len(self.nodes), dict[str, int]()
        for index, node in enumerate(self.nodes):
            if node.player == player:
                before[node.information] = min(own[index], before.get(node.information, own[index]))
            for child in node.children:
                own[child] = own[index] + (node.player == player)
        return before

    def ordered(self, player: int) -> dict[str, tuple[str, ...]]:
        """Return the options of a player's information sets, those with fewer own moves before them first."""
        options, before = self.information(player), self.moves_before(player)
        return {name: options[name] for name in sorted(options, key=before.__getitem__)}


class Branch(NamedTuple):
    """A node with the branches below it, from which :func:`grown` makes a tree."""

    node: Node
    branches: tuple[Branch, ...] = ()


def chance(outcomes: Iterable[tuple[str, Fraction, Branch]]) -> Branch:
    """Return a move of chance: the name, the probability and the branch of each outcome."""
    actions, probabilities, branches = zip(*outcomes, strict=True)
    return Branch(Node(CHANCE, "", actions, (), probabilities), branches)


def end(payoffs: Iterable[int | Fraction]) -> Branch:
    """Return an end of the game with its payoffs."""
    return Branch(Node(END, payoffs=tuple(map(Fraction, payoffs))))


def grown(players: tuple[str, ...], root: Branch, title: str = "") -> Tree:
    """Return the tree of a branch, with nodes in the order in which files list them: depth first."""
    nodes: list[Node] = []
    children: list[list[int]] = []
    waiting: list[tuple[Branch, int]] = [(root, -1)]
    while waiting:
        branch, parent = waiting.pop()
        if parent >= 0:
            children[parent].append(len(nodes))
        waiting += [(below, len(nodes)) for below in reversed(branch.branches)]
        nodes.append(branch.node)
        children.append([])
    linked = tuple(node._replace(children=tuple(of)) for node, of in zip(nodes, children, strict=True))
    return Tree(players, linked, title)


def sequence_form(tree: Tree) -> InformationTree:
    """Return a tree in sequence form.

    Raises:
        UserError: a player does not recall its own moves; the message names the information set.
    """
    sets = [tree.ordered(player) for player in range(len(tree.players))]
    firsts = [_first_sequences(options) for options in sets]
    parents: list[dict[str, int]] = [{} for _ in sets]
    reached: list[tuple[int, ...]] = [(0,) * len(sets)] * len(tree.nodes)
    likely = [Fraction(1)] * len(tree.nodes)
    ends: dict[tuple[int, ...], list[int]] = {}
    for index, node in enumerate(tree.nodes):
        if node.player == END:
            ends.setdefault(reached[index], []).append(index)
        elif node.player >= 0:
            before = reached[index][node.player]
            if parents[node.player].setdefault(node.information, before) != before:
                raise _forgets(tree, node)
        for option, child in enumerate(node.children):
            reached[child], likely[child] = reached[index], likely[index]
            if node.player == CHANCE:
                likely[child] = likely[index] * node.probabilities[option]
            else:
                moved = list(reached[index])
                moved[node.player] = firsts[node.player][node.information] + option
                reached[child] = tuple(moved)
    players = tuple(_player_tree(tree, player, sets[player], parents[player]) for player in range(len(sets)))
    chances = [sum(likely[index] for index in at) for at in ends.values()]
    payoffs = [
        [float(sum(likely[index] * tree.nodes[index].payoffs[player] for index in at)) for player in range(len(sets))]
        for at in ends.values()
    ]
    return InformationTree(players, np.array(list(ends)), np.array(chances, np.float64), np.array(payoffs))


def _first_sequences(options: dict[str, tuple[str, ...]]) -> dict[str, int]:
    counts = np.cumsum([1, *map(len, options.values())])
    return dict(zip(options, counts.tolist(), strict=False))


def _player_tree(tree: Tree, player: int, sets: dict[str, tuple[str, ...]], parents: dict[str, int]) -> PlayerTree:
    place = dict(zip(tree.options(player), count(), strict=False))
    options = [-1, *(place[action] for actions in sets.values() for action in actions)]
    before = tree.moves_before(player)
    at_each = Counter(before.values())
    levels = np.cumsum([0, *(at_each[moves] for moves in sorted(at_each))])
    return PlayerTree(
        tuple(sets),
        np.array([parents[name] for name in sets], np.int64),
        np.array([len(actions) for actions in sets.values()], np.int64),
        np.array(options, np.int64),
        levels.astype(np.int64),
    )


def _forgets(tree: Tree, node: Node) -> UserError:
    return UserError(
        f"{tree.players[node.player]} does not recall its own moves in the information set {node.information!r} "
        "(imperfect recall), which exact values and solvers need; give the nodes that different own moves lead to "
        "different information sets"
    )
