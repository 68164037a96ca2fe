"""What can go wrong between a run and a model, as errors that a user can act on."""

from __future__ import annotations

from econsim.errors import UserError

__all__ = ["BudgetSpent", "EndpointError", "NotRecorded", "TooManyFailures", "TryAgain"]


class EndpointError(UserError):
    """The endpoint cannot be reached, or refuses what it is asked."""


class BudgetSpent(UserError):  # noqa: N818 (says what happened)
    """The budget of the run is spent; everything that was answered is kept. ``limit`` is its key in the budget."""

    def __init__(self, message: str, limit: str = "calls") -> None:
        self.limit = limit
        super().__init__(message)


class TooManyFailures(UserError):  # noqa: N818 (says what happened)
    """A larger share of replies failed than the run allows, or one failed that may not."""


class NotRecorded(UserError):  # noqa: N818 (says what happened)
    """A strict replay met a question that its store does not answer."""


class TryAgain(Exception):  # noqa: N818 (it is no error of the run yet)
    """One call came to nothing for now: too many calls, a fault of the server, or no answer in time.

    ``wait`` is how many seconds the server asked for, ``None`` where it did not say. ``unreachable``: there was no
    server to speak to.
    """

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        self.reason, self.wait, self.unreachable = reason, wait, unreachable
        super().__init__(reason)
