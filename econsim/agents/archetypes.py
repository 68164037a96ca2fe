"""Archetypes: a language model is queried for a few workers of each group, and the others copy their actions.

Workers are divided into groups of equal size, the archetypes: by skill or another quantity, or by traits of their
personas first. Players of games without skills are divided by age, or else by their personas (``mind.characters``), and
where these are equal by their order. Some members of each group are drawn once. For these the model is queried, and
they play its answers, with memories and personas of their own. Every other worker is assigned one of the queried
members of its group, its *example*, for the whole episode and plays the same action, so that a group keeps the
*distribution* of the answers and not only their mean. Examples are drawn, or, with ``examples: nearest``, matched
within the group by the quantity that sorts it: as many workers copy each example, and those who copy it are those next
to it.

A *shadow sample* measures the approximation error: the model is also queried for these workers, but they play the
action of their example. The attribute ``shadow`` of the agent holds the difference between the two at each step. An
action that is illegal for a worker who copies it is replaced by its first legal one, and counted in ``replaced``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.agents import llm
from econsim.errors import UserError, did_you_mean
from econsim.game import Discrete, Game, Observation, Role, TextInterface
from econsim.llm.protocols import LetsConverse
from econsim.parameters import Model

if TYPE_CHECKING:
    from econsim.llm.protocols import AnswersQuestions
    from econsim.llm.questions import Answer, Question
    from econsim.llm.settings import Settings

__all__ = ["Archetypes", "Parameters", "shadow_errors"]


class Parameters(Model):
    """Parameters of archetypes."""

    archetypes: int = Field(200, ge=1, le=100_000)
    """Number of groups of equal size into which workers are divided; the members of a group are close in ``by``, or
    have the same persona where that sorts them and the number is a multiple of that of personas."""
    alike: tuple[Literal["age", "sex", "education", "occupation"], ...] = ()
    """Persona traits by which workers are sorted before they are sorted by ``by``; the first trait has priority. Age is
    rounded down to decades."""
    by: str | None = Field(None, min_length=1)
    """The quantity by which workers are sorted: a fact or a feature of their observations, at the start of an episode;
    it must be the same in all episodes. null: skill, else age, else the number of the persona."""
    examples: Literal["drawn", "nearest"] = "drawn"
    """Which queried member of its group a worker copies: one ``drawn`` at random, or the ``nearest`` by the quantity
    ``by``, each of them copied equally often."""
    answers: int = Field(5, ge=1, le=1000)
    """Number of members of each group for whom the model is queried."""
    shadow: int = Field(0, ge=0, le=100_000)
    """Number of additional workers for whom the model is queried to measure the approximation error; they play the
    action of their example."""
    seed: int = Field(0, ge=0)
    """Seed of the draws: for which workers the model is queried, and which of them each other worker copies."""
    mind: llm.Parameters = Field(default_factory=llm.Parameters)
    """Parameters of the language-model agents for whom the model is queried; see the kind ``llm``."""


class Difference(NamedTuple):
    """Shadow sample at one step: own answers minus the actions of the examples.

    Their mean, their mean absolute value, the mean own answer, the share of workers whose two actions differ, and the
    absolute differences of all workers, ``[B * S]``.
    """

    mean: float
    absolute: float
    own: float
    differing: float
    by_worker: tuple[float, ...]


@dataclass(frozen=True)
class _Memory:
    """``asked`` ``[P]``: the queried players, shadow sample last; ``example`` ``[N]``: each player's index into it."""

    role: Role
    asked: Tensor
    example: Tensor
    answering: int
    inner: Any


