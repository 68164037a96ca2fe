"""Who answers behind a simulated endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from econsim.testing.endpoints.chats import Chat, Said

__all__ = ["Responder", "Speaker", "Unanswerable", "responder_of"]


class Unanswerable(Exception):  # noqa: N818 (says what happened)
    """A question that a responder has no answer to; the server refuses it with this message."""


class Responder(Protocol):
    """Answers chat requests in a model's place."""

    @property
    def name(self) -> str:
        """The model's name as the server lists it; it says that this is no language model that people use."""

    @property
    def label(self) -> str:
        """What really answers, in one word: ``scripted``, ``tiny``, ..."""

    async def reply(self, chat: Chat) -> Said:
        """Return the reply; raises :class:`Unanswerable`."""


Speaker = Callable[[Chat], str]
"""A function that answers requests: the shortest responder."""


class _Function:
    """A function as a responder."""

    name = "scripted"
    label = "scripted"

    def __init__(self, function: Speaker) -> None:
        self._function = function

    async def reply(self, chat: Chat) -> Said:
        """Return what the function says."""
        return Said(self._function(chat))


def responder_of(responder: Responder | Speaker) -> Responder:
    """Return a responder, made of a function where it is one."""
    return _Function(responder) if not hasattr(responder, "reply") else responder  # type: ignore[return-value]
