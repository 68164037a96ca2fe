"""The provider behind litellm, beside a stand-in for that library: what is asked of it, and what its errors become."""

import asyncio
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from econsim.errors import UserError
from econsim.llm import Question, Service, Settings
from econsim.llm import hosted as module
from econsim.llm.envelope import Envelope
from econsim.llm.key_hosts import PAIRS
from econsim.llm.replies import Amount
from econsim.llm.service import EndpointError

KEY = "sk-test-0123456789abcdef"
SETTINGS = {"model": "some/model", "provider": "litellm", "api_key_env": "SOME_KEY", "backoff": 0.0, "retries": 1}
GOOD, HIDDEN = '{"hours": 40}', "my key is ***"
QUESTION = Question("You work.", "How long?", Amount("hours", 0, 100), "hours")


class RefusedError(Exception):
    def __init__(self, status: int) -> None:
        self.status_code = status
        super().__init__(f"refused with key {KEY}")


def completion(message: dict[str, Any], finish_reason: str = "stop", **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return {"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage, **more}


class Answer:
    """An answer as the library returns it, which is a pydantic model."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def model_dump(self, *, warnings: bool = True) -> Any:
        return self.content


class Library(ModuleType):
    """Gives its answer, by default 40 hours, after the errors that it is given."""

    def __init__(self) -> None:
        super().__init__("litellm")
        self.asked: list[dict[str, Any]] = []
        self.errors: list[Exception] = []
        self.answer: Any = completion({"content": '{"hours": 40}'})
        self.endless: asyncio.Task[None] | None = None

    async def acompletion(self, **body: Any) -> Any:
        self.asked.append(body)
        self.endless = self.endless or asyncio.create_task(asyncio.sleep(1e6))  # as the real one logs
        if self.errors:
            raise self.errors.pop(0)
        return Answer(self.answer)

    def cost_per_token(self, model: str, prompt_tokens: int, completion_tokens: int) -> tuple[float, float]:
        if model != "some/model":
            raise ValueError("not in the table")
        return prompt_tokens * 1e-6, completion_tokens * 1e-5


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    found = Library()
    monkeypatch.setitem(sys.modules, "litellm", found)
    monkeypatch.setenv("SOME_KEY", KEY)
    monkeypatch.setenv(PAIRS, "SOME_KEY@some")
    monkeypatch.delenv("LITELLM_LOCAL_MODEL_COST_MAP", raising=False)
    module._litellm.cache_clear()
    yield found
    module._litellm.cache_clear()


def test_it_asks_without_the_librarys_own_retries_and_counts_by_its_prices(library: Library) -> None:
    import os

    with Service(Settings.model_validate({**SETTINGS, "budget": {"usd": 1.0}})) as service:
        assert service.ask([QUESTION])[0].value == 40
        assert service.counters["hours"].cost.usd == pytest.approx(100e-6 + 10e-5)
        assert service.forecast(10, 1000, 100).usd == pytest.approx(1e-3 + 1e-3)
    (body,) = library.asked
    assert (body["num_retries"], body["max_retries"], body["caching"]) == (0, 0, False)
    assert body["api_key"] == KEY
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


def test_a_passing_fault_is_tried_again_and_a_refusal_is_not(library: Library) -> None:
    library.errors = [RefusedError(529)]
    with Service(Settings.model_validate(SETTINGS)) as service:
        assert service.ask([QUESTION])[0].value == 40
        library.errors = [RefusedError(401)]
        with pytest.raises(EndpointError, match="SOME_KEY") as caught:
            service.ask([Question("", "Again?", QUESTION.form)])
    assert KEY not in str(caught.value)
    assert len(library.asked) == 3


@pytest.mark.parametrize(
    ("answer", "value", "envelope"),
    [
        (completion({"content": None}, "length"), None, Envelope("length")),
        (completion({"content": None, "refusal": "I cannot."}), None, Envelope("stop", refusal="I cannot.")),
        (completion({"content": GOOD, "reasoning_content": "hm"}), 40, Envelope("stop", reasoning="hm")),
        (
            completion({"content": None, "tool_calls": [{"function": {"name": "reply", "arguments": GOOD}}]}),
            40,
            Envelope("stop", from_tool=True),
        ),
        (
            completion({"content": GOOD, "reasoning_content": f"my key is {KEY}"}),
            40,
            Envelope("stop", reasoning=HIDDEN),
        ),
    ],
)
def test_an_answer_is_read_as_that_of_a_server(
    library: Library, answer: dict[str, Any], value: Any, envelope: Envelope
) -> None:
    library.answer = answer
    with Service(Settings.model_validate({**SETTINGS, "on_failure": "rule"})) as service:
        (given,) = service.ask([QUESTION])
    assert (given.value, given.envelope) == (value, envelope)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "the response of the server is incomplete or is not a chat completion"),
        ({"choices": []}, "the response of the server is incomplete or is not a chat completion"),
        (completion({"content": "x" * (1 << 20)}), "the response is longer than 1 MiB"),
        ({"error": {"message": "too busy", "code": 503}}, "the server responded with status 503: too busy"),
    ],
)
def test_an_answer_that_is_too_long_or_none_is_a_failed_call(
    library: Library, monkeypatch: pytest.MonkeyPatch, answer: Any, reason: str
) -> None:
    monkeypatch.setattr("econsim.llm._bodies.LONGEST_BODY", 1 << 20)
    library.answer = answer
    with Service(Settings.model_validate({**SETTINGS, "on_failure": "rule"})) as service:
        (given,) = service.ask([QUESTION])
    assert given.value is None
    assert given.reason.startswith(reason)
    assert len(library.asked) == 2  # it was tried again


def test_tokens_are_estimated_where_the_provider_counts_none(library: Library) -> None:
    library.answer = {"choices": completion({"content": GOOD})["choices"]}
    with Service(Settings.model_validate(SETTINGS)) as service:
        service.ask([QUESTION])
        assert service.counters["hours"].cost.output_tokens == len(GOOD) // 4


def test_a_model_without_a_listed_price_has_none(library: Library) -> None:
    with Service(Settings.model_validate({**SETTINGS, "model": "some/other"})) as service:
        assert service.forecast(10, 1000, 100).usd is None


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    module._litellm.cache_clear()
    with pytest.raises(UserError, match=r"econsim\[providers\]"):
        Service(Settings.model_validate(SETTINGS))


@pytest.mark.parametrize(
    ("change", "pairs", "message"),
    [
        ({}, "", r"SOME_KEY is sent to some only .* type: export ECONSIM_LLM_KEY_HOSTS=SOME_KEY@some$"),
        ({"api_key_env": "NOT_SET"}, "SOME_KEY@some", r"HOSTS='SOME_KEY@some NOT_SET@some'$"),
        ({"base_url": "https://a.example/v1"}, "SOME_KEY@some", "sent to a.example only"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "SOME_KEY@some", "sent to 127.0.0.1:9 only"),
        ({"model": "unknown"}, "SOME_KEY@some", "litellm needs PROVIDER/NAME"),
        ({"model": "huggingface/https://a.example"}, "SOME_KEY@huggingface", "litellm needs PROVIDER/NAME"),
        ({"body": {"api_base": "https://a.example"}}, "SOME_KEY@some", "found api_base"),
    ],
)
def test_a_key_goes_to_no_provider_or_address_that_was_not_allowed(
    library: Library, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], pairs: str, message: str
) -> None:
    monkeypatch.setenv(PAIRS, pairs)
    with pytest.raises(UserError, match=message):
        Service(Settings.model_validate({**SETTINGS, **change}))
    assert not library.asked


def test_an_allowed_address_gets_no_key_that_the_library_reads_itself(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAIRS, "NOT_SET@a.example")
    address = {"base_url": "https://a.example/v1", "api_key_env": "NOT_SET"}
    with Service(Settings.model_validate({**SETTINGS, **address})) as service:
        service.ask([QUESTION])
    assert library.asked[0]["api_key"] == "no-key"
