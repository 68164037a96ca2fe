"""Presentations of a game: other orders and names, under which answers lead to the same actions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from toy_games import Gifts

from econsim import random
from econsim.errors import UserError
from econsim.game import Game
from econsim.scenario import load
from econsim.text import RoleText, seen_by
from econsim.text.presentation import Presentation

NEUTRAL = Presentation("given", "neutral")


def text_of(game: Game[Any], presentation: Presentation, wording: str = "standard") -> RoleText:
    return RoleText(game, next(iter(game.roles.values())), wording, "agents.x.wording", presentation=presentation)


def first(game: Game[Any]) -> Any:
    role = next(iter(game.roles))
    observation = game.observe(game.reset(random.keys(2, 1)))[role]
    return seen_by(observation, observation.alive)[0]


@pytest.mark.parametrize("name", ["prisoners_dilemma", "commons_harvest", "gather_trade_build", "gifts"])
@pytest.mark.parametrize("presentation", [Presentation("reversed"), NEUTRAL, Presentation("reversed", "neutral")])
def test_every_action_is_recovered_from_its_answer(name: str, presentation: Presentation) -> None:
    game: Game[Any] = Gifts() if name == "gifts" else load(name).build_game("cpu")
    given, shown, seen = text_of(game, Presentation()), text_of(game, presentation), first(game)
    labels = given.action.options[0]  # type: ignore[attr-defined]
    legal = [label for label, is_legal in zip(labels, seen.mask or [True] * len(labels), strict=True) if is_legal]
    actions = [given.action.action(label) for label in legal]
    for action in actions:
        reading = shown.form(seen).read(json.dumps({"action": shown.action.answer(action)}))
        assert reading.outcome == "clean"
        assert shown.action.action(reading.value) == action
    listed = shown.form(seen).schema()["properties"]["action"]["enum"]
    expected = [shown.action.answer(action) for action in actions]
    assert listed == (expected[::-1] if presentation.order == "reversed" else expected)


def test_neutral_names_leave_nothing_of_a_known_game_but_its_payoffs() -> None:
    game = load("prisoners_dilemma").build_game("cpu")
    for wording in ("standard", "plain"):
        shown = text_of(game, NEUTRAL, wording)
        whole = f"{shown.rules} {shown.question(first(game), [(1.0,)])}".casefold()
        for word in ("cooperate", "defect", "prisoner", "dilemma", "row", "column"):
            assert word not in whole
        assert "role_1: option_2, role_2: option_1. paid: role_1 5, role_2 0" in whole


def test_names_of_ones_own_replace_whole_words_in_rules_questions_and_features() -> None:
    game = load("prisoners_dilemma", {"game": {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": 2}})
    shown = text_of(game.build_game("cpu"), Presentation(names={"cooperate": "blue", "defect": "green"}))
    assert "- state blue, green (1: the current state, 0: not)" in shown.rules
    assert "row: green, column: blue. Paid: row 5, column 0" in shown.rules
    assert shown.action.lines == ["one of: blue, green"]
    assert "cooperate" not in shown.rules


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {"coperate": "blue"},
            r"agents\.x\.names: no option, role or thing of this game is called 'coperate'",
        ),
        ({"cooperate": "blue", "defect": "blue"}, "two words would have the same name"),
        ({"cooperate": "defect"}, "two words would have the same name"),
    ],
)
def test_names_that_cannot_be_are_explained(names: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        text_of(load("prisoners_dilemma").build_game("cpu"), Presentation(names=names))


def test_both_wordings_state_the_same_facts() -> None:
    for name in ("prisoners_dilemma", "commons_harvest", "gather_trade_build"):
        game = load(name).build_game("cpu")
        for role in game.roles.values():
            standard, plain = (RoleText(game, role, wording) for wording in ("standard", "plain"))
            facts = [line for line in standard.rules.split("\n") if line.startswith("- ") and "episode" not in line]
            assert facts
            assert all(line in plain.rules for line in facts if not line.startswith("- You act every"))
