"""The threshold rule: options by range, illegal options, mistakes."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from econsim import make, random
from econsim.agents.threshold_rule import Parameters, ThresholdRule
from econsim.economies import pandemic_states
from econsim.errors import UserError
from econsim.game import Game, Observation


@pytest.fixture(scope="module")
def game() -> Game[pandemic_states.economy.State]:
    return pandemic_states.PandemicStates(pandemic_states.Parameters(days=30))


def rule(game: Game[pandemic_states.economy.State], seen: Observation, **parameters: object) -> torch.Tensor:
    agent = ThresholdRule(Parameters.model_validate(parameters))
    memory = agent.start(game, game.roles["governor"], 1)
    return agent.act(seen, memory, random.keys(0, 1))[0]


def test_each_range_has_its_option(game: Game[pandemic_states.economy.State]) -> None:
    seen = game.observe(game.reset(random.keys(0, 1)))["governor"]
    features = seen.features.clone()
    features[0, :4, 1] = torch.tensor([0.0, 0.1, 0.3, 0.5])  # infected, per cent; a value on a bound is above it
    options = ["level_2", "5", "level_9"]
    levels = rule(game, seen.with_fields(features=features), feature="infected", thresholds=[0.1, 0.5], options=options)
    assert levels[0, :4].tolist() == [2, 5, 5, 9]


def test_one_option_is_constant_and_what_is_illegal_is_not_played(game: Game[pandemic_states.economy.State]) -> None:
    seen = game.observe(game.reset(random.keys(0, 1)))["governor"]
    assert rule(game, seen, options=["level_7"]).tolist() == [[7] * 51]
    assert seen.action_mask is not None
    mask = seen.action_mask.clone()
    mask[0, 3, 1:] = False  # only to keep the level
    levels = rule(game, seen.with_fields(action_mask=mask), options=["level_7"])
    assert levels[0, :5].tolist() == [7, 7, 7, 0, 7]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"feature": "infekted", "thresholds": [1], "options": ["0", "1"]},
            "no feature 'infekted'.*did you mean.*infected",
        ),
        ({"options": ["level_11"]}, "agents.governor.options: no option 'level_11'.*did you mean"),
        ({"options": ["11"]}, "no option '11'"),
    ],
)
def test_what_the_role_does_not_have(
    game: Game[pandemic_states.economy.State], parameters: dict[str, object], message: str
) -> None:
    seen = game.observe(game.reset(random.keys(0, 1)))["governor"]
    with pytest.raises(UserError, match=message):
        rule(game, seen, **parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"feature": "infected", "thresholds": [1], "options": ["0"]}, "expected 2, one more than thresholds, found 1"),
        ({"feature": "infected", "thresholds": [2, 1], "options": ["0", "1", "2"]}, "expected rising numbers"),
        ({"thresholds": [1], "options": ["0", "1"]}, "name the feature"),
    ],
)
def test_parameters_that_do_not_fit_together(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(parameters)


def test_a_role_with_amounts() -> None:
    game = make("one_step", workers=3)
    with pytest.raises(UserError, match="threshold_rule"):
        ThresholdRule(Parameters(options=("0",))).start(game, game.roles["planner"], 1)
