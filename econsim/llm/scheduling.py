"""Sending many requests at once: so many at a time, at the pace that is allowed, again where that may help.

The order of answers changes nothing: what a request waits for after a failure is a function of the request, and its
answer goes to it whenever it comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from econsim.llm.budget import SpendingLimit
from econsim.llm.failures import EndpointError, TryAgain
from econsim.llm.rate_limit import RateLimit
from econsim.llm.requests import Reply, Request

__all__ = ["Arrival", "Provider", "Scheduler"]

_LONGEST_BACKOFF = 60.0


class Provider(Protocol):
    """Who answers requests."""

    async def complete(self, request: Request) -> Reply:
        """Return the answer; raises :class:`TryAgain` or :class:`EndpointError`."""

    async def check(self) -> None:
        """Raise :class:`EndpointError` where it is plain beforehand that nobody will answer."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of a request: its reply, or ``None`` and the reason; seconds from its first to its last attempt."""

    request: Request
    reply: Reply | None
    seconds: float
    attempts: int
    reason: str = ""


class _Sending:
    """Requests under way together: one error stops them all."""

    def __init__(self, waiting: Iterator[Request], arrived: Callable[[Arrival], None]) -> None:
        self.waiting, self.arrived = waiting, arrived
        self.errors: list[Exception] = []
        self._stopped = asyncio.Event()

    def stop(self, error: Exception) -> None:
        self.errors.append(error)
        self._stopped.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until an error stops all."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


class Scheduler:
    """Sends requests to a provider. ``retries`` and ``backoff`` as in the settings."""

    def __init__(
        self,
        provider: Provider,
        purse: SpendingLimit,
        pace: RateLimit,
        price: Callable[[Reply], float | None],
        concurrency: int,
        retries: int,
        backoff: float,
    ) -> None:
        self._provider, self._purse, self._pace, self._price = provider, purse, pace, price
        self._concurrency, self._retries, self._backoff = concurrency, retries, backoff

    async def send(self, requests: Sequence[Request], arrived: Callable[[Arrival], None]) -> None:
        """Send all requests; ``arrived`` is told of each as it comes.

        When one meets an error that ends the run, no other is begun, those that are under way are awaited (they are
        paid for), and the error is raised.
        """
        sending = _Sending(iter(requests), arrived)
        await asyncio.gather(*(self._sender(sending) for _ in range(min(self._concurrency, len(requests)))))
        if sending.errors:
            raise sending.errors[0]

    async def _sender(self, sending: _Sending) -> None:
        for request in sending.waiting:
            if sending.errors:
                return
            try:
                sending.arrived(await self._answer(request, sending))
            except Exception as error:
                sending.stop(error)

    async def _answer(self, request: Request, sending: _Sending) -> Arrival:
        began = time.monotonic()
        for attempt in range(self._retries + 1):
            try:
                reply = await self._paid(request)
                return Arrival(request, reply, time.monotonic() - began, attempt + 1)
            except TryAgain as failure:
                last = failure
            if attempt < self._retries:
                await sending.pause(self._wait(request, attempt, last))
            if sending.errors:
                raise last
        if last.unreachable:
            raise EndpointError(last.reason)
        reason = f"{last.reason}, after {self._retries + 1} attempts"
        return Arrival(request, None, time.monotonic() - began, self._retries + 1, reason)

    async def _paid(self, request: Request) -> Reply:
        """Return the reply to a request that the budget has room for."""
        guessed = request.tokens
        self._purse.reserve(guessed)
        reply = None
        try:
            await self._pace.turn(guessed)
            reply = await self._provider.complete(request)
        finally:
            self._purse.settle(guessed, reply, None if reply is None else self._price(reply))
            used = 0 if reply is None else reply.input_tokens + reply.output_tokens
            self._pace.correct(guessed, used)
        return reply

    def _wait(self, request: Request, attempt: int, failure: TryAgain) -> float:
        """Return the seconds before the next attempt: what the server asked for, else doubling with a jitter."""
        if failure.wait is not None:
            return failure.wait
        jitter = 0.5 + request.key[attempt % len(request.key)] / 255.0
        return min(self._backoff * 2.0**attempt * jitter, _LONGEST_BACKOFF)
