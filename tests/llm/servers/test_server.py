"""The server behind the service that runs ask, and alone: protocol, labels, and faults that stay what they are."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from typing import Any

import aiohttp
import pytest
from asking import ask, facts, post, text_of

from econsim.errors import UserError
from econsim.llm import Question, Service, Settings
from econsim.llm.replies import Amount, Amounts, Words
from econsim.testing.endpoints import INJECTIONS, Chat, Faults, Said, Scripted, serve

MOOD = facts(role="worker", utility_change=1.0)
HOURS = Amount("hours", 0.0, 100.0, 0.5)


def saying(chat: Chat) -> str:
    return json.dumps({chat.key: {"rates": [0.1, 0.2, 0.3], "note": "a text"}.get(chat.key or "", 40)})


def questions(count: int, form: Any = HOURS) -> list[Question]:
    return [Question("rules", f"question {number}", form, "hours") for number in range(count)]


def service(base_url: str, **more: Any) -> Service:
    settings = {"base_url": base_url, "model": "scripted", "mode": "off", "failure_share": 1.0, "backoff": 0.0, **more}
    return Service(Settings.model_validate(settings))


def test_an_answer_says_what_it_is() -> None:
    with serve(Scripted()) as base_url:
        status, headers, content = ask(base_url, MOOD)
    assert status == 200
    assert headers["x-econsim-simulated"] == "scripted"
    assert content["model"] == "scripted-economist"
    assert json.loads(content["choices"][0]["message"]["content"]) == {"satisfied": "yes"}
    assert content["usage"]["total_tokens"] == content["usage"]["prompt_tokens"] + content["usage"]["completion_tokens"]


def test_it_lists_its_model() -> None:
    async def listed(base_url: str) -> Any:
        async with aiohttp.ClientSession() as session, session.get(f"{base_url}/models") as answer:
            return await answer.json()

    with serve(Scripted()) as base_url:
        assert [model["id"] for model in asyncio.run(listed(base_url))["data"]] == ["scripted-economist"]


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        '{"messages": []}',
        '{"messages": [1]}',
        '{"messages": [{"content": "x"}], "seed": "x"}',
        '{"messages": [{"content": "x"}], "response_format": {"json_schema": {"schema": 3}}}',
    ],
)
def test_what_is_no_request_is_refused(body: str) -> None:
    with serve(Scripted()) as base_url:
        assert post(base_url, body)[0] == 400


def test_other_models_do_not_exist_and_questions_without_facts_are_refused() -> None:
    with serve(Scripted()) as base_url:
        assert ask(base_url, MOOD, model="gpt-x")[0] == 404
        status, _, content = ask(base_url, "how are you?")
    assert status == 422
    assert "FACTS" in content["error"]["message"]


def test_a_port_that_is_taken_is_told() -> None:
    with serve(Scripted()) as base_url:
        port = int(base_url.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(UserError, match=f"port {port}"), serve(Scripted(), port=port):
            pass


def test_a_function_is_a_model_and_the_service_asks_it() -> None:
    with serve(saying) as base_url, service(base_url) as asking:
        assert [answer.value for answer in asking.ask(questions(20))] == [40.0] * 20


def test_faults_hit_their_share_and_the_same_requests_again() -> None:
    faults = Faults(garbage=0.2, wrong_type=0.1)
    outcomes = []
    for _ in range(2):
        with serve(saying, faults) as base_url, service(base_url, on_failure="previous") as asking:
            outcomes.append([answer.outcome for answer in asking.ask(questions(400))])
    assert outcomes[0] == outcomes[1]
    # Binomial with 400 draws: the standard deviation of the share is 0.023; three of them.
    assert outcomes[0].count("failed") / 400 == pytest.approx(0.3, abs=0.07)


def test_failed_calls_succeed_when_they_are_made_again() -> None:
    faults = Faults(too_many=0.1, failing=0.1, cut=0.1)
    with serve(saying, faults) as base_url, service(base_url, retries=20) as asking:
        answers = asking.ask(questions(200))
    assert Counter(answer.outcome for answer in answers) == {"clean": 200}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("too_many", "429"), ("failing", "500"), ("cut", "connection was interrupted"), ("slow", "no answer within")],
)
def test_each_failure_of_a_call_is_what_it_is_called(fault: str, reason: str) -> None:
    faults = Faults.model_validate({fault: 1.0, "seconds": 5.0})
    more = {"retries": 0, "timeout": 0.2 if fault == "slow" else 30.0, "on_failure": "previous"}
    with serve(saying, faults) as base_url, service(base_url, **more) as asking:
        (answer,) = asking.ask(questions(1))
    assert answer.outcome == "failed"
    assert reason in answer.reason


@pytest.mark.parametrize("fault", ["garbage", "wrong_type", "wrong_length"])
def test_spoiled_replies_are_no_values(fault: str) -> None:
    faults = Faults.model_validate({fault: 1.0})
    rates = Amounts("rates", 3, 0.0, 1.0, 0.05)
    with serve(saying, faults) as base_url, service(base_url, on_failure="previous") as asking:
        answers = [*asking.ask(questions(40)), *asking.ask(questions(40, rates))]
    assert {answer.outcome for answer in answers} == {"failed"}
    assert len({answer.text for answer in answers}) > 1


def test_orders_in_a_reply_are_text_beside_the_value() -> None:
    with serve(saying, Faults(injection=1.0)) as base_url, service(base_url) as asking:
        answers = asking.ask(questions(60))
        (note,) = asking.ask(questions(1, Words("note", 400)))
    assert {answer.value for answer in answers} == {40.0}
    assert {json.loads(answer.text)["thought"] for answer in answers} == set(INJECTIONS)
    assert note.value in INJECTIONS


def test_a_reply_that_is_no_json_can_be_spoiled_too() -> None:
    chat = Chat("scripted", ({"role": "user", "content": "x"},))
    assert json.loads(Faults(wrong_length=1.0).spoiled(Said("words"), chat).text) == {"value": ["words", "words"]}


def test_the_command_serves_and_says_how_to_ask() -> None:
    command = [sys.executable, "-m", "econsim.testing.endpoints", "scripted", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        base_url = lines[1].split("llm.base_url=")[1].split()[0]
        try:
            assert json.loads(text_of(ask(base_url, MOOD))) == {"satisfied": "yes"}
        finally:
            process.terminate()
