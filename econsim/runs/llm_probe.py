"""First question of a run: it is sent before anything is fitted, so that an unusable model stops the run early.

The question is the one that the run asks first anyway. Its answer is in the store of the run when it is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from econsim.llm.protocols import UsesLlm, model_name
from econsim.llm.questions import Answer, Question
from econsim.llm.role_service import RoleService
from econsim.llm.settings import Settings
from econsim.llm.transcript import Asker
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.events import messages_of
from econsim.runs.message_board import MessageBoard
from econsim.runs.scoring import matches
from econsim.scenario.plan import Plan
from econsim.split_roles import base_role

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["first_answer"]


def first_answer(plan: Plan, service: Service) -> Answer | None:
    """Send the first question of the first match that needs no fitting; ``None`` if there is none.

    Raises:
        EndpointError: the question is refused or not answered.
    """
    fitted = {stage.policy.label for stage in plan.stages}
    own = set() if plan.own is None else {plan.own.label}  # its followers may meet every policy
    for match in matches(plan, plan.build_agents()):
        if any(isinstance(agent, UsesLlm) for agent in match.agents.values()) and not ({match.policy} | own) & fitted:
            messages = plan.scenario.messages
            board = None if messages is None else MessageBoard(messages, plan.game, None, {})
            for role, agent in match.agents.items():
                if isinstance(agent, UsesLlm):
                    asker = Asker(role=base_role(role), model=model_name(agent))
                    agent.connect(RoleService(_Probe(service), asker, messages_of(plan.scenario), board))
            exact = plan.game.to(dtype=torch.float64)
            key = evaluation_key(plan.scenario.seed, plan.scenario.episodes).to(exact.device)
            try:
                play(exact, match.agents, key)
            except _Asked as asked:
                return asked.answer
            return None
    return None


class _Asked(Exception):  # noqa: N818 (ends an episode early)
    """The first question was answered."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()


class _Probe:
    """A substitute for the service that sends the first question and then ends the episode."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def settings_of(self, model: str) -> Settings:
        """Return the settings of a model."""
        return self._service.settings_of(model)

    def ask(self, questions: Sequence[Question], asker: Asker) -> list[Answer]:
        """Send the first of the questions."""
        if questions:
            raise _Asked(self._service.probe(questions[0], asker))
        return []
