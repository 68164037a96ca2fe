"""Texts that a model writes about people, kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from econsim import random
from econsim.llm.persona_generation import write_portraits
from econsim.llm.questions import Answer, Question
from econsim.llm.service import Service
from econsim.populations.personas import Parameters, Personas


class _Author:
    """Answers everybody but those whose facts it is told to have trouble with."""

    def __init__(self, trouble: str = "nobody") -> None:
        self.asked: list[str] = []
        self._trouble = trouble

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked += [question.user for question in questions]
        return [self._answer(question.user) for question in questions]

    def _answer(self, person: str) -> Answer:
        if self._trouble in person:
            return Answer("", None, "failed", "no answer")
        return Answer(person, f'Written, "with a comma":\n{person}', "clean")


def _write(people: Sequence[str], author: _Author, file: Path) -> Any:
    return write_portraits(people, cast(Service, author), file)


def test_texts_are_asked_for_once_and_read_by_the_population(tmp_path: Path) -> None:
    key, file, author = random.keys(1, 1), tmp_path / "portraits.csv", _Author()
    people = Personas(Parameters()).people(key, 5).texts()
    assert _write([*people, people[0]], author, file).written == 5
    again = _write(people, author, file)
    assert (again.kept, again.written, len(author.asked)) == (5, 0, 5)
    told = Personas(Parameters(texts=str(file))).people(key, 5).texts()
    assert told == tuple(f'Written, "with a comma":\n{person}' for person in people)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["portraits.csv"]


def test_people_without_an_answer_are_asked_about_again(tmp_path: Path) -> None:
    file, people = tmp_path / "portraits.csv", ["You are A.", "You are B."]
    assert _write(people, _Author(trouble="B"), file).failed == ("You are B.",)
    author = _Author()
    assert _write(people, author, file).written == 1
    assert author.asked == ["You are B."]
