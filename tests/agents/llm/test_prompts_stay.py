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
        return schema["enum"][0]
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


def digest(questions: list[Question]) -> str:
    """Return a checksum of everything that the key of a recorded answer is made of."""
    parts = [[it.system, it.user, it.form.schema(), it.purpose, it.seed] for it in questions]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("scenario", "overrides", "count", "expected"),
    [
        ("llm_economist", {"economy.workers": 5}, 32, "8405720d240e969d"),
        ("llm_economist", PLAIN, 32, "6365ed8b031e0e9b"),
        ("llm_economist_published", {"economy.workers": 5}, 32, "48af5faa5910ab68"),
        ("llm_economist_bounded", {"economy.workers": 5}, 57, "691dbdd6e8083cbf"),
        ("llm_economist", {"economy.workers": 10, "agents.worker": "llm_mixed_aims"}, 62, "a8b7ac1b3100d999"),
    ],
)
def test_every_question_is_the_one_that_was_recorded(
    scenario: str, overrides: dict[str, Any], count: int, expected: str
) -> None:
    questions = asked(scenario, overrides)
    assert (len(questions), digest(questions)) == (count, expected)
