"""Memory of language-model agents: scores against worked examples, tensors, and questions in play."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree
from toy_games import Gifts

from econsim import random
from econsim.agents.llm import LanguageWorker, Parameters
from econsim.agents.llm.memory import Moment, Moments, Retrieval
from econsim.agents.llm.memory.recollection import MOST_BYTES, Recollection, RoleInWords
from econsim.agents.llm.memory.scoring import best, cosine, novelty, tf_idf_similarities
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings
from econsim.play import HeldAction, play
from econsim.scenario import load
from econsim.text import RoleText

CPU = torch.device("cpu")


def test_similarities_are_cosines_of_tf_idf_vectors_with_words_and_pairs() -> None:
    """By hand: two texts share one of three terms; the rare ones weigh ln(3/2) + 1, the common one ln(3/3) + 1."""
    rare = math.log(1.5) + 1.0
    same, other, nothing = tf_idf_similarities("apple pear", ["apple pear", "apple plum", ""])
    third = math.log(4 / 2) + 1.0, math.log(4 / 3) + 1.0  # with the empty text there are three
    assert same == pytest.approx(1.0)
    assert other == pytest.approx(third[1] ** 2 / (third[1] ** 2 + 2 * third[0] ** 2))
    assert nothing == 0.0
    assert tf_idf_similarities("apple pear", ["apple pear", "apple plum"])[1] == pytest.approx(1 / (1 + 2 * rare**2))
    assert novelty("rate 0.5", ["rate 0.5", "coins 3"]) == pytest.approx(0.0)
    assert novelty("rate 0.5", []) == novelty("rate 0.5", ["coins 3"]) == 1.0
    assert cosine((3.0, 4.0), (4.0, 3.0)) == pytest.approx(24 / 25)


def test_the_score_is_the_weighted_sum_of_scaled_recency_relevance_and_importance() -> None:
    """Park et al. 2023, section 4.1: all three are scaled to [0, 1]; the sums below are made by hand."""
    moments = [Moment(1, "a", 0.2, 1), Moment(2, "b", 0.8, 9), Moment(8, "c", 0.2, 8)]
    relevance = [0.9, 0.1, 0.5]
    # Recency (0, 1, 0.498), since (0.5 - 0.5^8) / (1 - 0.5^8) = 0.498; relevance (1, 0, 0.5); importance (0, 1, 0).
    assert best(9, moments, relevance, Retrieval(decay=0.5)) == [1, 0, 2]  # 2, 1 and 0.998
    assert best(9, moments, relevance, Retrieval(decay=0.5, count=1, recency=0, importance=0)) == [0]
    assert best(9, moments, relevance, Retrieval(decay=0.5, recency=0, relevance=2.1, importance=2)) == [0, 1, 2]
    # A memory that was in the prompt is recent again; without weights the last one comes first.
    assert best(9, moments, relevance, Retrieval(decay=0.5, relevance=0, importance=0))[0] == 1
    assert best(9, moments, relevance, Retrieval(recency=0, relevance=0, importance=0)) == [2, 1, 0]


def test_memories_are_tensors_that_forget_the_oldest_and_keep_whole_characters() -> None:
    empty = Moments.empty((1, 2), kept=2, longest=7, seen=1, device=CPU)
    texts = ["one", "two €", "three€"]  # eight and nine bytes: the last character does not fit
    full = empty
    for step, text in enumerate(texts, 1):
        full = full.with_moments([(0, 1)], [Moment(step, text, 0.5, step, step == 3)])
    assert empty.of([(0, 1)]) == full.of([(0, 0)]) == [[]]
    assert full.of([(0, 1)]) == [[Moment(2, "two €", 0.5, 2), Moment(3, "three", 0.5, 3, True)]]
    assert [moment.used for moment in full.with_use([(0, 1)], [[0]], [9]).of([(0, 1)])[0]] == [9, 3]
    assert [moment.used for moment in full.of([(0, 1)])[0]] == [2, 3]


def gift(step: int, legal: int) -> int:
    """Return the gift that the model makes: one coin in odd steps, if it has one."""
    return min(legal - 1, 1) if step % 2 else 0


class Answering:
    """Answers in a service's place, and keeps the questions."""

    def __init__(self) -> None:
        self.settings = Settings(model="m", base_url="http://127.0.0.1:1/v1")
        self.asked: list[Question] = []

    def ask(self, questions: Any) -> list[Answer]:
        self.asked += questions
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        step = question.addressee.step or 0
        text = {
            "reflection": json.dumps({"reflection": f"Conclusion\n of step {step}."}),
            "importance": '{"importance": 10}' if "chose 1." in question.user else '{"importance": 1}',
            "embedding": json.dumps([1.0, float("chose 1." in question.user)]),
        }.get(question.purpose)
        if text is None:
            legal = question.form.schema()["properties"]["action"]["enum"]
            text = json.dumps({"action": str(gift(step, len(legal)))})
        reading = question.form.read(text)
        return Answer(text, reading.value, reading.outcome, reading.reason)


def giver(service: Answering, **memory: Any) -> LanguageWorker:
    agent = LanguageWorker(Parameters.model_validate({"history": 0, "memory": memory}))
    agent.connect(service)
    return agent


