"""Training data of the tiny model: questions that agents ask in play, with the replies of the scripted model.

Tax schedules are drawn at random, so that the model must learn hours as a response to tax rates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from econsim import random
from econsim.game import Agent, Game
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings
from econsim.testing.endpoints.chats import Chat
from econsim.testing.endpoints.scripted import Scripted

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["Exercise", "exercises"]

_PEOPLE = 10
_YEARS = 8
_GRID = 0.05


@dataclass(frozen=True)
class Exercise:
    """A question as chat messages, its purpose, and the correct reply."""

    messages: tuple[Mapping[str, str], ...]
    purpose: str
    reply: str


def exercises(seed: int, copies: int = 96) -> list[Exercise]:
    """Return the exercises from ``copies`` episodes of boundedly rational workers and a planner.

    Each episode has a population of its own.
    """
    game, agents = _economy()
    recording = _RecordingService(seed)
    for agent in agents.values():
        agent.connect(cast("Service", recording))
    key = random.keys(seed, copies)
    state = game.reset(key)
    memories = {role: agent.start(game, game.roles[role], copies) for role, agent in agents.items()}
    for time in range(game.horizon):
        actions, observations = {}, game.observe(state)
        for role, agent in agents.items():
            actions[role], memories[role] = agent.act(observations[role], memories[role], random.fold(key, time))
        state = game.step(state, actions).state
    return recording.exercises


def _economy() -> tuple[Game[Any], dict[str, Any]]:
    """Return the economy and the agents whose questions are recorded."""
    from econsim.agents.llm import LanguageWorker
    from econsim.agents.llm import Parameters as Worker
    from econsim.economies.one_step import OneStep
    from econsim.economies.one_step import Parameters as Economy
    from econsim.planners.llm import LanguagePlanner
    from econsim.planners.llm import Parameters as Planner

    parameters = {"workers": _PEOPLE, "redraw_population": True, "tax_years": _YEARS, "hours_step": 0.5}
    game = OneStep(Economy.model_validate(parameters))
    worker: Agent = LanguageWorker(Worker(bounded=True, history=0, best=0))
    planner: Agent = LanguagePlanner(Planner(first="ask", grid=_GRID, best=1, histograms=False))
    return game, {"worker": worker, "planner": planner}


class _RecordingService:
    """A replacement for the service that records questions with scripted replies and draws random tax schedules."""

    def __init__(self, seed: int) -> None:
        self.settings = Settings(model=Scripted.name)
        self.exercises: list[Exercise] = []
        self._key, self._asked = random.fold(random.keys(seed, 1), "lessons"), 0

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the scripted replies of workers, and random schedules of the planner."""
        new_exercises = [_exercise(question) for question in questions]
        self.exercises += new_exercises
        return [self._answer(question, exercise) for question, exercise in zip(questions, new_exercises, strict=True)]

    def _answer(self, question: Question, exercise: Exercise) -> Answer:
        reading = question.form.read(exercise.reply)
        value = self._schedule(len(reading.value)) if question.purpose == "rates" else reading.value
        return Answer(exercise.reply, value, reading.outcome)

    def _schedule(self, brackets: int) -> tuple[float, ...]:
        """Return random rates around a random level, with a random spread."""
        self._asked += 1
        level, spread, *deviations = random.uniform(self._key, self._asked, "schedule", (2 + brackets,))[0]
        rates = level + spread * (torch.stack(deviations) - 0.5)
        return tuple((rates / _GRID).round().mul(_GRID).clamp(0.0, 0.95).double().tolist())


def _exercise(question: Question) -> Exercise:
    system = [{"role": "system", "content": question.system}] if question.system else []
    messages = (*system, {"role": "user", "content": question.text(scripted=True)})
    said = asyncio.run(Scripted().reply(Chat(Scripted.name, messages, schema=question.form.schema())))
    return Exercise(messages, question.purpose, said.text)
