"""Archetypes: a language model answers for a few people of each kind, and their answers stand for all others.

Workers are parted into groups of equal size, the archetypes: by skill, or by traits of their personas and then by
skill. Some members of each, drawn once, ask the model
and play what it answers, with memories and personas of their own. Every other worker has one of them as its example for
the whole episode and works as long, so that a group keeps the *distribution* of its answers, not their mean.

How good that is, a *shadow sample* tells: workers who are asked too, but go on doing what their example does. The
agent's ``shadow`` keeps the difference between the two, step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.agents import llm
from econsim.errors import UserError
from econsim.game import Game, Observation, Role, TextInterface
from econsim.parameters import Model

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["Archetypes", "Parameters"]


class Parameters(Model):
    """Parameters of archetypes."""

    archetypes: int = Field(200, ge=1, le=100_000)
    """Groups of equal size that workers are parted into: neighbours in skill."""
    alike: tuple[Literal["age", "sex", "education", "occupation"], ...] = ()
    """Traits of personas by which workers are sorted before skill, the first one first (age in decades)."""
    answers: int = Field(5, ge=1, le=1000)
    """Members of each group who are asked."""
    shadow: int = Field(0, ge=0, le=100_000)
    """Workers who are asked beside them, to measure the error; they play what their example does."""
    seed: int = Field(0, ge=0)
    """Seed of the draws: who is asked, and who is whose example."""
    mind: llm.Parameters = llm.Parameters()
    """How those who are asked think; see the kind ``llm``."""


class Difference(NamedTuple):
    """One step of the shadow sample: own hours less those of the example, on average and in size, and its own mean."""

    mean: float
    absolute: float
    own: float


@dataclass(frozen=True)
class _Memory:
    """``asked`` ``[P]`` are players who ask, the shadow sample last; ``example`` ``[N]`` is each one's place in it."""

    asked: Tensor
    example: Tensor
    answering: int
    inner: Any


class Archetypes:
    """Workers of whom a few ask a language model, for all. ``shadow`` holds the measured differences, step by step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.shadow: list[Difference] = []
        self._mind = llm.LanguageWorker(parameters.mind)

    def connect(self, service: Service) -> None:
        """Take the service that every question goes to."""
        self._mind.connect(service)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return who is asked and whose example they are.

        Raises:
            UserError: players differ between copies, are too few, or what the kind ``llm`` raises.
        """
        skill = _skill(game, role)
        wanted = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        if wanted > role.count:
            raise UserError(
                f"agents.{role.name}: {self.parameters.archetypes} archetypes with {self.parameters.answers} answers"
                f" and {self.parameters.shadow} in the shadow are more than {role.count} players; ask all, by kind llm"
            )
        asked, example = _cast(_sorted(skill, self._traits(game, role)), self.parameters)
        answering = len(asked) - self.parameters.shadow
        players: Sequence[int] = asked.tolist()
        return _Memory(asked, example, answering, self._mind.start(game, role, num_envs, players))

    def _traits(self, game: Game[Any], role: Role) -> list[Sequence[Any]]:
        """Return the traits that workers are sorted by, one entry a worker each."""
        if not self.parameters.alike:
            return []
        known = game.briefing(role.name).get("traits", {}) if isinstance(game, TextInterface) else {}
        if not known:
            raise UserError(
                f"agents.{role.name}.alike: nobody knows who the workers are; give economy.population.kind=personas"
            )
        return [_banded(name, known[name]) for name in self.parameters.alike]

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return actions ``[B, N]``: those of the example of each player."""
        few, inner = self._mind.act(_of(observation, memory.asked), memory.inner, key)
        actions = few[:, : memory.answering][:, memory.example]
        if memory.answering < len(memory.asked) and bool(observation.acting.any()):
            own, copied = few[:, memory.answering :].double(), actions[:, memory.asked[memory.answering :]].double()
            gap = own - copied
            self.shadow.append(Difference(float(gap.mean()), float(gap.abs().mean()), float(own.mean())))
        return actions, replace(memory, inner=inner)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return calls, input tokens and output tokens of an episode, about."""
        few = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        return self._mind.forecast(game, replace(role, count=few), num_envs)


def _skill(game: Game[Any], role: Role) -> Tensor:
    """Return the skill of each player ``[N]``; raises ``UserError`` where copies have other people."""
    facts = game.observe(game.reset(random.keys(0, 2, game.device)))[role.name].facts or {}
    if "skill" not in facts:
        raise UserError(f"agents.{role.name}: kind archetypes needs a game that tells each player's skill")
    first: Tensor
    first, second = facts["skill"].cpu()
    if not torch.equal(first, second):
        raise UserError(f"agents.{role.name}: kind archetypes needs the same people in every copy of the game")
    return first


def _banded(name: str, values: Sequence[Any]) -> list[str]:
    return [str(value // 10 if name == "age" and value is not None else value) for value in values]


def _sorted(skill: Tensor, traits: Sequence[Sequence[Any]]) -> Tensor:
    """Return the players ``[N]`` by traits, the first one first, and those of the same by skill."""
    order = skill.argsort(stable=True)
    for values in reversed(traits):
        places = {value: place for place, value in enumerate(sorted(set(values)))}
        code = torch.tensor([places[value] for value in values])
        order = order[code[order].argsort(stable=True)]
    return order


def _cast(sorted_players: Tensor, parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Return who is asked ``[P]``, group by group and the shadow sample last, and each player's example ``[N]``."""
    count, groups, answers = len(sorted_players), parameters.archetypes, parameters.answers
    key = random.keys(parameters.seed, 1)
    luck = random.uniform(key, 0, "archetypes/asked", (count,), torch.float64)[0]
    group = torch.empty(count, dtype=torch.int64)
    group[sorted_players] = torch.arange(count) * groups // count
    # Players by group and then by luck: the first of each group are asked.
    order = luck.argsort()
    order = order[group[order].argsort(stable=True)]
    begins = (torch.arange(groups) * count + groups - 1) // groups
    asked = order[begins[:, None] + torch.arange(answers)].flatten()
    drawn = random.integers(key, 0, "archetypes/example", answers, (count,))[0]
    example = group * answers + drawn
    example[asked] = torch.arange(len(asked))
    others = torch.ones(count, dtype=torch.bool)
    others[asked] = False
    spare = others.nonzero().flatten()
    shadow = spare[luck[spare].argsort()[: parameters.shadow]]
    return torch.cat([asked, shadow]), example


def _of(observation: Observation, players: Tensor) -> Observation:
    """Return what some players see."""
    place = players.to(observation.features.device)
    mask, facts = observation.action_mask, observation.facts or {}
    return Observation(
        observation.features[:, place],
        observation.alive[:, place],
        observation.acting[:, place],
        None if mask is None else mask[:, place],
        None if observation.view is None else observation.view[:, place],
        facts={name: fact[:, place] for name, fact in facts.items()},
        shared=observation.shared,
    )
