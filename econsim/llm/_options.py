"""Options as models name them: in other capitals, with a full stop, as a number written otherwise, or by place."""

from __future__ import annotations

import re
from typing import Any

from econsim.llm._numbers import NotRead

__all__ = ["option"]

_LONGEST_PLACE = 8  # digits


def option(value: Any, options: tuple[str, ...], places: bool = True) -> tuple[str, str]:
    """Return the option that a value names, and what had to be done for it (empty: nothing).

    Args:
        value: what stands in the reply.
        options: the options as they are spelled.
        places: whether a number that no option is may be a place in ``options``, counted from 0.

    Raises:
        NotRead: it names none of them, or not clearly one.
    """
    if isinstance(value, str) and value in options:
        return value, ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    by_folded = {option.strip().casefold(): option for option in options}
    said = str(value).strip().strip(".!\"'*").strip().casefold()
    if said in by_folded:
        return by_folded[said], "spelled in another way"
    if _number(said) is None:
        named = _at_the_beginning(said, by_folded)
    else:
        named = _numbered(said, by_folded, options if places else ())
    if named is None:
        raise NotRead(f"{str(value)[:40]!r} is none of {', '.join(options)}")
    return named


def _numbered(said: str, by_folded: dict[str, str], options: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the option that is the same number, else the one at that place."""
    for key, option in by_folded.items():
        if _number(key) == _number(said):
            return option, "a number written in another way"
    if said.isdecimal() and len(said) <= _LONGEST_PLACE and int(said) < len(options):
        return options[int(said)], "a place instead of a name"
    return None


def _at_the_beginning(said: str, by_folded: dict[str, str]) -> tuple[str, str] | None:
    """Return the option with which a text begins, where it names no other."""
    named = [option for key, option in by_folded.items() if re.match(rf"{re.escape(key)}(?!\w)", said)]
    others = [option for key, option in by_folded.items() if re.search(rf"(?<!\w){re.escape(key)}(?!\w)", said)]
    return (named[0], "words after the name") if len(named) == 1 and named == others else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
