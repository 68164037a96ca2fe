"""The default text of every shipped scenario and of toy games: all that is observed and can be done is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from analysis.equilibrium.dilemma import Dilemma
from toy_games import Gifts, GiftsState, Signals, orchard

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role
from econsim.scenario import load
from econsim.testing.play import play
from econsim.text import RoleText, acting_players, seen_by
from econsim.text.names import entry_names, feature_names, feature_units, option_names

ROOT = Path(__file__).resolve().parents[2]
# These games state what a player knows in words (tests/games/test_extensive_form.py, test_coin_game.py).
IN_OWN_WORDS = {"agenda", "coin_game", "coin_game_planner", "kuhn", "leduc", "ultimatum"}
# The disease and coins pass by chance, and the unhappy move, without being asked.
WITHOUT_CHOICES = {"epidemic", "money_exchange", "schelling", "sugarscape"}
SHIPPED = sorted({path.stem for path in (ROOT / "scenarios").glob("*.yaml")} - IN_OWN_WORDS)
TOYS = {"gifts": Gifts, "dilemma": Dilemma, "orchard": orchard}
STEPS = 8
_RANGE = re.compile(r"(\S+?)(\d+) to \1(\d+)")


@cache
def game_of(name: str) -> Game[Any]:
    return TOYS[name]() if name in TOYS else load(name).build()[0]


def spelled_out(text: str) -> list[str]:
    """Return the names in a list like "coin, x_0 to x_2"."""
    names: list[str] = []
    for entry in text.split(", "):
        match = _RANGE.fullmatch(entry)
        names += [f"{match[1]}{at}" for at in range(int(match[2]), int(match[3]) + 1)] if match else [entry]
    return names


def observed(rules: str) -> dict[str, str]:
    """Return the features that rules name, with their units."""
    lines = rules.split("Your observation\n")[1].split("\n\n")[0].splitlines()
    rows = [line.removeprefix("- ").partition(" (") for line in lines]
    return {name: unit.removesuffix(")") for names, _, unit in rows for name in spelled_out(names)}


@pytest.mark.parametrize("name", [*SHIPPED, *TOYS])
def test_every_feature_with_its_unit_and_every_action_is_named(name: str) -> None:
    game = game_of(name)
    for role in game.roles.values():
        rules = RoleText(game, role).rules
        assert list(observed(rules).items()) == list(zip(feature_names(role), feature_units(role), strict=True))
        action = rules.split("Your action\n- ")[1].split("\n\n")[0]
        labels = [
            label
            for part in re.split(r"\n- |: |, one of| in the order |for each of ", action)
            for label in spelled_out(part)
        ]
        expected = {*entry_names(role), *(label for options in option_names(role) for label in options)}
        assert expected <= set(labels) or (isinstance(role.action, Box) and not role.action.shape)
        assert role.action_unit in action
        assert not re.search(r"\$|\\[a-z]", rules)  # no LaTeX
        assert f"An episode has {'' if game.clocked else 'at most '}{game.horizon} step" in rules


@pytest.mark.parametrize("name", [*(name for name in SHIPPED if name not in WITHOUT_CHOICES), *TOYS])
def test_questions_of_play_hold_what_is_observed_and_offer_what_is_legal(name: str) -> None:
    game = game_of(name)
    texts = {role.name: RoleText(game, role) for role in game.roles.values()}
    asked = 0
    for moment in play(game, random.keys(3, 2), min(STEPS, game.horizon)):
        for role, text in texts.items():
            observation = moment.observations[role]
            acting = acting_players(observation)
            expected = observation.features[acting].tolist()
            actions = moment.actions[role].double().reshape(*acting.shape, -1)[acting].tolist()
            for seen, values, played in zip(seen_by(observation, acting)[:5], expected, actions, strict=False):
                asked += 1
                listed = [*values, *seen.shared]
                assert values_in(text.question(seen)) == [float(f"{value:.4g}") for value in listed]
                check_answer(text, seen.mask, tuple(played))
    assert asked > 0


def values_in(question: str) -> list[float]:
    """Return the numbers of the observation in a question, line by line."""
    listed = question.split("You observe:\n")[1].split("\n\n")[0]
    lines = [line.partition(": ")[2].partition(" (")[0] for line in listed.splitlines()]
    return [float(value) for line in lines for value in line.split()]


def check_answer(text: RoleText, mask: list[bool] | None, played: tuple[float, ...]) -> None:
    """An action of random legal play is allowed, and comes back from its answer."""
    assert text.action.allows(played, mask)
    reading = text.action.form(mask).read(json.dumps({"action": text.action.answer(played)}))
    assert (reading.outcome, text.action.action(reading.value)) == ("clean", played)


def test_a_map_is_drawn_with_a_sign_for_each_thing_on_a_tile() -> None:
    game = load("gather_trade_build").build()[0]
    role = game.roles["worker"]
    observation = game.observe(game.reset(random.keys(3, 1)))["worker"]
    text = RoleText(game, role)
    signs = {label: sign for sign, label in re.findall(r"- (\S+?): (.*)", text.rules.split("several things:\n")[1])}
    assert observation.view is not None
    for player, seen in enumerate(seen_by(observation, torch.ones_like(observation.alive))):
        view = observation.view[0, player]
        drawn = text.question(seen).split("The map:\n")[1].split("\n\n")[0].splitlines()
        tiles = [line.split() for line in drawn]
        assert [len(row) for row in tiles] == [view.shape[2]] * view.shape[1]
        for channel, label in ((0, "stone"), (1, "wood"), (3, "water"), (4, "Stone source"), (5, "Wood source")):
            marked = [[signs[label] in tile for tile in row] for row in tiles]
            assert marked == view[channel].bool().tolist(), label
        assert [[signs["outside the map"] in tile for tile in row] for row in tiles] == (view[6] == 0).tolist()
        radius = view.shape[1] // 2
        assert signs["you"] in tiles[radius][radius]
        assert sum(signs["you"] in tile for row in tiles for tile in row) == 1


def test_workers_on_a_map_carry_their_numbers() -> None:
    game = load("gather_trade_build", {"economy.planner_sees_map": True}).build()[0]
    observation = game.observe(game.reset(random.keys(3, 1)))["planner"]
    (seen,) = seen_by(observation, torch.ones_like(observation.alive))
    map_of_all = RoleText(game, game.roles["planner"]).question(seen).split("The map:\n")[1]
    assert sorted(re.findall(r"r(\d)", map_of_all)) == ["0", "1", "2", "3"]


def test_rules_are_those_of_the_docstring_and_the_same_for_every_player() -> None:
    game = game_of("gather_trade_build")
    rules = RoleText(game, game.roles["worker"]).rules
    for part in ("workers gather stone and wood on a map", "\nDynamics\n", "\nRewards\n", "build_labour = 10"):
        assert part in rules
    for part in ("``", "[B", "Calibration", "Checks"):
        assert part not in rules


def test_past_actions_are_named_the_oldest_first() -> None:
    game = game_of("gather_trade_build")
    observation = game.observe(game.reset(random.keys(3, 1)))["worker"]
    seen = seen_by(observation, torch.ones_like(observation.alive))[0]
    question = RoleText(game, game.roles["worker"]).question(seen, [(0.0,), (1.0,), (49.0,)])
    assert "Your last actions, the oldest first: nothing; build; down\n" in question


class Worded(Gifts):
    """A game with a wording of its own for one of its roles."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def briefing(self, role: str) -> Mapping[str, Any]:
        return {"templates": self.folder, "mood": "kind"} if role == "giver" else {"page": "Set the tax on gifts."}


