"""Concurrent sending of requests, with a limit on concurrency, rate limits, and retries after temporary failures.

The results do not depend on the order in which answers arrive: the wait after a failure is a function of the request
alone, and each answer is assigned to its own request.
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
    """A source of answers to requests."""

    async def complete(self, request: Request) -> Reply:
        """Return the answer; raises :class:`TryAgain` or :class:`EndpointError`."""

    async def check(self) -> None:
        """Raise :class:`EndpointError` if it is clear before the first request that none will be answered."""

    async def close(self) -> None:
        """Close all connections."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The result of a request: its reply, or ``None`` and the reason; the seconds from first to last attempt."""

    request: Request
    reply: Reply | None
    seconds: float
    attempts: int
    reason: str = ""


class _Sending:
    """A batch of requests; one error stops all of them."""

    def __init__(self, waiting: Iterator[Request], arrived: Callable[[Arrival], None]) -> None:
        self.waiting, self.arrived = waiting, arrived
        self.errors: list[Exception] = []
        self._stopped = asyncio.Event()

    def stop(self, error: Exception) -> None:
        self.errors.append(error)
        self._stopped.set()

    async def pause(self, seconds: float) -> None:
        """Wait for ``seconds``, or until an error stops the batch."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


class Scheduler:
    """Sends requests to a provider; for ``retries`` and ``backoff`` see :class:`econsim.llm.settings.Settings`."""

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
        """Send all requests, and call ``arrived`` with each result as it arrives.

        After an error that ends the run, no further request is started; requests in progress are awaited, because they
        are paid for, and then the error is raised.
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
        """Send one request within the budget and the rate limits, and return its reply."""
        estimated = request.tokens
        self._purse.reserve(estimated)
        reply = None
        try:
            await self._pace.turn(estimated)
            reply = await self._provider.complete(request)
        finally:
            self._purse.settle(estimated, reply, None if reply is None else self._price(reply))
            used = 0 if reply is None else reply.input_tokens + reply.output_tokens
            self._pace.correct(estimated, used)
        return reply

    def _wait(self, request: Request, attempt: int, failure: TryAgain) -> float:
        """Return the wait in seconds before the next attempt: as requested by the server, or exponential backoff."""
        if failure.wait is not None:
            return failure.wait
        jitter = 0.5 + request.key[attempt % len(request.key)] / 255.0
        return min(self._backoff * 2.0**attempt * jitter, _LONGEST_BACKOFF)
