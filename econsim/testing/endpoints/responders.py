"""Responders, which produce the replies of a simulated endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from econsim.testing.endpoints.chats import Chat, Said

__all__ = ["Responder", "Speaker", "Unanswerable", "responder_of"]


class Unanswerable(Exception):  # noqa: N818 (the name describes the event)
    """Raised for a question that a responder cannot answer; the server rejects the request with this message."""


class Responder(Protocol):
    """Interface of simulated models, which reply to chat requests."""

    @property
    def name(self) -> str:
        """The name of the model in the server's list, which makes clear that it is not a real language model."""

    @property
    def label(self) -> str:
        """The kind of simulated model in one word: ``scripted``, ``tiny``, ..."""

    async def reply(self, chat: Chat) -> Said:
        """Return the reply.

        Raises:
            Unanswerable: the responder has no reply to the question.
        """


Speaker = Callable[[Chat], str]
"""A function from requests to replies, which can be used in place of a responder."""


class _Function:
    """A responder that calls a function."""

    name = "scripted"
    label = "scripted"

    def __init__(self, function: Speaker) -> None:
        self._function = function

    async def reply(self, chat: Chat) -> Said:
        """Return the reply of the function."""
        return Said(self._function(chat))


def responder_of(responder: Responder | Speaker) -> Responder:
    """Return the responder, or a responder that calls the given function."""
    return _Function(responder) if not hasattr(responder, "reply") else responder  # type: ignore[return-value]
