"""Questions that exceed the model's context: the older half of the history is left out until they fit."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, said

from econsim.llm import Question, Service
from econsim.llm.replies import Amount
from econsim.llm.service import EndpointError

LINES = tuple(f"step {number}: 40 hours" for number in range(20))
HOURS = Amount("hours", 0, 100, 1)
QUESTION = Question("Rules.", "You are A.\n" + "\n".join(LINES) + "\nHow long?", HOURS, "hours", history=LINES)


@pytest.fixture
def limited(server: Server) -> Server:
    """A server with the context of 10 lines, which refuses longer questions as llama.cpp does."""

    def answer(body: dict[str, Any]) -> Any:
        message = "the request exceeds the available context size"
        error = {"error": {"message": message, "type": "exceed_context_size_error", "n_ctx": 100}}
        too_long = len(said(body).splitlines()) > 10
        return web.json_response(error, status=400) if too_long else '{"hours": 30}'

    server.answer = answer
    return server


def test_the_older_half_of_the_history_is_left_out_until_the_question_fits(limited: Server, tmp_path: Path) -> None:
    with Service(limited.settings(), tmp_path / "answers.sqlite") as service:
        (answer,) = service.ask([QUESTION])
        assert service.counters["hours"].plain()["shortened"] == 1
    assert (answer.value, answer.outcome, answer.envelope.left_out) == (30, "clean", 15)
    assert [len(said(body).splitlines()) for body in limited.bodies] == [22, 12, 7]
    assert said(limited.bodies[-1]) == "You are A.\n" + "\n".join(LINES[15:]) + "\nHow long?"
    # The answer is that to the whole question, also in a replay, whose key does not know the context.
    with Service(limited.settings(mode="strict_replay", store=str(tmp_path))) as service:
        assert service.ask([QUESTION]) == [answer]
        assert service.counters["hours"].shortened == 1


def test_a_question_without_a_history_or_with_a_long_rest_is_an_error(limited: Server) -> None:
    long = "\n".join(["rest"] * 30)
    for question in (Question("", long, HOURS), Question("", "\n".join(LINES) + long, HOURS, history=LINES)):
        with Service(limited.settings()) as service, pytest.raises(EndpointError, match="longer than the context"):
            service.ask([question])


def test_the_run_stops_where_the_user_wants_it(limited: Server) -> None:
    with Service(limited.settings(on_overflow="stop")) as service, pytest.raises(EndpointError, match="context"):
        service.ask([QUESTION])
    assert len(limited.bodies) == 1
