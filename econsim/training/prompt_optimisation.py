"""Prompt optimisation: group-relative improvement of a language-model planner, without training of the model.

In each round, the planner plays several episodes, called attempts, under common random numbers of the economy, so that
only its own draws differ. If the returns of the attempts differ, the model is shown all attempts with the outcome of
each tax year, is asked why the better ones succeeded, and edits a list of lessons. The new list is kept if its mean
return in held-out episodes is higher than that of the old list; all lists are evaluated in the same episodes. If the
returns of the attempts hardly differ, no question is asked.
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
    """Prompt optimisation has no parameters of its own; its budget belongs to planners of kind ``llm_lessons``."""


class PromptOptimisation:
    """Fits planners of kind ``llm_lessons``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent is of kind ``llm_lessons``."""
        return isinstance(agent, LessonPlanner)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Improve the planner's list of lessons, and return the agents.

        Continues from the recorder's newest checkpoint, which is written after every round: a round costs calls of the
        model.

        Raises:
            UserError: the leader is not a planner of kind ``llm_lessons``, it is not connected to a language model, or
                the game has no prompts for tax years.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, LessonPlanner):
            raise UserError(f"training.prompt_optimisation: role {leader} needs a planner of kind llm_lessons")
        tax_briefing(game, game.roles[leader], "planner: kind llm_lessons")
        practice = _Practice(game.to(dtype=torch.float64), leader, agent, random.keys(seed, 1, game.device))
        stored = recorder.restore()
        if stored is None:
            agent.learn(agent.lessons, agent.version)
            done, best = 0, practice.judged()
            recorder.checkpoint(done, {"planner": agent.state_dict(), "best": best})
        else:
            done, best = stored[0], stored[1]["best"]
            agent.load_state_dict(stored[1]["planner"])
        for number in range(done, agent.parameters.rounds):
            best = practice.round(number, best)
            recorder.log("lessons/held_out_return", best, step=number, role=leader)
            recorder.log("lessons/version", agent.version, step=number, role=leader)
            recorder.checkpoint(number + 1, {"planner": agent.state_dict(), "best": best})
            recorder.progress(number + 1, agent.parameters.rounds, "lessons")
        return dict(agents)


@dataclass(frozen=True)
class _Practice:
    """The practice of a planner in a game; ``key`` ``[1]`` determines all its episodes."""

    game: Game[Any]
    leader: str
    agent: LessonPlanner
    key: Tensor

    def round(self, number: int, best: float) -> float:
        """Play one round, keep the edited list if it is better, and return the held-out return of the list kept."""
        parameters, before = self.agent.parameters, (self.agent.lessons, self.agent.version)
        returns, years = self._attempts(random.fold(self.key, number), parameters.attempts)
        if float(returns.std()) <= parameters.smallest_spread * float(returns.mean().abs()):
            return best
        proposed = self._proposed(returns.tolist(), years, number)
        if proposed == before[0]:
            return best
        self.agent.learn(proposed, before[1] + 1)
        held_out_return = self.judged()
        if held_out_return <= best:
            self.agent.learn(*before)
        return max(held_out_return, best)

    def judged(self) -> float:
        """Return the mean return in the held-out episodes, which are the same for every list."""
        returns, _ = self._attempts(random.fold(self.key, "held out"), self.agent.parameters.held_out)
        return float(returns.mean())

    def _attempts(self, key: Tensor, count: int) -> tuple[Tensor, list[tuple[Year, ...]]]:
        """Return the return of each attempt ``[C]``, and its tax years."""
        planner = _PractisingPlanner(self.agent.mind)
        workers = {name: self.agent.parameters.workers.build() for name in self.game.roles if name != self.leader}
        with torch.no_grad():
            episode = play(self.game, {**workers, self.leader: planner}, key.expand(count))
        observed = self.game.observe(episode.state)[self.leader].facts or {}
        return episode.returns[self.leader].mean(-1), planner.years(reports(observed))

    def _proposed(self, returns: list[float], years: list[tuple[Year, ...]], number: int) -> tuple[str, ...]:
        """Return the list of lessons that the model proposes when it is shown all attempts."""
        parameters, lessons = self.agent.parameters, self.agent.lessons
        order = sorted(range(len(returns)), key=lambda attempt: -returns[attempt])
        facts = json.dumps({"role": "coach", "lessons": lessons, "round": number + 1})
        text = Wording(PROMPTS, parameters.mind.wording, "planner.mind.wording").render(
            "lessons",
            attempts=[{"worth": amount(returns[attempt]), "years": _described(years[attempt])} for attempt in order],
            lessons="\n".join(f"{position}. {lesson}" for position, lesson in enumerate(lessons, 1)),
            most=MOST_EDITS,
            longest=parameters.longest,
            most_lessons=parameters.most_lessons,
            facts=facts,
        )
        (seed,) = self.agent.mind.seeds(random.fold(self.key, f"lessons {number}"), "lessons", 1)
        form = Edits(len(lessons), MOST_EDITS, parameters.longest)
        question = Question("", text, form, "lessons", seed, max_tokens=_TOKENS, facts=facts)
        (answer,) = self.agent.mind.service.ask([question])
        return lessons if answer.value is None else edited(lessons, answer.value, parameters.most_lessons)


class _PractisingPlanner:
    """The planner in practice: every environment copy has its own key, and the last memory is stored."""

    def __init__(self, mind: Any) -> None:
        self._mind = mind
        self._memory: Any = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self._mind.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        keys = random.fold(key, torch.arange(key.shape[0], device=key.device))
        action, self._memory = self._mind.act(observation, memory, keys)
        return action, self._memory

    def years(self, last: list[Report]) -> list[tuple[Year, ...]]:
        """Return the tax years of every environment copy; the last year comes from the final observation ``last``."""
        pasts: tuple[Past, ...] = self._memory.pasts
        return [
            (*past.years, Year(len(past.years) + 1, now.rates, now.welfare))
            for past, now in zip(pasts, last, strict=True)
        ]


def _described(years: tuple[Year, ...]) -> str:
    return "\n".join(
        f"year {year.number}: rates [{', '.join(f'{rate:g}' for rate in year.rates)}], welfare {amount(year.welfare)}"
        for year in years
    )
