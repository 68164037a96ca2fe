"""Answers over HTTP that must not be taken for what they seem: out of range, cut off, wrapped, contradicting."""

import json
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, said

from econsim.llm import Question, Service
from econsim.llm.replies import Amount, Amounts, Form

HOURS, RATES = Amount("hours", 0, 100, 0.5), Amounts("rates", 2, 0, 1, 0.05)


def response(text: str, finish_reason: str) -> web.Response:
    message = {"role": "assistant", "content": text}
    return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]})


@pytest.mark.parametrize(
    ("form", "reply", "finish_reason", "reason"),
    [
        (HOURS, '{"hours": 1845}', "stop", "expected a number between 0 and 100, found 1845"),
        (HOURS, '{"hours": 1e300}', "stop", "expected a number between 0 and 100, found 1e+300"),
        (RATES, '{"rates": [1845, 1700]}', "stop", "expected a number between 0 and 1, found 1845"),
        (HOURS, '{"hours": 4', "length", "cut off before its answer was complete"),
        (RATES, '{"rates": [10, 3', "length", "cut off before its answer was complete"),
        (HOURS, '{"hours": 10} no, {"hours": 60}', "stop", "several JSON objects with different values of 'hours'"),
    ],
)
def test_such_an_answer_is_asked_again_with_the_reason(
    server: Server, form: Form, reply: str, finish_reason: str, reason: str
) -> None:
    good = json.dumps({form.key: 40 if form is HOURS else [0.1, 0.35]})
    server.answer = lambda body: response(*((good, "stop") if _told(body) else (reply, finish_reason)))
    with Service(server.settings()) as service:
        (answer,) = service.ask([Question("You work.", "Choose.", form, "choice")])
    assert answer.value == (40.0 if form is HOURS else (0.1, 0.35))
    assert answer.outcome == "repaired"
    assert reason in answer.reason
    assert reason in said(server.bodies[1])


def _told(body: dict[str, Any]) -> bool:
    return "Your last reply could not be used" in said(body)


@pytest.mark.parametrize("reply", ['{"response": {"hours": 40}}', '{"value": 40}', '{"hours": {"value": 40}}'])
def test_a_wrapped_answer_is_unwrapped_and_counted_as_repaired(server: Server, reply: str) -> None:
    server.answer = lambda body: reply
    with Service(server.settings()) as service:
        (answer,) = service.ask([Question("You work.", "Choose.", HOURS, "choice")])
        assert (answer.value, service.counters["choice"].repaired) == (40.0, 1)
    assert len(server.bodies) == 1


def test_the_schema_that_is_sent_allows_only_the_grid(server: Server) -> None:
    server.answer = lambda body: '{"hours": 40}'
    with Service(server.settings()) as service:
        service.ask([Question("You work.", "Choose.", HOURS, "choice")])
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]["properties"]["hours"]
    assert schema == {"type": "number", "enum": [step // 2 if step % 2 == 0 else step / 2 for step in range(201)]}


def test_only_a_scripted_model_gets_the_numbers_as_json(server: Server) -> None:
    question = Question("You work.", "Choose.", HOURS, "choice", facts='{"role": "worker"}')
    for more in ({}, {"simulated": "scripted"}, {"model": "scripted-economist"}):
        with Service(server.settings(**more)) as service:
            service.ask([question])
    facts = 'Choose.\nFACTS: {"role": "worker"}'
    assert [said(body) for body in server.bodies] == ["Choose.", facts, facts]
