"""A progress bar with the time left, on a terminal only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from econsim.runs.progress import Report


@contextmanager
def progress_bar(name: str, quiet: bool = False, console: Console | None = None) -> Iterator[Report]:
    """Yield a function that shows the work done and the time left; it shows nothing if ``quiet`` or not on a terminal.

    The bar is drawn on standard error, so that tables on standard output can be redirected, and removed at the end.
    ``console``: one for standard error whose lines are shown above the bar.
    """
    from rich.console import Console as RichConsole

    from econsim.runs.progress import Tracker, bar, time_left

    console = console or RichConsole(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        yield _show_nothing
        return
    tracker = Tracker([name])
    tracker.begin(0)
    with bar(console) as shown:
        task = shown.add_task(name, total=1.0, left=time_left(tracker))

        def report(done: int, total: int, message: str = "") -> None:
            tracker.update(done, total)
            text = f"{name}: {message}" if message else name
            shown.update(task, completed=tracker.share_done(), description=text, left=time_left(tracker))

        yield report


def _show_nothing(done: int, total: int, message: str = "") -> None:
    """Show no progress."""