def test_a_game_may_bring_templates_with_variables_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("Be {{ mood }}, {{ role }}. {{ actions[0] }}")
    (tmp_path / "question.txt").write_text("{{ observation[1] }}. What do you do, {{ mood }} {{ role }}?")
    game = Worded(tmp_path)
    text = RoleText(game, game.roles["giver"])
    assert text.rules == "Be kind, giver. one of: 0, 1, 2, 3"
    observation = game.observe(game.reset(random.keys(3, 1)))["giver"]
    seen = seen_by(observation, torch.ones_like(observation.alive))[0]
    coins = float(observation.features[0, 0, 1])
    assert text.question(seen) == f"coins: {coins:.4g}. What do you do, kind giver?"
    rules = RoleText(game, game.roles["collector"]).rules
    assert "Set the tax on gifts.\n" in rules
    assert "a number from 0 to 1" in rules


def test_a_users_own_wording_comes_before_that_of_the_game(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("You are a {{ role }}.")
    game = Worded(tmp_path / "missing")
    assert RoleText(game, game.roles["giver"], str(tmp_path)).rules == "You are a giver."


def test_a_wording_that_is_not_there() -> None:
    game = Gifts()
    with pytest.raises(UserError, match=r"agents\.giver\.wording: no wording 'plein' \(did you mean plain"):
        RoleText(game, game.roles["giver"], "plein", "agents.giver.wording")
    with pytest.raises(UserError, match=r"rules\.txt: no such file or directory"):
        RoleText(Worded(ROOT / "docs"), game.roles["giver"])


def test_shared_features_stand_beside_those_of_a_player() -> None:
    game = Signals()
    role = game.roles["guesser"]
    text, key = RoleText(game, role), random.keys(1, 1)
    assert "- signal_0 to signal_2\n" in text.rules
    observation = game.observe(game.reset(key))["guesser"]
    seen = seen_by(observation, observation.acting)
    assert observation.shared is not None
    assert [player.shared for player in seen] == [observation.shared[0].tolist()] * role.count


class Announced(Gifts):
    """Gifts, with the treasury for all givers to see."""

    discount = 0.5

    def __init__(self) -> None:
        super().__init__()
        giver = self.roles["giver"]
        seen = {"shared_features": ("treasury",), "shared_units": ("coins",)}
        self.roles = {**self.roles, "giver": replace(giver, **seen)}  # type: ignore[arg-type]

    def observe(self, state: GiftsState) -> dict[str, Observation]:
        seen = super().observe(state)
        return {**seen, "giver": replace(seen["giver"], shared=state.treasury[:, None])}


def test_what_all_players_observe_stands_beside_what_a_player_observes() -> None:
    game = Announced()
    observation = game.observe(replace(game.reset(random.keys(3, 2)), treasury=torch.tensor([1.0, 2.5])))["giver"]
    text = RoleText(game, game.roles["giver"])
    assert "What all players of your role observe\n- treasury (coins)\n" in text.rules
    questions = [text.question(seen) for seen in seen_by(observation, observation.alive)]
    assert ["- treasury: 1 (coins)\n" in question for question in questions] == [True] * 4 + [False] * 4
    assert ["- treasury: 2.5 (coins)\n" in question for question in questions] == [False] * 4 + [True] * 4


def test_a_discount_is_told() -> None:
    assert "A reward counts 0.5 times as much as one a step earlier." in RoleText(*role_of(Announced(), "giver")).rules
    assert "times as much" not in RoleText(*role_of(Gifts(), "giver")).rules


def role_of(game: Game[Any], name: str) -> tuple[Game[Any], Role]:
    return game, game.roles[name]


def test_the_payoffs_of_a_game_of_one_round_are_told_combination_by_combination() -> None:
    rules = RoleText(*role_of(game_of("prisoners_dilemma"), "column")).rules
    assert rules.split("What every player is paid\n")[1].split("\n\n")[0].splitlines() == [
        "- row: cooperate, column: cooperate. Paid: row 3, column 3",
        "- row: cooperate, column: defect. Paid: row 0, column 5",
        "- row: defect, column: cooperate. Paid: row 5, column 0",
        "- row: defect, column: defect. Paid: row 1, column 1",
    ]
