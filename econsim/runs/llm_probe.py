"""First question of a run: it is sent before anything is fitted, so that an unusable model stops the run early.

The question is the one that the run asks first anyway. Its answer is in the store of the run when it is asked again.
Where agents ask only after a long fit (:class:`econsim.llm.protocols.AsksBeforeFit`), it is a question of the same form
about a provisional result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from econsim.game import Game
from econsim.llm.protocols import AsksBeforeFit, UsesLlm, model_name
from econsim.llm.questions import Answer, Question
from econsim.llm.role_service import RoleService
from econsim.llm.settings import Settings
from econsim.llm.transcript import Asker
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.events import messages_of
from econsim.runs.message_board import MessageBoard
from econsim.runs.scoring import Match, matches
from econsim.scenario import Scenario
from econsim.scenario.plan import Plan
from econsim.split_roles import base_role

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["first_answer"]


def first_answer(plan: Plan, service: Service) -> Answer | None:
    """Send the first question of the first match that can be played before any fit; ``None`` if there is none.

    Raises:
        EndpointError: the question is refused or not answered.
    """
    exact = plan.game.to(dtype=torch.float64)
    for match in matches(plan, plan.build_agents()):
        waiting = {role: match.agents[role] for role in _fitted_roles(plan, match)}
        prepared = {role: agent for role, agent in waiting.items() if isinstance(agent, AsksBeforeFit)}
        asks = any(isinstance(agent, UsesLlm) for agent in match.agents.values())
        if asks and len(prepared) == len(waiting):
            for role, agent in prepared.items():
                agent.prepare_test_question(exact, exact.roles[role])
            return _first_answer_of(match, exact, plan.scenario, service)
    return None


def _fitted_roles(plan: Plan, match: Match) -> set[str]:
    """Return the roles of a match whose agents are fitted by a stage; its followers may be those of the own policy."""
    own = "" if plan.own is None else plan.own.label
    fitted = [(stage.policy.label, role) for stage in plan.stages for role in stage.fitted_roles]
    of_policy = {role for label, role in fitted if label == match.policy}
    return of_policy | {role for label, role in fitted if label == own and role != plan.leader}


def _first_answer_of(match: Match, exact: Game[Any], scenario: Scenario, service: Service) -> Answer | None:
    """Play a match until its first question; return the answer, or ``None`` if nothing is asked."""
    messages = scenario.messages
    board = None if messages is None else MessageBoard(messages, exact, None, {})
    for role, agent in match.agents.items():
        if isinstance(agent, UsesLlm):
            asker = Asker(role=base_role(role), model=model_name(agent))
            agent.connect(RoleService(_Probe(service), asker, messages_of(scenario), board))
    try:
        play(exact, match.agents, evaluation_key(scenario.seed, scenario.episodes).to(exact.device))
    except _Asked as asked:
        return asked.answer
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