def after(agent: LanguageWorker, steps: int, memory: Any = None, first: int = 0, copies: int = 1) -> Any:
    """Return the giver's memory after some steps of the game of gifts, in which nobody is taxed."""
    game, key = Gifts(20), random.keys(4, copies)
    state = game.reset(key)
    memory = agent.start(game, game.roles["giver"], copies) if memory is None else memory
    for time in range(first + steps):
        seen = game.observe(state)["giver"]
        if time < first:  # as the model plays
            legal = seen.action_mask.sum(-1).tolist()  # type: ignore[union-attr]
            action = torch.tensor([[gift(time + 1, number) for number in of_copy] for of_copy in legal])
        else:
            action, memory = agent.act(seen, memory, random.fold(key, time))
        state = game.step(state, {"giver": action, "collector": torch.zeros(copies, 1)}).state
    return memory


def test_experiences_say_what_was_observed_chosen_and_changed_and_reflections_come_every_few_turns() -> None:
    service = Answering()
    after(giver(service, retrieval={"count": 2}, reflection={"every": 2, "kept": 1}), 6)
    by_first = [question for question in service.asked if question.addressee.player == 0]
    assert [(it.addressee.step, it.purpose) for it in by_first] == [
        (1, "giver"), (2, "giver"), (3, "reflection"), (3, "giver"), (4, "giver"), (5, "reflection"), (5, "giver"),
        (6, "giver"),
    ]  # fmt: skip
    first, second, reflecting, third, *_, last = (question.user for question in by_first)
    assert "remember" not in first
    assert "- Step 1: you observed coins: " in second
    assert "You chose 1. After it, time: 0.05" in second
    assert reflecting.count("\n- Step ") == 2
    assert "Your own conclusions so far, the oldest first:\n- Conclusion of step 3.\n" in third  # in one line
    assert last.count("\n- Step ") + last.count("\n- Conclusion") == 3  # two memories, which may be older conclusions
    assert last.index("What you remember") < last.index("Your own conclusions") < last.index("You observe:")
    assert all(question.system == by_first[0].system for question in by_first)


def test_memories_that_were_stored_as_tensors_continue_exactly() -> None:
    """As checkpoints of training do: the leaves of the memory are put into that of a new agent."""
    settings = {"retrieval": {"count": 3, "importance_by": "rating"}, "reflection": {"every": 2}}
    whole, resumed = Answering(), Answering()
    after(giver(whole, **settings), 9, copies=2)
    leaves = [
        leaf for leaf in pytree.tree_leaves(after(giver(Answering(), **settings), 5, copies=2)) if torch.is_tensor(leaf)
    ]
    agent = giver(resumed, **settings)
    flat, structure = pytree.tree_flatten(agent.start(Gifts(20), Gifts(20).roles["giver"], 2))
    stored = iter(leaves)
    memory = pytree.tree_unflatten([next(stored) if torch.is_tensor(leaf) else leaf for leaf in flat], structure)
    after(agent, 4, memory, first=5, copies=2)
    expected = [question for question in whole.asked if (question.addressee.step or 0) > 5]
    assert len(expected) > 40
    assert any("Conclusion of step 3" in question.user for question in expected)
    assert resumed.asked == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"importance_by": "rating", "relevance": 0.0}, "chose 1."), ({"embeddings": "e", "importance": 0.0}, "chose 0.")],
)
def test_ratings_and_embeddings_decide_what_is_retrieved(settings: dict[str, Any], expected: str) -> None:
    """Gifts of one coin have importance 10, and gifts of none the direction of the current observation."""
    service = Answering()
    after(giver(service, retrieval={"count": 1, "recency": 0.0, **settings}), 12)
    late = [question.user for question in service.asked if (question.addressee.step or 0) > 3]
    remembered = [text for text in late if "remember" in text]
    assert len(remembered) == 4 * 9
    assert all(expected in text for text in remembered)


@pytest.mark.parametrize(
    "memory",
    [
        {"reflection": {"every": 3}},
        {"retrieval": {"count": 2}},
        {"retrieval": {"importance_by": "rating", "embeddings": "e"}, "reflection": {"every": 2}},
    ],
)
def test_a_forecast_counts_every_call_of_memory(memory: dict[str, Any]) -> None:
    service, game = Answering(), Gifts()
    agent, key = giver(service, **memory), random.keys(1, 2)
    calls, tokens, _ = agent.forecast(game, game.roles["giver"], 2)
    play(game, {"giver": agent, "collector": HeldAction(torch.tensor(0.0))}, key)
    embedded = [question for question in service.asked if question.purpose == "embedding"]
    most = 2 * 4 * 2 * 5 if embedded else 0  # a query and an experience for each turn after the first
    assert len(service.asked) - len(embedded) == calls - most
    assert len(embedded) <= most  # equal texts are asked once
    assert sum(len(it.system) + len(it.user) for it in service.asked) / 4 <= tokens


def test_an_experience_of_extreme_numbers_fits_and_a_very_long_one_ends_with_dots() -> None:
    """The room for a text is that of the longest one, up to 2,000 bytes."""
    for game, end in ((Gifts(), "."), (load("gather_trade_build").build_game("cpu"), "...")):
        role = next(iter(game.roles.values()))
        memory = Parameters.model_validate({"memory": "retrieval"}).memory
        recollection = Recollection(
            giver(Answering()), memory, RoleInWords(RoleText(game, role)), None, "agents.x.memory"
        )
        room = recollection.empty(game, role, 1).text.shape[3]
        numbers = role.observation.size + len(role.shared_features)
        longest = recollection._event(game.horizon, [-9.8765e99] * numbers, "3", [-8.7654e99] * numbers)
        assert len(longest.encode()) <= room <= MOST_BYTES
        assert longest.endswith(f"e+99{end}" if end == "." else end)
