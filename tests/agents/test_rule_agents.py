"""Agents that need no training, in the one-step economy."""

from __future__ import annotations

import pytest
import torch

from econsim import kinds, random
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import UserError
from econsim.game import Agent, Box, Role

RATES = (0.0, 0.4, 0.8)


def economy(**parameters: object) -> OneStep:
    game = OneStep(Parameters.model_validate({"brackets": [0], "status_quo": [0.0], **parameters}))
    return game.to(dtype=torch.float64)  # type: ignore[return-value]


def agent(kind: str, **parameters: object) -> Agent:
    found = kinds.load("agents", kind)
    return found.build(found.parameters.model_validate(parameters))  # type: ignore[attr-defined,no-any-return]


def mean_hours(game: OneStep, worker: Agent) -> list[float]:
    """Return mean hours under flat taxes of 0, 40 and 80 %."""
    state = game.reset(random.keys(0, 3))
    rates = torch.tensor(RATES, dtype=torch.float64)[:, None, None]
    seen = game.observe(state)["worker"]
    memory = worker.start(game, game.roles["worker"], 3)
    idle, memory = worker.act(seen, memory, random.keys(1, 3))
    state = game.step(state, {"planner": rates, "worker": idle}).state
    action, _ = worker.act(game.observe(state)["worker"], memory, random.keys(2, 3))
    state = game.step(state, {"planner": rates, "worker": action}).state
    return [round(value, 9) for value in state.hours.mean(-1).tolist()]


@pytest.mark.parametrize("hours_as", ["amount", "index"])
def test_fixed_hours_ignore_taxes(hours_as: str) -> None:
    game = economy(hours_step=0.5, hours_as=hours_as)
    assert mean_hours(game, agent("fixed_hours", hours=37.5)) == [37.5, 37.5, 37.5]


def test_a_constant_takes_the_action_that_is_given_and_refuses_others() -> None:
    assert mean_hours(economy(), agent("constant", action=37.5)) == [37.5, 37.5, 37.5]
    game = economy()
    with pytest.raises(UserError, match=r"agents\.worker\.action: expected one number per entry, 1 in all, found 2"):
        agent("constant", action=(1.0, 2.0)).start(game, game.roles["worker"], 1)
    with pytest.raises(UserError, match=r"agents\.worker\.action: 1000 is out of range"):
        agent("constant", action=1000.0).start(game, game.roles["worker"], 1)


def test_elastic_rule_follows_its_formula() -> None:
    hours = mean_hours(economy(), agent("elastic_rule", untaxed_hours=50, elasticity=0.3))
    assert hours == pytest.approx([50 * (1 - rate) ** 0.3 for rate in RATES], rel=1e-9)


def test_elastic_rule_and_best_response_agree_on_a_flat_tax() -> None:
    # With the economy's own elasticity and untaxed hours the rule is the closed form.
    game = economy()
    assert mean_hours(game, agent("elastic_rule")) == pytest.approx(mean_hours(game, agent("best_response")), rel=1e-9)


@pytest.mark.parametrize("hours_as", ["amount", "index"])
def test_best_response_plays_steps_either_way(hours_as: str) -> None:
    hours = mean_hours(economy(hours_step=10, hours_as=hours_as), agent("best_response"))
    # 60 (1 - t)^0.4 is 60, 48.9 and 31.5; the utility of the tens on either side decides.
    assert hours == [60.0, 50.0, 30.0]


def test_noise_vanishes_with_rationality_and_no_rationality_is_random() -> None:
    game = economy(workers=2000, hours_step=5)
    sharp = mean_hours(game, agent("noisy_response", rationality=1e7))
    assert sharp == mean_hours(game, agent("best_response"))
    # Uniform over 0, 5, ..., 100: mean 50, standard deviation 30.3, over 2,000 draws 0.68; four of those.
    random_play = mean_hours(game, agent("noisy_response", rationality=0))
    assert random_play == pytest.approx([50.0] * 3, abs=2.7)


def test_logit_frequencies() -> None:
    game = economy(workers=20_000, hours_step=50, hours_as="index")
    state = game.reset(random.keys(0, 1))
    seen = game.observe(state)["worker"]
    mind = agent("noisy_response", rationality=2.0)
    action, _ = mind.act(seen, mind.start(game, game.roles["worker"], 1), random.keys(7, 1))
    expected = torch.softmax(2.0 * game.choice_values("worker", seen)[0], -1).mean(0)
    observed = torch.bincount(action[0], minlength=3) / action.numel()
    # Standard error of a share among 20,000 draws is at most 0.0036; four of those.
    torch.testing.assert_close(observed.double(), expected, rtol=0, atol=0.0145)


def test_agents_refuse_what_they_cannot_play() -> None:
    game = economy()
    role = game.roles["worker"]
    with pytest.raises(UserError, match="outside"):
        agent("fixed_hours", hours=140).start(game, role, 1)
    blind = Role("worker", 1, Box(0.0, 1.0, (1,)), role.action, features=("time",))
    with pytest.raises(UserError, match="marginal_rate"):
        agent("elastic_rule").start(game, blind, 1)
    mind, key = agent("best_response"), random.keys(0, 1)
    memory = mind.start(game, game.roles["planner"], 1)
    seen = game.observe(game.reset(key))["planner"]
    with pytest.raises(UserError, match="planner"):
        mind.act(seen, memory, key)
