"""Elected by voters who ask a language model: everybody is asked for a ballot before each tax year.

Candidates promise what is best for them, what is listed, or what the model writes in their place. Platforms bind, or
the winner announces what is best for itself, as it is computed or as the model says. A ballot that cannot be read is
replaced by the voter's previous one; where there is none, or with ``llm.on_failure=rule``, by the ballot that a voter
with the estimated utilities would write. Such ballots are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.agents.llm.asking import Asking, tax_briefing, tokens_of
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.llm.questions import Question
from econsim.llm.replies import Amounts, Form, OneOf, Ranking
from econsim.mechanisms.voting import RULES, elect
from econsim.planners._elected_planner import ElectedPlanner
from econsim.planners._welfare_forecast import WelfareForecast, exact_answers
from econsim.planners.elected_llm.narrator import ANSWERS, Narrator, Offer, Person, Rates, Term
from econsim.planners.elected_llm.parameters import Parameters
from econsim.planners.llm.history import Report, reports, shares

__all__ = ["LanguageElection", "Parameters"]

REFERENCES = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}",
)
_TOKENS_A_CANDIDATE = 60  # in words and among the facts
_TOKENS_A_TERM = 30
_ANSWER_TOKENS = 20

Ballots = tuple[tuple[float, ...], ...]  # [N][C]


@dataclass(frozen=True)
class _Copy:
    """What one copy remembers: earlier terms, and the last promises, ballots and rates, where there are any."""

    terms: tuple[Term, ...] = ()
    promised: tuple[Rates, ...] | None = None
    ballots: Ballots | None = None
    in_force: Rates | None = None


@dataclass(frozen=True)
class _Memory:
    """The election in one game, and what each of its ``B`` copies remembers."""

    narrator: Narrator
    prospects: WelfareForecast
    standing: tuple[int, ...]
    best: tuple[Rates, ...]
    offer: Offer
    potential: list[float] | None
    weight: Tensor
    copies: tuple[_Copy, ...]


class LanguageElection(Asking, ElectedPlanner):
    """Announces the rates of whom the voters elect."""

    kind = "elected_llm"
    parameters: Parameters

    def __init__(self, parameters: Parameters) -> None:
        Asking.__init__(self, parameters.temperature)
        ElectedPlanner.__init__(self)
        self.parameters = parameters
        self.rule = RULES[parameters.rule]

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return empty memories.

        Raises:
            UserError: not fitted, the game has no wording for tax years, or no brackets for this role to set.
        """
        tax_thresholds(game, role, "elected_llm")
        found, voters = self.result(), _voters(game)
        chosen, exact = self.parameters, game.to(dtype=torch.float64)
        prospects = WelfareForecast(exact, exact_answers(game), role.name, 0, chosen.tax_years, chosen.episodes)
        potential, weight = prospects.initial("potential_income"), prospects.initial("weight")
        standing = tuple(found["candidates"].tolist())
        briefing = tax_briefing(game, voters, "planner: kind elected_llm")
        names = _names(self.parameters, standing)
        return _Memory(
            Narrator(chosen, briefing, voters.count, names, self.rule.asks),
            prospects,
            standing,
            _schedules(found["rates"]),
            Offer(_schedules(found["promised"]), found["utility"].tolist()),
            None if potential is None else potential.tolist(),
            torch.ones(voters.count, dtype=torch.float64) if weight is None else weight.cpu(),
            (_Copy(),) * num_envs,
        )

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return rates ``[B, 1, K]``; an election is held in the copies whose tax year begins."""
        if observation.facts is None:
            raise UserError("planner: kind elected_llm reads facts, and this game has none")
        acting: list[bool] = (observation.acting & observation.alive)[:, 0].tolist()
        if any(acting):
            now = reports(observation.facts)
            begun = [
                _Copy() if it.time == 0 and acts else c for it, acts, c in zip(now, acting, memory.copies, strict=True)
            ]
            memory = replace(memory, copies=tuple(begun))
            held = self._held(memory, now, [place for place, acts in enumerate(acting) if acts], key)
            memory = replace(memory, copies=tuple(held.get(place, copy) for place, copy in enumerate(begun)))
        brackets = len(memory.best[0])
        rates = [list(copy.in_force or (0.0,) * brackets) for copy in memory.copies]
        return torch.tensor(rates, dtype=torch.float64)[:, None, :].to(observation.features), memory

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return calls, input tokens and output tokens of an episode, about."""
        chosen, voters = self.parameters, _voters(game)
        briefing = tax_briefing(game, voters, "planner: kind elected_llm")
        standing = _how_many(chosen, voters.count)
        names = [f"worker_{place}" for place in range(standing)]
        writer = Narrator(chosen, briefing, voters.count, names, self.rule.asks)
        asked = chosen.politicians == "asked"
        written = (standing if chosen.platforms == "own" else 0) + (not chosen.binding) if asked else 0
        calls = num_envs * briefing["tax_years"] * (voters.count + written)
        remembered = min(chosen.history, briefing["tax_years"] // 2)
        tokens = tokens_of([writer.rules["vote"]]) + 100 + _TOKENS_A_CANDIDATE * standing + _TOKENS_A_TERM * remembered
        answer = _ANSWER_TOKENS + (100 if chosen.reasoning else 0)
        return calls, calls * tokens, calls * answer

    # --- one election in each of several copies ---------------------------------------------------------------------

    def _held(self, memory: _Memory, now: list[Report], places: list[int], key: Tensor) -> dict[int, _Copy]:
        """Return what the copies at ``places`` remember after their elections."""
        offers = self._offers(memory, now, places, key)
        ballots = self._ballots(memory, now, offers, key)
        profiles = torch.tensor([ballots[place] for place in places], dtype=torch.float64)
        chances = self.rule.chances(profiles, memory.weight)
        winners = elect(chances, key[places].cpu()).tolist()
        support = torch.zeros_like(chances).scatter_add(
            1, profiles.argmax(-1), memory.weight.expand(profiles.shape[:2])
        )
        shares_of = (support / memory.weight.sum()).tolist()
        elected = dict(zip(places, winners, strict=True))
        announced = self._announced(memory, now, offers, elected, key)
        found = {}
        for row, place in enumerate(places):
            copy, winner, promised = memory.copies[place], elected[place], offers[place].promised
            term = Term(
                len(copy.terms) + 1,
                memory.narrator.names[winner],
                shares_of[row][winner],
                promised[winner],
                announced[place],
            )
            found[place] = _Copy((*copy.terms, term), promised, ballots[place], announced[place])
        return found

    def _offers(self, memory: _Memory, now: list[Report], places: list[int], key: Tensor) -> dict[int, Offer]:
        """Return what voters of each copy choose among: as computed, or as the model writes it for each candidate."""
        chosen = self.parameters
        if chosen.politicians == "computed" or chosen.platforms != "own":
            return dict.fromkeys(places, memory.offer)
        asked = [(place, candidate) for place in places for candidate in range(len(memory.standing))]
        found = self._written("platform", memory, now, asked, key)
        offers = {}
        for place in places:
            promised = tuple(found[place, candidate] for candidate in range(len(memory.standing)))
            rates = torch.tensor(promised, dtype=torch.float64, device=memory.prospects.key.device)
            offers[place] = Offer(promised, memory.prospects(rates).tolist())
        return offers

    def _announced(
        self, memory: _Memory, now: list[Report], offers: Mapping[int, Offer], elected: Mapping[int, int], key: Tensor
    ) -> dict[int, Rates]:
        """Return what the winner of each copy announces."""
        if self.parameters.binding:
            return {place: offers[place].promised[winner] for place, winner in elected.items()}
        if self.parameters.politicians == "computed":
            return {place: memory.best[winner] for place, winner in elected.items()}
        found = self._written("rates", memory, now, list(elected.items()), key)
        return {place: found[place, winner] for place, winner in elected.items()}

    def _ballots(
        self, memory: _Memory, now: list[Report], offers: Mapping[int, Offer], key: Tensor
    ) -> dict[int, Ballots]:
        """Return everybody's ballot in each copy."""
        writer, people = memory.narrator, range(len(memory.weight))
        seeds, form = self.seeds(key, "vote", len(people)), self._ballot_form(writer.names)
        asked = [(place, person) for place in offers for person in people]
        questions = []
        for place, person in asked:
            terms, rates = memory.copies[place].terms, now[place].rates
            text = writer.vote(_person(memory, now[place], person), person, offers[place], terms, rates)
            questions.append(
                self._question(writer.rules["vote"], text, form, "vote", seeds[place * len(people) + person])
            )
        answers = dict(zip(asked, self.service.ask(questions), strict=True))
        return {
            place: tuple(self._ballot(memory, place, person, offer, answers[place, person].value) for person in people)
            for place, offer in offers.items()
        }

    def _ballot(self, memory: _Memory, place: int, person: int, offer: Offer, value: Any) -> tuple[float, ...]:
        """Return a ballot ``[C]`` as it was answered, or what stands in for it."""
        names, before = memory.narrator.names, memory.copies[place].ballots
        if value is None and self.fill(before is not None) == "previous" and before is not None:
            return before[person]
        if value is None:
            utility = torch.tensor([of_all[person] for of_all in offer.utility], dtype=torch.float64)
            return tuple(self.rule.sincere(utility).tolist())
        match self.rule.asks:
            case "name":
                return tuple(float(name == value) for name in names)
            case "names":
                return tuple(value)
            case "order":
                return tuple(float(len(names) - value.index(name)) for name in names)

    def _written(
        self,
        purpose: Literal["platform", "rates"],
        memory: _Memory,
        now: list[Report],
        asked: Sequence[tuple[int, int]],
        key: Tensor,
    ) -> dict[tuple[int, int], Rates]:
        """Return the rates that the model writes for candidates, ``(copy, candidate)``; else the previous or best."""
        writer, standing, brackets = memory.narrator, memory.standing, len(memory.best[0])
        seeds, form = self.seeds(key, purpose, len(standing)), self._rates_form(brackets)
        questions = []
        for place, candidate in asked:
            copy, who = memory.copies[place], _person(memory, now[place], standing[candidate])
            best, in_force = memory.best[candidate], now[place].rates
            text = writer.rates(purpose, writer.names[candidate], who, best, copy.terms, in_force)
            questions.append(
                self._question(writer.rules["rates"], text, form, purpose, seeds[place * len(standing) + candidate])
            )
        found = {}
        for (place, candidate), answer in zip(asked, self.service.ask(questions), strict=True):
            before = memory.copies[place].promised
            if answer.value is not None:
                found[place, candidate] = shares(list(answer.value) * (brackets // form.count))
            elif self.fill(before is not None) == "previous" and before is not None:
                found[place, candidate] = before[candidate]
            else:
                found[place, candidate] = memory.best[candidate]
        return found

    def _ballot_form(self, names: tuple[str, ...]) -> Form:
        name, thought = ANSWERS[self.rule.asks], self.parameters.reasoning
        match self.rule.asks:
            case "name":
                return OneOf(name, names, thought)
            case "names":
                return Amounts(name, len(names), 0.0, 1.0, 1.0, thought)
            case "order":
                return Ranking(name, names, thought)

    def _rates_form(self, brackets: int) -> Amounts:
        chosen = self.parameters
        count = 1 if chosen.schedule == "flat" else brackets
        return Amounts("rates", count, 0.0, chosen.highest, chosen.grid, chosen.reasoning)

    def _question(self, rules: str, text: str, form: Form, purpose: str, seed: int) -> Question:
        return Question(rules, text, form, purpose, seed, self.parameters.temperature, self.parameters.max_tokens)


def _voters(game: Game[Any]) -> Role:
    """Return the one role that votes."""
    found = [role for role in game.roles.values() if not role.leads]
    if len(found) != 1:
        raise UserError(
            f"planner: kind elected_llm needs one role that follows; {type(game).__name__} has {len(found)}"
        )
    return found[0]


def _names(parameters: Parameters, standing: Sequence[int]) -> list[str]:
    named = parameters.platforms
    return list(named) if isinstance(named, dict) else [f"worker_{index}" for index in standing]


def _how_many(parameters: Parameters, people: int) -> int:
    """Return how many candidates there will be."""
    if isinstance(parameters.platforms, dict):
        return len(parameters.platforms)
    chosen = parameters.candidates
    return people if chosen is None else chosen if isinstance(chosen, int) else len(chosen)


def _schedules(rates: Tensor) -> tuple[Rates, ...]:
    return tuple(shares(schedule) for schedule in rates.tolist())


def _person(memory: _Memory, now: Report, place: int) -> Person:
    personas = memory.narrator.briefing["personas"]
    return Person(
        None if memory.potential is None else memory.potential[place],
        now.incomes[place],
        now.utilities[place],
        personas[place] if personas else "",
    )
