"""Language-model planner: a language model chooses the leader's action in any game with a text interface.

The prompts of a game come from its text interface (:mod:`econsim.text`). Economies with tax years have their own
prompts, which implement in-context reinforcement learning on two time scales: workers adapt within a tax year, and the
model is asked for new tax rates once per year. The prompt contains the objective, the rates of each year with the
welfare at its end, the best schedules so far (maxima, not moving averages), the distribution of incomes, and, for each
change of a rate, whether it appears to have been too high or too low.

If a reply cannot be parsed, the rates in force are kept, and this is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim.actions import lowest_rate, tax_thresholds
from econsim.agents.llm.asking import Asking, briefing_of, tells_taxes, tokens_of
from econsim.agents.llm.text_play import PARAMETERS, TextMemory, TextPlay, check_unused
from econsim.errors import UserError
from econsim.game import Game, Observation, Role, StatusQuo
from econsim.llm.questions import Addressee, Question
from econsim.llm.replies import Amounts
from econsim.planners.llm.history import Past, Report, Year, on_grid, reports, shares
from econsim.planners.llm.narrator import PlannerNarrator
from econsim.planners.llm.parameters import Parameters

__all__ = ["LanguagePlanner", "Parameters"]

REFERENCES = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}",
)
_WITHOUT_TAXES = ("memory", "order", "names")
_ANSWER_TOKENS = 60  # of a list of rates
_THOUGHT_TOKENS = 100


@dataclass(frozen=True)
class _Memory:
    """Memory of the planners of all environment copies, ``B`` entries; ``in_force`` are the last announced rates."""

    game: Game[Any]
    role: Role
    narrator: PlannerNarrator
    first: tuple[float, ...] | None
    pasts: tuple[Past, ...]
    in_force: tuple[tuple[float, ...] | None, ...]


class LanguagePlanner(Asking):
    """A planner whose action is chosen by a language model; ``lessons`` are sentences at the beginning of prompts."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters.temperature, parameters.llm)
        self.parameters = parameters
        self.lessons: tuple[str, ...] = ()
        self._by_text = TextPlay(self, parameters)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory | TextMemory:
        """Return empty memories.

        Raises:
            UserError: the wording does not exist, a parameter is set that has no effect in this game, or the game has
                tax years but the role does not set tax brackets.
        """
        briefing = briefing_of(game, role)
        if tells_taxes(briefing):
            default = Parameters()
            if unused := [name for name in _WITHOUT_TAXES if getattr(self.parameters, name) != getattr(default, name)]:
                raise UserError(
                    f"planner: {', '.join(unused)} of kind llm apply in games without tax years; here the memory is"
                    " history and best"
                )
            return self._start(briefing, game, role, num_envs)
        check_unused(self.parameters, PARAMETERS, game, "planner")
        return self._by_text.start(game, role, num_envs, "planner")

    def _start(self, briefing: Mapping[str, Any], game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return empty memories of planners that set tax rates."""
        tax_thresholds(game, role, "llm")
        people = sum(other.count for other in game.roles.values() if not other.leads)
        first = None
        if self.parameters.first == "status_quo" and isinstance(game, StatusQuo):
            first = shares(game.status_quo(role.name).tolist())
        lowest = on_grid(lowest_rate(game, role), self.parameters.grid)
        narrator = PlannerNarrator(self.parameters, briefing, people, self.lessons, lowest)
        return _Memory(game, role, narrator, first, (Past(),) * num_envs, (None,) * num_envs)

    def act(
        self, observation: Observation, memory: _Memory | TextMemory, key: Tensor
    ) -> tuple[Tensor, _Memory | TextMemory]:
        """Return actions (rates ``[B, 1, K]`` for tax years), with one question per copy in which the planner acts."""
        if not isinstance(memory, _Memory):
            return self._by_text.act(observation, memory, key)
        if observation.facts is None:
            raise UserError(f"planner: kind llm needs observations with facts; {type(memory.game).__name__} has none")
        acting: list[bool] = (observation.acting & observation.alive)[:, 0].tolist()
        now = reports(observation.facts) if any(acting) else []
        if now:
            pasts = tuple(map(_remembered, memory.pasts, memory.in_force, now, acting))
            memory = replace(memory, pasts=pasts)
            memory = replace(memory, in_force=tuple(self._announced(memory, now, acting, key)))
        untaxed = [0.0] * len(memory.narrator.briefing["thresholds"])
        rates = [list(schedule or untaxed) for schedule in memory.in_force]
        return torch.tensor(rates, dtype=torch.float64)[:, None, :].to(observation.features), memory

    def speak(self, observation: Observation, memory: _Memory | TextMemory, key: Tensor) -> _Memory | TextMemory:
        """Let the planner write a message before it acts, where that is allowed, and return the next memory."""
        return memory if isinstance(memory, _Memory) else self._by_text.converse(observation, memory, key)

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return the role, that it acts next, and how often in an episode; with tax years it writes no messages."""
        writes = not tells_taxes(briefing_of(game, role))
        return role.name, "acting", self._by_text.turns(game, role) if writes else 0

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        memory = self.start(game, role, 1)
        if not isinstance(memory, _Memory):
            return self._by_text.forecast(game, role, num_envs, "planner")
        years = memory.narrator.briefing["tax_years"]
        calls = num_envs * (years - (memory.first is not None))
        brackets = len(memory.narrator.briefing["thresholds"])
        half = [Year(number, (number / years, *(0.25,) * (brackets - 1)), 20_000.0) for number in range(years // 2)]
        now = Report(1, (0.25,) * brackets, 20_000.0, [40_000.0, 50_000.0], [30_000.0, 40_000.0], [1.0, 1.0])
        tokens = tokens_of([memory.narrator.rules, memory.narrator.question(Past(tuple(half)), now).text])
        answer = _ANSWER_TOKENS + _THOUGHT_TOKENS * self.parameters.reasoning
        return calls, calls * tokens, calls * answer

    def _announced(
        self, memory: _Memory, now: list[Report], acting: list[bool], key: Tensor
    ) -> list[tuple[float, ...] | None]:
        """Return the rates of all environment copies: newly announced in those that act, else those in force."""
        announced = list(memory.in_force)
        asked = []
        for index in (index for index, acts in enumerate(acting) if acts):
            if memory.first is not None and not memory.pasts[index].years:
                announced[index] = memory.first
            else:
                asked.append(index)
        if not asked:
            return announced
        seeds, form, narrator = self.seeds(key, "rates", 1), self._form(memory), memory.narrator
        limits = self.parameters.temperature, self.parameters.max_tokens
        prompts = {index: narrator.question(memory.pasts[index], now[index]) for index in asked}
        questions = [
            Question(
                narrator.rules,
                prompt.text,
                form,
                "rates",
                seeds[index],
                *limits,
                prompt.facts,
                prompt.history,
                addressee=Addressee(0, index, now[index].time + 1),
            )
            for index, prompt in prompts.items()
        ]
        for index, answer in zip(asked, self.service.ask(questions), strict=True):
            if answer.value is None:
                self.filled["previous"] += 1
                announced[index] = now[index].rates
            else:
                announced[index] = self._within_reach(answer.value, now[index].rates)
        return announced

    def _within_reach(self, rates: tuple[float, ...], before: tuple[float, ...]) -> tuple[float, ...]:
        """Return the rates, with each change from those before limited to ``largest_move``."""
        limit = self.parameters.largest_move
        if limit is None:
            return shares(list(rates))
        return shares([min(max(rate, old - limit), old + limit) for rate, old in zip(rates, before, strict=True)])

    def _form(self, memory: _Memory) -> Amounts:
        parameters, narrator = self.parameters, memory.narrator
        limits = narrator.lowest, parameters.highest, parameters.grid
        return Amounts("rates", len(narrator.briefing["thresholds"]), *limits, parameters.reasoning, shares=True)


def _remembered(past: Past, in_force: tuple[float, ...] | None, now: Report, acting: bool) -> Past:
    """Return the memory including the tax year that just ended; a new episode starts with an empty memory."""
    if not acting:
        return past
    if now.time == 0:
        return Past()
    if in_force is None:
        return past
    return Past((*past.years, Year(len(past.years) + 1, now.rates, now.welfare)))
