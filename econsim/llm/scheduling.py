"""Concurrent sending of requests, with a limit on concurrency, rate limits, and retries after temporary failures.

The results do not depend on the order in which answers arrive: the wait after a failure is a function of the request
alone, and each answer is assigned to its own request.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from econsim.llm.budget import SpendingLimit
from econsim.llm.concurrency import Concurrency
from econsim.llm.failures import ContextExceeded, EndpointError, TryAgain
from econsim.llm.rate_limit import RateLimit
from econsim.llm.requests import Reply, Request

__all__ = ["Arrival", "Provider", "Scheduler"]

_LONGEST_BACKOFF = 60.0
_LONGEST_LOADING = 600.0  # seconds for which a server may load its model
_SHORTEST_WAIT = 0.1  # seconds between questions whether it is loaded


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
    """The result of a request: its reply, or ``None`` and the reason; the seconds of the last attempt."""

    request: Request
    reply: Reply | None
    seconds: float
    attempts: int
    reason: str = ""


class _Sending:
    """A batch of requests; one error stops all of them."""

    def __init__(self, requests: Sequence[Request], arrived: Callable[[Arrival], None]) -> None:
        self.waiting, self.arrived = deque(requests), arrived
        self.senders = 0
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
    """Sends requests to a provider; for ``retries`` and ``backoff`` see :class:`econsim.llm.settings.Settings`.

    ``shortens``: a question that exceeds the model's context is sent with less of its history.
    """

    def __init__(
        self,
        provider: Provider,
        purse: SpendingLimit,
        pace: RateLimit,
        price: Callable[[Reply], float | None],
        concurrency: int,
        retries: int,
        backoff: float,
        shortens: bool = True,
    ) -> None:
        self._provider, self._purse, self._pace, self._price = provider, purse, pace, price
        self._concurrency, self._retries, self._backoff = Concurrency(concurrency), retries, backoff
        self._shortens = shortens

    async def send(self, requests: Sequence[Request], arrived: Callable[[Arrival], None]) -> None:
        """Send all requests, and call ``arrived`` with each result as it arrives.

        After an error that ends the run, no further request is started; requests in progress are awaited, because they
        are paid for, and then the error is raised.
        """
        sending = _Sending(requests, arrived)
        async with asyncio.TaskGroup() as group:
            self._add_senders(sending, group)
        if sending.errors:
            raise sending.errors[0]

    def _add_senders(self, sending: _Sending, group: asyncio.TaskGroup) -> None:
        """Start as many senders as calls may be in progress now and requests are waiting."""
        for _ in range(min(self._concurrency.allowed - sending.senders, len(sending.waiting))):
            sending.senders += 1
            group.create_task(self._sender(sending, group))

    async def _sender(self, sending: _Sending, group: asyncio.TaskGroup) -> None:
        """Send one request after another while there are not more senders than calls may be in progress."""
        while sending.waiting and not sending.errors and sending.senders <= self._concurrency.allowed:
            try:
                sending.arrived(await self._answer(sending.waiting.popleft(), sending))
            except Exception as error:
                sending.stop(error)
                break
            self._add_senders(sending, group)
        sending.senders -= 1

    async def _answer(self, request: Request, sending: _Sending) -> Arrival:
        attempt, began = 0, time.monotonic()
        while True:
            number, sent = self._concurrency.sent(), time.monotonic()
            try:
                reply = await self._fitting(request)
            except TryAgain as failure:
                last = failure
            else:
                self._concurrency.answered()
                return Arrival(request, reply, time.monotonic() - sent, attempt + 1)
            if last.overloaded:
                self._concurrency.overloaded(number)
            is_loading = last.loading and time.monotonic() - began < _LONGEST_LOADING
            attempt += not is_loading
            if attempt > self._retries:
                break
            await sending.pause(self._wait(request, max(attempt - 1, 0), last))
            if sending.errors:
                raise last
        if last.unreachable:
            raise EndpointError(last.reason)
        reason = f"{last.reason}, after {attempt} attempts"
        return Arrival(request, None, time.monotonic() - sent, attempt, reason)

    async def _fitting(self, request: Request) -> Reply:
        """Send one request, without the older half of its history as often as it exceeds the model's context."""
        shorter, lines = request, len(request.history)
        while True:
            try:
                reply = await self._paid(shorter)
            except ContextExceeded:
                lines //= 2
                candidate = request.with_history(lines) if self._shortens else None
                if candidate is None or candidate.user == shorter.user:
                    raise
                shorter = candidate
            else:
                left_out = len(request.history) - lines
                return replace(reply, envelope=replace(reply.envelope, left_out=left_out)) if left_out else reply

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
        if failure.loading:
            return max(self._backoff, _SHORTEST_WAIT)
        jitter = 0.5 + request.key[attempt % len(request.key)] / 255.0
        return min(self._backoff * 2.0**attempt * jitter, _LONGEST_BACKOFF)
