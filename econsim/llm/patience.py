"""Time limit of calls to a server that may answer them one after another.

The time that a call waits in the server's queue is not visible to its client. A call is therefore given up only if,
for the whole time limit, neither it nor any call that was sent before it was answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

__all__ = ["Patience"]

_REMEMBERED = 64  # answers; a call that so many later ones overtook is not in a queue


class Patience:
    """The time limit of the calls of one event loop, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._numbers = seconds, count()
        self._answered: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Limit the call within the context; if it ends without an error, it was answered.

        Raises:
            TimeoutError: the call was given up.
        """
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        timers: list[asyncio.TimerHandle] = []

        def give_up() -> None:
            last = max((at for at, earlier in self._answered if earlier < number), default=0.0)
            if last + self._seconds > loop.time():
                timers[:] = [loop.call_at(last + self._seconds, give_up)]
            else:
                limit.reschedule(loop.time())

        async with asyncio.timeout(None) as limit:
            timers.append(loop.call_later(self._seconds, give_up))
            try:
                yield
            finally:
                timers[0].cancel()
        self._answered.append((loop.time(), number))
