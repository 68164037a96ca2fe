"""Rate limits per minute: calls are spaced evenly, so that the limits of a provider are not exceeded.

Each limit is implemented as the time at which the next call may begin (the generic cell rate algorithm of ATM Forum
1996, with a burst of one second's worth of calls).
"""

from __future__ import annotations

import asyncio
import time

__all__ = ["RateLimit"]

_BURST = 1.0  # seconds


class RateLimit:
    """Delays the calls of one event loop so that they comply with the limits."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._for_call = 0.0 if requests_per_minute is None else 60.0 / requests_per_minute
        self._for_token = 0.0 if tokens_per_minute is None else 60.0 / tokens_per_minute
        self._calls_until = self._tokens_until = 0.0

    async def turn(self, tokens: int) -> None:
        """Wait until a call with an estimated number of tokens may begin."""
        if not self._for_call and not self._for_token:
            return
        now = time.monotonic()
        self._calls_until = max(self._calls_until, now) + self._for_call
        self._tokens_until = max(self._tokens_until, now) + self._for_token * tokens
        begins = max(self._calls_until - self._for_call, self._tokens_until - self._for_token * tokens)
        await asyncio.sleep(max(0.0, begins - now - _BURST))

    def correct(self, guessed: int, used: int) -> None:
        """Replace the estimated number of tokens of a call by the number that it used."""
        self._tokens_until += self._for_token * (used - guessed)

    def seconds(self, calls: int, tokens: int) -> float | None:
        """Return the minimum duration in seconds of calls with so many tokens in total; ``None`` without a limit."""
        duration = max(calls * self._for_call, tokens * self._for_token)
        return duration or None
