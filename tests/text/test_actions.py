"""Actions as answers and back: every legal action has an answer, and every answer is read as the action it names."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Role, Space
from econsim.llm.replies import Reading
from econsim.text.actions import ActionText, action_text

MOVES = Role("walker", 1, Box(0, 1, (1,)), Discrete(4), action_labels=("rest", "left", "right", "build"))
RATES = Role(
    "planner",
    1,
    Box(0, 1, (1,)),
    MultiDiscrete((3, 4)),
    action_labels=("low", "high"),
    option_labels=(("keep", "0", "0.5"), ("keep", "0", "0.5", "1")),
)
EFFORT = Role("worker", 1, Box(0, 1, (1,)), Box(-2.0, 3.0), action_unit="hours a day")
PAIR = replace(EFFORT, action=Box(0.0, 8.0, (2,)), action_labels=("bread", "wine"))


def role(action: Space) -> Role:
    """Return a role that names nothing."""
    return Role("player", 1, Box(0, 1, (1,)), action)


def read(text: ActionText, value: Any, mask: list[bool] | None = None) -> Reading:
    return text.form(mask).read(json.dumps({"action": value}))


@pytest.mark.parametrize(
    ("played", "mask"),
    [
        (MOVES, None),
        (MOVES, [True, False, True, True]),
        (RATES, None),
        (RATES, [True, False, True, False, True, True, False]),
        (role(Discrete(12)), [False] * 3 + [True] * 9),
        (role(MultiDiscrete((2, 3))), None),
    ],
)
def test_every_legal_action_comes_back_from_its_answer_and_no_other_is_allowed(
    played: Role, mask: list[bool] | None
) -> None:
    text = action_text(played)
    counts = getattr(played.action, "counts", None) or (played.action.mask_size,)  # type: ignore[union-attr]
    flags = mask or [True] * sum(counts)
    first = [sum(counts[:place]) for place in range(len(counts))]
    for choice, count in enumerate(counts):
        for option in range(count):
            action = list(text.neutral(mask))
            action[choice] = float(option)
            reading = read(text, text.answer(tuple(action)), mask)
            assert text.allows(tuple(action), mask) == flags[first[choice] + option]
            if flags[first[choice] + option]:
                assert reading.outcome == "clean"
                assert text.action(reading.value) == tuple(action)
            else:
                assert reading.outcome == "failed"
                assert "must now be one of" in reading.reason


@given(st.floats(-2.0, 3.0))
def test_a_number_comes_back_to_the_last_bit(number: float) -> None:
    text = action_text(EFFORT)
    reading = read(text, text.answer((number,)))
    assert reading.outcome == "clean"
    assert text.action(reading.value) == (number,)


@given(st.tuples(st.floats(0.0, 8.0), st.floats(0.0, 8.0)))
def test_a_list_of_numbers_comes_back_to_the_last_bit(numbers: tuple[float, float]) -> None:
    text = action_text(PAIR)
    reading = read(text, text.answer(numbers))
    assert reading.outcome == "clean"
    assert text.action(reading.value) == numbers


@pytest.mark.parametrize(
    ("played", "value", "action"),
    [
        (MOVES, "Left", (1.0,)),
        (MOVES, "build, since I can", (3.0,)),
        (role(Discrete(3)), 2, (2.0,)),
        (RATES, {"low": 0.5, "high": 1.0}, (2.0, 3.0)),
        (RATES, ["keep", "0.50"], (0.0, 2.0)),
        (EFFORT, 3.04, (3.0,)),
        (PAIR, {"wine": 2, "bread": 1}, (1.0, 2.0)),
        (PAIR, [1, 8.05], (1.0, 8.0)),
    ],
)
def test_what_is_meant_without_doubt_is_repaired(played: Role, value: Any, action: tuple[float, ...]) -> None:
    text = action_text(played)
    reading = read(text, value)
    assert reading.outcome == "repaired"
    assert text.action(reading.value) == action


@pytest.mark.parametrize(
    ("played", "value", "reason"),
    [
        (MOVES, 3, "expected one of rest, left, right, build, found '3'"),
        (MOVES, "jump", "expected one of rest, left, right, build, found 'jump'"),
        (RATES, {"low": "0.07", "high": "1"}, "expected one of keep, 0, 0.5, found '0.07'"),
        (RATES, {"low": "0.5"}, "'high' is missing"),
        (RATES, "keep", "must be an object with the keys low, high"),
        (EFFORT, "a lot", "expected one number"),
        (EFFORT, 7, "expected a number between -2 and 3, found 7"),
        (PAIR, [1, 9], "expected a number between 0 and 8, found 9"),
        (PAIR, [1], "must hold 2 numbers, found 1"),
    ],
)
def test_what_could_only_be_guessed_fails_with_a_reason(played: Role, value: Any, reason: str) -> None:
    reading = read(action_text(played), value)
    assert reading.outcome == "failed"
    assert reason in reading.reason


def test_the_schema_allows_what_is_legal_alone() -> None:
    schema = action_text(MOVES).form([True, False, False, True]).schema()
    assert schema["properties"]["action"]["enum"] == ["rest", "build"]
    entries = action_text(RATES).form([True, False, True, False, True, True, False]).schema()["properties"]["action"]
    assert {name: entry["enum"] for name, entry in entries["properties"].items()} == {
        "low": ["keep", "0.5"],
        "high": ["0", "0.5"],
    }


def test_an_open_end_of_a_range_is_no_bound_in_json() -> None:
    schema = action_text(role(Box(0.0, float("inf")))).form(None).schema()["properties"]["action"]
    assert schema == {"type": "number", "minimum": 0.0}
    json.dumps(schema, allow_nan=False)


@pytest.mark.parametrize(
    ("played", "mask", "action"),
    [
        (MOVES, [False, False, True, True], (2.0,)),
        (RATES, None, (0.0, 0.0)),
        (EFFORT, None, (0.0,)),
        (role(Box(1.0, 2.0, (2,))), None, (1.0, 1.0)),
        (role(Box(-3.0, -1.0)), None, (-1.0,)),
    ],
)
def test_the_neutral_action_is_the_first_legal_option_or_next_to_zero(
    played: Role, mask: list[bool] | None, action: tuple[float, ...]
) -> None:
    assert action_text(played).neutral(mask) == action


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature_units": ("", "")}, "role walker: expected 0 feature_units, found 2"),
        ({"action_labels": ("a", "b")}, "role walker: expected 4 action_labels, found 2"),
        ({"action_labels": ("a", "b", "c", "A")}, "two labels are the same among a, b, c, A"),
        ({"option_labels": (("a",),)}, "role walker: expected 0 option_labels, found 1"),
    ],
)
def test_names_that_do_not_fit_their_role_are_an_error(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(MOVES, **changes)
