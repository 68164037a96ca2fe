"""Documentation page of a game: the rules in the docstring of its kind, as plain text."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from econsim.game import Game
from econsim.text.formulas import plain_formulas

__all__ = ["games_of", "page_of", "pages_of"]

_ROOMS = ("economies", "games")
_SECTIONS = ("State", "Actions", "Dynamics", "Rewards")
_HEADING = re.compile(r"^(?:#+ |\*\*)?([A-Z]\w+)(?:\*\*)?:?$", re.MULTILINE)
_SHAPE = re.compile(
    r",? ?`*\[(?:1 \| )?[A-Z][A-Z0-9 ,|*+]*\]`*"
)  # tensor shapes such as [B, N], which are of no use in prompts


def games_of(game: Game[Any]) -> list[Game[Any]]:
    """Return a game, and the one to which it adds something (its attribute ``inner``), as incentives do."""
    inner = getattr(game, "inner", None)
    return [game, *games_of(inner)] if isinstance(inner, Game) else [game]


def pages_of(game: Game[Any]) -> str:
    """Return the page of a game and, after it, the page of the game to which it adds something."""
    own, *others = map(page_of, games_of(game))
    return "\n\n".join([own, *(f"The game itself\n\n{page}" for page in others)])


def page_of(game: Game[Any]) -> str:
    """Return the introduction of the page and its sections on state, actions, dynamics and rewards.

    A page without these sections is returned in full; for a game without a page, the name of its class is returned.
    """
    text = plain_formulas(_SHAPE.sub("", inspect.cleandoc(_docstring(game))).replace("`", ""))
    opening, *rest = _HEADING.split(text)
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    if not any(name in sections for name in _SECTIONS):
        return text.strip()
    rules = [f"{name}\n{sections[name].strip(chr(10))}" for name in _SECTIONS if name in sections]
    return "\n\n".join([opening.strip(), *rules])


def _docstring(game: Game[Any]) -> str:
    """Return the docstring of the module of the game's kind, or of the game's class if it belongs to no kind."""
    path = type(game).__module__.split(".")
    ends = [index + 2 for index, package in enumerate(path) if package in _ROOMS]
    kind = sys.modules.get(".".join(path[: ends[0]])) if ends else None
    page = kind.__doc__ if kind is not None else type(game).__doc__
    return page or type(game).__name__