class Archetypes:
    """Workers who copy the actions of a few language-model agents. ``shadow`` holds one measured error per step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.shadow: list[Difference] = []
        self.replaced = 0
        self._service: AnswersQuestions | None = None
        self._mind = llm.LanguageWorker(parameters.mind)

    @property
    def model_name(self) -> str:
        """The name of its model in ``llm.models``."""
        return self._mind.model_name

    @property
    def filled(self) -> Counter[str]:
        """The number of actions that replaced an answer that could not be used, by source (``previous``, ``rule``)."""
        return self._mind.filled

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        self._service = service
        self._mind.connect(service)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Draw the queried players and the example of each player.

        Raises:
            UserError: the players differ between environment copies or are too few, or the kind ``llm`` raises it.
        """
        quantity = _quantity(game, role, self.parameters)
        wanted = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        if wanted > role.count:
            raise UserError(
                f"agents.{role.name}: {self.parameters.archetypes} archetypes with {self.parameters.answers} answers"
                f" each and a shadow sample of {self.parameters.shadow} need {wanted} players, but the role has"
                f" {role.count}; reduce archetypes, answers or shadow, or query the model for all players with kind llm"
            )
        asked, example = _cast(_sorted(quantity, self._traits(game, role)), self.parameters)
        answering = len(asked) - self.parameters.shadow
        players: Sequence[int] = asked.tolist()
        if self._service is not None:  # the agent numbers players among those that are asked
            self._mind.connect(_Numbered(self._service, players))
        return _Memory(role, asked, example, answering, self._mind.start(game, role, num_envs, players))

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
        actions = self._legal(answers[:, : memory.answering][:, memory.example], observation, memory.role)
        if memory.answering < len(memory.asked) and bool(observation.acting.any()):
            answered = answers[:, memory.answering :].double()
            self.shadow.append(_difference(answered, actions[:, memory.asked[memory.answering :]].double()))
        return actions, replace(memory, inner=inner)

    def speak(self, observation: Observation, memory: _Memory, key: Tensor) -> _Memory:
        """Let the queried players who act next write messages, and return the next memory."""
        return replace(memory, inner=self._mind.speak(_of(observation, memory.asked), memory.inner, key))

    def _legal(self, actions: Tensor, observation: Observation, role: Role) -> Tensor:
        """Return actions with the first legal option in the place of illegal ones, which are counted."""
        mask = observation.action_mask
        if mask is None or not isinstance(role.action, Discrete):
            return actions
        is_legal = mask.gather(-1, actions.long()[..., None])[..., 0]
        self.replaced += int((~is_legal & observation.acting & observation.alive).sum())
        return torch.where(is_legal, actions, mask.long().argmax(-1))

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return the role, that its queried players act next, and how often in an episode, all together."""
        return self._mind.turns(game, self._queried(role))

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        return self._mind.forecast(game, self._queried(role), num_envs)

    def _queried(self, role: Role) -> Role:
        queried = self.parameters.archetypes * self.parameters.answers + self.parameters.shadow
        return replace(role, count=queried)


class _Numbered:
    """A service that knows players who are asked by their index in the role, not by that among those."""

    def __init__(self, service: AnswersQuestions, players: Sequence[int]) -> None:
        self._service, self._players = service, players

    @property
    def settings(self) -> Settings:
        return self._service.settings

    @property
    def board(self) -> Any:
        return self._service.board if isinstance(self._service, LetsConverse) else None

    def ask(self, questions: Sequence[Question], /) -> list[Answer]:
        return self._service.ask([self._numbered(question) for question in questions])

    def converse(self, questions: Sequence[Question], phase: Literal["acting", "voting"] = "acting", /) -> None:
        if isinstance(self._service, LetsConverse):
            self._service.converse([self._numbered(question) for question in questions], phase)

    def _numbered(self, question: Question) -> Question:
        player = question.addressee.player
        if player is None:
            return question
        return replace(question, addressee=question.addressee._replace(player=self._players[player]))


def shadow_errors(agents: Iterable[Archetypes]) -> dict[str, float]:
    """Return the error of the shadow samples of archetypes, means over their steps; empty where there were none.

    ``workers`` of a sample; ``absolute`` and ``mean`` difference between own answers and the actions of examples; mean
    ``own`` answer; share of actions ``differing``.
    """
    steps = [difference for agent in agents for difference in agent.shadow]
    if not steps:
        return {}
    names = ("absolute", "mean", "own", "differing")
    means = {name: sum(getattr(step, name) for step in steps) / len(steps) for name in names}
    return {"workers": len(steps[0].by_worker), **means}


def _difference(own: Tensor, copied: Tensor) -> Difference:
    """Return the differences of a step between own answers and actions of examples, ``[B, S, ...]`` each."""
    difference = own - copied
    by_worker = difference.abs().flatten(2).mean(-1) if difference.ndim > 2 else difference.abs()
    differing = float((by_worker > 0).double().mean())
    return Difference(
        float(difference.mean()),
        float(difference.abs().mean()),
        float(own.mean()),
        differing,
        tuple(by_worker.flatten().tolist()),
    )


def _facts(game: Game[Any], role: Role) -> dict[str, Tensor]:
    """Return the facts of the first observation that each player has of its own, ``[2, N]``."""
    facts = game.observe(game.reset(random.keys(0, 2, game.device)))[role.name].facts or {}
    return {name: values for name, values in facts.items() if values.shape[1:] == (role.count,)}


def _quantity(game: Game[Any], role: Role, parameters: Parameters) -> Tensor:
    """Return by what players are sorted, ``[N]``: a fact or a feature, or the numbers of their personas.

    Raises:
        UserError: the quantity is unknown, or differs between environment copies.
    """
    facts = _facts(game, role)
    name = parameters.by or next((known for known in ("skill", "age") if known in facts), None)
    if name is None and parameters.mind.characters:
        return torch.arange(role.count) % len(parameters.mind.characters)
    name = name or "skill"
    if name not in facts and name not in role.features:
        known = [*facts, *role.features]
        raise UserError(
            f"agents.{role.name}.by: the players of this game have no {name!r}{did_you_mean(name, known)}; name a fact"
            f" or a feature by which archetypes are formed: {', '.join(known)}"
        )
    seen = game.observe(game.reset(random.keys(0, 2, game.device)))[role.name]
    both = facts[name] if name in facts else seen.features[..., role.features.index(name)]
    first: Tensor
    first, second = both.cpu()
    if not torch.equal(first, second):
        raise UserError(f"agents.{role.name}: kind archetypes needs the same population in every environment copy")
    return first


def _banded(name: str, values: Sequence[Any]) -> list[str]:
    return [str(value // 10 if name == "age" and value is not None else value) for value in values]


def _sorted(quantity: Tensor, traits: Sequence[Sequence[Any]]) -> Tensor:
    """Return the players ``[N]`` sorted by traits, the first trait first, and by a quantity where they are equal."""
    order = quantity.argsort(stable=True)
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
    if parameters.examples == "nearest":
        place = torch.empty(count, dtype=torch.int64)
        place[sorted_players] = torch.arange(count)
        asked = asked[
            place[asked].reshape(groups, answers).argsort(-1).add(torch.arange(groups)[:, None] * answers)
        ].flatten()
        sizes = torch.bincount(group, minlength=groups)
        within = (place - first_of_group[group]) * answers // sizes[group]  # even parts of the group, in order
    else:
        within = random.integers(key, 0, "archetypes/example", answers, (count,))[0]
    example = group * answers + within
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
