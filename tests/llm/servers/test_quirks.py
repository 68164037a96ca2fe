"""The quirks of real servers, behind the service: what is read, what fails, and with which advice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from econsim.errors import UserError
from econsim.llm import Question, Service, Settings
from econsim.llm.replies import Amount
from econsim.llm.service import EndpointError
from econsim.testing.endpoints import Chat, serve
from econsim.testing.endpoints.quirks import QUIRKS

HISTORY = tuple(f"step {number}: {'x' * 80}" for number in range(100))
QUESTION = Question(
    "You work.", "\n".join(HISTORY) + "\nHow long?", Amount("hours", 0, 100, 1), "hours", history=HISTORY
)
OUTCOMES = {
    "think_tags": ("repaired", ""),
    "only_reasoning": ("failed", "consists of reasoning only: raise llm.max_tokens, or switch the reasoning"),
    "length": ("failed", "raise llm.max_tokens"),
    "refusal": ("failed", "the model declined: I cannot."),
    "content_filter": ("failed", "the model declined: the content filter of the provider withheld the reply"),
}
REFUSED = {"no_schema": "try llm.structured=false"}


def saying(chat: Chat) -> str:
    return json.dumps({"hours": 40})


@pytest.mark.parametrize("quirk", sorted(QUIRKS.keys() - REFUSED.keys()))
def test_a_reply_in_spite_of_a_quirk_is_read_or_fails_with_advice(quirk: str) -> None:
    outcome, reason = OUTCOMES.get(quirk, ("clean", ""))
    with serve(saying, quirk=quirk) as base_url:
        settings = Settings(base_url=base_url, model="scripted", backoff=0.0, on_failure="rule")
        with Service(settings) as service:
            (answer,) = service.ask([QUESTION])
            assert service.simulated == "scripted"
            assert service.counters["hours"].cost.calls == 1
    assert (answer.outcome, answer.value) == (outcome, None if outcome == "failed" else 40)
    assert reason in answer.reason
    assert (answer.envelope.left_out > 0) == (quirk == "small_context")


@pytest.mark.parametrize("quirk", sorted(REFUSED))
def test_a_refusal_says_which_setting_to_change(quirk: str) -> None:
    with (
        serve(saying, quirk=quirk) as base_url,
        Service(Settings(base_url=base_url, model="scripted")) as service,
        pytest.raises(EndpointError, match=REFUSED[quirk]),
    ):
        service.ask([QUESTION])


def test_an_unknown_quirk_is_named_with_those_like_it() -> None:
    with pytest.raises(UserError, match="did you mean reasoning"), serve(saying, quirk="reasoning_contents"):
        pass


def test_the_documentation_has_the_table_of_quirks() -> None:
    page = (Path(__file__).parents[3] / "docs" / "llm_testing.md").read_text()
    for name, quirk in QUIRKS.items():
        assert f"| `{name}` | {quirk.servers} | {quirk.does} |" in page
