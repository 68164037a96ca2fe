"""Tables of a game tree for batched play: children, payoffs, lotteries of chance, and what players observe."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import torch
from torch import Tensor

from econsim.games._tree import CHANCE, Tree

__all__ = ["TreeTables", "tree_tables"]


class TreeTables(NamedTuple):
    """Tables of a tree of ``V`` nodes.

    Attributes:
        shared: ``player`` ``[V]``; ``information`` ``[V]``, the index of the information set of the player who moves;
            ``children`` ``[V, A]`` by option of the role; ``payoffs`` ``[V, P]``; ``lottery`` ``[V]``, the row of a
            move of chance in ``up_to``, cumulative probabilities ``[M, C]``, 0 at other nodes; for each player
            ``features`` ``[I + 1, F]`` and ``legal`` ``[I + 1, A_p]``, whose last rows are for other players' turns.
        words: the names of each player's features.
        most_moves: the largest number of players' moves on a path.
        most_chance_moves: the largest number of moves of chance in succession.
    """

    shared: dict[str, Any]
    words: tuple[tuple[str, ...], ...]
    most_moves: int
    most_chance_moves: int


def tree_tables(tree: Tree) -> TreeTables:
    """Return the tables of a tree."""
    players = range(len(tree.players))
    sets = [tree.ordered(player) for player in players]
    options = [tree.options(player) for player in players]
    place = [{name: index for index, name in enumerate(of)} for of in sets]
    seen = [_features(tuple(of)) for of in sets]
    moves, chance_moves = _longest(tree)
    shared = {
        "player": torch.tensor([node.player for node in tree.nodes]),
        "information": torch.tensor([place[n.player][n.information] if n.player >= 0 else -1 for n in tree.nodes]),
        "children": _children(tree, options),
        "payoffs": torch.tensor(
            [list(map(float, node.payoffs)) or [0.0] * len(players) for node in tree.nodes], dtype=torch.float64
        ),
        **_lotteries(tree),
        "features": [features for _, features in seen],
        "legal": [_legal(of, names) for of, names in zip(sets, options, strict=True)],
    }
    return TreeTables(shared, tuple(words for words, _ in seen), moves, chance_moves)


def _children(tree: Tree, options: list[tuple[str, ...]]) -> Tensor:
    """Return the child of each node under each option of the role, or of chance; the node itself where none leads."""
    place = [{name: index for index, name in enumerate(of)} for of in options]
    widest = max([*map(len, options), *(len(node.actions) for node in tree.nodes), 1])
    table = torch.arange(len(tree.nodes))[:, None].repeat(1, widest)
    at, under, to = [], [], []
    for index, node in enumerate(tree.nodes):
        for number, (action, child) in enumerate(zip(node.actions, node.children, strict=True)):
            at.append(index)
            under.append(number if node.player == CHANCE else place[node.player][action])
            to.append(child)
    table[at, under] = torch.tensor(to, dtype=torch.int64)
    return table


def _lotteries(tree: Tree) -> dict[str, Tensor]:
    """Return the row of each node's lottery, and cumulative probabilities; row 0 is for nodes of players and ends."""
    lotteries = list(dict.fromkeys(node.probabilities for node in tree.nodes if node.player == CHANCE))
    rows = {probabilities: row for row, probabilities in enumerate(lotteries, 1)}
    up_to = torch.full((len(lotteries) + 1, max([1, *map(len, lotteries)])), 2.0, dtype=torch.float64)
    for probabilities, row in rows.items():
        total, last = Fraction(0), max(index for index, share in enumerate(probabilities) if share)
        for index in range(last):  # the last possible outcome has no upper end, whatever rounding does
            total += probabilities[index]
            up_to[row, index] = float(total)
    return {"lottery": torch.tensor([rows.get(node.probabilities, 0) for node in tree.nodes]), "up_to": up_to}


def _features(names: tuple[str, ...]) -> tuple[tuple[str, ...], Tensor]:
    """Return the names of features, one per place and word that is there in some name, and the features of each name.

    Different names have different features, since the place after the last word has a feature of its own.
    """
    split = [name.split(" ") for name in names]
    longest = max(map(len, split), default=0)
    places: list[list[str | None]] = [[*words, *[None] * (longest - len(words))] for words in split]
    words = [(at, word) for at in range(longest) for word in dict.fromkeys(place[at] for place in places)]
    index = {word: column for column, word in enumerate(words)}
    features = torch.zeros(len(names) + 1, max(1, len(words)), dtype=torch.uint8)
    for row, place in enumerate(places):
        features[row, [index[word] for word in enumerate(place)]] = 1
    shown = tuple(f"no word {at + 1}" if word is None else f"word {at + 1} is {word}" for at, word in words)
    return shown or ("nothing",), features


def _legal(sets: dict[str, tuple[str, ...]], options: tuple[str, ...]) -> Tensor:
    place = {name: index for index, name in enumerate(options)}
    legal = torch.zeros(len(sets) + 1, max(1, len(options)), dtype=torch.bool)
    legal[-1] = True
    for row, actions in enumerate(sets.values()):
        legal[row, [place[action] for action in actions]] = True
    return legal


def _longest(tree: Tree) -> tuple[int, int]:
    """Return the largest number of players' moves on a path, and of moves of chance in succession."""
    moves, in_a_row = [0] * len(tree.nodes), [0] * len(tree.nodes)
    for index, node in enumerate(tree.nodes):
        in_a_row[index] += node.player == CHANCE
        for child in node.children:
            moves[child] = moves[index] + (node.player >= 0)
            in_a_row[child] = in_a_row[index] if node.player == CHANCE else 0
    return max(1, *moves), max(in_a_row)
