"""First question of a run: it is sent before anything is fitted, so that an unusable model stops the run early.

The question is the one that the run asks first anyway. Its answer is in the store of the run when it is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from econsim.llm.protocols import UsesLlm, model_name
from econsim.llm.questions import Answer, Question
from econsim.llm.transcript import Asker
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.scoring import matches
from econsim.scenario.plan import Plan

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
            for agent in match.agents.values():
                if isinstance(agent, UsesLlm):
                    agent.connect(_Probe(service, Asker(model=model_name(agent))))
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

    def __init__(self, service: Service, asker: Asker) -> None:
        self._service, self._asker, self.settings = service, asker, service.settings_of(asker.model)

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Send the first of the questions."""
        if questions:
            raise _Asked(self._service.probe(questions[0], self._asker))
        return []
