"""Gambit's ``.efg`` files of extensive-form games: exact rationals, read and written.

Source: *The Gambit Format Specification*, ``.efg`` files. Outcomes may stand at any node; what a player receives is the
sum along the path, and outcome 0 pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from econsim.games._gambit import GambitReader, quoted
from econsim.games._tree import CHANCE, END, Node, Tree

__all__ = ["efg_text", "tree_of_efg"]

MOST_NODES = 1_000_000


def tree_of_efg(text: str, name: str) -> Tree:
    """Return the game of an ``.efg`` file.

    Args:
        text: the content of the file.
        name: the name of the file, for messages.

    Raises:
        UserError: the text is not a game; the message gives the line and what was expected.
    """
    return _Reader(text, name).tree()


class _Reader(GambitReader):
    """Reader of one file; information sets are numbered for each player, and those of chance apart."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, name)
        self.nodes: list[Node] = []
        self.sets: dict[tuple[int, str], tuple[str, tuple[str, ...], tuple[Fraction, ...]]] = {}
        self.outcomes: dict[str, tuple[Fraction, ...]] = {}

    def tree(self) -> Tree:
        """Return the game."""
        self.header("EFG", "2")
        title = self.in_quotes("a title")
        self.player_names = self.players()
        self.optional_text()  # a comment
        self.outcomes["0"] = (Fraction(0),) * len(self.player_names)
        self._read_nodes()
        if self.peek():
            self.next("")
            raise self.mistake("the end of the file after the last node")
        if all(node.player < 0 for node in self.nodes):
            raise self.mistake("a game in which a player moves")
        return Tree(self.player_names, self._named(), title)

    def _read_nodes(self) -> None:
        """Read all nodes, depth first; every node but the root fills the next place below the last open parent."""
        children: list[list[int]] = []
        open_places: list[tuple[int, tuple[Fraction, ...]]] = [(-1, self.outcomes["0"])]
        while open_places:
            parent, before = open_places.pop()
            node, paid = self._node()
            total = tuple(one + other for one, other in zip(before, paid, strict=True))
            if len(self.nodes) == MOST_NODES:
                raise self.mistake(f"at most {MOST_NODES:,} nodes")
            if parent >= 0:
                children[parent].append(len(self.nodes))
            open_places += [(len(self.nodes), total)] * len(node.actions)
            self.nodes.append(node._replace(payoffs=total) if node.player == END else node)
            children.append([])
        linked = zip(self.nodes, children, strict=True)
        self.nodes = [node._replace(children=tuple(of)) for node, of in linked]

    def _node(self) -> tuple[Node, tuple[Fraction, ...]]:
        """Return the next node, with the number of its information set as its name, and what its outcome pays."""
        kind = self.next("a node that starts with c, p or t")
        if kind not in ("c", "p", "t"):
            raise self.mistake("a node that starts with c, p or t")
        self.in_quotes("the name of a node in quotes")
        if kind == "t":
            return Node(END), self._outcome()
        player = self._player() if kind == "p" else CHANCE
        number = self.next("the number of an information set")
        actions, probabilities = self._information_set(player, number)
        return Node(player, "" if player == CHANCE else number, actions, (), probabilities), self._outcome()

    def _player(self) -> int:
        expected = f"the number of a player, from 1 to {len(self.player_names)}"
        return self.whole(self.next(expected), 1, len(self.player_names), expected) - 1

    def _information_set(self, player: int, number: str) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        """Return the options and, of chance, their probabilities; a set that is known need not be described again."""
        label = self.optional_text()
        if self.peek() == "{":
            words = list(self.until_brace("options"))
            names = words[::2] if player == CHANCE else words
            actions = _distinct(names)
            probabilities = tuple(map(self.number, words[1::2])) if player == CHANCE else ()
            self._check_probabilities(names, probabilities, player == CHANCE)
            described = (label, actions, probabilities)
            known = self.sets.setdefault((player, number), described)
            if known[1:] != described[1:]:
                raise self.mistake(f"the same options each time that information set {number} is described")
        if (player, number) not in self.sets:
            raise self.mistake(f"the options of information set {number} where it first appears")
        return self.sets[player, number][1:]

    def _check_probabilities(self, names: Sequence[str], given: tuple[Fraction, ...], of_chance: bool) -> None:
        if not names:
            raise self.mistake("at least one option")
        if not of_chance:
            return
        if len(given) != len(names):
            raise self.mistake("a probability after each option of chance")
        if min(given) < 0 or sum(given) != 1:
            total = float(sum(given))
            raise self.mistake(
                f"probabilities of at least 0 that sum to exactly 1, found a sum of {total:.12g}; write fractions such "
                "as 1/3"
            )

    def _outcome(self) -> tuple[Fraction, ...]:
        number = self.next("the number of an outcome")
        if not number.isdecimal():
            raise self.mistake("the number of an outcome, 0 for none")
        self.optional_text()  # the name of the outcome
        if self.peek() == "{":
            payoffs = tuple(map(self.number, self.until_brace("payoffs")))
            if len(payoffs) != len(self.player_names):
                raise self.mistake(f"{len(self.player_names)} payoffs, one per player, found {len(payoffs)}")
            if self.outcomes.setdefault(number, payoffs) != payoffs:
                raise self.mistake(f"the same payoffs each time that outcome {number} is given")
        if number not in self.outcomes:
            raise self.mistake(f"the payoffs of outcome {number} where it first appears")
        return self.outcomes[number]

    def _named(self) -> tuple[Node, ...]:
        """Return the nodes with the names of their information sets: numbers, unless all names of a player differ."""
        names = {(player, number): number for player, number in self.sets}
        for player in range(len(self.player_names)):
            labels = {key: label for key, (label, _, _) in self.sets.items() if key[0] == player}
            if all(labels.values()) and len(set(labels.values())) == len(labels):
                names |= labels
        return tuple(
            node._replace(information=names[node.player, node.information]) if node.player >= 0 else node
            for node in self.nodes
        )


def efg_text(tree: Tree) -> str:
    """Return a tree as the content of an ``.efg`` file, from which :func:`tree_of_efg` returns the same tree."""
    lines = [f"EFG 2 R {quoted(tree.title)} {{ {' '.join(map(quoted, tree.players))} }}"]
    numbers: list[dict[str, int]] = [{} for _ in tree.players]
    outcomes: dict[tuple[Fraction, ...], int] = {}
    for index, node in enumerate(tree.nodes):
        if node.player == END:
            number = outcomes.setdefault(node.payoffs, len(outcomes) + 1)
            lines.append(f't "" {number} "" {{ {", ".join(map(str, node.payoffs))} }}')
        elif node.player == CHANCE:
            moves = zip(map(quoted, node.actions), map(str, node.probabilities), strict=True)
            lines.append(f'c "" {index + 1} "" {{ {" ".join(f"{name} {share}" for name, share in moves)} }} 0')
        else:
            own = numbers[node.player]
            number = own.setdefault(node.information, len(own) + 1)
            options = " ".join(map(quoted, node.actions))
            lines.append(f'p "" {node.player + 1} {number} {quoted(node.information)} {{ {options} }} 0')
    return "\n".join(lines) + "\n"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of options; their numbers, if two are the same or one is empty."""
    differ = len({name.casefold() for name in names}) == len(names) and all(names)
    return tuple(names) if differ else tuple(map(str, range(1, len(names) + 1)))
