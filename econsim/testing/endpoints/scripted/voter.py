"""A voter who votes for whom it gains most from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["ranking"]


def ranking(facts: Mapping[str, Any]) -> list[str]:
    """Return the names of the ``candidates``, by ``utility``, the highest first, as listed among equals.

    Raises:
        Unanswerable: there are none, or some lack a name or a utility.
    """
    try:
        worth = [(-float(candidate["utility"]), str(candidate["name"])) for candidate in facts["candidates"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswerable(f"the facts of a voter are incomplete ({error})") from None
    if not worth:
        raise Unanswerable("the facts of a voter name no candidates")
    return [name for _, name in sorted(worth, key=lambda each: each[0])]
