"""The service over HTTP: what is sent, shared, repeated, recorded and counted."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, completion, said

from econsim.errors import UserError
from econsim.llm import Question, Service, Settings
from econsim.llm.replies import Amount
from econsim.llm.service import BudgetSpent, EndpointError, NotRecorded, TooManyFailures

HOURS = Amount("hours", 0, 100, 1)


def question(number: int, **more: Any) -> Question:
    return Question("You work.", f"Case {number}.", HOURS, **{"purpose": "hours", "seed": number, **more})


def own_number(body: dict[str, Any]) -> str:
    return json.dumps({"hours": int(said(body).split()[1].strip("."))})


def test_each_question_gets_its_own_answer_in_order(server: Server) -> None:
    server.answer = own_number
    with Service(server.settings()) as service:
        answers = service.ask([question(number) for number in range(100)])
    assert [answer.value for answer in answers] == list(range(100))
    assert {answer.outcome for answer in answers} == {"clean"}


def test_a_request_holds_texts_schema_sampling_and_seed(server: Server) -> None:
    with Service(server.settings(temperature=0.3, max_tokens=50, body={"top_p": 0.9, "max_tokens": None})) as service:
        service.ask([question(7, temperature=0.0)])
    (body,) = server.bodies
    assert body["messages"] == [{"role": "system", "content": "You work."}, {"role": "user", "content": "Case 7."}]
    assert body["response_format"]["json_schema"]["schema"] == HOURS.schema()
    assert (body["model"], body["seed"], body["temperature"], body["top_p"]) == ("m", 7, 0.0, 0.9)
    assert "max_tokens" not in body


def test_no_schema_is_sent_where_the_server_has_none(server: Server) -> None:
    with Service(server.settings(structured=False)) as service:
        service.ask([question(7)])
    assert "response_format" not in server.bodies[0]


def test_as_many_calls_at_once_as_allowed_and_no_more(server: Server) -> None:
    async def slowly(body: dict[str, Any]) -> str:
        await asyncio.sleep(0.02)
        return '{"hours": 1}'

    server.answer = slowly
    with Service(server.settings(concurrency=8)) as service:
        service.ask([question(number) for number in range(40)])
    assert server.most_at_once == 8


def test_equal_questions_share_a_call_and_other_seeds_do_not(server: Server) -> None:
    with Service(server.settings()) as service:
        service.ask([question(1), question(1), question(1), question(1, seed=2)])
        assert service.counters["hours"].shared == 2
    assert len(server.bodies) == 2


def test_what_was_answered_is_not_asked_again(server: Server, tmp_path: Path) -> None:
    server.answer = own_number
    questions = [question(number) for number in range(20)]
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        first = service.ask(questions)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.sqlite"]  # one plain file once it is closed
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        assert service.ask([*questions, question(99)])[:-1] == first
        assert service.counters["hours"].from_store == 20
    assert len(server.bodies) == 21


def test_a_store_does_not_mind_where_the_model_is_served(server: Server, tmp_path: Path) -> None:
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        service.ask([question(1)])
    elsewhere = server.settings(base_url="http://127.0.0.1:9/v1", concurrency=3, timeout=5.0)
    with Service(elsewhere, tmp_path / "answers.sqlite") as service:
        assert service.ask([question(1)])[0].value == 40


@pytest.mark.parametrize("change", [{"model": "n"}, {"temperature": 0.1}, {"max_tokens": 9}, {"body": {"top_p": 0.5}}])
def test_whatever_may_change_an_answer_makes_it_another_request(
    server: Server, tmp_path: Path, change: dict[str, Any]
) -> None:
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        service.ask([question(1)])
    strict = server.settings(mode="strict_replay", store=str(tmp_path), **change)
    with Service(strict) as service, pytest.raises(NotRecorded):
        service.ask([question(1)])


def test_a_strict_replay_asks_nothing_and_names_what_is_missing(server: Server, tmp_path: Path) -> None:
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        recorded = service.ask([question(1)])
    strict = Settings(model="m", mode="strict_replay", store=str(tmp_path / "answers.sqlite"))
    before = (tmp_path / "answers.sqlite").read_bytes()
    with Service(strict) as service:
        assert service.ask([question(1)]) == recorded
        with pytest.raises(NotRecorded, match=r"1 questions \(vote\)"):
            service.ask([question(1), question(2, purpose="vote")])
    assert (tmp_path / "answers.sqlite").read_bytes() == before
    assert len(server.bodies) == 1


def test_a_replay_asks_what_is_missing_and_leaves_the_store_as_it_is(server: Server, tmp_path: Path) -> None:
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        service.ask([question(1)])
    before = (tmp_path / "answers.sqlite").read_bytes()
    with Service(server.settings(mode="replay", store=str(tmp_path))) as service:
        service.ask([question(1), question(2)])
    assert len(server.bodies) == 2
    assert (tmp_path / "answers.sqlite").read_bytes() == before


def test_a_replay_needs_a_store(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"llm\.store"):
        Service(server.settings(mode="strict_replay"))
    with pytest.raises(UserError, match="no such response store"):
        Service(server.settings(mode="replay", store=str(tmp_path / "nowhere.sqlite")))
    (tmp_path / "text.sqlite").write_text("no database, but long enough to be read as the header of one" * 3)
    with pytest.raises(UserError, match="cannot be used"):
        Service(server.settings(store=str(tmp_path / "text.sqlite")))


def test_mode_off_keeps_nothing(server: Server, tmp_path: Path) -> None:
    with Service(server.settings(mode="off"), tmp_path / "answers.sqlite") as service:
        service.ask([question(1)])
        service.ask([question(1)])
    assert len(server.bodies) == 2
    assert not [*tmp_path.iterdir()]


def test_too_many_calls_wait_as_long_as_the_server_says(server: Server) -> None:
    times: list[float] = []

    def first_refuse(body: dict[str, Any]) -> Any:
        times.append(time.monotonic())
        return (
            completion('{"hours": 1}') if len(times) > 1 else web.Response(status=429, headers={"Retry-After": "0.3"})
        )

    server.answer = first_refuse
    with Service(server.settings()) as service:
        assert service.ask([question(1)])[0].outcome == "clean"
    assert times[1] - times[0] >= 0.3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_faults_that_pass_are_tried_again(server: Server, status: int) -> None:
    server.answer = lambda body: '{"hours": 1}' if len(server.bodies) > 2 else web.Response(status=status)
    with Service(server.settings()) as service:
        assert service.ask([question(1)])[0].outcome == "clean"
    assert len(server.bodies) == 3


def test_a_cut_answer_and_a_slow_one_are_tried_again(server: Server) -> None:
    async def badly(body: dict[str, Any]) -> Any:
        if len(server.bodies) == 1:
            return web.Response(text='{"choices": [{"message": {"con')
        if len(server.bodies) == 2:
            return web.Response(text='{"error": null}')
        if len(server.bodies) == 3:
            await asyncio.sleep(1.0)
        return '{"hours": 1}'

    server.answer = badly
    with Service(server.settings(timeout=0.2)) as service:
        assert service.ask([question(1)])[0].outcome == "clean"
    assert len(server.bodies) == 4


def test_silence_to_the_end_is_a_failure_that_a_replay_repeats(server: Server, tmp_path: Path) -> None:
    server.answer = lambda body: web.Response(status=503) if said(body) == "Case 3." else '{"hours": 1}'
    questions = [question(number) for number in range(5)]
    with Service(server.settings(retries=2), tmp_path / "answers.sqlite") as service:
        answers = service.ask(questions)
        assert service.counters["hours"].unanswered == 1
    assert [answer.outcome for answer in answers].count("failed") == 1
    assert answers[3].value is None
    assert "503" in answers[3].reason
    assert len(server.bodies) == 4 + 3
    with Service(server.settings(mode="strict_replay", store=str(tmp_path))) as service:
        assert service.ask(questions) == answers


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (401, {"error": {"message": "bad key"}}, "OPENAI_API_KEY"),
        (404, {"detail": "no such model"}, "llm.base_url"),
        (400, {"error": {"message": "response_format is not supported"}}, "llm.structured=false"),
        (400, {"error": {"message": "this model's maximum context length is 8 tokens"}}, "history"),
        (400, {"error": {"message": "use max_completion_tokens"}}, "llm.body.max_completion_tokens"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "credit"),
        (302, {}, "redirected"),
    ],
)
def test_a_refusal_ends_at_once_and_says_what_to_try(
    server: Server, status: int, body: dict[str, Any], advice: str
) -> None:
    server.answer = lambda _: web.Response(status=status, text=json.dumps(body))
    with Service(server.settings(concurrency=1)) as service, pytest.raises(EndpointError) as caught:
        service.ask([question(1), question(2), question(3)])
    assert str(status) in str(caught.value)
    assert advice in str(caught.value)
    assert len(server.bodies) == 1


def test_where_nobody_listens_the_error_says_so() -> None:
    nobody = Settings(base_url="http://127.0.0.1:9/v1", model="m", retries=1, backoff=0.0)
    with Service(nobody) as service, pytest.raises(EndpointError, match="check that it is running"):
        service.ask([question(1)])
    with Service(nobody) as service, pytest.raises(EndpointError, match="check that it is running"):
        service.check()


def test_a_check_does_not_mind_what_the_server_cannot_say_and_does_mind_a_wrong_key(server: Server) -> None:
    with Service(server.settings()) as service:
        service.check()  # this server knows no list of models
        server.models = 401
        with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
            service.check()


@pytest.mark.parametrize("given", [{}, {"model": "m"}, {"base_url": "http://localhost/v1"}])
def test_settings_without_a_model_or_its_place_say_what_to_give(given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"llm\.model"):
        Service(Settings(**given))


def test_a_reply_that_cannot_be_read_is_asked_for_again_with_the_reason(server: Server) -> None:
    server.answer = lambda body: '{"hours": 5}' if "could not be used" in said(body) else "what?"
    with Service(server.settings()) as service:
        (answer,) = service.ask([question(1)])
        assert service.counters["hours"].asked_again == 1
    assert (answer.value, answer.outcome) == (5, "repaired")
    assert "no JSON object with the key 'hours'" in said(server.bodies[1])


@pytest.mark.parametrize("policy", ["previous", "rule"])
def test_other_policies_leave_the_value_to_the_agent(server: Server, policy: str) -> None:
    server.answer = lambda body: "what?"
    with Service(server.settings(on_failure=policy)) as service:
        assert service.ask([question(1)])[0].value is None
    assert len(server.bodies) == 1


def test_stop_ends_the_run_at_the_first_failure(server: Server) -> None:
    server.answer = lambda body: "what?"
    with (
        Service(server.settings(on_failure="stop")) as service,
        pytest.raises(TooManyFailures, match="on_failure=stop"),
    ):
        service.ask([question(1)])


def test_the_gate_closes_once_too_large_a_share_of_a_purpose_failed(server: Server) -> None:
    server.answer = lambda body: "what?" if int(said(body).split()[1].strip(".")) % 4 == 0 else '{"hours": 1}'
    with Service(server.settings(on_failure="rule", failure_share=0.3)) as service:
        service.ask([question(number) for number in range(40)])
        assert service.counters["hours"].failure_share == 0.25
    with (
        Service(server.settings(on_failure="rule", failure_share=0.2)) as service,
        pytest.raises(TooManyFailures, match=r"hours: 10 of 40 replies could not be used \(25%, allowed are 20%\)"),
    ):
        service.ask([question(number) for number in range(40)])


def test_at_the_end_the_gate_looks_at_few_questions_too(server: Server) -> None:
    server.answer = lambda body: "what?" if "Case 0." in said(body) else '{"hours": 1}'
    with Service(server.settings(on_failure="rule", failure_share=0.2)) as service:
        service.ask([question(number) for number in range(3)])
        with pytest.raises(TooManyFailures, match=r"1 of 3 .* reason \(1 times\): no JSON object with the key 'hours'"):
            service.check_answers()
        service.ask([question(number) for number in range(3, 5)])
        service.check_answers()


def test_reasons_are_counted_without_the_values_that_differ(server: Server) -> None:
    """Every reply lies out of range with another number, or off the grid; one question is answered when asked again."""
    server.answer = lambda body: (
        '{"hours": 7}' if "Your last reply" in said(body) and "Case 1." in said(body) else _wrong(body)
    )
    with Service(server.settings(failure_share=1.0)) as service:
        service.ask([question(number) for number in range(5)])
        counts = service.counters["hours"].plain()
    out_of_range = "expected a number between 0 and 100"
    assert counts["reasons"] == {
        "repaired": {f"asked again: {out_of_range}": 1, "not a multiple of 1 from 0": 1},
        "failed": {out_of_range: 3},
    }
    assert (counts["repaired_share"], counts["failure_share"]) == (0.4, 0.6)
    notes = [said(body) for body in server.bodies if "Your last reply" in said(body)]
    assert f"{out_of_range}, found 1845" in notes[0]


def _wrong(body: dict[str, Any]) -> str:
    number = int(said(body).split()[1].strip("."))
    return json.dumps({"hours": 1845 + number if number < 4 else 40.4})


def test_a_budget_in_calls_is_kept_to_the_call_and_goes_on(server: Server, tmp_path: Path) -> None:
    questions = [question(number) for number in range(30)]
    places = tmp_path / "answers.sqlite", tmp_path / "calls.jsonl"
    with (
        Service(server.settings(budget={"calls": 12}), *places) as service,
        pytest.raises(BudgetSpent, match="12 of 12 calls"),
    ):
        service.ask(questions)
    assert len(server.bodies) == 12
    with Service(server.settings(budget={"calls": 30}), *places) as service:
        assert all(answer.outcome == "clean" for answer in service.ask(questions))
    assert len(server.bodies) == 30
    with Service(server.settings(budget={"calls": 30}), *places) as service:
        service.ask(questions)  # all are in the store, and cost nothing
        with pytest.raises(BudgetSpent):
            service.ask([question(99)])


def test_budgets_in_tokens_and_money(server: Server) -> None:
    server.answer = lambda body: completion('{"hours": 1}', 1000, 100)
    prices = {"input_per_million": 1.0, "output_per_million": 10.0}  # 0.002 dollars a call
    with Service(server.settings(budget={"usd": 0.01}, prices=prices, concurrency=1)) as service:
        with pytest.raises(BudgetSpent, match="US dollars"):
            service.ask([question(number) for number in range(30)])
        assert service.counters == {}
    assert len(server.bodies) == 5
    with Service(server.settings(budget={"tokens": 5000}, concurrency=1)) as service, pytest.raises(BudgetSpent):
        service.ask([question(number) for number in range(30)])
    assert len(server.bodies) == 5 + 5  # the fifth has room by its guessed size, a sixth has not


def test_a_failed_attempt_costs_nothing(server: Server) -> None:
    server.answer = lambda body: '{"hours": 1}' if len(server.bodies) > 3 else web.Response(status=500)
    with Service(server.settings(budget={"calls": 1})) as service:
        assert service.ask([question(1)])[0].outcome == "clean"


def test_the_ledger_has_a_line_a_call(server: Server, tmp_path: Path) -> None:
    server.answer = lambda body: completion('<think>hm</think>{"hours": 1}', 1000, 100)
    prices = {"input_per_million": 1.0, "output_per_million": 10.0}
    with Service(server.settings(prices=prices), None, tmp_path / "calls.jsonl") as service:
        service.ask([question(number) for number in range(3)])
        found = service.counters["hours"].plain()
    lines = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert len(lines) == 3
    expected: dict[str, Any] = {
        "purpose": "hours",
        "model": "m",
        "input_tokens": 1000,
        "output_tokens": 100,
        "outcome": "repaired",
    }
    expected["reason"] = "text around the JSON"
    assert expected.items() <= lines[0].items()
    assert lines[0]["usd"] == pytest.approx(0.002)
    assert lines[0]["seconds"] > 0
    assert (found["calls"], found["repaired"], found["input_tokens"]) == (3, 3, 3000)
    assert found["usd"] == pytest.approx(0.006)


def test_a_ledger_whose_last_line_was_cut_goes_on(server: Server, tmp_path: Path) -> None:
    ledger = tmp_path / "calls.jsonl"
    with Service(server.settings(), None, ledger) as service:
        service.ask([question(1), question(2)])
    ledger.write_text(ledger.read_text()[:-20])
    with Service(server.settings(budget={"calls": 2}), None, ledger) as service:
        service.ask([question(3)])
        assert service.counters["hours"].cost.calls == 2
    assert len(ledger.read_text().splitlines()) == 2


def test_limits_a_minute_space_the_calls(server: Server) -> None:
    began = time.monotonic()
    times: list[float] = []
    server.answer = lambda body: times.append(time.monotonic()) or '{"hours": 1}'
    with Service(server.settings(requests_per_minute=1200)) as service:  # 20 a second, the first second's at once
        service.ask([question(number) for number in range(30)])
    assert max(times) - began >= 9 / 20 - 0.05  # the last nine wait for their turns; timers are not exact


def test_a_forecast_knows_money_and_time(server: Server) -> None:
    prices = {"input_per_million": 2.0, "output_per_million": 8.0}
    with Service(server.settings(prices=prices, requests_per_minute=60)) as service:
        forecast = service.forecast(1000, 500_000, 100_000)
    assert forecast.usd == pytest.approx(1.8)
    assert forecast.seconds == pytest.approx(1000)
    assert str(forecast) == (
        "up to 1,000 calls, about 500,000 input and 100,000 output tokens, about 1.80 US dollars, at least 16.7 minutes"
        " at the rate limits of the run"
    )


def test_a_reply_in_parts_and_one_of_nothing(server: Server) -> None:
    def oddly(body: dict[str, Any]) -> web.Response:
        content = None if said(body) == "Case 0." else [{"type": "text", "text": '{"hours"'}, {"text": ": 7}"}]
        return web.Response(text=json.dumps({"choices": [{"message": {"content": content}}]}))

    server.answer = oddly
    with Service(server.settings(on_failure="rule")) as service:
        assert [answer.value for answer in service.ask([question(0), question(1)])] == [None, 7]


def test_half_a_character_replays_as_it_was_read(server: Server, tmp_path: Path) -> None:
    server.answer = lambda body: 'odd \ud83d {"hours": 3}'
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        first = service.ask([question(1)])
    with Service(server.settings(), tmp_path / "answers.sqlite") as service:
        assert service.ask([question(1)]) == first


def test_an_interrupted_wait_keeps_what_was_answered(server: Server, tmp_path: Path) -> None:
    async def answer_the_first_only(body: dict[str, Any]) -> str:
        await asyncio.sleep(0.0 if said(body) == "Case 0." else 2.0)
        return '{"hours": 1}'

    server.answer = answer_the_first_only

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with Service(server.settings(), tmp_path / "answers.sqlite") as service:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(KeyboardInterrupt):
                service.ask([question(number) for number in range(5)])
    finally:
        signal.signal(signal.SIGALRM, before)
    with Service(Settings(model="m", mode="strict_replay", store=str(tmp_path))) as service:
        assert service.ask([question(0)])[0].value == 1
