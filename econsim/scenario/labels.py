"""Labels of scenarios and policies, which tables, figures and folders are named after."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Label", "label_of"]

_LONGEST = 100
_SIGNS = "_ .+-()'"


def label_of(name: str) -> str:
    """Return the label of a file: its name, with ``_`` for each character that a label cannot contain."""
    composed = unicodedata.normalize("NFC", name)[:_LONGEST]
    replaced = "".join(sign if _is_allowed(sign) else "_" for sign in composed)
    return replaced if _starts_with_word(replaced) else f"_{replaced[1:]}"


def _checked(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if len(composed) > _LONGEST or not _starts_with_word(composed) or not all(map(_is_allowed, composed)):
        raise ValueError(f"expected letters, digits, spaces and . _ + - ( ) ', at most {_LONGEST}, found {text[:40]!r}")
    return composed


def _starts_with_word(text: str) -> bool:
    return text[:1].isalnum() or text[:1] == "_"


def _is_allowed(sign: str) -> bool:
    return sign.isalnum() or sign in _SIGNS or unicodedata.category(sign).startswith("M")  # M: accents, vowel signs


Label = Annotated[str, AfterValidator(_checked)]
"""Text of a label: a letter, digit or ``_``, then also spaces and ``. + - ( ) '``; accents are composed (NFC)."""
