"""The prompts of the one-step economy, byte for byte: recorded answers are found by them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from scripted_minds import Scripted

from econsim import random
from econsim.llm.questions import Question
from econsim.play import play
from econsim.scenario import load

SHORT = {"economy.tax_years": 3, "economy.steps_per_tax_year": 2}
PLAIN = {"economy.workers": 5, "agents.worker.reasoning": True, "agents.worker.wording": "plain"}


def reply(question: Question, facts: Mapping[str, Any]) -> str:
    """Return an answer that is legal whatever was asked for."""
    properties = question.form.schema()["properties"]
    return json.dumps({name: _legal(schema) for name, schema in properties.items()})


def _legal(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0 if schema["type"] == "string" else len(schema["enum"]) // 2]
    if schema["type"] == "array":
        return [_legal(schema["items"])] * schema["minItems"]
    return "a thought" if schema["type"] == "string" else (schema["minimum"] + schema["maximum"]) / 2


def asked(scenario: str, overrides: Mapping[str, Any]) -> list[Question]:
    """Return all questions of one episode."""
    game, agents = load(scenario, {**SHORT, **overrides}).build()
    service = Scripted(reply)
    for agent in agents.values():
        agent.connect(service)  # type: ignore[attr-defined]
    play(game, agents, random.keys(42, 1))
    return service.asked


def checksum(parts: list[list[Any]]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def digest(questions: list[Question]) -> str:
    """Return a checksum of everything that the key of a recorded answer is made of."""
    return checksum([[it.system, it.user, it.form.schema(), it.purpose, it.seed] for it in questions])


@pytest.mark.parametrize(
    ("scenario", "overrides", "count", "expected"),
    [
        ("llm_economist", {"economy.workers": 5}, 32, "31cb775f61a2e860"),
        ("llm_economist", PLAIN, 32, "49ab785f9816d26d"),
        ("llm_economist_published", {"economy.workers": 5}, 32, "df28ed1ca7be7ff3"),
        ("llm_economist_bounded", {"economy.workers": 5}, 57, "792cf9cad3e96ef5"),
        ("llm_economist", {"economy.workers": 10, "agents.worker": "llm_mixed_aims"}, 62, "7da63ed25214f0aa"),
    ],
)
def test_every_question_is_the_one_that_was_recorded(
    scenario: str, overrides: dict[str, Any], count: int, expected: str
) -> None:
    questions = asked(scenario, overrides)
    assert (len(questions), digest(questions)) == (count, expected)


def test_the_texts_of_the_published_scenario_are_those_of_its_first_version() -> None:
    questions = asked("llm_economist_published", {"economy.workers": 5})
    assert checksum([[it.system, it.user, it.purpose, it.seed] for it in questions]) == "24a82a1197043638"


@pytest.mark.parametrize("wording", ["standard", "plain"])
def test_a_question_ends_with_the_form_of_its_answer_and_a_scripted_model_gets_the_numbers_too(wording: str) -> None:
    questions = asked("llm_economist_bounded", {"economy.workers": 2, "agents.worker.wording": wording})
    for question in questions:
        *_, last = question.user.splitlines()
        assert "JSON" in last
        assert f'"{question.form.key}"' in last
        assert "FACTS" not in question.system + question.user
        assert question.text(scripted=True) == f"{question.user}\nFACTS: {question.facts}"
        assert json.loads(question.facts)["role"] in ("worker", "planner")
