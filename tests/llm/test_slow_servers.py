"""Slow, small, loading and quirky servers: nothing is asked in vain, and what they state reaches the user."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, completion, said

from econsim.llm import Question, Service
from econsim.llm.concurrency import Concurrency
from econsim.llm.replies import Amount
from econsim.llm.service import EndpointError

HOURS = Amount("hours", 0, 100, 1)
GOOD = '{"hours": 40}'


def question(number: int) -> Question:
    return Question("You work.", f"Case {number}.", HOURS, "hours", number)


def one_slot(server: Server, seconds: float) -> list[str]:
    """Let the server answer one question after another, in the order of their arrival; return those it answered."""
    turn, answered = asyncio.Lock(), list[str]()

    async def answer(body: dict[str, Any]) -> str:
        async with turn:
            await asyncio.sleep(seconds)
            answered.append(said(body))
            return GOOD

    server.answer = answer
    return answered


def test_a_one_slot_server_answers_all_questions_and_none_in_vain(server: Server) -> None:
    # A server of 1 s a call with a time limit of 30 s, at a fiftieth of the time: 40 calls take longer than the limit.
    answered = one_slot(server, 0.02)
    with Service(server.settings(timeout=0.6)) as service:
        answers = service.ask([question(number) for number in range(40)])
    assert Counter(answer.outcome for answer in answers) == {"clean": 40}
    assert len(answered) == len(server.bodies) == 40


def test_a_call_that_is_lost_is_given_up_although_others_are_answered(server: Server) -> None:
    async def lose_the_fourth(body: dict[str, Any]) -> str:
        await asyncio.sleep(1.5 if len(server.bodies) == 4 else 0.01)
        return GOOD

    server.answer = lose_the_fourth
    with Service(server.settings(timeout=0.3, concurrency=4)) as service:
        answers = service.ask([question(number) for number in range(60)])
    assert {answer.outcome for answer in answers} == {"clean"}
    assert len(server.bodies) == 61


def test_concurrency_starts_with_one_doubles_halves_once_and_recovers_slowly() -> None:
    calls = Concurrency(64)
    history = []
    for _ in range(5):
        history.append(calls.allowed)
        for _ in range(calls.allowed):
            calls.sent()
            calls.answered()
    assert history == [1, 2, 4, 8, 16]
    numbers = [calls.sent() for _ in range(32)]
    for number in numbers:  # all of them time out together
        calls.overloaded(number)
    assert calls.allowed == 16
    for _ in range(16):
        calls.answered()
    assert calls.allowed == 16  # by less than one a round
    calls.answered()
    calls.answered()
    assert calls.allowed == 17
    for _ in range(10):
        calls.overloaded(calls.sent())
    assert calls.allowed == 1


def test_the_first_question_is_sent_alone(server: Server) -> None:
    server.answer = lambda body: web.json_response({"error": {"message": "no"}}, status=400)
    with Service(server.settings()) as service, pytest.raises(EndpointError):
        service.ask([question(number) for number in range(40)])
    assert len(server.bodies) == 1


def test_an_overloaded_server_gets_fewer_calls_at_once(server: Server) -> None:
    now = most = 0

    async def refuse_beyond_four(body: dict[str, Any]) -> Any:
        nonlocal now, most
        now += 1
        try:
            if now > 4:
                return web.Response(status=503)
            await asyncio.sleep(0.01)
            most = max(most, now)
            return GOOD
        finally:
            now -= 1

    server.answer = refuse_beyond_four
    # Without waits a fast machine makes twenty attempts while the four calls in progress take a hundredth of a second.
    with Service(server.settings(retries=20, backoff=0.001)) as service:
        answers = service.ask([question(number) for number in range(100)])
    assert {answer.outcome for answer in answers} == {"clean"}
    assert server.most_at_once < 20  # of 64 allowed


def test_a_model_that_is_loading_is_waited_for(server: Server) -> None:
    loading = {"error": {"message": "Loading model", "code": 503, "type": "unavailable_error"}}
    server.answer = lambda body: GOOD if len(server.bodies) > 4 else web.json_response(loading, status=503)
    with Service(server.settings(retries=0)) as service:
        assert service.ask([question(1)])[0].outcome == "clean"


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ((500, {"error": {"message": "CUDA out of memory"}}), "status 500: CUDA out of memory"),
        ((503, {"detail": "overloaded, sorry"}), "status 503: overloaded, sorry"),
        ((200, {"error": {"message": "upstream timed out", "code": 502}}), "status 502: upstream timed out"),
        ((200, {"error": "no capacity"}), "status 500: no capacity"),
        ((200, {"choices": [{"error": {"message": "upstream", "code": "504"}}]}), "status 504: upstream"),
    ],
)
def test_what_a_server_says_of_its_fault_is_in_the_reason(
    server: Server, response: tuple[int, dict[str, Any]], words: str
) -> None:
    status, content = response
    server.answer = lambda body: web.json_response(content, status=status)
    with Service(server.settings(retries=1, on_failure="rule")) as service:
        (answer,) = service.ask([question(1)])
    assert answer.reason == f"the server responded with {words}, after 2 attempts"


def test_a_refusal_in_a_response_of_status_200_ends_the_run_at_once(server: Server) -> None:
    refusal = {"error": {"message": "this key has no access", "code": 403}}
    server.answer = lambda body: web.json_response(refusal)
    with Service(server.settings()) as service, pytest.raises(EndpointError, match="no access"):
        service.ask([question(1)])
    assert len(server.bodies) == 1


def test_an_unknown_model_is_named_with_those_like_it(server: Server) -> None:
    server.listed = [{"id": "qwen2.5-0.5b-instruct"}, {"id": "smollm2-135m"}]
    server.answer = lambda body: web.json_response({"error": {"message": "model not found"}}, status=404)
    with Service(server.settings(model="qwen2.5-0.5b")) as service, pytest.raises(EndpointError) as caught:
        service.ask([question(1)])
    assert "does not list the model 'qwen2.5-0.5b' (did you mean qwen2.5-0.5b-instruct?)" in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [{"max_model_len": 2048}, {"context_length": 2048}, {"context_window": 2048}, {"meta": {"n_ctx": 2048}}],
)
def test_the_context_length_that_a_server_lists_is_in_the_advice(server: Server, entry: dict[str, Any]) -> None:
    server.listed = [{"id": "m", **entry}]
    message = "the request exceeds the available context size, try increasing it"
    server.answer = lambda body: web.json_response({"error": {"message": message}}, status=400)
    with Service(server.settings()) as service, pytest.raises(EndpointError, match=r"context of the model \(2,048 tok"):
        service.ask([question(1)])


def test_a_list_of_models_that_makes_no_sense_is_no_list(server: Server) -> None:
    server.listed = [3, {"name": "m"}]
    with Service(server.settings()) as service:
        service.check()
        assert service.ask([question(1)])[0].value == 40


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported, system role is not",
    ],
)
def test_where_the_system_role_is_refused_its_text_begins_the_users(server: Server, message: str) -> None:
    def refuse_system(body: dict[str, Any]) -> Any:
        if body["messages"][0]["role"] == "system":
            return web.json_response({"error": {"message": message}}, status=400)
        return GOOD

    server.answer = refuse_system
    with Service(server.settings()) as service:
        assert [answer.value for answer in service.ask([question(1), question(2)])] == [40, 40]
    assert server.bodies[1]["messages"] == [{"role": "user", "content": "You work.\n\nCase 1."}]
    assert len(server.bodies) == 3  # the refusal is remembered


@pytest.mark.parametrize("compressed", [False, True])
def test_a_response_of_hundreds_of_megabytes_is_not_read(
    server: Server, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    import gzip

    monkeypatch.setattr("econsim.llm._bodies.LONGEST_BODY", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"} if compressed else {})
        await response.prepare(request)
        for _ in range(1 if compressed else 1000):
            await response.write(bomb if compressed else b" " * (1 << 16))
        return response

    server.respond = endless
    with Service(server.settings(retries=0, on_failure="rule")) as service:
        (answer,) = service.ask([question(1)])
    assert answer.reason.startswith("the response is longer than 1 MiB")


def test_a_compressed_response_is_read(server: Server) -> None:
    import gzip

    def compressed(body: dict[str, Any]) -> web.Response:
        plain = completion(GOOD)
        return web.Response(body=gzip.compress(plain.text.encode()), headers={"Content-Encoding": "gzip"})  # type: ignore[union-attr]

    server.answer = compressed
    with Service(server.settings()) as service:
        assert service.ask([question(1)])[0].value == 40


def test_the_time_of_a_call_in_the_log_is_that_of_its_answer(server: Server, tmp_path: Path) -> None:
    server.answer = lambda body: web.Response(status=500) if len(server.bodies) < 3 else GOOD
    with Service(server.settings(backoff=0.2), None, tmp_path / "calls.jsonl") as service:
        service.ask([question(1)])
    (line,) = (tmp_path / "calls.jsonl").read_text().splitlines()
    call = json.loads(line)
    assert call["attempts"] == 3
    assert call["seconds"] < 0.2  # the waits before the second and third attempt take 0.3 s or more
