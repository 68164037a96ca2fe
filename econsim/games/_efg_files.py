"""Gambit's ``.efg`` files of extensive-form games: exact rationals, read and written.

Source: *The Gambit Format Specification*, ``.efg`` files. Outcomes may stand at any node; what a player receives is the
sum along the path, and outcome 0 pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from econsim.errors import UserError
from econsim.games._tree import CHANCE, END, Node, Tree

__all__ = ["efg_text", "tree_of_efg"]

MOST_NODES = 1_000_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{}",]+')
_NUMBER = re.compile(r"[-+]?(\d{1,300}/\d{1,300}|(\d{1,300}\.?\d{0,300}|\.\d{1,300})([eE][-+]?\d{1,2})?)")


def tree_of_efg(text: str, name: str) -> Tree:
    """Return the game of an ``.efg`` file.

    Args:
        text: the content of the file.
        name: the name of the file, for messages.

    Raises:
        UserError: the text is not a game; the message gives the line and what was expected.
    """
    return _Reader(text, name).tree()


class _Reader:
    """Reader of one file; information sets are numbered for each player, and those of chance apart."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name, self.at = text, name, 0
        self.tokens = _TOKEN.finditer(text)
        self.waiting: str | None = None
        self.nodes: list[Node] = []
        self.sets: dict[tuple[int, str], tuple[str, tuple[str, ...], tuple[Fraction, ...]]] = {}
        self.outcomes: dict[str, tuple[Fraction, ...]] = {}

    def tree(self) -> Tree:
        """Return the game."""
        if [self._next("EFG"), self._next("2"), self._next("R")] not in (["EFG", "2", "R"], ["EFG", "2", "D"]):
            raise self._mistake("a file that starts with 'EFG 2 R'")
        title = self._text("a title")
        self.players = tuple(_identifier(player) for player in self._until_brace("the names of the players"))
        if not self.players or len(set(self.players)) < len(self.players):
            raise self._mistake("players with different names")
        if (self._peek() or "").startswith('"'):
            self._text("a comment")
        self.outcomes["0"] = (Fraction(0),) * len(self.players)
        self._read_nodes()
        if self._peek() is not None:
            self._next("")
            raise self._mistake("the end of the file after the last node")
        if all(node.player < 0 for node in self.nodes):
            raise self._mistake("a game in which a player moves")
        return Tree(self.players, self._named(), title)

    def _read_nodes(self) -> None:
        """Read all nodes, depth first; every node but the root fills the next place below the last open parent."""
        children: list[list[int]] = []
        open_places: list[tuple[int, tuple[Fraction, ...]]] = [(-1, self.outcomes["0"])]
        while open_places:
            parent, before = open_places.pop()
            node, paid = self._node()
            total = tuple(one + other for one, other in zip(before, paid, strict=True))
            if len(self.nodes) == MOST_NODES:
                raise self._mistake(f"at most {MOST_NODES:,} nodes")
            if parent >= 0:
                children[parent].append(len(self.nodes))
            open_places += [(len(self.nodes), total)] * len(node.actions)
            self.nodes.append(node._replace(payoffs=total) if node.player == END else node)
            children.append([])
        linked = zip(self.nodes, children, strict=True)
        self.nodes = [node._replace(children=tuple(of)) for node, of in linked]

    def _node(self) -> tuple[Node, tuple[Fraction, ...]]:
        """Return the next node, with the number of its information set as its name, and what its outcome pays."""
        kind = self._next("a node that starts with c, p or t")
        if kind not in ("c", "p", "t"):
            raise self._mistake("a node that starts with c, p or t")
        self._text("the name of a node in quotes")
        if kind == "t":
            return Node(END), self._outcome()
        player = self._player() if kind == "p" else CHANCE
        number = self._next("the number of an information set")
        actions, probabilities = self._information_set(player, number)
        return Node(player, "" if player == CHANCE else number, actions, (), probabilities), self._outcome()

    def _player(self) -> int:
        number = self._next("the number of a player")
        if not number.isdigit() or not 1 <= int(number) <= len(self.players):
            raise self._mistake(f"the number of a player, from 1 to {len(self.players)}")
        return int(number) - 1

    def _information_set(self, player: int, number: str) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        """Return the options and, of chance, their probabilities; a set that is known need not be described again."""
        label = self._text("") if (self._peek() or "").startswith('"') else ""
        if self._peek() == "{":
            words = list(self._until_brace("options"))
            names = words[::2] if player == CHANCE else words
            actions = _distinct(names)
            probabilities = tuple(map(self._number, words[1::2])) if player == CHANCE else ()
            self._check_probabilities(names, probabilities, player == CHANCE)
            described = (label, actions, probabilities)
            known = self.sets.setdefault((player, number), described)
            if known[1:] != described[1:]:
                raise self._mistake(f"the same options each time that information set {number} is described")
        if (player, number) not in self.sets:
            raise self._mistake(f"the options of information set {number} where it first appears")
        return self.sets[player, number][1:]

    def _check_probabilities(self, names: Sequence[str], given: tuple[Fraction, ...], of_chance: bool) -> None:
        if not names:
            raise self._mistake("at least one option")
        if not of_chance:
            return
        if len(given) != len(names):
            raise self._mistake("a probability after each option of chance")
        if min(given) < 0 or sum(given) != 1:
            total = float(sum(given))
            raise self._mistake(
                f"probabilities of at least 0 that sum to exactly 1, found a sum of {total:.12g}; write fractions such "
                "as 1/3"
            )

    def _outcome(self) -> tuple[Fraction, ...]:
        number = self._next("the number of an outcome")
        if not number.isdigit():
            raise self._mistake("the number of an outcome, 0 for none")
        if (self._peek() or "").startswith('"'):
            self._text("the name of an outcome")
        if self._peek() == "{":
            payoffs = tuple(map(self._number, self._until_brace("payoffs")))
            if len(payoffs) != len(self.players):
                raise self._mistake(f"{len(self.players)} payoffs, one per player, found {len(payoffs)}")
            if self.outcomes.setdefault(number, payoffs) != payoffs:
                raise self._mistake(f"the same payoffs each time that outcome {number} is given")
        if number not in self.outcomes:
            raise self._mistake(f"the payoffs of outcome {number} where it first appears")
        return self.outcomes[number]

    def _named(self) -> tuple[Node, ...]:
        """Return the nodes with the names of their information sets: numbers, unless all names of a player differ."""
        names = {(player, number): number for player, number in self.sets}
        for player in range(len(self.players)):
            labels = {key: label for key, (label, _, _) in self.sets.items() if key[0] == player}
            if all(labels.values()) and len(set(labels.values())) == len(labels):
                names |= labels
        return tuple(
            node._replace(information=names[node.player, node.information]) if node.player >= 0 else node
            for node in self.nodes
        )

    def _number(self, token: str) -> Fraction:
        if not _NUMBER.fullmatch(token) or re.search(r"/0+$", token):
            raise self._mistake(f"a number such as 3, -0.5, 1/3 or 2e-3, found {token}")
        return Fraction(token)

    def _until_brace(self, expected: str) -> Iterator[str]:
        if self._next(f"{expected} in braces") != "{":
            raise self._mistake(f"{expected} in braces")
        while (token := self._next("'}'")) != "}":
            if token == "{":
                raise self._mistake("'}'")
            yield _unquoted(token)

    def _text(self, expected: str) -> str:
        token = self._next(expected)
        if not token.startswith('"'):
            raise self._mistake(expected)
        return _unquoted(token)

    def _peek(self) -> str | None:
        """Return the next token without reading it; ``None`` at the end of the file."""
        if self.waiting is None:
            match = next(self.tokens, None)
            self.waiting, self.start = (None, 0) if match is None else (match.group(), match.start())
        return self.waiting

    def _next(self, expected: str) -> str:
        token = self._peek()
        if token is None:
            self.at = len(self.text)
            raise self._mistake(f"{expected}, found the end of the file")
        self.at, self.waiting = self.start, None
        return token

    def _mistake(self, expected: str) -> UserError:
        line = self.text.count("\n", 0, self.at) + 1
        return UserError(f"{self.name}:{line}: expected {expected}")


