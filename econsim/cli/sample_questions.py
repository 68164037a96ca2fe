"""Sample questions: the rules and the first question that a language model gets in each role of a game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, cast

from torch import Tensor

from econsim import random
from econsim.agents.llm import LanguageWorker
from econsim.agents.llm import Parameters as WorkerParameters
from econsim.agents.llm.asking import briefing_of, tells_taxes
from econsim.game import Agent, Game, Role
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings
from econsim.planners.llm import LanguagePlanner
from econsim.planners.llm import Parameters as PlannerParameters
from econsim.play import play

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["sample_questions"]


def sample_questions(game: Game[Any], agents: Mapping[str, Agent], seed: int) -> str:
    """Return the rules and the first question of each role when agents of kind ``llm`` play all roles.

    Args:
        game: the game.
        agents: the agents of a scenario by role; roles without an agent of kind ``llm`` are played by a default one.
        seed: the seed of the episode.
    """
    listeners = {name: _Listener() for name in game.roles}
    llm_agents: dict[str, Agent] = {}
    for name, role in game.roles.items():
        agent = agents.get(name)
        if not isinstance(agent, LanguageWorker | LanguagePlanner):
            agent = _planner(game, role) if role.leads else LanguageWorker(WorkerParameters())
        agent.connect(cast("Service", listeners[name]))
        llm_agents[name] = agent

    def stop_when_all_asked(state: object, over: Tensor) -> None:
        if all(listener.first for listener in listeners.values()):
            raise _AllAsked

    with suppress(_AllAsked):
        play(game, llm_agents, random.keys(seed, 1, game.device), stop_when_all_asked)
    return "\n\n".join(_shown(name, listener.first) for name, listener in listeners.items())


def _planner(game: Game[Any], role: Role) -> LanguagePlanner:
    """Return a planner that puts a question at its first action."""
    first: Literal["status_quo", "ask"] = "ask" if tells_taxes(briefing_of(game, role)) else "status_quo"
    return LanguagePlanner(PlannerParameters(first=first))


class _AllAsked(Exception):  # noqa: N818 (ends an episode early)
    """Every role has put a question."""


class _Listener:
    """A substitute for the service that stores the first question and answers none."""

    settings = Settings(on_failure="rule")

    def __init__(self) -> None:
        self.first: Question | None = None

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return failed answers, so that agents fall back to rules and previous actions."""
        self.first = self.first or next(iter(questions), None)
        return [Answer("", None, "failed", "sample questions are not sent to a model")] * len(questions)


def _shown(role: str, question: Question | None) -> str:
    if question is None:
        return f"--- {role}: no question in this episode"
    return f"--- {role}: rules\n\n{question.system}\n\n--- {role}: first question\n\n{question.user}"
