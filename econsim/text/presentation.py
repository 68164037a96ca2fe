"""Presentation of a game in words: the order of options, and other names for options, roles and observations.

The game is the same; only its text differs. A player whose choices depend on the presentation does not choose by the
rules of the game alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from econsim.errors import UserError, did_you_mean
from econsim.game import Box, Discrete, Game, MultiDiscrete, Role
from econsim.split_roles import base_game, base_role
from econsim.text.names import feature_names

__all__ = ["GIVEN", "Names", "Order", "Presentation", "Renaming", "renaming_of"]

Order = Literal["given", "reversed"]
Names = Literal["given", "neutral"] | Mapping[str, str]
_NUMBER = re.compile(r"[-+\d.]+")


@dataclass(frozen=True)
class Presentation:
    """How a game is presented.

    order: ``given``, or ``reversed``: options, and lines of payoffs, are listed from the last to the first.
    names: ``given``; ``neutral``: option_1, role_1, number_1 and so on, and no story where the payoffs are listed; or
        new names by old ones.
    """

    order: Order = "given"
    names: Names = "given"


GIVEN = Presentation()
"""The presentation of a game as it is."""


@dataclass(frozen=True)
class Renaming:
    """New names for words of a game's text; ``is_neutral``: no word of the game may be recognised."""

    words: Mapping[str, str] = field(default_factory=dict)
    is_neutral: bool = False

    def text(self, text: str) -> str:
        """Return a text in which whole words are replaced, in any case of letters."""
        if not self.words:
            return text
        by_word = {old.casefold(): new for old, new in self.words.items()}
        return self._pattern.sub(lambda match: by_word[match[0].casefold()], text)

    def texts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return several texts."""
        return tuple(map(self.text, texts))

    def role(self, role: Role) -> Role:
        """Return a role whose labels and observations have the new names; its own name stays."""
        if not self.words:
            return role
        return replace(
            role,
            features=self._observed(feature_names(role), "number"),
            shared_features=self._observed(role.shared_features, "shared_number"),
            action_labels=self.texts(role.action_labels),
            option_labels=tuple(map(self.texts, role.option_labels)),
            view_labels=tuple(map(self.texts, role.view_labels)),
        )

    @property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def _observed(self, names: Iterable[str], word: str) -> tuple[str, ...]:
        """Return the new names of observations; neutral ones keep only words that are renamed themselves."""
        renamed = [(name, self.text(name)) for name in names]
        return tuple(
            f"{word}_{position}" if self.is_neutral and new == old else new
            for position, (old, new) in enumerate(renamed, 1)
        )


def renaming_of(game: Game[Any], names: Names, key: str) -> Renaming:
    """Return the renaming of a game.

    Args:
        game: the game.
        names: see :class:`Presentation`.
        key: the scenario key of the names, for error messages.

    Raises:
        UserError: a word is the name of nothing in this game, or two words have the same new name.
    """
    if names == "given":
        return Renaming()
    roles = [role for name, role in base_game(game).roles.items()]
    by_kind = {
        "option": [label for role in roles for label in _options(role)],
        "choice": [label for role in roles for label in _choices(role)],
        "role": [base_role(role.name) for role in roles],
        "thing": [label for role in roles for labels in role.view_labels for label in labels if label],
    }
    words = [word for each in by_kind.values() for word in each if not _NUMBER.fullmatch(word)]
    if names == "neutral":
        return Renaming(_numbered(by_kind), True)
    for old in names:
        if old not in words:
            raise UserError(f"{key}: no option, role or thing of this game is called {old!r}{did_you_mean(old, words)}")
    if len(set(names.values())) < len(names) or set(names.values()) & (set(words) - set(names)):
        raise UserError(f"{key}: two words would have the same name; give each another one")
    return Renaming(dict(names))


def _numbered(by_kind: Mapping[str, list[str]]) -> dict[str, str]:
    """Return numbered names; a word of several kinds has the name of the first."""
    words: dict[str, str] = {}
    for kind, names in by_kind.items():
        distinct = [name for name in dict.fromkeys(names) if name not in words and not _NUMBER.fullmatch(name)]
        words |= {name: f"{kind}_{number}" for number, name in enumerate(distinct, 1)}
    return words


def _options(role: Role) -> list[str]:
    if isinstance(role.action, Discrete):
        return list(role.action_labels)
    return [label for labels in role.option_labels for label in labels]


def _choices(role: Role) -> list[str]:
    return list(role.action_labels) if isinstance(role.action, MultiDiscrete | Box) else []