def efg_text(tree: Tree) -> str:
    """Return a tree as the content of an ``.efg`` file, from which :func:`tree_of_efg` returns the same tree."""
    lines = [f"EFG 2 R {_quoted(tree.title)} {{ {' '.join(map(_quoted, tree.players))} }}"]
    numbers: list[dict[str, int]] = [{} for _ in tree.players]
    outcomes: dict[tuple[Fraction, ...], int] = {}
    for index, node in enumerate(tree.nodes):
        if node.player == END:
            number = outcomes.setdefault(node.payoffs, len(outcomes) + 1)
            lines.append(f't "" {number} "" {{ {", ".join(map(str, node.payoffs))} }}')
        elif node.player == CHANCE:
            moves = zip(map(_quoted, node.actions), map(str, node.probabilities), strict=True)
            lines.append(f'c "" {index + 1} "" {{ {" ".join(f"{name} {share}" for name, share in moves)} }} 0')
        else:
            own = numbers[node.player]
            number = own.setdefault(node.information, len(own) + 1)
            options = " ".join(map(_quoted, node.actions))
            lines.append(f'p "" {node.player + 1} {number} {_quoted(node.information)} {{ {options} }} 0')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def _identifier(name: str) -> str:
    """Return a player's name as the name of a role: in lower case, with underscores."""
    words = "_".join(re.findall(r"\w+", name)).lower()
    return words if words.isidentifier() else f"player_{words}".rstrip("_")


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of options; their numbers, if two are the same or one is empty."""
    differ = len({name.casefold() for name in names}) == len(names) and all(names)
    return tuple(names) if differ else tuple(map(str, range(1, len(names) + 1)))
