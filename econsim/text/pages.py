"""Page of a game: what the docstring of its kind says of its rules, as plain text."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from econsim.game import Game

__all__ = ["page_of"]

_ROOMS = ("economies", "games")
_SECTIONS = ("State", "Actions", "Dynamics", "Rewards")
_HEADING = re.compile(r"^(?:#+ |\*\*)?([A-Z]\w+)(?:\*\*)?:?$", re.MULTILINE)
_SHAPE = re.compile(r",? ?`*\[(?:1 \| )?[A-Z][A-Z0-9 ,|*+]*\]`*")  # [B, N]: for readers of code


def page_of(game: Game[Any]) -> str:
    """Return the opening of the page and its sections on state, actions, dynamics and rewards.

    A page without these sections is returned whole; a game without a page gives its name.
    """
    text = _SHAPE.sub("", inspect.cleandoc(_docstring(game))).replace("`", "")
    opening, *rest = _HEADING.split(text)
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    if not any(name in sections for name in _SECTIONS):
        return text.strip()
    rules = [f"{name}\n{sections[name].strip(chr(10))}" for name in _SECTIONS if name in sections]
    return "\n\n".join([opening.strip(), *rules])


def _docstring(game: Game[Any]) -> str:
    """Return the docstring of the module that is the game's kind, else of its class."""
    path = type(game).__module__.split(".")
    ends = [index + 2 for index, package in enumerate(path) if package in _ROOMS]
    kind = sys.modules.get(".".join(path[: ends[0]])) if ends else None
    page = kind.__doc__ if kind is not None else type(game).__doc__
    return page or type(game).__name__
