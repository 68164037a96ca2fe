"""Archetypes: a language model is queried for a few workers of each group, and the others copy their actions.

Workers are divided into groups of equal size, the archetypes: by skill (in a game without skills, by age group), or by
traits of their personas and then by skill. Some members of each group are drawn once. For these the model is queried,
and they play its answers, with memories and personas of their own. Every other worker is assigned one of the queried
members of its group, its *example*, for the whole episode and works the same hours, so that a group keeps the
*distribution* of the answers and not only their mean.

A *shadow sample* measures the approximation error: the model is also queried for these workers, but they play the
action of their example. The attribute ``shadow`` of the agent holds the difference between the two at each step.
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
    from econsim.llm.protocols import AnswersQuestions

__all__ = ["Archetypes", "Parameters"]


class Parameters(Model):
    """Parameters of archetypes."""

    archetypes: int = Field(200, ge=1, le=100_000)
    """Number of groups of equal size into which workers are divided; the members of a group are close in skill."""
    alike: tuple[Literal["age", "sex", "education", "occupation"], ...] = ()
    """Persona traits by which workers are sorted before they are sorted by skill; the first trait has priority. Age is
    rounded down to decades."""
    answers: int = Field(5, ge=1, le=1000)
    """Number of members of each group for whom the model is queried."""
    shadow: int = Field(0, ge=0, le=100_000)
    """Number of additional workers for whom the model is queried to measure the approximation error; they play the
    action of their example."""
    seed: int = Field(0, ge=0)
    """Seed of the draws: for which workers the model is queried, and which of them each other worker copies."""
    mind: llm.Parameters = llm.Parameters()
    """Parameters of the language-model agents for whom the model is queried; see the kind ``llm``."""


class Difference(NamedTuple):
    """Shadow sample at one step: own hours minus the example's hours (mean and mean absolute value); mean own hours."""

    mean: float
    absolute: float
    own: float


@dataclass(frozen=True)
class _Memory:
    """``asked`` ``[P]``: the queried players, shadow sample last; ``example`` ``[N]``: each player's index into it."""

    asked: Tensor
    example: Tensor
    answering: int
    inner: Any


class Archetypes:
    """Workers who copy the actions of a few language-model agents. ``shadow`` holds one measured error per step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.shadow: list[Difference] = []
        self._mind = llm.LanguageWorker(parameters.mind)

    @property
    def model_name(self) -> str:
        """The name of its model in ``llm.models``."""
        return self._mind.model_name

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        self._mind.connect(service)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Draw the queried players and the example of each player.

        Raises:
            UserError: the players differ between environment copies or are too few, or the kind ``llm`` raises it.
        """
        skill = _skill(game, role)
        wanted = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        if wanted > role.count:
            raise UserError(
                f"agents.{role.name}: {self.parameters.archetypes} archetypes with {self.parameters.answers} answers"
                f" each and a shadow sample of {self.parameters.shadow} need {wanted} players, but the role has"
                f" {role.count}; reduce archetypes, answers or shadow, or query the model for all players with kind llm"
            )
        asked, example = _cast(_sorted(skill, self._traits(game, role)), self.parameters)
        answering = len(asked) - self.parameters.shadow
        players: Sequence[int] = asked.tolist()
        return _Memory(asked, example, answering, self._mind.start(game, role, num_envs, players))

    def _traits(self, game: Game[Any], role: Role) -> list[Sequence[Any]]:
        """Return the traits by which workers are sorted; each has one entry per worker."""
        if not self.parameters.alike:
            return []
        traits = game.briefing(role.name).get("traits", {}) if isinstance(game, TextInterface) else {}
        if not traits:
            raise UserError(
                f"agents.{role.name}.alike: the workers of this game have no personas; set"
                " economy.population.kind=personas"
            )
        return [_banded(name, traits[name]) for name in self.parameters.alike]

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return actions ``[B, N]``: each player plays the action of its example."""
        answers, inner = self._mind.act(_of(observation, memory.asked), memory.inner, key)
        actions = answers[:, : memory.answering][:, memory.example]
        if memory.answering < len(memory.asked) and bool(observation.acting.any()):
            answered = answers[:, memory.answering :].double()
            difference = answered - actions[:, memory.asked[memory.answering :]].double()
            mean, absolute = float(difference.mean()), float(difference.abs().mean())
            self.shadow.append(Difference(mean, absolute, float(answered.mean())))
        return actions, replace(memory, inner=inner)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        queried = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        return self._mind.forecast(game, replace(role, count=queried), num_envs)


def _skill(game: Game[Any], role: Role) -> Tensor:
    """Return the skill, or else the age, of each player ``[N]``.

    Raises:
        UserError: the game has neither, or it differs between environment copies.
    """
    facts = game.observe(game.reset(random.keys(0, 2, game.device)))[role.name].facts or {}
    known = next((facts[name] for name in ("skill", "age") if name in facts), None)
    if known is None:
        raise UserError(
            f"agents.{role.name}: kind archetypes needs a game whose facts include each player's skill or age"
        )
    first: Tensor
    first, second = known.cpu()
    if not torch.equal(first, second):
        raise UserError(f"agents.{role.name}: kind archetypes needs the same population in every environment copy")
    return first


def _banded(name: str, values: Sequence[Any]) -> list[str]:
    return [str(value // 10 if name == "age" and value is not None else value) for value in values]


def _sorted(skill: Tensor, traits: Sequence[Sequence[Any]]) -> Tensor:
    """Return the players ``[N]`` sorted by traits, the first trait first, and by skill where all traits are equal."""
    order = skill.argsort(stable=True)
    for values in reversed(traits):
        codes = {value: code for code, value in enumerate(sorted(set(values)))}
        code = torch.tensor([codes[value] for value in values])
        order = order[code[order].argsort(stable=True)]
    return order


def _cast(sorted_players: Tensor, parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Return the queried players ``[P]``, by group and shadow sample last, and the example of each player ``[N]``."""
    count, groups, answers = len(sorted_players), parameters.archetypes, parameters.answers
    key = random.keys(parameters.seed, 1)
    priority = random.uniform(key, 0, "archetypes/asked", (count,), torch.float64)[0]
    group = torch.empty(count, dtype=torch.int64)
    group[sorted_players] = torch.arange(count) * groups // count
    # Players sorted by group and then by a random priority: the model is queried for the first players of each group.
    order = priority.argsort()
    order = order[group[order].argsort(stable=True)]
    first_of_group = (torch.arange(groups) * count + groups - 1) // groups
    asked = order[first_of_group[:, None] + torch.arange(answers)].flatten()
    drawn = random.integers(key, 0, "archetypes/example", answers, (count,))[0]
    example = group * answers + drawn
    example[asked] = torch.arange(len(asked))
    is_free = torch.ones(count, dtype=torch.bool)
    is_free[asked] = False
    free = is_free.nonzero().flatten()
    shadow = free[priority[free].argsort()[: parameters.shadow]]
    return torch.cat([asked, shadow]), example


def _of(observation: Observation, players: Tensor) -> Observation:
    """Return the observation of the players with the given indices ``[P]``."""
    index = players.to(observation.features.device)
    mask, facts = observation.action_mask, observation.facts or {}
    return Observation(
        observation.features[:, index],
        observation.alive[:, index],
        observation.acting[:, index],
        None if mask is None else mask[:, index],
        None if observation.view is None else observation.view[:, index],
        facts={name: fact[:, index] for name, fact in facts.items()},
        shared=observation.shared,
    )
