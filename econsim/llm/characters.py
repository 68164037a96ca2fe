"""Characters that were cut in half: surrogates, which are valid in JSON but cannot be written to a file."""

from __future__ import annotations

import re

__all__ = ["whole_characters", "whole_escapes"]

_ESCAPES = re.compile(
    r"\\\\"  # an escaped backslash, so that the one after it is not taken for the beginning of an escape
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole character
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def whole_characters(text: str) -> str:
    """Return a text in which every surrogate is replaced by a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def whole_escapes(text: str) -> str:
    """Return JSON in which every escape of a single surrogate is replaced by a question mark."""
    if "\\u" not in text:
        return text
    return _ESCAPES.sub(lambda match: "?" if match["half"] else match[0], text)
