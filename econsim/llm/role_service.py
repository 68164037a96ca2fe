"""The service of a run as one of its agents sees it: its questions carry the labels of the agent for the transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from econsim.llm.questions import Answer, Question
from econsim.llm.service import Service
from econsim.llm.settings import Settings
from econsim.llm.transcript import Asker

__all__ = ["RoleService"]


@dataclass(frozen=True)
class RoleService:
    """Asks the questions of one agent through the service of its run."""

    service: Service
    asker: Asker

    @property
    def settings(self) -> Settings:
        """The settings of the model."""
        return self.service.settings_of(self.asker.model)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the answers to questions, in the same order; raises what :meth:`Service.ask` raises."""
        return self.service.ask(questions, self.asker)
