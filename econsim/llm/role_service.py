"""The service of a run as one of its agents sees it: questions carry its labels, and messages to its players."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from econsim.llm.questions import Answer, Question
from econsim.llm.service import Service
from econsim.llm.settings import Settings
from econsim.llm.transcript import Asker

__all__ = ["Message", "RoleService"]


class Message(NamedTuple):
    """A text that players of a role (empty: of all roles) read in each question from a step on."""

    step: int
    text: str
    role: str = ""


@dataclass(frozen=True)
class RoleService:
    """Asks the questions of one agent through the service of its run."""

    service: Service
    asker: Asker
    messages: tuple[Message, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings of the model."""
        return self.service.settings_of(self.asker.model)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the answers to questions, in the same order; raises what :meth:`Service.ask` raises."""
        told = [self._told(question) for question in questions] if self.messages else questions
        return self.service.ask(told, self.asker)

    def _told(self, question: Question) -> Question:
        """Return a question that begins with the messages that its addressee has received."""
        step, role = question.addressee.step or 0, question.addressee.role or self.asker.role
        read = [message for message in self.messages if message.step <= step and message.role in ("", role)]
        lines = [f"Announced in step {message.step}: {message.text}" for message in read]
        return replace(question, user="\n".join([*lines, "", question.user])) if read else question
