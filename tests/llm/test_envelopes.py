"""What servers state about a reply besides its text: read from responses, stored, replayed."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tiny_server import Server, said

from econsim.llm import Question, Service, Settings
from econsim.llm.envelope import Envelope
from econsim.llm.persona_generation import write_portraits
from econsim.llm.replies import Amount
from econsim.populations.personas.texts import read_texts

HOURS = Amount("hours", 0, 100, 1)
QUESTION = Question("You work.", "How long?", HOURS, "hours")
GOOD = '{"hours": 40}'


def response(message: dict[str, Any], finish_reason: str = "stop", **more: Any) -> web.Response:
    return web.json_response({"choices": [{"message": message, "finish_reason": finish_reason}], **more})


@pytest.mark.parametrize(
    ("message", "finish_reason", "value", "envelope"),
    [
        ({"content": GOOD}, "stop", 40, Envelope("stop")),
        ({"content": GOOD, "reasoning_content": "hm"}, "stop", 40, Envelope("stop", reasoning="hm")),
        ({"content": GOOD, "reasoning": "hm"}, "stop", 40, Envelope("stop", reasoning="hm")),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"text": GOOD}]},
            "stop",
            40,
            Envelope("stop", reasoning="hm"),
        ),
        (
            {"content": None, "tool_calls": [{"function": {"name": "reply", "arguments": GOOD}}]},
            "tool_calls",
            40,
            Envelope("tool_calls", from_tool=True),
        ),
        (
            {"content": "", "tool_calls": [{"function": {"name": "reply", "arguments": {"hours": 40}}}]},
            "stop",
            40,
            Envelope("stop", from_tool=True),
        ),
        ({"content": None, "refusal": "I cannot."}, "stop", None, Envelope("stop", refusal="I cannot.")),
        ({"content": None, "reasoning_content": "half \ud83d"}, "length", None, Envelope("length", reasoning="half ?")),
        ({"content": '{"hours": 4'}, "length", None, Envelope("length")),
        ({"content": '{"hours": 4'}, "stop", None, Envelope("stop")),
    ],
)
def test_an_envelope_is_read_stored_and_replayed(
    server: Server, tmp_path: Path, message: dict[str, Any], finish_reason: str, value: Any, envelope: Envelope
) -> None:
    server.answer = lambda body: response(message, finish_reason)
    with Service(server.settings(on_failure="rule"), tmp_path / "answers.sqlite") as service:
        (answer,) = service.ask([QUESTION])
    assert (answer.value, answer.envelope) == (value, envelope)
    strict = Settings(model="m", mode="strict_replay", store=str(tmp_path), on_failure="rule")
    with Service(strict) as service:
        assert service.ask([QUESTION]) == [answer]


def test_a_store_of_the_first_format_replays_and_is_completed(server: Server, tmp_path: Path) -> None:
    store = tmp_path / "answers.sqlite"
    with Service(server.settings(), store) as service:
        before = service.ask([QUESTION])
    with sqlite3.connect(store) as file:
        file.executescript("ALTER TABLE answers DROP COLUMN envelope; PRAGMA user_version=1;")
    old = store.read_bytes()
    with Service(Settings(model="m", mode="strict_replay", store=str(store))) as service:
        assert service.ask([QUESTION]) == before
    assert store.read_bytes() == old
    server.answer = lambda body: response({"content": GOOD}, "stop")
    with Service(server.settings(), store) as service:
        service.ask([QUESTION, Question("You work.", "And now?", HOURS, "hours")])
    with Service(Settings(model="m", mode="strict_replay", store=str(store))) as service:
        answers = service.ask([QUESTION, Question("You work.", "And now?", HOURS, "hours")])
    assert [answer.envelope.finish_reason for answer in answers] == ["", "stop"]


@pytest.mark.parametrize("count", [2**63, -1, True, "12", 1e30])
def test_a_count_of_tokens_that_cannot_be_true_is_replaced_by_an_estimate(server: Server, count: Any) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": 5}
    server.answer = lambda body: response({"content": GOOD}, usage=json.loads(json.dumps(usage)))
    with Service(server.settings()) as service:
        service.ask([QUESTION])
        counted = service.counters["hours"].cost
    assert (counted.input_tokens, counted.output_tokens) == (4, 3)  # at four characters each


@pytest.mark.parametrize(
    ("message", "finish_reason", "advice"),
    [
        ({"content": '{"hours": 4'}, "length", "the reply reached its maximum length: raise llm.max_tokens"),
        (
            {"content": None, "reasoning_content": "Let me see"},
            "length",
            "consists of reasoning only: raise llm.max_tokens, or switch the reasoning of the model off",
        ),
        ({"content": "<think>Let me see"}, "length", "consists of reasoning only"),
        ({"content": None, "refusal": "I cannot\nhelp."}, "stop", "the model declined: I cannot help."),
        ({"content": ""}, "content_filter", "the model declined: the content filter of the provider withheld"),
    ],
)
def test_the_reason_of_a_failure_says_what_to_change_and_the_model_is_not_told(
    server: Server, message: dict[str, Any], finish_reason: str, advice: str
) -> None:
    server.answer = lambda body: response(message, finish_reason)
    with Service(server.settings()) as service:
        (answer,) = service.ask([QUESTION])
    assert answer.outcome == "failed"
    assert advice in answer.reason
    assert len(server.bodies) == 2
    assert "could not be used" in server.bodies[1]["messages"][-1]["content"]
    assert "llm." not in server.bodies[1]["messages"][-1]["content"]


def test_a_scripted_endpoint_that_names_itself_is_labelled_also_in_a_replay(server: Server, tmp_path: Path) -> None:
    def labelled(body: dict[str, Any]) -> web.Response:
        found = response({"content": GOOD})
        found.headers["x-econsim-simulated"] = "scripted"
        return found

    store, ledger = tmp_path / "answers.sqlite", tmp_path / "calls.jsonl"
    server.answer = labelled
    with Service(server.settings(), store, ledger) as service:
        assert service.simulated == ""
        service.ask([QUESTION])
        assert service.simulated == "scripted"
    with Service(Settings(model="m", mode="strict_replay", store=str(store))) as service:
        service.ask([QUESTION])
        assert service.simulated == "scripted"
    with Service(server.settings(), None, ledger) as service:  # a resumed run that asks nothing more
        assert service.simulated == "scripted"
    with Service(server.settings(simulated="my script"), store, ledger) as service:
        assert service.simulated == "my script"


def test_half_a_character_in_a_text_is_written_to_the_file(server: Server, tmp_path: Path) -> None:
    texts = {"You are A.": r"You like tea \ud83d", "You are B.": r"\\ud83d \ud83d\ude00 \udE00."}
    server.answer = lambda body: response({"content": f'{{"portrait": "{texts[said(body)]}"}}'})
    with Service(server.settings()) as service:
        assert write_portraits(list(texts), service, tmp_path / "portraits.csv").written == 2
    written = dict(read_texts(tmp_path / "portraits.csv"))
    assert written == {"You are A.": "You like tea ?", "You are B.": "\\ud83d 😀 ?."}
    assert [path.name for path in tmp_path.iterdir()] == ["portraits.csv"]


def test_a_model_on_this_machine_costs_nothing(server: Server) -> None:
    with Service(server.settings()) as service:
        service.ask([QUESTION])
        assert service.counters["hours"].plain()["usd"] == 0.0
        assert "without a price" in str(service.forecast(10, 1000, 100))
    elsewhere = server.settings(base_url="https://llm.example.org/v1", api_key_env="NO_KEY")
    with Service(elsewhere) as service:
        assert "at unknown prices" in str(service.forecast(10, 1000, 100))
