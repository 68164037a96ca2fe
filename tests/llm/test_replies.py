"""Replies as models write them, and what may be made of them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from econsim.llm.replies import Amount, Amounts, Choice, Choices, Form, OneOf, Ranking, Words

HOURS = Amount("hours", 0, 100, 10)
RATES = Amounts("rates", 3, 0, 1, 0.05)
APPROVAL = Amounts("approve", 2, 0, 1, 1, names=("Ann", "Bob"))
VOTE = OneOf("leader", ("Ann Lee", "Bob", "nobody"))
ORDER = Ranking("order", ("ann", "bob", "cy"))
MOTTO = Words("motto", 10)
MOVE = Choice("move", ("left", "right"), ("build",))
TWO = Choices("rates", (Choice("low", ("keep", "0", "0.5")), Choice("high", ("keep", "1"))))
FORMS: list[Form] = [HOURS, RATES, VOTE, ORDER, MOTTO, MOVE, TWO]


@pytest.mark.parametrize(
    ("form", "reply", "value"),
    [
        (HOURS, '{"hours": 40}', 40.0),
        (HOURS, '{"thought": "{\\"hours\\": 10}", "hours": 40.0}', 40.0),
        (RATES, '{"rates": [0.1, 0, 1]}', (0.1, 0.0, 1.0)),
        (RATES, '{"rates": [0.15, 0.35, 0.7]}', (0.15, 0.35, 0.7)),
        (VOTE, '{"leader": "Ann Lee"}', "Ann Lee"),
        (ORDER, '{"order": ["cy", "ann", "bob"]}', ("cy", "ann", "bob")),
        (MOTTO, '{"motto": "work less"}', "work less"),
        (MOVE, '{"move": "right"}', "right"),
        (TWO, '{"rates": {"low": "0.5", "high": "keep"}}', ("0.5", "keep")),
    ],
)
def test_a_reply_as_asked_for_is_clean(form: Form, reply: str, value: Any) -> None:
    reading = form.read(reply)
    assert (reading.value, reading.outcome, reading.reason) == (value, "clean", "")


@pytest.mark.parametrize(
    ("form", "reply", "value"),
    [
        (HOURS, '```json\n{"hours": 40}\n```', 40.0),
        (HOURS, '<think>{"hours": 90}? No.</think>\n{"hours": 40}', 40.0),
        (HOURS, 'a server kept the mark {"hours": 90}</think>{"hours": 40}', 40.0),
        (HOURS, 'So {"hours": 40}, that is {"hours": 40.0}', 40.0),
        (HOURS, '{"hours": 40 ', 40.0),
        (HOURS, '{"hours": "40"', 40.0),
        (HOURS, '{"hours": 40, "th', 40.0),
        (HOURS, '{"hours": 101}', 100.0),
        (HOURS, '{"hours": -0.5}', 0.0),
        (HOURS, '{"response": {"hours": 40}}', 40.0),
        (HOURS, '{"response": {"hours": 40}', 40.0),
        (HOURS, '{"name": "set", "arguments": {"hours": 40}}', 40.0),
        (HOURS, '{"function": {"name": "set", "arguments": "{\\"hours\\": 40}"}}', 40.0),
        (HOURS, '{"plan": {"hours": 40}}', 40.0),
        (HOURS, '{"value": 40}', 40.0),
        (HOURS, '{"hours": {"value": 40}}', 40.0),
        (HOURS, '{"thought": "a } in words", "hours": 40,}', 40.0),
        (HOURS, '{"hours": 40, "thought": "cut in the mid', 40.0),
        (HOURS, "{'hours': 40}", 40.0),
        (HOURS, '{"HOURS": "40 hours"}', 40.0),
        (HOURS, '{"hours": [40]}', 40.0),
        (HOURS, "40", 40.0),
        (HOURS, '{"hours": 44}', 40.0),
        (Amount("bid", 0, 5000), '{"bid": "$1,200.50"}', 1200.5),
        (Amount("rate", 0, 1), '{"rate": "10%"}', 0.1),
        (Amount("rate", 0, 100), '{"rate": "10%"}', 10.0),
        (RATES, '{"rates": [10, 35, 0]}', (0.1, 0.35, 0.0)),
        (RATES, '{"rates": ["10%", "35 %", "5 percent"]}', (0.1, 0.35, 0.05)),
        (RATES, '{"rates": "10%, 35%, 5%"}', (0.1, 0.35, 0.05)),
        (RATES, '{"rates": {"bracket_3": 0.3, "bracket_1": 0.1, "bracket_2": 0.2}}', (0.1, 0.2, 0.3)),
        (RATES, '{"rates": {"from 47,150": 0.2, "from 0": 0.1, "from 100,525": 0.3}}', (0.1, 0.2, 0.3)),
        (RATES, '{"rates": {"value": [0.1, 0.2, 0.3]}}', (0.1, 0.2, 0.3)),
        (APPROVAL, '{"approve": {"Bob": 1, "ann": 0}}', (0.0, 1.0)),
        (Amounts("bids", 2, 0, 5000), '{"bids": "1,200; 3,400"}', (1200.0, 3400.0)),
        (VOTE, '{"leader": "ann lee."}', "Ann Lee"),
        (VOTE, '{"leader": 1}', "Bob"),
        (VOTE, '{"leader": "Bob, because of his rates"}', "Bob"),
        (VOTE, "Bob", "Bob"),
        (OneOf("leader", ("2", "1", "0")), '{"leader": 1}', "1"),
        (OneOf("answer", ("yes", "no")), '{"answer": true}', "yes"),
        (ORDER, '{"order": "cy > ann > bob"}', ("cy", "ann", "bob")),
        (ORDER, '{"order": ["cy", "ann"]}', ("cy", "ann", "bob")),
        (ORDER, '{"order": ["cy", "cy", "ann", "bob"]}', ("cy", "ann", "bob")),
        (MOTTO, '{"motto": "work less, live more"}', "work less,"),
        (MOTTO, "live more", "live more"),
        (MOVE, "left", "left"),
        (MOVE, '{"move": "Right."}', "right"),
        (TWO, '{"rates": {"low": 0.50, "high": 1.0, "more": 3}}', ("0.5", "1")),
        (TWO, '{"rates": ["keep", "keep"]}', ("keep", "keep")),
    ],
)
def test_what_is_meant_without_doubt_is_repaired(form: Form, reply: str, value: Any) -> None:
    reading = form.read(reply)
    assert (reading.value, reading.outcome) == (value, "repaired"), reading
    assert reading.reason


@pytest.mark.parametrize(
    ("form", "reply"),
    [
        (HOURS, ""),
        (HOURS, "I shall work as ever."),
        (HOURS, '{"hours": null}'),
        (HOURS, '{"hours": true}'),
        (HOURS, '{"hours": "between 20 and 30"}'),
        (HOURS, '{"hours": NaN}'),
        (HOURS, '{"hours": 1e999}'),
        (HOURS, '{"hours": ' + "9" * 400 + "}"),
        (HOURS, '{"hours": ' + "9" * 5000 + "}"),
        (HOURS, '{"hours": {"a": 1}}'),
        (HOURS, '{"labour": 40}'),
        (HOURS, '{"hours": "__import__(\'os\').getcwd()"}'),
        (HOURS, '<think>it never ends {"hours": 40}'),
        (HOURS, '{"hours": 1845}'),
        (HOURS, '{"hours": 168}'),
        (HOURS, '{"hours": -5}'),
        (HOURS, '{"hours": 1e300}'),
        (HOURS, '{"hours": 4'),
        (HOURS, '{"hours": -'),
        (HOURS, "{'hours': 4"),
        (HOURS, '{"hours": "4'),
        (HOURS, '{"response": {"hours": 4'),
        (HOURS, '{"plan": {"hours": 10}, "hours": 4'),
        (HOURS, 'First {"hours": 90}, no: {"hours": 40}'),
        (HOURS, 'First {"hours": 90}, no: {"hours": 4'),
        (HOURS, '{"hours": 90, "hours": 40}'),
        (HOURS, '{"type": "object", "properties": {"hours": {"type": "number"}}}'),
        (Amount("shift", -1, 1), '{"shift": 35}'),
        (Amount("bid", 0, float("inf")), '{"bid": -1}'),
        (RATES, '{"rates": [1845, 1700, 20]}'),
        (RATES, '{"rates": [10, 20, 3'),
        (RATES, '{"rates": [0.1, 0.2, 0.3'),
        (RATES, '{"rates": [0.1, 0.2, 0.3, '),
        (RATES, '{"rates": {"low": 0.1, "mid": 0.2, "top": 0.3}}'),
        (RATES, '{"rates": {"1": 0.1, "bracket 1": 0.2, "2": 0.3}}'),
        (RATES, '{"rates": {"0-10": 0.1, "10-20": 0.2, "20-30": 0.3}}'),
        (APPROVAL, '{"approve": {"Bob": 1, "Cy": 0}}'),
        (RATES, '{"rates": [0.1, 0.2]}'),
        (RATES, '{"rates": [0.1, 20, 35]}'),
        (RATES, '{"rates": ["10%", 0.2, 0.35]}'),
        (RATES, '{"rates": [0.1, "no", 0.35]}'),
        (RATES, '{"rates": 0.1}'),
        (VOTE, '{"leader": "Ann or Bob"}'),
        (VOTE, '{"leader": "Bob or nobody"}'),
        (VOTE, '{"leader": "not Bob"}'),
        (VOTE, '{"leader": 7}'),
        (VOTE, '{"leader": "Bob'),
        (OneOf("vote", ("tax", "tax rich")), '{"vote": "tax'),
        (ORDER, '{"order": ["cy", "ann"'),
        (ORDER, '{"order": ["cy"]}'),
        (ORDER, '{"order": ["cy", "dora", "ann"]}'),
        (MOTTO, '{"motto": ""}'),
        (MOTTO, '{"motto": ["a"]}'),
        (MOVE, '{"move": "build"}'),
        (MOVE, '{"move": 1}'),
        (MOVE, '{"move": "left or right"}'),
        (TWO, '{"rates": {"low": 0.07, "high": 1}}'),
        (TWO, '{"rates": {"low": "keep"}}'),
        (TWO, '{"rates": ["keep"]}'),
        (TWO, '{"rates": "keep"}'),
    ],
)
def test_what_would_have_to_be_guessed_fails(form: Form, reply: str) -> None:
    reading = form.read(reply)
    assert (reading.value, reading.outcome) == (None, "failed"), reading
    assert reading.reason


@pytest.mark.parametrize(
    ("form", "reply", "value"),
    [
        (HOURS, '{"hours": 40}', 40.0),
        (HOURS, '{"hours": 40} That is', 40.0),
        (HOURS, '{"hours": 40, "thought": "cut in the mid', 40.0),
        (HOURS, "40", None),
        (HOURS, '{"hours": 40} or rather {"ho', None),
        (HOURS, '{"thought": "I could', None),
        (HOURS, "I could work 4", None),
        (VOTE, "Bob", None),
        (VOTE, '{"leader": "Bob"', "Bob"),
        (MOTTO, "live mo", None),
        (RATES, "[0.1, 0.2, 0.3]", (0.1, 0.2, 0.3)),
    ],
)
def test_what_a_server_cut_off_is_read_up_to_its_last_complete_value(form: Form, reply: str, value: Any) -> None:
    reading = form.read(reply, truncated=True)
    assert reading.value == value, reading
    assert value is not None or "cut off" in reading.reason


@given(st.sampled_from(['{"thought": "a \\" b", "hours": 80}', '{"hours": {"value": 80}, "thought": "80"}']), st.data())
def test_no_prefix_of_a_reply_is_read_as_another_number(reply: str, data: st.DataObject) -> None:
    prefix = reply[: data.draw(st.integers(0, len(reply)))]
    assert HOURS.read(prefix, truncated=True).value in (None, 80.0)
    assert HOURS.read(prefix).value in (None, 80.0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sign", ["{", "[", '{"a":', "<think>", "```", '"', "\\", "\x00", "\ud800"])
def test_endless_nesting_and_odd_signs_break_nothing(form: Form, sign: str) -> None:
    form.read(sign * 20_000)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from(FORMS))
def test_no_text_breaks_a_form(text: str, form: Form) -> None:
    for reply in (text, json.dumps({form.key: text}), f"```json\n{{{json.dumps(form.key)}: {text}"):
        reading = form.read(reply)
        assert (reading.value is None) == (reading.outcome == "failed")


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(-2.0, 102.0))
def test_every_number_becomes_one_that_is_allowed_or_fails_out_of_range(value: float) -> None:
    reading = HOURS.read(json.dumps({"hours": value}))
    if not -1.0 <= value <= 101.0:  # 1 % of the range
        assert (reading.outcome, reading.value) == ("failed", None)
        assert "between 0 and 100" in reading.reason
        return
    assert reading.value in [10.0 * place for place in range(11)]
    # Rounding in the last digits is no repair.
    assert (reading.outcome == "clean") == (reading.value == pytest.approx(value, rel=1e-9, abs=1e-9))


def test_a_grid_that_does_not_meet_its_end_stays_inside() -> None:
    assert Amount("x", 0, 1, 0.3).read('{"x": 1}').value == 0.9


def test_a_schema_describes_the_one_key_and_thoughts_before_it() -> None:
    schema = Amount("hours", 0, 100, thought=True).schema()
    assert list(schema["properties"]) == schema["required"] == ["thought", "hours"]
    assert schema["properties"]["hours"] == {"type": "number", "minimum": 0, "maximum": 100}
    assert RATES.schema()["properties"]["rates"]["maxItems"] == 3


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (HOURS, {"type": "integer", "enum": [*range(0, 101, 10)]}),
        (Amount("x", 0, 1, 0.5), {"type": "number", "enum": [0, 0.5, 1]}),
        (Amount("x", 0, 1, 0.3), {"type": "number", "enum": [0, 0.3, 0.6, 0.9]}),
        (Amount("x", 0, 10_000, 5), {"type": "integer", "minimum": 0, "maximum": 10_000}),  # too many to list
        (Amount("x", 0, 10_000, 0.5), {"type": "number", "minimum": 0, "maximum": 10_000}),
        (Amount("x", 0, float("inf"), 1), {"type": "integer", "minimum": 0}),
    ],
)
def test_a_number_on_a_grid_is_an_enumeration_as_far_as_it_can_be_listed(form: Form, expected: dict[str, Any]) -> None:
    """Servers with grammars (llama.cpp, Ollama) hold a model to enumerations and integers, not to bounds of numbers."""
    (schema,) = form.schema()["properties"].values()
    assert schema == expected


def test_a_schema_describes_names_as_an_enumeration() -> None:
    assert VOTE.schema()["properties"]["leader"]["enum"] == list(VOTE.options)
