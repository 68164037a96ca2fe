"""Headings for the sections of a module's docstring.

A section is a name on a line of its own and an indented body, which ``econsim describe`` prints as it stands. Markdown
would run both together into one paragraph; this extension of Griffe makes the name a heading and takes the indent away.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import griffe

_HEADING = r"(?:\A|(?<=\n\n))(?P<name>[A-Z][^\n:]*)(?:(?<=References):)?\n"  # the linter wants a colon in that one
_BODY = r"(?P<body>(?:[ ]{4}[^\n]*(?:\n|\Z)|\n(?=[ ]{4}|\n))+)"
_SECTION = re.compile(_HEADING + _BODY)


def with_headings(docstring: str) -> str:
    """Return a docstring whose sections have Markdown headings."""
    return _SECTION.sub(lambda section: f"# {section['name']}\n\n{dedent(section['body'])}", docstring)


class Headings(griffe.Extension):
    """Sections of module docstrings as headings of the page."""

    def on_module(self, *, mod: griffe.Module, **_: Any) -> None:
        """Give a module's docstring its headings."""
        if mod.docstring:
            mod.docstring.value = with_headings(mod.docstring.value)
