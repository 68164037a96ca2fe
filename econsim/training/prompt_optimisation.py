"""Prompt optimisation: group-relative improvement of a language-model planner, without training of the model.

In each round, the planner plays several episodes, called attempts, under common random numbers of the economy, so that
only its own draws differ. If the returns of the attempts differ, the model is shown all attempts with the outcome of
each tax year, is asked why the better ones succeeded, and edits a list of lessons. The new list is kept if its mean
return in held-out episodes is higher than that of the old list; all lists are evaluated in the same episodes. If the
returns of the attempts hardly differ, no question is asked.

With ``credit: step``, attempts share their first tax years and split later, and the model is also shown each split: two
decisions after the same past, and what the attempts that went on from each achieved.

The list that is kept in the end was chosen by held-out episodes, so that its return in these is too high on average. It
is therefore compared with no list in further episodes with seeds of their own, and the planner says whether that gain,
with its interval, is an improvement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
from econsim.training._attempt_tree import AttemptTree, Split

__all__ = ["Parameters", "PromptOptimisation"]

MOST_EDITS = 4
MOST_SPLITS = 8
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
        agent.gains = practice.tested() if agent.lessons else ()
        for episode, gain in enumerate(agent.gains):
            recorder.log("lessons/test_gain", gain, step=episode, role=leader)
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
        tree = self._tree() if parameters.credit == "step" else None
        keys = random.fold(self.key, number).expand(parameters.attempts)
        returns, years = self._attempts(keys, tree)
        if float(returns.std()) <= parameters.smallest_spread * float(returns.mean().abs()):
            return best
        proposed = self._proposed(returns.tolist(), years, number, tree)
        if proposed == before[0]:
            return best
        self.agent.learn(proposed, before[1] + 1)
        held_out_return = self.judged()
        if held_out_return <= best:
            self.agent.learn(*before)
        return max(held_out_return, best)

    def judged(self) -> float:
        """Return the mean return in the held-out episodes, which are the same for every list."""
        return float(self._returns("held out", self.agent.parameters.held_out).mean())

    def tested(self) -> tuple[float, ...]:
        """Return the gain in return of the list over none in each test episode, which no list was chosen by."""
        kept, count = (self.agent.lessons, self.agent.version), self.agent.parameters.tested
        if not count:
            return ()
        with_list = self._returns("test", count)
        self.agent.learn((), kept[1])
        gains = with_list - self._returns("test", count)
        self.agent.learn(*kept)
        return tuple(gains.tolist())

    def _returns(self, name: str, count: int) -> Tensor:
        """Return the returns of episodes with seeds of their own ``[C]``."""
        keys = random.fold(random.fold(self.key, name).expand(count), torch.arange(count, device=self.key.device))
        return self._attempts(keys)[0]

    def _attempts(self, keys: Tensor, tree: AttemptTree | None = None) -> tuple[Tensor, list[tuple[Year, ...]]]:
        """Return the return of the attempt of each key ``[C]``, and its tax years."""
        planner = _PractisingPlanner(self.agent.mind, tree)
        workers = {name: self.agent.parameters.workers.build() for name in self.game.roles if name != self.leader}
        with torch.no_grad():
            episode = play(self.game, {**workers, self.leader: planner}, keys)
        observed = self.game.observe(episode.state)[self.leader].facts or {}
        return episode.returns[self.leader].mean(-1), planner.years(reports(observed))

    def _tree(self) -> AttemptTree:
        """Return the tree of a round's attempts, over the tax years in which the planner decides."""
        years = tax_briefing(self.game, self.game.roles[self.leader], "planner: kind llm_lessons")["tax_years"]
        first = 1 if self.agent.parameters.mind.first == "ask" else min(2, years)
        return AttemptTree(self.agent.parameters.attempts, first, years)

    def _proposed(
        self, returns: list[float], years: list[tuple[Year, ...]], number: int, tree: AttemptTree | None
    ) -> tuple[str, ...]:
        """Return the list of lessons that the model proposes when it is shown all attempts."""
        parameters, lessons = self.agent.parameters, self.agent.lessons
        order = sorted(range(len(returns)), key=lambda attempt: -returns[attempt])
        rates = [[year.rates for year in of_attempt] for of_attempt in years]
        splits = [] if tree is None else tree.splits(returns, rates)[:MOST_SPLITS]
        known = {"splits": [split._asdict() for split in splits]} if splits else {}
        facts = json.dumps({"role": "coach", "lessons": lessons, "round": number + 1, **known})
        text = Wording(PROMPTS, parameters.mind.wording, "planner.mind.wording").render(
            "lessons",
            attempts=[{"worth": amount(returns[attempt]), "years": _described(years[attempt])} for attempt in order],
            splits="\n".join(map(_split_in_words, splits)),
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
    """The planner in practice: its draws differ between environment copies, and the last memory is stored.

    With a tree, copies have the same draws until they split.
    """

    def __init__(self, mind: Any, tree: AttemptTree | None = None) -> None:
        self._mind, self._tree = mind, tree
        self._memory: Any = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Any, int]:
        return self._mind.start(game, role, num_envs), 0

    def act(self, observation: Observation, memory: tuple[Any, int], key: Tensor) -> tuple[Tensor, tuple[Any, int]]:
        inner, year = memory
        year += int(bool(observation.acting[0, 0]))
        if self._tree is None:
            keys = random.fold(key, torch.arange(key.shape[0], device=key.device))
        else:
            keys = self._tree.keys(key, year)
        action, self._memory = self._mind.act(observation, inner, keys)
        return action, (self._memory, year)

    def years(self, last: list[Report]) -> list[tuple[Year, ...]]:
        """Return the tax years of every environment copy; the last year comes from the final observation ``last``."""
        pasts: tuple[Past, ...] = self._memory.pasts
        return [
            (*past.years, Year(len(past.years) + 1, now.rates, now.welfare))
            for past, now in zip(pasts, last, strict=True)
        ]


def _split_in_words(split: Split) -> str:
    sides = ((split.better, split.better_return), (split.worse, split.worse_return))
    chosen = "; ".join(f"rates [{_listed(rates)}], then mean welfare {amount(value)}" for rates, value in sides)
    return f"year {split.year}, after the same past: {chosen}"


def _described(years: tuple[Year, ...]) -> str:
    return "\n".join(
        f"year {year.number}: rates [{_listed(year.rates)}], welfare {amount(year.welfare)}" for year in years
    )


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates)
