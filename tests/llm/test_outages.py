"""An outage is not an answer: questions without an answer are asked again, except in a strict replay."""

from pathlib import Path

import pytest
from aiohttp import web
from tiny_server import Server, said

from econsim.llm import Question, Service
from econsim.llm.replies import Amount

HOURS = Amount("hours", 0, 100, 1)
QUESTIONS = [Question("You work.", f"Case {number}.", HOURS, "hours", number) for number in range(5)]


@pytest.mark.parametrize("fault", ["failing", "cut"])
def test_after_an_outage_the_next_session_asks_again(server: Server, tmp_path: Path, fault: str) -> None:
    broken = web.Response(status=503) if fault == "failing" else web.Response(text='{"choices": [{"message"')
    server.answer = lambda body: broken.__class__(text=broken.text, status=broken.status)
    store = tmp_path / "answers.sqlite"
    with Service(server.settings(retries=0, failure_share=1.0), store) as service:
        before = service.ask(QUESTIONS)
        assert service.ask(QUESTIONS) == before  # one session gives the same question the same answer
    assert {answer.outcome for answer in before} == {"failed"}
    assert len(server.bodies) == 5
    strict = server.settings(mode="strict_replay", store=str(store), failure_share=1.0)
    with Service(strict) as service:
        assert service.ask(QUESTIONS) == before

    server.bodies.clear()
    server.answer = lambda body: '{"hours": 40}'
    with Service(server.settings(), store) as service:
        after = service.ask(QUESTIONS)
    assert [answer.value for answer in after] == [40] * 5
    assert len(server.bodies) == 5
    with Service(strict) as service:
        assert service.ask(QUESTIONS) == after
    with Service(server.settings(), store) as service:
        assert service.ask(QUESTIONS) == after
    assert len(server.bodies) == 5


def test_an_answer_of_another_session_replaces_an_outage(server: Server, tmp_path: Path) -> None:
    store = tmp_path / "answers.sqlite"
    with Service(server.settings(), store) as first, Service(server.settings(retries=0), store) as second:
        server.answer = lambda body: web.Response(status=500)
        assert second.ask(QUESTIONS[:1])[0].value is None
        server.answer = lambda body: '{"hours": 40}'
        assert first.ask(QUESTIONS[:1])[0].value == 40
        assert second.ask(QUESTIONS[:1])[0].value == 40  # the other session's answer is in the store
    assert len(server.bodies) == 2
    with Service(server.settings(mode="strict_replay", store=str(store))) as service:
        assert service.ask(QUESTIONS[:1])[0].value == 40


def test_a_replay_asks_what_was_not_answered(server: Server, tmp_path: Path) -> None:
    server.answer = lambda body: web.Response(status=500) if said(body) == "Case 1." else '{"hours": 40}'
    store = tmp_path / "answers.sqlite"
    with Service(server.settings(retries=0), store) as service:
        service.ask(QUESTIONS)
    server.answer = lambda body: '{"hours": 30}'
    with Service(server.settings(mode="replay", store=str(store))) as service:
        assert [answer.value for answer in service.ask(QUESTIONS)] == [40, 30, 40, 40, 40]
