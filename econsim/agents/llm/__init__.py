"""Language-model agents: a language model chooses the actions of a role, in any game with a text interface.

Each player who acts in a step is one question, and all questions of a step are sent together. If a reply cannot be
parsed, the player repeats its previous action or a fallback rule decides (``llm.on_failure``); both are counted. The
prompts of a game come from its text interface (:mod:`econsim.text`).

Economies with hours and tax years have their own prompts: they give a worker its persona, the rules of the economy, its
last and best steps, and the marginal tax rates in force; the hours in the answer are rounded to the grid of the game.
After each step, bounded workers are also asked whether they are satisfied with their taxes, and a step with which they
were not satisfied is remembered with a lower value. This does not change the utility that enters the planner's welfare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim import random
from econsim.actions import action_of_amount
from econsim.agents.llm.asking import Asking, briefing_of, tells_taxes, tokens_of
from econsim.agents.llm.history import Past, StepOutcome, outcomes
from econsim.agents.llm.hours_in_words import HoursInWords
from econsim.agents.llm.memory import Moments, Recollection, Turn
from econsim.agents.llm.narrator import Aim, Narrator
from econsim.agents.llm.parameters import Parameters
from econsim.agents.llm.skill_play import SkillMemory, SkillPlay
from econsim.agents.llm.text_play import PARAMETERS, TextMemory, TextPlay, check_unused
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.llm.questions import Addressee, Question
from econsim.llm.replies import Amount, OneOf
from econsim.text.wording import Prompt

__all__ = ["LanguageWorker", "Parameters"]

REFERENCES = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}",
)
_WITHOUT_HOURS = ("characters", "skills", "order", "names")
_IN_OTHER_GAMES = ("fallback", "characters", "skills", "every")
YES, NO = "yes", "no"
_ANSWER_TOKENS = 20  # of a number in JSON
_THOUGHT_TOKENS = 100


@dataclass(frozen=True)
class _Memory:
    """Memory of all workers in all environment copies (``B * N`` entries); ``worked``: who acted in the last step.

    ``recollection`` keeps the ``moments`` of workers, where they remember more than their last and best steps.
    """

    game: Game[Any]
    role: Role
    narrator: Narrator
    rule: tuple[Agent, Any]
    aims: tuple[Aim, ...]
    personas: tuple[str, ...]
    pasts: tuple[Past, ...]
    worked: tuple[bool, ...]
    recollection: Recollection | None = None
    moments: Moments | None = None

    def addressee(self, worker: int, now: StepOutcome) -> Addressee:
        """Return whom a question to an entry addresses."""
        copy, player = divmod(worker, self.role.count)
        return Addressee(player, copy, now.time + 1, self.personas[worker])


class LanguageWorker(Asking):
    """Players whose actions a language model chooses."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters.temperature, parameters.llm)
        self.parameters = parameters
        self._by_text = TextPlay(self, parameters)
        skills, every = parameters.skills, parameters.every
        self._by_skill = SkillPlay(self._by_text, skills, every) if skills else None

    def start(
        self, game: Game[Any], role: Role, num_envs: int, players: Sequence[int] | None = None
    ) -> _Memory | TextMemory | SkillMemory:
        """Return empty memories, of all players of the role or only of those with the indices ``players``.

        Raises:
            UserError: the wording does not exist, or a parameter is set that has no effect in this game.
        """
        briefing = briefing_of(game, role)
        key = f"agents.{role.name}"
        if _tells_hours(briefing):
            if unused := [name for name in _WITHOUT_HOURS if self._is_set(name)]:
                raise UserError(
                    f"{key}: {', '.join(unused)} of kind llm apply in games without hours of work; the personas of"
                    " workers are those of economy.population"
                )
            return self._start(briefing, game, role, num_envs, players)
        check_unused(self.parameters, (*PARAMETERS, *_IN_OTHER_GAMES), game, key)
        characters = self.parameters.characters
        if players is not None:
            role = replace(role, count=len(players))
            characters = tuple(characters[player % len(characters)] for player in players) if characters else ()
        if self._by_skill is not None:
            return self._by_skill.start(game, role, num_envs, key, characters)
        return self._by_text.start(game, role, num_envs, key, _rule_of(self.parameters), characters)

    def _is_set(self, name: str) -> bool:
        return bool(getattr(self.parameters, name) != getattr(Parameters(), name))

    def _start(
        self, briefing: Mapping[str, Any], game: Game[Any], role: Role, num_envs: int, players: Sequence[int] | None
    ) -> _Memory:
        """Return empty memories of workers who choose hours."""
        rule: Agent = self.parameters.fallback.build()
        texts = briefing["personas"] if self.parameters.personas == "population" else ()
        aims, personas = _aims(self.parameters, role.count), tuple(texts or [""] * role.count)
        if players is not None:
            role = replace(role, count=len(players))
            aims, personas = tuple(aims[index] for index in players), tuple(personas[index] for index in players)
        workers, key = num_envs * role.count, f"agents.{role.name}"
        narrator, recollection, moments = Narrator(self.parameters, briefing, key), None, None
        if self.parameters.memory.kinds:
            text = HoursInWords(narrator.rules, role.name, len(briefing["thresholds"]))
            given = self.parameters.memory, text, self.parameters.temperature
            recollection = Recollection(self, *given, f"{key}.memory")
            moments = recollection.empty(game, role, num_envs)
        return _Memory(
            game,
            role,
            narrator,
            (rule, rule.start(game, role, num_envs)),
            aims * num_envs,
            personas * num_envs,
            (Past(),) * workers,
            (False,) * workers,
            recollection,
            moments,
        )

    def act(
        self, observation: Observation, memory: _Memory | TextMemory | SkillMemory, key: Tensor
    ) -> tuple[Tensor, _Memory | TextMemory | SkillMemory]:
        """Return actions ``[B, N, ...]`` for all who act; the outcome of the last step is added to memories first."""
        if isinstance(memory, SkillMemory) and self._by_skill is not None:
            return self._by_skill.act(observation, memory, key)
        if isinstance(memory, tuple):
            return self._by_text.act(observation, memory, key)
        assert isinstance(memory, _Memory)
        if observation.facts is None:
            raise UserError(
                f"agents.{memory.role.name}: kind llm needs observations with facts; {type(memory.game).__name__} has"
                " none"
            )
        now = outcomes(observation.facts)
        memory = replace(memory, pasts=self._remembered(memory, now, key))
        acting: list[bool] = (observation.acting & observation.alive).flatten().tolist()
        recalled, moments = self._recalled(memory, now, acting, key)
        hours = self._hours(observation, memory, now, acting, recalled, key)
        amounts = torch.tensor(hours, dtype=torch.float64).reshape(observation.alive.shape)
        action = action_of_amount(amounts.to(observation.features), memory.game, memory.role)
        return action, replace(memory, worked=tuple(acting), moments=moments)

    def _recalled(
        self, memory: _Memory, now: list[StepOutcome], acting: list[bool], key: Tensor
    ) -> tuple[dict[int, str], Moments | None]:
        """Return what those who act remember beyond their last and best steps, and the next memories."""
        recollection, moments, workers = memory.recollection, memory.moments, [*range(len(acting))]
        if recollection is None or moments is None or not any(acting):
            return {}, moments
        shape = (-1, memory.role.count)
        moments = moments.emptied(torch.tensor([outcome.time == 0 for outcome in now]).reshape(shape))
        asked = [worker for worker in workers if acting[worker]]
        lasts = [memory.pasts[worker].hours for worker in asked]
        turn = Turn(
            [divmod(worker, memory.role.count) for worker in asked],
            [now[worker].time + 1 for worker in asked],
            [HoursInWords.numbers(now[worker]) for worker in asked],
            [None if last is None else (last,) for last in lasts],
            [memory.personas[worker] for worker in asked],
            torch.tensor(acting).reshape(shape),
            torch.tensor([outcome.time + 1 for outcome in now[:: memory.role.count]]),
        )
        texts, moments = recollection.recalled(turn, moments, key)
        return dict(zip(asked, texts, strict=True)), moments

    def speak(
        self, observation: Observation, memory: _Memory | TextMemory | SkillMemory, key: Tensor
    ) -> _Memory | TextMemory | SkillMemory:
        """Let all who act next write messages, and return the next memory; workers write when they choose hours."""
        if isinstance(memory, SkillMemory) and self._by_skill is not None:
            return self._by_skill.converse(observation, memory, key)
        return self._by_text.converse(observation, memory, key) if isinstance(memory, TextMemory) else memory

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return the role of the players, that they act next, and how often in an episode, all together."""
        briefing = briefing_of(game, role)
        if _tells_hours(briefing):
            return role.name, "acting", role.count * briefing["tax_years"] * briefing["steps_per_tax_year"]
        by_text = self._by_text if self._by_skill is None else self._by_skill
        return role.name, "acting", by_text.turns(game, role)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        memory = self.start(game, role, 1)
        if isinstance(memory, SkillMemory) and self._by_skill is not None:
            return self._by_skill.forecast(game, role, num_envs, f"agents.{role.name}")
        if not isinstance(memory, _Memory):
            return self._by_text.forecast(game, role, num_envs, f"agents.{role.name}")
        briefing, narrator = memory.narrator.briefing, memory.narrator
        steps = briefing["tax_years"] * briefing["steps_per_tax_year"]
        now = StepOutcome(
            1, 1000.0, 40.0, 40_000.0, 6_000.0, 6_000.0, 30_000.0, 30_000.0, (0.25,) * len(briefing["thresholds"])
        )
        line = narrator.line(Past(), now, now.utility, None)
        lines = min(self.parameters.history, steps) * (1 - min(self.parameters.history, steps) / (2 * steps))
        question = narrator.hours(Past(), now, memory.personas[0], "own")
        tokens = tokens_of([narrator.rules, question.text]) + int((lines + self.parameters.best) * tokens_of([line]))
        calls = num_envs * role.count * steps
        answer = _ANSWER_TOKENS + _THOUGHT_TOKENS * self.parameters.reasoning
        satisfaction = tokens_of([question.text, line]) if self.parameters.bounded else 0
        own = calls * (1 + self.parameters.bounded), calls * (tokens + satisfaction), calls * answer
        if memory.recollection is None:
            return own
        more = memory.recollection.forecast(steps)
        players = num_envs * role.count
        return own[0] + players * more[0], own[1] + players * more[1], own[2] + players * more[2]

    def _hours(
        self,
        observation: Observation,
        memory: _Memory,
        now: list[StepOutcome],
        acting: list[bool],
        recalled: Mapping[int, str],
        key: Tensor,
    ) -> list[float]:
        """Return the hours of all workers, ``B * N``; zero for those who do not act."""
        workers = [worker for worker, acts in enumerate(acting) if acts]
        hours, seeds = [0.0] * len(acting), self.seeds(key, "hours", memory.role.count) if workers else []
        form, narrator = self._form(memory), memory.narrator
        questions = [
            self._question(
                narrator.rules,
                _with_memories(
                    recalled.get(worker, ""),
                    narrator.hours(memory.pasts[worker], now[worker], memory.personas[worker], memory.aims[worker]),
                ),
                form,
                "hours",
                seeds[worker],
                memory.addressee(worker, now[worker]),
            )
            for worker in workers
        ]
        self.converse(questions)
        unread: set[int] = set()
        for worker, answer in zip(workers, self.service.ask(questions) if questions else [], strict=True):
            previous = memory.pasts[worker].hours
            if answer.value is not None:
                hours[worker] = float(answer.value)
            elif self.fill(previous is not None) == "previous":
                hours[worker] = float(previous or 0.0)
            else:
                unread.add(worker)
        if unread:
            by_rule = self._ruled(observation, memory, key)
            hours = [by_rule[worker] if worker in unread else answered for worker, answered in enumerate(hours)]
        return hours

    def _remembered(self, memory: _Memory, now: list[StepOutcome], key: Tensor) -> tuple[Past, ...]:
        """Return the memories after the last step, for those who acted in it; a new episode starts without memories."""
        workers = [worker for worker, worked in enumerate(memory.worked) if worked]
        if not workers:
            return memory.pasts
        pasts, answers = list(memory.pasts), self._satisfied(memory, now, workers, key)
        for worker in workers:
            if now[worker].time == 0:
                pasts[worker] = Past()
                continue
            past, outcome, satisfied = pasts[worker], now[worker], answers.get(worker)
            worth = self._worth(outcome, memory.aims[worker], satisfied)
            line = memory.narrator.line(past, outcome, worth, satisfied)
            limits = self.parameters.history, self.parameters.best
            pasts[worker] = past.with_step(outcome, worth, line, satisfied is not False, *limits)
        return tuple(pasts)

    def _satisfied(self, memory: _Memory, now: list[StepOutcome], workers: list[int], key: Tensor) -> dict[int, bool]:
        """Return which workers are satisfied with the last step; empty unless workers are bounded."""
        asked = [worker for worker in workers if now[worker].time > 0] if self.parameters.bounded else []
        if not asked:
            return {}
        seeds, narrator = self.seeds(key, "satisfaction", memory.role.count), memory.narrator
        form, questions = OneOf("satisfied", (YES, NO), self.parameters.reasoning), []
        for worker in asked:
            past, outcome = memory.pasts[worker], now[worker]
            line = narrator.line(past, outcome, outcome.utility, None)
            prompt = narrator.satisfaction(past, outcome, line, memory.personas[worker], memory.aims[worker])
            addressee = memory.addressee(worker, outcome)
            questions.append(self._question("", prompt, form, "satisfaction", seeds[worker], addressee))
        answers = self.service.ask(questions)
        return {
            worker: answer.value == YES if answer.value is not None else self._still_satisfied(memory.pasts[worker])
            for worker, answer in zip(asked, answers, strict=True)
        }

    def _still_satisfied(self, past: Past) -> bool:
        return past.satisfied if self.fill(past.steps > 0) == "previous" else True

    def _worth(self, outcome: StepOutcome, aim: Aim, satisfied: bool | None) -> float:
        """Return the value of a step according to the aim of a worker."""
        if aim != "own":
            return outcome.welfare if aim == "altruistic" else -outcome.welfare
        return outcome.utility * (self.parameters.dissatisfied_factor if satisfied is False else 1.0)

    def _ruled(self, observation: Observation, memory: _Memory, key: Tensor) -> list[float]:
        """Return the hours that the fallback rule chooses, ``B * N`` numbers."""
        rule, rule_memory = memory.rule
        action, _ = rule.act(observation, rule_memory, random.fold(key, "rule"))
        if not isinstance(memory.role.action, Box):
            action = memory.game.choices(memory.role.name)[action]  # type: ignore[attr-defined]
        hours: list[float] = action.double().flatten().tolist()
        return hours

    def _form(self, memory: _Memory) -> Amount:
        briefing = memory.narrator.briefing
        return Amount("hours", 0.0, briefing["hours_cap"], briefing["hours_step"], self.parameters.reasoning)

    def _question(
        self, rules: str, prompt: Prompt, form: Amount | OneOf, purpose: str, seed: int, addressee: Addressee
    ) -> Question:
        limits = self.parameters.temperature, self.parameters.max_tokens
        text = prompt.text, form, purpose, seed, *limits, prompt.facts, prompt.history
        return Question(rules, *text, addressee=addressee)


def _with_memories(memories: str, prompt: Prompt) -> Prompt:
    return prompt._replace(text=f"{memories}\n\n{prompt.text}") if memories else prompt


def _tells_hours(briefing: Mapping[str, Any]) -> bool:
    return tells_taxes(briefing) and "hours_cap" in briefing


def _rule_of(parameters: Parameters) -> Agent | None:
    """Return the rule that replaces unreadable answers; ``None`` for the default rule, which only applies to hours."""
    is_default = parameters.fallback == Parameters().fallback
    return None if is_default else parameters.fallback.build()


def _aims(parameters: Parameters, workers: int) -> tuple[Aim, ...]:
    """Return the aim of each worker; the altruistic and adversarial workers are drawn with ``aims_seed``."""
    order = random.permutation(random.keys(parameters.aims_seed, 1), 0, "aims", workers)[0].tolist()
    altruists, adversaries = (
        round(share * workers) for share in (parameters.altruistic_share, parameters.adversarial_share)
    )
    aims: list[Aim] = ["own"] * workers
    for worker in order[:altruists]:
        aims[worker] = "altruistic"
    for worker in order[altruists : altruists + adversaries]:
        aims[worker] = "adversarial"
    return tuple(aims)
