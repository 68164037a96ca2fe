"""Limits a minute: each call waits for its turn, evenly spaced, so that a provider's own limit is not met.

Both limits are kept as the time at which the next call may begin (the generic cell rate algorithm of ATM Forum 1996,
with a burst of one second's worth).
"""

from __future__ import annotations

import asyncio
import time

__all__ = ["RateLimit"]

_BURST = 1.0  # seconds


class RateLimit:
    """Gives turns to the calls of one event loop."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._for_call = 0.0 if requests_per_minute is None else 60.0 / requests_per_minute
        self._for_token = 0.0 if tokens_per_minute is None else 60.0 / tokens_per_minute
        self._calls_until = self._tokens_until = 0.0

    async def turn(self, tokens: int) -> None:
        """Wait until a call of about so many tokens may begin."""
        if not self._for_call and not self._for_token:
            return
        now = time.monotonic()
        self._calls_until = max(self._calls_until, now) + self._for_call
        self._tokens_until = max(self._tokens_until, now) + self._for_token * tokens
        begins = max(self._calls_until - self._for_call, self._tokens_until - self._for_token * tokens)
        await asyncio.sleep(max(0.0, begins - now - _BURST))

    def correct(self, guessed: int, used: int) -> None:
        """Put what a call really used in the place of what was guessed."""
        self._tokens_until += self._for_token * (used - guessed)

    def seconds(self, calls: int, tokens: int) -> float | None:
        """Return how long so much takes at least; ``None`` without a limit."""
        least = max(calls * self._for_call, tokens * self._for_token)
        return least or None
