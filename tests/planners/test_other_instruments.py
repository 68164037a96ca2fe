"""Leaders whose instrument is no tax: planners set it, fit it, or say what they need."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fishery import Fishery, regulator
from memory_recorder import MemoryRecorder

from econsim import kinds, random
from econsim.agents import best_response
from econsim.errors import UserError
from econsim.game import Agent, Box, Discrete, MultiDiscrete, Space
from econsim.leader_evaluation import values_of
from econsim.learning import SelfFitting
from econsim.play import play

QUOTA, LICENCE = Box(0.0, 5.0), Discrete(4)
FISHERS: dict[str, Agent] = {"fisher": best_response.BestResponse(best_response.Parameters())}


def planner(kind: str, **parameters: Any) -> Any:
    found = kinds.load("planners", kind)
    return found.build(found.parameters.model_validate(parameters))  # type: ignore[attr-defined]


def begin(leader: Any, game: Fishery) -> None:
    """Fit a planner that fits itself, and start any other."""
    if isinstance(leader, SelfFitting):
        leader.fit(game, regulator(game), FISHERS, 0, MemoryRecorder())
    else:
        leader.start(game, regulator(game), 1)


def outcome(leader: Agent, instrument: Space, copies: int = 2) -> tuple[list[float], list[float]]:
    """Return the quotas and the regulator's returns of ``copies`` episodes in double precision."""
    game = Fishery(instrument).to(dtype=torch.float64)
    episode = play(game, {**FISHERS, "regulator": leader}, random.keys(0, copies))
    return game.accounts(episode.state)["quota"].tolist(), episode.returns["regulator"][:, 0].tolist()


@pytest.mark.parametrize(
    "instrument",
    [QUOTA, Box(-1.0, 1.0, (2,)), Box(-5.0, 0.0, (2, 2)), LICENCE, MultiDiscrete((4, 2))],
    ids=["number", "vector", "matrix", "option", "options"],
)
def test_the_free_market_is_action_zero(instrument: Space) -> None:
    assert outcome(planner("free_market"), instrument) == ([0.0, 0.0], [0.0, 0.0])


def test_a_range_without_zero_has_no_free_market() -> None:
    with pytest.raises(UserError, match="sets every entry to zero, but actions of role regulator range from 1 to 5"):
        outcome(planner("free_market"), Box(1.0, 5.0))


@pytest.mark.parametrize(
    ("instrument", "action", "quota"),
    [
        (QUOTA, 3.0, 3.0),
        (Box(1.0, 5.0, (2,)), [1.0, 4.0], 2.5),
        (Box(1.0, 5.0, (2, 2)), 1.5, 1.5),
        (LICENCE, 2, 2.0),
        (MultiDiscrete((4, 2)), [3, 1], 2.5),
        (MultiDiscrete((4, 2)), 1, 1.0),
    ],
)
def test_a_fixed_action_is_what_was_written(instrument: Space, action: Any, quota: float) -> None:
    effort = quota / 2
    returns = effort * (2 - effort)
    assert outcome(planner("fixed", action=action), instrument) == ([quota] * 2, [returns] * 2)


@pytest.mark.parametrize(
    ("instrument", "given", "message"),
    [
        (QUOTA, {"action": 5.5}, "5.5 is out of range for role regulator"),
        (QUOTA, {"action": [1, 2]}, "expected one number per entry, 1 in all, found 2"),
        (LICENCE, {"action": 4}, "4 is out of range"),
        (LICENCE, {"action": 0.5}, "whole numbers"),
        (MultiDiscrete((4, 2)), {"action": [0, 2]}, "2 is out of range"),
        (QUOTA, {"rates": [0.5]}, r"does not set tax brackets; give planner\.action instead"),
    ],
)
def test_an_action_that_does_not_fit_is_refused(instrument: Space, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        outcome(planner("fixed", **given), instrument)


@pytest.mark.parametrize("kind", ["free_market", "fixed"])
def test_followers_are_no_leaders(kind: str) -> None:
    game = Fishery(QUOTA)
    with pytest.raises(UserError, match="this is a following role"):
        planner(kind, **({"action": 1} if kind == "fixed" else {})).start(game, game.roles["fisher"], 1)


@pytest.mark.parametrize(
    ("kind", "budget"),
    [
        ("search", {"starts": 2, "generations": 20}),
        ("search", {"method": "coordinate", "starts": 1}),
        ("hypergradient", {"starts": 2, "finest_step": 1e-4, "method": "implicit"}),
        ("hypergradient", {"starts": 2, "temperature": 1e-4}),
    ],
)
@pytest.mark.parametrize("instrument", [QUOTA, Box(-2.0, 6.0, (2,))], ids=["quota", "two entries"])
def test_a_fitted_planner_finds_the_best_quota(kind: str, budget: dict[str, Any], instrument: Box) -> None:
    game, leader = Fishery(instrument), planner(kind, **budget)
    assert isinstance(leader, SelfFitting)
    leader.fit(game, regulator(game), FISHERS, 0, MemoryRecorder())
    quotas, returns = outcome(leader, instrument)
    # The top is flat: a quota that is off by d loses d^2 / 4; steps end at 0.001 of a range of 5 or 8.
    assert quotas == pytest.approx([2.0, 2.0], abs=0.02)
    assert returns == pytest.approx([1.0, 1.0], abs=1e-4)


def test_random_actions_lie_in_the_range_and_differ_by_episode() -> None:
    quotas, _ = outcome(planner("random_schedule", taxed_share=1.0, highest_rate=1.0), Box(1.0, 5.0), copies=2000)
    assert 1.0 <= min(quotas) < 1.1
    assert max(quotas) <= 5.0
    # A share is a product of two uniforms, mean 1/4 and variance 1/9 - 1/16; five standard errors.
    assert torch.tensor(quotas).mean().item() == pytest.approx(2.0, abs=5 * 4 * ((1 / 9 - 1 / 16) / 2000) ** 0.5)


@pytest.mark.parametrize("kind", ["search", "random_schedule"])
@pytest.mark.parametrize("instrument", [LICENCE, Box(0.0, float("inf"))], ids=["options", "unbounded"])
def test_planners_that_need_numbers_say_so(kind: str, instrument: Space) -> None:
    game, leader = Fishery(instrument), planner(kind)
    with pytest.raises(
        UserError, match=rf"kind {kind} needs an action of bounded real numbers or tax rates; role regulator"
    ):
        begin(leader, game)


@pytest.mark.parametrize("kind", ["flat", "us_federal", "elected", "saez", "saez_buffer"])
def test_planners_of_tax_brackets_say_so(kind: str) -> None:
    game, leader = Fishery(QUOTA), planner(kind)
    with pytest.raises(UserError, match=r"sets tax brackets; Fishery has none for role regulator"):
        begin(leader, game)


def test_proposals_are_evaluated_on_any_instrument() -> None:
    game = Fishery(QUOTA).to(dtype=torch.float64)
    values = values_of(game, FISHERS, "regulator", torch.tensor([0.0, 2.0, 4.0], dtype=torch.float64), seed=0)
    assert values.tolist() == [0.0, 1.0, 0.0]
