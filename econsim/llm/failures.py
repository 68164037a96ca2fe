"""Errors of language-model calls, with messages that a user can act on."""

from __future__ import annotations

from econsim.errors import UserError

__all__ = [
    "BudgetSpent",
    "ContextExceeded",
    "EndpointError",
    "ModelNotListed",
    "NotRecorded",
    "SystemRoleRefused",
    "TooManyFailures",
    "TryAgain",
]


class EndpointError(UserError):
    """The endpoint cannot be reached, or it refuses a request."""


class ContextExceeded(EndpointError):  # noqa: N818 (named after the event)
    """The question is longer than the context of the model."""


class ModelNotListed(EndpointError):  # noqa: N818 (named after the event)
    """The server refuses a request for a model that it does not list."""


class SystemRoleRefused(EndpointError):  # noqa: N818 (named after the event)
    """The server has no system role for this model."""


class BudgetSpent(UserError):  # noqa: N818 (named after the event)
    """The budget of the run is exhausted; all answers are kept. ``limit``: the key of the limit in section ``llm``."""

    def __init__(self, message: str, limit: str = "budget.calls") -> None:
        self.limit = limit
        super().__init__(message)


class TooManyFailures(UserError):  # noqa: N818 (named after the event)
    """A larger share of replies failed than the run allows, or a reply failed with ``on_failure=stop``."""


class NotRecorded(UserError):  # noqa: N818 (named after the event)
    """A strict replay encountered a question that is not in its store."""


class TryAgain(Exception):  # noqa: N818 (not yet an error of the run)
    """A call failed temporarily: too many calls, an error of the server, or no answer in time.

    ``wait`` is the wait in seconds that the server requested, ``None`` if it did not request one. ``unreachable``: no
    server could be reached. ``overloaded``: the server had too many calls at once. ``loading``: it loads the model.
    """

    def __init__(
        self,
        reason: str,
        wait: float | None = None,
        unreachable: bool = False,
        overloaded: bool = False,
        loading: bool = False,
    ) -> None:
        self.reason, self.wait, self.unreachable = reason, wait, unreachable
        self.overloaded, self.loading = overloaded, loading
        super().__init__(reason)
