"""Event loop in a separate thread, for synchronous code that waits for coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

__all__ = ["Loop"]

T = TypeVar("T")
_SECONDS_TO_END = 2.0


class Loop:
    """Runs coroutines one after another in a daemon thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="econsim-llm", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine; an interrupt cancels the coroutine and waits until it has ended."""
        tasks: list[asyncio.Task[Any] | None] = []

        async def recorded() -> T:
            tasks.append(asyncio.current_task())
            return await work

        future = asyncio.run_coroutine_threadsafe(recorded(), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            # Do not wait for all tasks of the loop: libraries keep tasks there that never end.
            asyncio.run_coroutine_threadsafe(_ended(tasks), self._loop).result()
            raise

    def close(self) -> None:
        """Cancel the remaining tasks and end the thread."""
        asyncio.run_coroutine_threadsafe(_cancelled(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _ended(tasks: Sequence[asyncio.Task[Any] | None]) -> None:
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


async def _cancelled() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=_SECONDS_TO_END)
