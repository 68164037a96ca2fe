"""Elected planner whose voters are language-model agents: the model is asked for every voter's ballot each tax year.

The platform of a candidate is the schedule that is best for it, a listed schedule, or one that the model writes for it.
Platforms are binding, or the winner announces the schedule that is best for itself, which is computed or written by the
model. A ballot that cannot be parsed is replaced by the voter's previous ballot. If there is none, or with
``llm.on_failure=rule``, it is replaced by the sincere ballot at the voter's forecast utilities. Replaced ballots are
counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim.actions import lowest_rate, tax_thresholds
from econsim.agents.llm.asking import Asking, tax_briefing, tokens_of
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.llm.questions import Addressee, Question
from econsim.llm.replies import Amounts, Form, OneOf, Ranking
from econsim.mechanisms.voting import RULES, Election, elect, votes_of
from econsim.planners._candidates import candidate_names
from econsim.planners._elected_planner import ElectedPlanner
from econsim.planners._welfare_forecast import WelfareForecast, exact_answers
from econsim.planners.elected_llm.narrator import ANSWERS, Narrator, Offer, Person, Rates, Term
from econsim.planners.elected_llm.parameters import Parameters
from econsim.planners.llm.history import Report, on_grid, reports, shares
from econsim.split_roles import base_role
from econsim.text.wording import Prompt

__all__ = ["LanguageElection", "Parameters"]

REFERENCES = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}",
)
_TOKENS_A_CANDIDATE = 60  # in the text and in the JSON of a prompt
_TOKENS_A_TERM = 30
_ANSWER_TOKENS = 20

Ballots = tuple[tuple[float, ...], ...]  # [N][C]


@dataclass(frozen=True)
class _Copy:
    """Memory of one environment copy: earlier terms and, after an election, the last platforms, ballots and rates."""

    terms: tuple[Term, ...] = ()
    promised: tuple[Rates, ...] | None = None
    ballots: Ballots | None = None
    in_force: Rates | None = None


@dataclass(frozen=True)
class _Memory:
    """The election in one game, and the memory of each of its ``B`` environment copies."""

    narrator: Narrator
    prospects: WelfareForecast
    standing: tuple[int, ...]
    best: tuple[Rates, ...]
    offer: Offer
    potential: list[float] | None
    weight: Tensor
    voters: str
    copies: tuple[_Copy, ...]


class LanguageElection(Asking, ElectedPlanner):
    """Announces the tax rates of the candidate elected by language-model voters."""

    kind = "elected_llm"
    parameters: Parameters

    def __init__(self, parameters: Parameters) -> None:
        Asking.__init__(self, parameters.temperature, parameters.llm)
        ElectedPlanner.__init__(self)
        self.parameters = parameters
        self.rule = RULES[parameters.rule]

    def prepare_test_question(self, game: Game[Any], role: Role) -> None:
        """Load candidates who all promise no taxes and bring no utility; see :class:`AsksBeforeFit`."""
        brackets, voters = len(tax_thresholds(game, role, "elected_llm")), _voters(game).count
        standing = _how_many(self.parameters, voters)
        rates = torch.zeros(standing, brackets, dtype=torch.float64)
        utility = torch.zeros(standing, voters, dtype=torch.float64)
        self.load_state_dict(
            {"candidates": torch.arange(standing), "promised": rates, "rates": rates, "utility": utility}
        )

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return empty memories.

        Raises:
            UserError: the planner has not been fitted, the game has no prompts for tax years, or the role does not set
                tax brackets.
        """
        tax_thresholds(game, role, "elected_llm")
        fitted, voters = self.result(), _voters(game)
        parameters, precise = self.parameters, game.to(dtype=torch.float64)
        followers = exact_answers(game)
        prospects = WelfareForecast(precise, followers, role.name, 0, parameters.tax_years, parameters.episodes)
        potential, weight = prospects.initial("potential_income"), prospects.initial("weight")
        standing = tuple(fitted["candidates"].tolist())
        briefing = tax_briefing(game, voters, "planner: kind elected_llm")
        names = candidate_names(parameters.platforms, standing)
        lowest = on_grid(lowest_rate(game, role), parameters.grid)
        return _Memory(
            Narrator(parameters, briefing, voters.count, names, self.rule.asks, lowest),
            prospects,
            standing,
            _schedules(fitted["rates"]),
            Offer(_schedules(fitted["promised"]), fitted["utility"].tolist()),
            None if potential is None else potential.tolist(),
            torch.ones(voters.count, dtype=torch.float64) if weight is None else weight.cpu(),
            base_role(voters.name),
            (_Copy(),) * num_envs,
        )

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return rates ``[B, 1, K]``; an election is held in the environment copies whose tax year begins."""
        if observation.facts is None:
            raise UserError("planner: kind elected_llm needs observations with facts; this game has none")
        acting: list[bool] = (observation.acting & observation.alive)[:, 0].tolist()
        if any(acting):
            now = reports(observation.facts)
            copies = [
                _Copy() if report.time == 0 and acts else copy
                for report, acts, copy in zip(now, acting, memory.copies, strict=True)
            ]
            memory = replace(memory, copies=tuple(copies))
            held = self._held(memory, now, [index for index, acts in enumerate(acting) if acts], key)
            memory = replace(memory, copies=tuple(held.get(index, copy) for index, copy in enumerate(copies)))
        brackets = len(memory.best[0])
        rates = [list(copy.in_force or (0.0,) * brackets) for copy in memory.copies]
        return torch.tensor(rates, dtype=torch.float64)[:, None, :].to(observation.features), memory

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return the role of the voters, that they vote next, and how often in an episode, all together."""
        voters = _voters(game)
        briefing = tax_briefing(game, voters, "planner: kind elected_llm")
        return voters.name, "voting", voters.count * briefing["tax_years"]

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        parameters, voters = self.parameters, _voters(game)
        briefing = tax_briefing(game, voters, "planner: kind elected_llm")
        standing = _how_many(parameters, voters.count)
        names = [f"worker_{index}" for index in range(standing)]
        narrator = Narrator(parameters, briefing, voters.count, names, self.rule.asks)
        asked = parameters.politicians == "asked"
        written = (standing if parameters.platforms == "own" else 0) + (not parameters.binding) if asked else 0
        calls = num_envs * briefing["tax_years"] * (voters.count + written)
        terms = min(parameters.history, briefing["tax_years"] // 2)
        rules = tokens_of([narrator.rules["vote"]])
        tokens = rules + 100 + _TOKENS_A_CANDIDATE * standing + _TOKENS_A_TERM * terms
        answer = _ANSWER_TOKENS + (100 if parameters.reasoning else 0)
        return calls, calls * tokens, calls * answer

    # --- one election in each of several environment copies -----------------------------------------------------------
    # ``place`` is the index of an environment copy.

    def _held(self, memory: _Memory, now: list[Report], places: list[int], key: Tensor) -> dict[int, _Copy]:
        """Hold an election in each of the copies ``places``, and return their memories afterwards."""
        offers = self._offers(memory, now, places, key)
        ballots, substituted = self._ballots(memory, now, offers, key)
        profiles = torch.tensor([ballots[place] for place in places], dtype=torch.float64)
        chances = self.rule.chances(profiles, memory.weight)
        winners = elect(chances, key[places].cpu()).tolist()
        support = torch.zeros_like(chances).scatter_add(
            1, profiles.argmax(-1), memory.weight.expand(profiles.shape[:2])
        )
        shares_of = (support / memory.weight.sum()).tolist()
        elected = dict(zip(places, winners, strict=True))
        announced = self._announced(memory, now, offers, elected, key)
        memories = {}
        for row, place in enumerate(places):
            copy, winner, promised = memory.copies[place], elected[place], offers[place].promised
            term = Term(
                len(copy.terms) + 1,
                memory.narrator.names[winner],
                shares_of[row][winner],
                promised[winner],
                announced[place],
            )
            memories[place] = _Copy((*copy.terms, term), promised, ballots[place], announced[place])
            if place == 0 and self.elections is not None:
                self.elections.append(
                    Election(
                        now[0].time + 1,
                        memory.narrator.names,
                        promised,
                        votes_of(profiles[row], self.rule.asks),
                        tuple(shares_of[row]),
                        winner,
                        announced[0],
                        self.rule.asks,
                        substituted[0],
                    )
                )
        return memories

    def _offers(self, memory: _Memory, now: list[Report], places: list[int], key: Tensor) -> dict[int, Offer]:
        """Return the platforms from which voters of each copy choose: computed, or written by the model."""
        if self.parameters.politicians == "computed" or self.parameters.platforms != "own":
            return dict.fromkeys(places, memory.offer)
        asked = [(place, candidate) for place in places for candidate in range(len(memory.standing))]
        platforms = self._written("platform", memory, now, asked, key)
        offers = {}
        for place in places:
            promised = tuple(platforms[place, candidate] for candidate in range(len(memory.standing)))
            rates = torch.tensor(promised, dtype=torch.float64, device=memory.prospects.key.device)
            offers[place] = Offer(promised, memory.prospects(rates).tolist())
        return offers

    def _announced(
        self, memory: _Memory, now: list[Report], offers: Mapping[int, Offer], elected: Mapping[int, int], key: Tensor
    ) -> dict[int, Rates]:
        """Return the tax rates that the winner of each copy announces."""
        if self.parameters.binding:
            return {place: offers[place].promised[winner] for place, winner in elected.items()}
        if self.parameters.politicians == "computed":
            return {place: memory.best[winner] for place, winner in elected.items()}
        written = self._written("rates", memory, now, list(elected.items()), key)
        return {place: written[place, winner] for place, winner in elected.items()}

    def _ballots(
        self, memory: _Memory, now: list[Report], offers: Mapping[int, Offer], key: Tensor
    ) -> tuple[dict[int, Ballots], dict[int, int]]:
        """Return the ballots of all voters in each copy, and how many of them stand in for answers."""
        narrator, people = memory.narrator, range(len(memory.weight))
        seeds, form = self.seeds(key, "vote", len(people)), self._ballot_form(narrator.names)
        asked = [(place, person) for place in offers for person in people]
        questions = []
        for place, person in asked:
            terms, rates = memory.copies[place].terms, now[place].rates
            voter = _person(memory, now[place], person)
            prompt = narrator.vote(voter, person, offers[place], terms, rates)
            asked_of = Addressee(person, place, now[place].time + 1, voter.persona, memory.voters)
            seed = seeds[place * len(people) + person]
            questions.append(self._question(narrator.rules["vote"], prompt, form, "vote", seed, asked_of))
        self.converse(questions, "voting")
        answers = dict(zip(asked, self.service.ask(questions), strict=True))
        ballots = {
            place: tuple(self._ballot(memory, place, person, offer, answers[place, person].value) for person in people)
            for place, offer in offers.items()
        }
        return ballots, Counter(place for (place, _), answer in answers.items() if answer.value is None)

    def _ballot(self, memory: _Memory, place: int, person: int, offer: Offer, value: Any) -> tuple[float, ...]:
        """Return a voter's ballot ``[C]`` from the answer ``value``, or its replacement if there is no answer."""
        names, previous = memory.narrator.names, memory.copies[place].ballots
        if value is None and self.fill(previous is not None) == "previous" and previous is not None:
            return previous[person]
        if value is None:
            utility = torch.tensor([of_candidate[person] for of_candidate in offer.utility], dtype=torch.float64)
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
        """Return the tax rates that the model writes for each ``(copy, candidate)``; else previous or best rates."""
        narrator, standing, brackets = memory.narrator, memory.standing, len(memory.best[0])
        seeds, form = self.seeds(key, purpose, len(standing)), self._rates_form(brackets, narrator.lowest)
        questions = []
        for place, candidate in asked:
            copy, person = memory.copies[place], _person(memory, now[place], standing[candidate])
            best, in_force = memory.best[candidate], now[place].rates
            prompt = narrator.rates(purpose, narrator.names[candidate], person, best, copy.terms, in_force)
            asked_of = Addressee(standing[candidate], place, now[place].time + 1, person.persona, memory.voters)
            seed = seeds[place * len(standing) + candidate]
            questions.append(self._question(narrator.rules["rates"], prompt, form, purpose, seed, asked_of))
        rates = {}
        for (place, candidate), answer in zip(asked, self.service.ask(questions), strict=True):
            previous = memory.copies[place].promised
            if answer.value is not None:
                rates[place, candidate] = shares(list(answer.value) * (brackets // form.count))
            elif self.fill(previous is not None) == "previous" and previous is not None:
                rates[place, candidate] = previous[candidate]
            else:
                rates[place, candidate] = memory.best[candidate]
        return rates

    def _ballot_form(self, names: tuple[str, ...]) -> Form:
        name, thought = ANSWERS[self.rule.asks], self.parameters.reasoning
        match self.rule.asks:
            case "name":
                return OneOf(name, names, thought)
            case "names":
                return Amounts(name, len(names), 0.0, 1.0, 1.0, thought, names)
            case "order":
                return Ranking(name, names, thought)

    def _rates_form(self, brackets: int, lowest: float) -> Amounts:
        parameters = self.parameters
        count = 1 if parameters.schedule == "flat" else brackets
        limits = lowest, parameters.highest, parameters.grid
        return Amounts("rates", count, *limits, parameters.reasoning, shares=True)

    def _question(
        self, rules: str, prompt: Prompt, form: Form, purpose: str, seed: int, addressee: Addressee
    ) -> Question:
        limits = self.parameters.temperature, self.parameters.max_tokens
        text = prompt.text, form, purpose, seed, *limits, prompt.facts, prompt.history
        return Question(rules, *text, addressee=addressee)


def _voters(game: Game[Any]) -> Role:
    """Return the following role, whose players vote."""
    following = [role for role in game.roles.values() if not role.leads]
    if len(following) != 1:
        raise UserError(
            f"planner: kind elected_llm needs exactly one following role; {type(game).__name__} has {len(following)}"
        )
    return following[0]


def _how_many(parameters: Parameters, people: int) -> int:
    """Return the number of candidates."""
    if isinstance(parameters.platforms, dict):
        return len(parameters.platforms)
    candidates = parameters.candidates
    return people if candidates is None else candidates if isinstance(candidates, int) else len(candidates)


def _schedules(rates: Tensor) -> tuple[Rates, ...]:
    return tuple(shares(schedule) for schedule in rates.tolist())


def _person(memory: _Memory, now: Report, index: int) -> Person:
    personas = memory.narrator.briefing["personas"]
    return Person(
        None if memory.potential is None else memory.potential[index],
        now.incomes[index],
        now.utilities[index],
        personas[index] if personas else "",
    )
