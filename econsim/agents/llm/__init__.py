"""Players who ask a language model: in any game by its text interface, with more where workers choose hours.

Everybody who acts in a step is one question, and all of them are put at once. Where a reply cannot be read, the
previous action holds, or a rule decides (``llm.on_failure``); both are counted. Any game is played in the words of its
text interface (:mod:`econsim.text`).

In an economy of hours and tax years a worker is told who it is, the rules of the economy, its last steps and its best
ones, and the rates in force; what it answers is snapped to the game's grid. Bounded workers are asked after each step
whether they are satisfied with their taxes; a step that was not counts for less in what they remember. The planner's
welfare is made of utility as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.actions import action_of_amount
from econsim.agents.llm.asking import Asking, briefing_of, tells_taxes, tokens_of
from econsim.agents.llm.history import Past, StepOutcome, outcomes
from econsim.agents.llm.narrator import Aim, Narrator
from econsim.agents.llm.parameters import Parameters
from econsim.agents.llm.text_play import PARAMETERS, TextMemory, TextPlay, check_unused
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.llm.questions import Question
from econsim.llm.replies import Amount, OneOf

__all__ = ["LanguageWorker", "Parameters"]

REFERENCES = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}",
)
YES, NO = "yes", "no"
_ANSWER_TOKENS = 20  # of a number in JSON
_THOUGHT_TOKENS = 100


@dataclass(frozen=True)
class _Memory:
    """What all workers of all copies remember, ``B * N`` entries; ``worked``: who acted in the step before."""

    game: Game[Any]
    role: Role
    narrator: Narrator
    rule: tuple[Agent, Any]
    aims: tuple[Aim, ...]
    personas: tuple[str, ...]
    pasts: tuple[Past, ...]
    worked: tuple[bool, ...]


class LanguageWorker(Asking):
    """Players whose actions a language model chooses."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters.temperature)
        self.parameters = parameters
        self._by_text = TextPlay(self, parameters)

    def start(
        self, game: Game[Any], role: Role, num_envs: int, players: Sequence[int] | None = None
    ) -> _Memory | TextMemory:
        """Return empty memories; of some ``players`` of the role alone where they are given.

        Raises:
            UserError: the wording is not there, or a parameter is set that does not count in this game.
        """
        briefing = briefing_of(game, role)
        if _tells_hours(briefing):
            return self._start(briefing, game, role, num_envs, players)
        key = f"agents.{role.name}"
        check_unused(self.parameters, (*PARAMETERS, "fallback"), game, key)
        few = role if players is None else replace(role, count=len(players))
        return self._by_text.start(game, few, num_envs, key, _rule_of(self.parameters))

    def _start(
        self, briefing: Mapping[str, Any], game: Game[Any], role: Role, num_envs: int, players: Sequence[int] | None
    ) -> _Memory:
        """Return empty memories of workers who choose hours."""
        rule: Agent = self.parameters.fallback.build()
        known = briefing["personas"] if self.parameters.personas == "population" else ()
        aims, people = _aims(self.parameters, role.count), tuple(known or [""] * role.count)
        if players is not None:
            role = replace(role, count=len(players))
            aims, people = tuple(aims[place] for place in players), tuple(people[place] for place in players)
        everybody = num_envs * role.count
        return _Memory(
            game,
            role,
            Narrator(self.parameters, briefing, f"agents.{role.name}"),
            (rule, rule.start(game, role, num_envs)),
            aims * num_envs,
            people * num_envs,
            (Past(),) * everybody,
            (False,) * everybody,
        )

    def act(
        self, observation: Observation, memory: _Memory | TextMemory, key: Tensor
    ) -> tuple[Tensor, _Memory | TextMemory]:
        """Return actions ``[B, N, ...]``, asking for all who act; workers first remember the step before."""
        if not isinstance(memory, _Memory):
            return self._by_text.act(observation, memory, key)
        if observation.facts is None:
            raise UserError(
                f"agents.{memory.role.name}: kind llm reads facts, and {type(memory.game).__name__} has none"
            )
        now = outcomes(observation.facts)
        memory = replace(memory, pasts=self._remembered(memory, now, key))
        acting: list[bool] = (observation.acting & observation.alive).flatten().tolist()
        hours = self._hours(observation, memory, now, acting, key)
        amounts = torch.tensor(hours, dtype=torch.float64).reshape(observation.alive.shape)
        action = action_of_amount(amounts.to(observation.features), memory.game, memory.role)
        return action, replace(memory, worked=tuple(acting))

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return calls, input tokens and output tokens of an episode, about."""
        memory = self.start(game, role, 1)
        if not isinstance(memory, _Memory):
            return self._by_text.forecast(game, role, num_envs, f"agents.{role.name}")
        told, writer = memory.narrator.briefing, memory.narrator
        steps = told["tax_years"] * told["steps_per_tax_year"]
        now = StepOutcome(
            1, 1000.0, 40.0, 40_000.0, 6_000.0, 6_000.0, 30_000.0, 30_000.0, (0.25,) * len(told["thresholds"])
        )
        line = writer.line(Past(), now, now.utility, None)
        lines = min(self.parameters.history, steps) * (1 - min(self.parameters.history, steps) / (2 * steps))
        asked = writer.hours(Past(), now, memory.personas[0], "own")
        tokens = tokens_of([writer.rules, asked]) + int((lines + self.parameters.best) * tokens_of([line]))
        calls = num_envs * role.count * steps
        answer = _ANSWER_TOKENS + _THOUGHT_TOKENS * self.parameters.reasoning
        short = tokens_of([asked, line]) if self.parameters.bounded else 0
        return calls * (1 + self.parameters.bounded), calls * (tokens + short), calls * answer

    def _hours(
        self, observation: Observation, memory: _Memory, now: list[StepOutcome], acting: list[bool], key: Tensor
    ) -> list[float]:
        """Return the hours of everybody, ``B * N``; zero for those who do not act."""
        places = [place for place, acts in enumerate(acting) if acts]
        found, seeds = [0.0] * len(acting), self.seeds(key, "hours", memory.role.count) if places else []
        form, writer = self._form(memory), memory.narrator
        questions = [
            self._question(
                writer.rules,
                writer.hours(memory.pasts[place], now[place], memory.personas[place], memory.aims[place]),
                form,
                "hours",
                seeds[place],
            )
            for place in places
        ]
        unread: dict[int, str] = {}
        for place, answer in zip(places, self.service.ask(questions) if questions else [], strict=True):
            previous = memory.pasts[place].hours
            if answer.value is not None:
                found[place] = float(answer.value)
            elif self.fill(previous is not None) == "previous":
                found[place] = float(previous or 0.0)
            else:
                unread[place] = answer.reason
        if unread:
            ruled = self._ruled(observation, memory, key)
            found = [ruled[place] if place in unread else hours for place, hours in enumerate(found)]
        return found

    def _remembered(self, memory: _Memory, now: list[StepOutcome], key: Tensor) -> tuple[Past, ...]:
        """Return memories with the step before, for those who worked in it; an episode that begins has none."""
        worked = [place for place, did in enumerate(memory.worked) if did]
        if not worked:
            return memory.pasts
        pasts, satisfied = list(memory.pasts), self._satisfied(memory, now, worked, key)
        for place in worked:
            if now[place].time == 0:
                pasts[place] = Past()
                continue
            past, outcome, content = pasts[place], now[place], satisfied.get(place)
            worth = self._worth(outcome, memory.aims[place], content)
            line = memory.narrator.line(past, outcome, worth, content)
            kept = self.parameters.history, self.parameters.best
            pasts[place] = past.with_step(outcome, worth, line, content is not False, *kept)
        return tuple(pasts)

    def _satisfied(self, memory: _Memory, now: list[StepOutcome], worked: list[int], key: Tensor) -> dict[int, bool]:
        """Return who is satisfied with the step before; nothing where nobody is asked."""
        asked = [place for place in worked if now[place].time > 0] if self.parameters.bounded else []
        if not asked:
            return {}
        seeds, writer = self.seeds(key, "satisfaction", memory.role.count), memory.narrator
        form, questions = OneOf("satisfied", (YES, NO), self.parameters.reasoning), []
        for place in asked:
            past, outcome = memory.pasts[place], now[place]
            line = writer.line(past, outcome, outcome.utility, None)
            text = writer.satisfaction(past, outcome, line, memory.personas[place], memory.aims[place])
            questions.append(self._question("", text, form, "satisfaction", seeds[place]))
        answers = self.service.ask(questions)
        return {
            place: answer.value == YES if answer.value is not None else self._still_satisfied(memory.pasts[place])
            for place, answer in zip(asked, answers, strict=True)
        }

    def _still_satisfied(self, past: Past) -> bool:
        return past.satisfied if self.fill(past.steps > 0) == "previous" else True

    def _worth(self, outcome: StepOutcome, aim: Aim, satisfied: bool | None) -> float:
        """Return what a step is worth to a worker."""
        if aim != "own":
            return outcome.welfare if aim == "altruistic" else -outcome.welfare
        return outcome.utility * (self.parameters.dissatisfied_factor if satisfied is False else 1.0)

    def _ruled(self, observation: Observation, memory: _Memory, key: Tensor) -> list[float]:
        """Return the hours ``B * N`` that the rule chooses."""
        rule, own = memory.rule
        action, _ = rule.act(observation, own, random.fold(key, "rule"))
        if not isinstance(memory.role.action, Box):
            action = memory.game.choices(memory.role.name)[action]  # type: ignore[attr-defined]
        found: list[float] = action.double().flatten().tolist()
        return found

    def _form(self, memory: _Memory) -> Amount:
        told = memory.narrator.briefing
        return Amount("hours", 0.0, told["hours_cap"], told["hours_step"], self.parameters.reasoning)

    def _question(self, rules: str, text: str, form: Amount | OneOf, purpose: str, seed: int) -> Question:
        return Question(rules, text, form, purpose, seed, self.parameters.temperature, self.parameters.max_tokens)


def _tells_hours(briefing: Mapping[str, Any]) -> bool:
    return tells_taxes(briefing) and "hours_cap" in briefing


def _rule_of(parameters: Parameters) -> Agent | None:
    """Return the rule that stands in for answers; none where it is the default one, which is made for hours."""
    is_default = parameters.fallback == Parameters().fallback
    return None if is_default else parameters.fallback.build()


def _aims(parameters: Parameters, workers: int) -> tuple[Aim, ...]:
    """Return the aim of each worker: shares drawn by seed."""
    order = random.permutation(random.keys(parameters.aims_seed, 1), 0, "aims", workers)[0].tolist()
    altruists, adversaries = (
        round(share * workers) for share in (parameters.altruistic_share, parameters.adversarial_share)
    )
    found: list[Aim] = ["own"] * workers
    for place in order[:altruists]:
        found[place] = "altruistic"
    for place in order[altruists : altruists + adversaries]:
        found[place] = "adversarial"
    return tuple(found)
