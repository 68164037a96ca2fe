"""API keys: read from the environment, sent in one header, and removed from every response."""

from __future__ import annotations

import os
from typing import overload

__all__ = ["Secret"]

_SHORTEST = 6  # characters; a shorter key could be part of ordinary text
_IN_ITS_PLACE = "***"


class Secret:
    """An API key that appears neither in its ``repr`` nor in any text returned by :meth:`hidden`."""

    __slots__ = ("_variable", "_word")

    def __init__(self, word: str, variable: str = "") -> None:
        self._word, self._variable = word, variable

    @classmethod
    def named(cls, variable: str) -> Secret:
        """Return the key in an environment variable; it is empty if the variable is not set."""
        return cls(os.environ.get(variable, "").strip(), variable)

    def __repr__(self) -> str:
        return f"Secret({self._variable}, {'set' if self._word else 'not set'})"

    def __bool__(self) -> bool:
        return bool(self._word)

    def __reduce__(self) -> tuple[type[Secret], tuple[str, str]]:
        return Secret, ("", self._variable)

    def header(self) -> dict[str, str]:
        """Return the authorisation header; no header if the key is empty."""
        return {"Authorization": f"Bearer {self._word}"} if self._word else {}

    def word(self) -> str | None:
        """Return the key itself, for a library that sends it; ``None`` if it is empty."""
        return self._word or None

    @overload
    def hidden(self, text: str) -> str: ...
    @overload
    def hidden(self, text: bytes) -> bytes: ...
    def hidden(self, text: str | bytes) -> str | bytes:
        """Return a text in which the key is replaced by asterisks."""
        if len(self._word) < _SHORTEST:
            return text
        if isinstance(text, bytes):
            return text.replace(self._word.encode(), _IN_ITS_PLACE.encode())
        return text.replace(self._word, _IN_ITS_PLACE)
