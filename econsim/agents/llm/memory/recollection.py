"""Recollection: what the players of a role remember in a turn, and the questions that memory needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from econsim.agents.llm.asking import Asking, tokens_of
from econsim.agents.llm.memory.moments import Moments
from econsim.agents.llm.memory.parameters import Memory
from econsim.agents.llm.memory.scoring import Moment, best, cosine, novelty, tf_idf_similarities
from econsim.game import Box, Game, Role
from econsim.llm.questions import Addressee, Question
from econsim.llm.replies import Amount, Form, Vector, Words
from econsim.text import Action, RoleText
from econsim.text.names import option_names
from econsim.text.wording import Wording

__all__ = ["Described", "Recollection", "RoleInWords", "Turn"]

PROMPTS = Path(__file__).parent / "prompts"
MOST_BYTES = 2000
"""Largest number of bytes of an experience, so that memories of large games stay small."""
_EXTREME = -1.234e100  # of the greatest length in four significant digits
_LONGEST_NUMBER = 12  # characters, with a separator
_BYTES_A_CHARACTER = 4  # at most, in UTF-8
_RATINGS = (1.0, 10.0)
_CONCLUSION_TOKENS, _RATING_TOKENS = 80, 10
Player = tuple[int, int]


class Described(Protocol):
    """A role in words: the rules, and the names of what its players observe and choose."""

    @property
    def rules(self) -> str:
        """The text that precedes every question."""

    @property
    def name(self) -> str:
        """The name of the role."""

    @property
    def size(self) -> int:
        """The number of numbers that a player observes."""

    @property
    def counts_turns(self) -> bool:
        """Whether questions number the turns of a player, not the steps of the game."""

    @property
    def longest_choice(self) -> int:
        """The largest number of bytes of a choice in words."""

    def observed(self, numbers: Sequence[float]) -> list[tuple[str, str]]:
        """Return the names of what a player observes, each with its numbers in words."""

    def named(self, action: Action) -> str:
        """Return a choice in words."""


@dataclass(frozen=True)
class RoleInWords:
    """A role of any game, as its text interface describes it."""

    text: RoleText
    counts_turns: bool = False

    @property
    def rules(self) -> str:
        """The text that precedes every question."""
        return self.text.rules

    @property
    def name(self) -> str:
        """The name of the role."""
        return self.text.role.name

    @property
    def size(self) -> int:
        """The number of features of a player and of shared ones."""
        return self.text.role.observation.size + len(self.text.role.shared_features)

    @property
    def longest_choice(self) -> int:
        """The largest number of bytes of an action in words."""
        role = self.text.role
        if isinstance(role.action, Box):
            return role.action.size * _LONGEST_NUMBER
        return sum(max(len(label.encode()) for label in labels) + 2 for labels in option_names(role))

    def observed(self, numbers: Sequence[float]) -> list[tuple[str, str]]:
        """Return the names of what a player observes, each with its numbers in words."""
        return self.text.observed(numbers)

    def named(self, action: Action) -> str:
        """Return an action in words."""
        return self.text.action.named(action)


@dataclass(frozen=True)
class Turn:
    """The players who act in a step, in the order of environment copies and players.

    players: copy and index of each.
    steps: the step of each, from 1.
    seen: the numbers that each observes.
    last: the last action of each, ``None`` before the first.
    personas: the persona of each.
    acting: ``[B, N]`` bool, the same players.
    step: ``[B]``, the step of each copy.
    """

    players: list[Player]
    steps: list[int]
    seen: Sequence[Sequence[float]]
    last: Sequence[Action | None]
    personas: Sequence[str]
    acting: Tensor
    step: Tensor


class Recollection:
    """Keeps the memories of the players of one role, on behalf of a language-model agent."""

    def __init__(self, asking: Asking, memory: Memory, text: Described, temperature: float | None, key: str) -> None:
        """Take the text of the role; questions are asked through ``asking``, and ``key`` is that of the memory.

        Raises:
            UserError: the wording does not exist.
        """
        self._asking, self._memory, self._text, self._temperature = asking, memory, text, temperature
        self._wording = Wording(PROMPTS, memory.wording, f"{key}.wording")
        self._vectors: dict[str, tuple[float, ...]] = {}

    def empty(self, game: Game[Any], role: Role, num_envs: int) -> Moments:
        """Return empty memories, with room for as many as the horizon allows."""
        numbers, choice = self._text.size, "x" * self._text.longest_choice
        longest = len(self._event(game.horizon, [_EXTREME] * numbers, choice, [2 * _EXTREME] * numbers).encode())
        turns = -(-game.horizon // role.acts_every)
        retrieval, reflection = self._memory.retrieval, self._memory.reflection
        wanted, made = 0 if retrieval is None else retrieval.most, turns
        if reflection is not None:
            wanted = max(wanted, (reflection.kept + 1) * (reflection.every + 1))
            longest = max(longest, _BYTES_A_CHARACTER * reflection.longest)
            made += turns // reflection.every
        return Moments.empty((num_envs, role.count), min(wanted, made), longest, numbers, game.device)

    def recalled(self, turn: Turn, moments: Moments, key: Tensor) -> tuple[list[str], Moments]:
        """Return what each player remembers, as a text for its question (may be empty), and the next memories."""
        moments = self._with_experiences(turn, moments, key)
        if self._memory.reflection is not None:
            moments = self._with_conclusions(turn, moments, key)
        memories = moments.of(turn.players)
        conclusions = [self._conclusions(own) for own in memories]
        chosen: list[list[int]] = [[] for _ in turn.players]
        if self._memory.retrieval is not None:
            chosen = self._retrieved(turn, memories)
            moments = moments.with_use(turn.players, chosen, turn.steps)
        texts = [
            self._wording.render("memories", memories=[own[index].text for index in places], conclusions=concluded)
            for own, places, concluded in zip(memories, chosen, conclusions, strict=True)
        ]
        seen = torch.tensor(turn.seen, dtype=torch.float64)
        return texts, moments.with_turn(turn.acting, seen, turn.step)

    def forecast(self, turns: int) -> tuple[int, int, int]:
        """Return upper estimates of the calls, input and output tokens that memory adds to the turns of a player."""
        retrieval, reflection, rules = self._memory.retrieval, self._memory.reflection, tokens_of([self._text.rules])
        experience = tokens_of([self._event(1, [0.25] * self._text.size, "x" * 8, [0.5] * self._text.size)])
        calls, inputs, outputs = 0, 0, 0
        if reflection is not None:
            reflections = max(turns - 1, 0) // reflection.every
            shown = reflection.every * experience + reflection.kept * _CONCLUSION_TOKENS
            calls += reflections
            inputs += reflections * (rules + tokens_of([self._reflection("", [], [])]) + shown)
            inputs += turns * reflection.kept * _CONCLUSION_TOKENS * (reflections > 0)
            outputs += reflections * _CONCLUSION_TOKENS
        if retrieval is not None:
            inputs += turns * min(retrieval.count, turns // 2) * experience
            if retrieval.importance_by == "rating" and retrieval.importance:
                calls, outputs = calls + turns - 1, outputs + (turns - 1) * _RATING_TOKENS
                inputs += (turns - 1) * (rules + tokens_of([self._wording.render("importance", persona="", event="")]))
            if retrieval.embeddings and retrieval.relevance:
                calls, inputs = calls + 2 * (turns - 1), inputs + 2 * (turns - 1) * experience
        return calls, inputs, outputs

    def _event(self, step: int, before: Sequence[float], choice: str, after: Sequence[float]) -> str:
        """Return an experience in words: what was observed in a step, what was chosen, and what changed then."""
        seen, then = self._text.observed(before), self._text.observed(after)
        changed = [pair for pair, old in zip(then, seen, strict=True) if pair != old]
        followed = f"After it, {_listed(changed)}." if changed else "Nothing that you observe changed after it."
        return _cut(f"Step {step}: you observed {_without_zeros(seen)}. You chose {choice}. {followed}")

    def _with_experiences(self, turn: Turn, moments: Moments, key: Tensor) -> Moments:
        """Return the memories after the last turn of each player became an experience."""
        rows = [row for row, action in enumerate(turn.last) if action is not None]
        players = [turn.players[row] for row in rows]
        if not players:
            return moments
        before, steps = moments.seen.tolist(), moments.turn.tolist()
        numbers = moments.turns.tolist() if self._text.counts_turns else steps
        texts = [
            self._event(
                numbers[copy][player],
                before[copy][player],
                self._text.named(turn.last[row] or ()),
                turn.seen[row],
            )
            for row, (copy, player) in zip(rows, players, strict=True)
        ]
        weights = self._importances(turn, rows, texts, moments, key)
        added = [
            Moment(steps[copy][player], text, weight, steps[copy][player])
            for (copy, player), text, weight in zip(players, texts, weights, strict=True)
        ]
        return moments.with_moments(players, added)

    def _importances(self, turn: Turn, rows: list[int], texts: list[str], moments: Moments, key: Tensor) -> list[float]:
        """Return the importance of new experiences in [0, 1]."""
        retrieval = self._memory.retrieval
        if retrieval is None or not retrieval.importance:
            return [0.0] * len(texts)
        earlier = moments.of([turn.players[row] for row in rows])
        novelties = [
            novelty(text, [moment.text for moment in own if not moment.concludes])
            for text, own in zip(texts, earlier, strict=True)
        ]
        if retrieval.importance_by == "novelty":
            return novelties
        prompts = [
            self._wording.render("importance", persona=turn.personas[row], event=text)
            for row, text in zip(rows, texts, strict=True)
        ]
        ratings = self._asked(turn, rows, prompts, Amount("importance", *_RATINGS, 1.0), "importance", key)
        return [
            novelty if rating is None else float(rating) / _RATINGS[1]
            for rating, novelty in zip(ratings, novelties, strict=True)
        ]

    def _with_conclusions(self, turn: Turn, moments: Moments, key: Tensor) -> Moments:
        """Return the memories after the reflections that are due."""
        settings = self._memory.reflection
        assert settings is not None
        turns = moments.turns.tolist()
        due = [turns[copy][player] for copy, player in turn.players]
        rows = [row for row, number in enumerate(due) if number and number % settings.every == 0]
        players = [turn.players[row] for row in rows]
        if not players:
            return moments
        memories = moments.of(players)
        prompts = [
            self._reflection(
                turn.personas[row],
                [moment.text for moment in own if not moment.concludes][-settings.every :],
                self._conclusions(own),
            )
            for row, own in zip(rows, memories, strict=True)
        ]
        answers = self._asked(turn, rows, prompts, Words("reflection", settings.longest), "reflection", key)
        concluded = [
            (turn.players[row], Moment(turn.steps[row], _one_line(answer), 1.0, turn.steps[row], True))
            for row, answer in zip(rows, answers, strict=True)
            if answer is not None
        ]
        return moments.with_moments([player for player, _ in concluded], [moment for _, moment in concluded])

    def _reflection(self, persona: str, events: list[str], conclusions: list[str]) -> str:
        settings = self._memory.reflection
        assert settings is not None
        values = {"persona": persona, "events": events, "conclusions": conclusions, "longest": settings.longest}
        return self._wording.render("reflection", **values)

    def _conclusions(self, memories: Sequence[Moment]) -> list[str]:
        """Return the conclusions that are always in the prompt, the oldest first."""
        settings = self._memory.reflection
        return [] if settings is None else [moment.text for moment in memories if moment.concludes][-settings.kept :]

    def _retrieved(self, turn: Turn, memories: Sequence[Sequence[Moment]]) -> list[list[int]]:
        """Return the places of the memories with the highest scores; conclusions that are shown anyway do not count."""
        settings = self._memory.retrieval
        assert settings is not None
        places = [self._candidates(own) for own in memories]
        queries = [_without_zeros(self._text.observed(seen)) for seen in turn.seen]
        texts = [[own[place].text for place in candidates] for own, candidates in zip(memories, places, strict=True)]
        embeds = bool(settings.embeddings and settings.relevance)
        relevances = self._by_embedding(queries, texts) if embeds else _by_words(queries, texts)
        return [
            [candidates[index] for index in best(now, [own[place] for place in candidates], relevance, settings)]
            for now, own, candidates, relevance in zip(turn.steps, memories, places, relevances, strict=True)
        ]

    def _candidates(self, memories: Sequence[Moment]) -> list[int]:
        settings = self._memory.reflection
        concluded = [place for place, moment in enumerate(memories) if moment.concludes]
        shown = set() if settings is None else {*concluded[-settings.kept :]}
        return [place for place in range(len(memories)) if place not in shown]

    def _asked(
        self, turn: Turn, rows: Sequence[int], prompts: Sequence[str], form: Form, purpose: str, key: Tensor
    ) -> list[Any]:
        """Return the value of each answer, ``None`` for one that could not be used."""
        count = turn.acting.shape[1]
        seeds = self._asking.seeds(key, f"{purpose}/{self._text.name}", count)
        questions = [
            Question(
                self._text.rules,
                prompt,
                form,
                purpose,
                seeds[turn.players[row][0] * count + turn.players[row][1]],
                self._temperature,
                addressee=Addressee(turn.players[row][1], turn.players[row][0], turn.steps[row], turn.personas[row]),
            )
            for row, prompt in zip(rows, prompts, strict=True)
        ]
        return [answer.value for answer in self._asking.service.ask(questions)]

    def _by_embedding(self, queries: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the cosines between embeddings; a text without an embedding has relevance 0."""
        settings = self._memory.retrieval
        assert settings is not None
        asked = [query for query, own in zip(queries, texts, strict=True) if own]
        wanted = dict.fromkeys([*asked, *(text for own in texts for text in own)])
        missing = [text for text in wanted if text not in self._vectors]
        questions = [Question("", text, Vector(), "embedding", embeds=settings.embeddings) for text in missing]
        answers = self._asking.service.ask(questions) if questions else []
        self._vectors |= {text: answer.value or () for text, answer in zip(missing, answers, strict=True)}
        vectors = self._vectors
        return [
            [cosine(vectors[query], vectors[text]) if vectors[query] and vectors[text] else 0.0 for text in own]
            for query, own in zip(queries, texts, strict=True)
        ]


def _by_words(queries: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[float]]:
    return [tf_idf_similarities(query, own) for query, own in zip(queries, texts, strict=True)]


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {numbers}" for name, numbers in pairs)


def _without_zeros(pairs: Sequence[tuple[str, str]]) -> str:
    """Return what was observed without zeros, of which large games have many."""
    return _listed([pair for pair in pairs if set(pair[1].split()) - {"0", "-0"}]) or "only zeros"


def _cut(text: str) -> str:
    """Return an experience of at most ``MOST_BYTES`` bytes; a longer one ends with dots."""
    encoded = text.encode()
    return text if len(encoded) <= MOST_BYTES else f"{encoded[: MOST_BYTES - 3].decode(errors='ignore')}..."


def _one_line(text: str) -> str:
    """Return a text of a model in one line, so that it cannot look like another part of a question."""
    return " ".join(text.replace("\0", " ").split())
