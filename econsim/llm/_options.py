"""Parsing of options as models write them: in another case, with a full stop, as a reformatted number, or by index."""

from __future__ import annotations

import re
from typing import Any

from econsim.llm.json_extraction import NotRead

__all__ = ["option"]

_LONGEST_INDEX = 8  # digits


def option(value: Any, options: tuple[str, ...], places: bool = True) -> tuple[str, str]:
    """Return the option that a value names, and a note on the repair that this required (empty: none).

    Args:
        value: the value in the reply.
        options: the options with their exact spelling.
        places: whether a number that is not itself an option is read as an index into ``options``, counted from 0.

    Raises:
        NotRead: the value names none of the options, or several.
    """
    if isinstance(value, str) and value in options:
        return value, ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    by_folded = {option.strip().casefold(): option for option in options}
    text = str(value).strip().strip(".!\"'*").strip().casefold()
    if text in by_folded:
        return by_folded[text], "spelled in another way"
    if _number(text) is None:
        named = _at_the_beginning(text, by_folded)
    else:
        named = _numbered(text, by_folded, options if places else ())
    if named is None:
        raise NotRead(f"expected one of {', '.join(options)}, found {str(value)[:40]!r}")
    return named


def _numbered(text: str, by_folded: dict[str, str], options: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the option that is the same number, else the option with that index."""
    for key, option in by_folded.items():
        if _number(key) == _number(text):
            return option, "a number written in another way"
    if text.isdecimal() and len(text) <= _LONGEST_INDEX and int(text) < len(options):
        return options[int(text)], "an index instead of a name"
    return None


def _at_the_beginning(text: str, by_folded: dict[str, str]) -> tuple[str, str] | None:
    """Return the option with which a text begins, unless the text names another one too."""
    named = [option for key, option in by_folded.items() if re.match(rf"{re.escape(key)}(?!\w)", text)]
    others = [option for key, option in by_folded.items() if re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text)]
    return (named[0], "words after the name") if len(named) == 1 and named == others else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
