"""Prompt optimisation: group-relative improvement of a planner who asks a model, without training the model.

A round: the planner plays several episodes under the same random numbers of the economy, so that only its own draws
differ. Where some attempts went better than others, the model is shown all of them with what each year brought, says
why the better ones won, and edits the list of lessons. The new list is kept if it does better than the old one in
held-out episodes; all lists are judged in the same ones. Attempts that are all alike cost no question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.agents.llm.asking import tax_briefing
from econsim.agents.llm.history import amount
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.leader_evaluation import leader_of
from econsim.learning import Recorder
from econsim.llm.questions import Question
from econsim.parameters import Model
from econsim.planners.llm.edits import Edits, edited
from econsim.planners.llm.history import Past, Report, Year, reports
from econsim.planners.llm.narrator import PROMPTS
from econsim.planners.llm_lessons import LessonPlanner
from econsim.play import play
from econsim.text.wording import Wording

__all__ = ["Parameters", "PromptOptimisation"]

MOST_EDITS = 4
_TOKENS = 800


class Parameters(Model):
    """The budget of practice is a parameter of the planner that practises."""


class PromptOptimisation:
    """Fits planners of kind ``llm_lessons``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent is of kind ``llm_lessons``."""
        return isinstance(agent, LessonPlanner)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the planner's list learned.

        Raises:
            UserError: the leader is no planner of this kind, it has nobody to ask, or the game tells of no tax years.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, LessonPlanner):
            raise UserError(f"training.prompt_optimisation: role {leader} needs a planner of kind llm_lessons")
        tax_briefing(game, game.roles[leader], "planner: kind llm_lessons")
        practice = _Practice(game.to(dtype=torch.float64), leader, agent, random.keys(seed, 1, game.device))
        agent.learn(agent.lessons, agent.version)
        best = practice.judged()
        for number in range(agent.parameters.rounds):
            best = practice.round(number, best)
            recorder.log("lessons/held_out_return", best, step=number, role=leader)
            recorder.log("lessons/version", agent.version, step=number, role=leader)
            recorder.progress(number + 1, agent.parameters.rounds, "lessons")
        return dict(agents)


@dataclass(frozen=True)
class _Practice:
    """Who practises, in which game, and the key ``[1]`` of all its episodes."""

    game: Game[Any]
    leader: str
    agent: LessonPlanner
    key: Tensor

    def round(self, number: int, best: float) -> float:
        """Play one round and change the list where that helps; return what the list is worth then."""
        chosen, before = self.agent.parameters, (self.agent.lessons, self.agent.version)
        worth, years = self._attempts(random.fold(self.key, number), chosen.attempts)
        if float(worth.std()) <= chosen.smallest_spread * float(worth.mean().abs()):
            return best
        proposed = self._proposed(worth.tolist(), years, number)
        if proposed == before[0]:
            return best
        self.agent.learn(proposed, before[1] + 1)
        found = self.judged()
        if found <= best:
            self.agent.learn(*before)
        return max(found, best)

    def judged(self) -> float:
        """Return the mean return in the held-out episodes, the same ones for every list."""
        worth, _ = self._attempts(random.fold(self.key, "held out"), self.agent.parameters.held_out)
        return float(worth.mean())

    def _attempts(self, key: Tensor, count: int) -> tuple[Tensor, list[tuple[Year, ...]]]:
        """Return the return of each attempt ``[C]``, and its tax years."""
        tried = _Tried(self.agent.mind)
        workers = {name: self.agent.parameters.workers.build() for name in self.game.roles if name != self.leader}
        with torch.no_grad():
            episode = play(self.game, {**workers, self.leader: tried}, key.expand(count))
        observed = self.game.observe(episode.state)[self.leader].facts or {}
        return episode.returns[self.leader].mean(-1), tried.years(reports(observed))

    def _proposed(self, worth: list[float], years: list[tuple[Year, ...]], number: int) -> tuple[str, ...]:
        """Return the list of lessons that the model proposes after seeing all attempts."""
        chosen, known = self.agent.parameters, self.agent.lessons
        order = sorted(range(len(worth)), key=lambda place: -worth[place])
        text = Wording(PROMPTS, chosen.mind.wording, "planner.mind.wording").render(
            "lessons",
            attempts=[{"worth": amount(worth[place]), "years": _told(years[place])} for place in order],
            lessons="\n".join(f"{place}. {lesson}" for place, lesson in enumerate(known, 1)),
            most=MOST_EDITS,
            longest=chosen.longest,
            most_lessons=chosen.most_lessons,
            facts=json.dumps({"role": "coach", "lessons": known, "round": number + 1}),
        )
        (seed,) = self.agent.mind.seeds(random.fold(self.key, f"lessons {number}"), "lessons", 1)
        form = Edits(len(known), MOST_EDITS, chosen.longest)
        (answer,) = self.agent.mind.service.ask([Question("", text, form, "lessons", seed, max_tokens=_TOKENS)])
        return known if answer.value is None else edited(known, answer.value, chosen.most_lessons)


class _Tried:
    """The planner in practice: every copy draws from a key of its own, and its last memory is kept."""

    def __init__(self, mind: Any) -> None:
        self._mind = mind
        self._memory: Any = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self._mind.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        own = random.fold(key, torch.arange(key.shape[0], device=key.device))
        action, self._memory = self._mind.act(observation, memory, own)
        return action, self._memory

    def years(self, last: list[Report]) -> list[tuple[Year, ...]]:
        """Return the tax years of every copy; the last one from what is seen after it."""
        pasts: tuple[Past, ...] = self._memory.pasts
        return [
            (*past.years, Year(len(past.years) + 1, now.rates, now.welfare))
            for past, now in zip(pasts, last, strict=True)
        ]


def _told(years: tuple[Year, ...]) -> str:
    return "\n".join(
        f"year {year.number}: rates [{', '.join(f'{rate:g}' for rate in year.rates)}], welfare {amount(year.welfare)}"
        for year in years
    )
