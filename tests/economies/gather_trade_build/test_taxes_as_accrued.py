"""Taxes felt as they accrue: other rewards by the step, the same over an episode, and nothing else changes."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.economy import State
from econsim.mechanisms.preferences import isoelastic

PERIOD = 20
RATES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def game(**more: object) -> GatherTradeBuild:
    parts = ("build", "trade", "gather", {"kind": "tax", "period": PERIOD})
    settings = {"horizon": 70, "components": parts, "starting_coin": 50.0, **more}
    built = GatherTradeBuild(Parameters.model_validate(settings)).to(dtype=torch.float64)
    assert isinstance(built, GatherTradeBuild)
    return built


def played(game: GatherTradeBuild) -> tuple[list[State], Tensor]:
    """Return the states and the workers' rewards ``[T, B, N]`` of six episodes of the same random deeds."""
    key = random.keys(11, 6)
    state = game.reset(key)
    states, rewards = [state], []
    for time in range(game.horizon):
        mask = game.observe(state)["worker"].action_mask
        assert mask is not None
        deeds = random.categorical(random.fold(key, time), 0, "test", torch.where(mask, 0.0, -torch.inf))
        rates = torch.tensor(RATES, dtype=torch.float64).expand(6, 1, -1)
        transition = game.step(state, {"worker": deeds, "planner": rates})
        state = transition.state
        states.append(state)
        rewards.append(transition.rewards["worker"])
    return states, torch.stack(rewards)


def test_an_episode_pays_the_same_and_its_course_is_the_same() -> None:
    (_, late), (states, early) = played(game()), played(game(taxes_felt="as_accrued"))
    assert not torch.allclose(late, early)
    # The horizon cuts the last period short: what accrued in it is never collected and must not stay in rewards.
    # Both sums are of 70 float64 numbers of order ten, each rounded.
    assert torch.allclose(late.sum(0), early.sum(0), rtol=0, atol=1e-10)
    assert torch.allclose(late.sum(0), states[-1].utility - states[0].utility, rtol=0, atol=1e-10)


def test_collection_itself_is_no_news_and_income_is_taxed_at_once() -> None:
    economy = game(taxes_felt="as_accrued")
    states, rewards = played(economy)
    (tax,) = (component for component in economy.components if component.name == "tax")
    due = [tax.accrued(economy, state.world, state.parts["tax"]) for state in states]
    wealth = [
        state.world.endowment + accrued for state, accrued in zip(states, due, strict=True) if accrued is not None
    ]
    risk_aversion = economy.number("risk_aversion")
    for time in range(economy.horizon - 1):
        felt = isoelastic(wealth[time + 1], risk_aversion) - isoelastic(wealth[time], risk_aversion)
        cost = economy.number("labour_cost") * (states[time + 1].world.labour - states[time].world.labour)
        assert torch.allclose(rewards[time], felt - cost, rtol=0, atol=1e-10)
    assert any((state.parts["tax"].tax > 0).any() for state in states)
