"""The service of a run as one of its agents sees it: questions carry its labels, and messages to its players."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings
from econsim.llm.transcript import Asker

__all__ = ["Board", "Message", "RoleService"]


class Message(NamedTuple):
    """A text that players of a role (empty: of all roles) read in each question from a step on."""

    step: int
    text: str
    role: str = ""


class AsksForAgents(Protocol):
    """The service of a run, :class:`econsim.llm.service.Service`."""

    def ask(self, questions: Sequence[Question], asker: Asker, /) -> list[Answer]:
        """Return the answers to questions of an agent, in the same order."""

    def settings_of(self, model: str, /) -> Settings:
        """Return the settings of a model by its name in ``llm.models``."""


class Board(Protocol):
    """The messages between players, :class:`econsim.runs.message_board.MessageBoard`."""

    def exchange(
        self,
        phase: Literal["acting", "voting"],
        questions: Sequence[Question],
        asker: Asker,
        ask: Callable[[Sequence[Question]], list[Answer]],
        /,
    ) -> None:
        """Ask the addressees of questions for messages first, and deliver those that are allowed."""

    def received(self, question: Question, asker: Asker, /) -> list[str]:
        """Return the lines that quote the messages to the addressee of a question."""


@dataclass(frozen=True)
class RoleService:
    """Asks the questions of one agent through the service of its run.

    ``messages``: announcements of events. ``board``: the messages between players, if there are any.
    """

    service: AsksForAgents
    asker: Asker
    messages: tuple[Message, ...] = ()
    board: Board | None = None

    @property
    def settings(self) -> Settings:
        """The settings of the model."""
        return self.service.settings_of(self.asker.model)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the answers to questions, in the same order; raises what :meth:`Service.ask` raises."""
        told = [self._told(question) for question in questions] if self.messages or self.board else questions
        return self.service.ask(told, self.asker)

    def converse(self, questions: Sequence[Question], phase: Literal["acting", "voting"] = "acting") -> None:
        """Let the addressees of questions, which are asked next, write messages first, where that is allowed."""
        if self.board is not None and questions:
            self.board.exchange(phase, questions, self.asker, self.ask)

    def _told(self, question: Question) -> Question:
        """Return a question that begins with the messages that its addressee has received."""
        step, role = question.addressee.step or 0, question.addressee.role or self.asker.role
        read = [message for message in self.messages if message.step <= step and message.role in ("", role)]
        lines = [f"Announced in step {message.step}: {message.text}" for message in read]
        received = [] if self.board is None else self.board.received(question, self.asker)
        parts = ["\n".join(each) for each in (lines, received) if each]
        return replace(question, user="\n\n".join([*parts, question.user])) if parts else question
