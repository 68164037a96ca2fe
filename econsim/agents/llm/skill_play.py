"""Play by skills: a language model chooses one of several named agents for each player, which then acts for some steps.

In long games this needs one question every ``every`` steps instead of one in each step. The question is that of the
text interface, with the skills as options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.agents.llm.text_play import TextMemory, TextPlay
from econsim.game import Agent, Discrete, Game, Observation, Role
from econsim.parameters import Chosen

__all__ = ["SkillMemory", "SkillPlay"]


@dataclass(frozen=True)
class SkillMemory:
    """The memories of the questions and of each skill, the chosen skill of each player ``[B, N]``, and the step."""

    questions: TextMemory
    skills: tuple[Any, ...]
    chosen: Tensor
    step: int


class SkillPlay:
    """Plays a role by skills, on behalf of a language-model agent."""

    def __init__(self, by_text: TextPlay, skills: Mapping[str, Chosen], every: int) -> None:
        self._by_text, self._every = by_text, every
        self._names, self._descriptions = tuple(skills), [*map(_described, skills.values())]
        self._agents: list[Agent] = [chosen.build() for chosen in skills.values()]

    def start(self, game: Game[Any], role: Role, num_envs: int, key: str, characters: tuple[str, ...]) -> SkillMemory:
        """Return empty memories; raises what the skills and :meth:`TextPlay.start` raise."""
        questions = self._by_text.start(game, self._shown(role), num_envs, key, None, characters, self._explained())
        memories = tuple(agent.start(game, role, num_envs) for agent in self._agents)
        return SkillMemory(questions, memories, torch.zeros(num_envs, role.count, dtype=torch.int64), 0)

    def converse(self, observation: Observation, memory: SkillMemory, key: Tensor) -> SkillMemory:
        """Let players write messages before they choose a skill, where that is allowed."""
        if memory.step % self._every:
            return memory
        unmasked = observation.with_fields(action_mask=None)
        return replace(memory, questions=self._by_text.converse(unmasked, memory.questions, key))

    def act(self, observation: Observation, memory: SkillMemory, key: Tensor) -> tuple[Tensor, SkillMemory]:
        """Return the actions of the chosen skills ``[B, N, ...]``; players choose in every ``every``-th step."""
        questions, chosen = memory.questions, memory.chosen.to(key.device)
        if memory.step % self._every == 0:
            unmasked = observation.with_fields(action_mask=None)
            chosen, questions = self._by_text.act(unmasked, questions, key)
        else:
            questions = questions._replace(history=questions.history.in_next_step())
        actions, memories = [], []
        for name, agent, own in zip(self._names, self._agents, memory.skills, strict=True):
            action, after = agent.act(observation, own, random.fold(key, f"skill/{name}"))
            actions.append(action)
            memories.append(after)
        result = actions[0]
        for number, action in enumerate(actions[1:], 1):
            is_own = (chosen == number).reshape(*chosen.shape, *[1] * (action.ndim - 2))
            result = torch.where(is_own, action, result)
        return result, SkillMemory(questions, tuple(memories), chosen, memory.step + 1)

    def turns(self, game: Game[Any], role: Role) -> int:
        """Return the number of questions for a skill in an episode."""
        return self._by_text.turns(game, self._shown(role))

    def forecast(self, game: Game[Any], role: Role, num_envs: int, key: str) -> tuple[int, int, int]:
        """Return upper estimates of the calls, input tokens and output tokens of an episode."""
        return self._by_text.forecast(game, self._shown(role), num_envs, key, self._explained())

    def _shown(self, role: Role) -> Role:
        """Return the role as the model sees it: its action is a skill, which holds for ``every`` steps."""
        skill = Discrete(len(self._names))
        return replace(
            role, action=skill, action_labels=self._names, option_labels=(), acts_every=self._every, action_unit=""
        )

    def _explained(self) -> str:
        lines = [f"- {name}: {summary}" for name, summary in zip(self._names, self._descriptions, strict=True)]
        return "\n".join(["You do not choose single actions but a skill, which acts for you:", *lines])


def _described(skill: Chosen) -> str:
    """Return the summary of a skill's kind, with the parameters that differ from its defaults."""
    given = skill.parameters.model_dump(mode="json", exclude_defaults=True)
    chosen = ", ".join(f"{name} = {value}" for name, value in given.items())
    return f"{skill.kind.summary} ({chosen})" if chosen else skill.kind.summary
