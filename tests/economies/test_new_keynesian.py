"""The New Keynesian economy: exact play against the solver's path, clearing of all markets, and refused input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.economies.new_keynesian import NewKeynesian, solved
from econsim.economies.new_keynesian.accounts import residuals_of
from econsim.economies.new_keynesian.state import State
from econsim.errors import UserError
from econsim.game import Agent
from econsim.households.new_keynesian import StickyPrices
from econsim.play import HeldAction, play
from econsim.runs import execute
from econsim.scenario import load
from econsim.solvers import default_solver, monetary_shock
from econsim.testing.play import random_actions

SMALL: dict[str, Any] = {"periods": 10, "grid_points": 30, "productivity": {"states": 3}, "path_periods": 150}
SOLVERS = monetary_shock.Parameters(), monetary_shock.Parameters(size=0.004)
NAMES = "output", "inflation", "wage", "interest_rate", "profit", "consumption", "nominal_rate"
# The solver's paths meet their conditions to 1e-11 of output, and a gap of that size in one period moves output of the
# same and of later periods by about ten times as much.
OF_PATHS = 1e-8


def _game(**changes: Any) -> NewKeynesian:
    game = econsim.make("new_keynesian", **{**SMALL, **changes}).to(dtype=torch.float64)
    assert isinstance(game, NewKeynesian)
    return game


def _episode(game: NewKeynesian, rule: tuple[float, float], copies: int = 1) -> list[State]:
    """Return the states of an episode of exact households."""
    states: list[State] = []
    bank = HeldAction(torch.tensor([rule], dtype=torch.float64).expand(copies, -1)[:, None])
    agents: dict[str, Agent] = {"household": ExactHousehold(NoParameters()), "central_bank": bank}
    play(game, agents, random.keys(3, copies), lambda state, over: states.append(state))
    return states


def _series(game: NewKeynesian, states: list[State], name: str) -> np.ndarray[Any, Any]:
    if name == "consumption":
        return np.array([float((state.last.mass * state.last.consumption).sum()) for state in states])
    if name == "nominal_rate":
        return np.array([float(state.nominal_rate) for state in states])
    return np.array([float(getattr(state.last, name)) for state in states])


def test_without_a_shock_the_population_stays_in_the_stationary_equilibrium() -> None:
    game = _game(households="distribution", shock_size=0.0)
    steady = game.equilibrium
    states = _episode(game, (1.5, 0.0))
    for name, level in (("output", steady.output), ("inflation", 0.0), ("interest_rate", steady.interest_rate)):
        np.testing.assert_allclose(_series(game, states, name), level, atol=OF_PATHS, rtol=0)
    moved = states[-1].mass - torch.from_numpy(steady.distribution).reshape(1, -1)
    assert float(moved.abs().sum()) < OF_PATHS


@pytest.mark.parametrize(("rule", "size"), [((1.5, 0.0), 0.0025), ((3.0, 0.5), 0.0025), ((1.5, 0.5), -0.01)])
def test_exact_households_play_the_path_of_the_solver(rule: tuple[float, float], size: float) -> None:
    game = _game(households="distribution", shock_size=size)
    states = _episode(game, rule)
    path = solved.response_of(game.settings, solved.Case(rule[0], rule[1] / 4, size, 0.61)).exact
    for name in NAMES:
        played = _series(game, states[2:], name)
        np.testing.assert_allclose(played, path[name][: len(played)], atol=OF_PATHS, rtol=0, err_msg=name)
    assert abs(float(states[2].last.output) / game.equilibrium.output - 1) > 100 * OF_PATHS


def test_every_copy_plays_the_path_of_the_shock_that_it_draws() -> None:
    game = _game(households="distribution", shock_multiples=(-2.0, 0.0, 1.0))
    states = _episode(game, (1.5, 0.0), copies=8)
    sizes = states[0].size
    assert set(sizes.tolist()) == {-0.005, 0.0, 0.0025}
    for copy, size in enumerate(sizes.tolist()):
        path = solved.response_of(game.settings, solved.Case(1.5, 0.0, size, 0.61)).exact["output"]
        played = np.array([float(state.last.output[copy]) for state in states[2:]])
        np.testing.assert_allclose(played, path[: len(played)], atol=OF_PATHS, rtol=0)


def test_a_sample_approaches_the_path_with_the_root_of_its_size() -> None:
    copies, sizes = 100, (60, 960)
    path = _series(_game(), _episode(_game(households="distribution"), (1.5, 0.0)), "output")
    errors = []
    for households in sizes:
        states = _episode(_game(households=households), (1.5, 0.0), copies)
        errors.append(float((states[3].last.output - path[3]).square().mean().sqrt()))
    # Each error is estimated from 100 copies, with a standard error of 1 / sqrt(200) of it, and their ratio, four, with
    # one of a tenth; three of them are allowed.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)


@pytest.mark.parametrize("households", [20, "distribution"])
def test_accounts_balance_whatever_is_played(households: int | str) -> None:
    game, key = _game(households=households, shock_size=0.05, path_periods=100), random.keys(5, 4)
    state = game.reset(key)
    for period in range(6):
        actions = random_actions(game, game.observe(state), random.fold(key, period))
        actions["household"] = actions["household"] ** (1 + 3 * (period % 2))  # sometimes much less is spent
        state = game.step(state, actions).state
        assert max(float(gap.abs().max()) for gap in residuals_of(state).values()) < 1e-9
        assert float(state.last.consumption.min()) > 0
        assert float(state.assets.min()) >= 0
        assert torch.allclose((state.mass * state.assets).sum(-1), state.debt, rtol=1e-9)


def _spending(game: NewKeynesian, state: State, share: float, hours: float = 0.5) -> State:
    """Return the state after all households have spent the same share."""
    chosen = torch.tensor([share, hours], dtype=torch.float64).expand(*state.assets.shape, 2)
    bank = torch.tensor([1.5, 0.0], dtype=torch.float64).expand(len(state.key), 1, 2)
    return game.step(state, {"household": chosen, "central_bank": bank}).state


def test_output_is_demand_up_to_the_capacity() -> None:
    r"""If all spend a share $s$, then $C = s (B + C)$, since interest, taxes, wages and profits cancel in the sum."""
    game = _game(households=50)
    state = game.reset(random.keys(2, 3))
    after = _spending(game, state, 0.12)
    wanted = 0.12 / 0.88 * state.debt
    assert torch.allclose(after.last.output - after.last.costs, wanted, rtol=1e-12)
    assert torch.equal(after.last.unmet, torch.zeros_like(wanted))
    after = _spending(game, state, 0.5)
    served = (after.last.output - after.last.costs) / (0.5 * (state.debt + after.last.output - after.last.costs))
    assert torch.allclose(after.last.unmet, 1 - served, rtol=1e-10)
    assert torch.allclose(after.last.wage, torch.ones_like(wanted), rtol=1e-12)  # a unit of output is worth its cost


def test_nobody_holds_more_than_the_largest_assets() -> None:
    game = _game(households=50, largest_assets=30.0)
    state = game.reset(random.keys(2, 1))
    rich = torch.full_like(state.assets, 0.1)
    rich[:, 0] = 36.0
    state = replace(state, assets=rich, debt=rich.mean(-1))
    after = _spending(game, state, 0.05)
    assert float(after.assets[0, 0]) == pytest.approx(30.0, rel=1e-12)
    assert max(float(gap.abs().max()) for gap in residuals_of(after).values()) < 1e-9
    state = replace(state, assets=rich + 30.0, debt=rich.mean(-1) + 30.0)
    with pytest.raises(UserError, match=r"raise economy\.largest_assets"):
        _spending(game, state, 0.2)


def test_a_tax_that_the_poorest_cannot_pay_equally_is_paid_in_proportion() -> None:
    game = _game(households=50)
    state = game.reset(random.keys(2, 1))
    poor = state.assets.clone()
    poor[:, 0] = 0.0
    state = replace(state, assets=poor, debt=poor.mean(-1), nominal_rate=torch.full_like(state.debt, 0.4))
    last = _spending(game, state, 0.12, hours=0.4).last
    paid = -last.transfer[0]
    assert float(paid.std()) > 0.01  # not equal
    assert float(paid[0]) < float(last.earnings[0, 0])  # and the poorest, who has only earnings, keeps something
    mean = float(last.interest_rate * state.debt - last.profit)
    assert float(paid.mean()) == pytest.approx(mean, rel=1e-12)


def test_exact_households_respond_to_a_nominal_rate_off_the_path_as_an_equilibrium_does() -> None:
    surprise, rule = 1e-6, (2.5, 0.0)
    game = _game(households="distribution", shock_size=0.0)
    agent = ExactHousehold(NoParameters())
    memory = agent.start(game, game.roles["household"], 1)
    state = _episode(game, rule)[2]
    state = replace(state, nominal_rate=state.nominal_rate + surprise)
    found = solved.response_of(game.settings, solved.Case(*rule, 0.0, 0.0), surprise).exact["inflation"]
    inflation = []
    for _ in range(8):
        chosen = agent.act(game.observe(state)["household"], memory, state.key)[0]
        bank = torch.tensor([[rule]], dtype=torch.float64)
        state = game.step(state, {"household": chosen, "central_bank": bank}).state
        inflation.append(float(state.last.inflation))
    # The derivative is a difference quotient over 1e-4, and second-order terms are of that order relative to it.
    assert inflation[0] == pytest.approx(found[0], rel=1e-3)
    assert abs(inflation[-1]) < 0.2 * abs(inflation[0])  # and returns


@pytest.mark.parametrize("rule", [(1.05, 0.0), (5.0, 5.0)])
def test_adaptive_firms_return_to_the_equilibrium(rule: tuple[float, float]) -> None:
    states = _episode(_game(households="distribution", expectations="adaptive", periods=60), rule)
    inflation = np.abs(_series(_game(), states, "inflation"))
    assert inflation[-5:].max() < 0.02 * inflation.max()


def test_price_takers_have_the_same_values_and_derivatives_of_their_own_choices() -> None:
    game = _game(households=30)
    state = game.reset(random.keys(4, 2))
    chosen = torch.tensor([0.13, 0.5], dtype=torch.float64).expand(2, 30, 2).clone().requires_grad_()
    bank = torch.tensor([[[1.5, 0.0]]] * 2, dtype=torch.float64)
    plain = game.step(state, {"household": chosen.detach(), "central_bank": bank}).state.last
    taken = game.price_taking().step(state, {"household": chosen, "central_bank": bank}).state.last
    torch.testing.assert_close(taken.consumption, plain.consumption, rtol=1e-14, atol=0)
    taken.utility.sum().backward()
    assert chosen.grad is not None
    served, shares, hours = plain.consumption / 0.13, chosen.grad[..., 0], chosen.grad[..., 1]
    torch.testing.assert_close(shares, served * plain.consumption**-2)  # of u(c) with u'(c) = c^-2
    earned = plain.wage[:, None] * plain.productivity * plain.hours / 0.5  # of all of largest_hours
    disutility = 0.794 * plain.hours**2 * plain.hours / 0.5
    spent = 0.13 * (1 - plain.unmet)[:, None]  # less than 0.13 in a sample that is at its capacity
    torch.testing.assert_close(hours, spent * earned * plain.consumption**-2 - disutility)
    with pytest.raises(UserError, match="distribution has no single households"):
        _game(households="distribution").price_taking()


def test_adaptive_firms_who_expect_inflation_to_stay_move_away_from_the_equilibrium() -> None:
    game = _game(households="distribution", expectations="adaptive", inertia=0.9, periods=40)
    inflation = np.abs(_series(game, _episode(game, (1.5, 0.0)), "inflation"))
    assert inflation[-5:].max() > 2 * inflation[:10].max()


def test_the_reward_of_the_central_bank_is_its_objective() -> None:
    game = _game(households=20, objective={"welfare": 0.5, "inflation": 100.0, "output": 3.0})
    state = game.reset(random.keys(1, 2))
    chosen: Tensor = torch.tensor([0.14, 0.5], dtype=torch.float64).expand(2, 20, 2)
    moved = game.step(state, {"household": chosen, "central_bank": torch.tensor([[[0.5, 1.0]]] * 2).double()})
    last = moved.state.last
    gap = (last.output / game.equilibrium.output).log()
    expected = 0.5 * last.utility.mean(-1) - 100.0 * last.inflation**2 - 3.0 * gap**2
    assert torch.allclose(moved.rewards["central_bank"][:, 0], expected, rtol=1e-12)
    assert moved.state.rule.tolist() == [[1.05, 1.0]] * 2  # determinacy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status_quo": {"inflation_response": 1.0}}, "inflation_response"),
        ({"labour_weight": None}, "labour_weight"),
        ({"shock_size": 0.2}, "shock_size"),
        ({"periods": 1}, "periods"),
        ({"path_periods": 40, "periods": 41}, "path_periods: 40 is less than an episode of 41"),
        ({"highest_response": 9.0}, "highest_response: 9 is a response to output of 2.25 per period"),
        ({"status_quo": {"output_response": 6.0}}, "highest_response: 5 is below status_quo.output_response, 6"),
    ],
)
def test_invalid_parameters_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.make("new_keynesian", **changes)


@pytest.mark.parametrize(("debt", "message"), [(400.0, r"lower economy\.debt"), (20.0, r"change economy\.debt")])
def test_debt_that_nobody_holds_is_refused_with_its_key(debt: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        _game(debt=debt, largest_assets=8.0).reset(random.keys(1, 1))


def test_the_solver_takes_firms_rule_and_shock_from_the_economy_unless_they_are_given() -> None:
    game = _game(shock_size=-0.004, status_quo={"inflation_response": 2.0, "output_response": 0.5})
    assert default_solver(game) == "monetary_shock"
    own, given = (monetary_shock.MonetaryShock(each).solve(game, {}) for each in SOLVERS)
    assert own.firms == StickyPrices(1.2, 0.1, 2.0, 0.125, 5.6)
    assert own.response is not None
    assert given.response is not None
    expected = solved.response_of(game.settings, solved.Case(2.0, 0.125, -0.004, 0.61)).exact["output"]
    np.testing.assert_allclose(own.response.exact["output"], expected, rtol=1e-8)  # the tolerance of the solver
    assert given.response.exact["output"][0] < game.equilibrium.output < expected[0]  # tighter, not looser


def test_households_and_central_bank_learn(tmp_path: Path) -> None:
    changes = {
        **{f"economy.{name}": value for name, value in SMALL.items()},
        **{"preset": "learned", "economy.households": 12, "economy.periods": 4, "economy.expectations": "adaptive"},
        **{"planner": {"kind": "ppo", "hidden": [4]}, "baselines": [], "episodes": 2},
        "training": {"kind": "ppo", "iterations": 2, "copies": 2, "steps": 4},
    }
    run = econsim.run(load("monetary_policy", changes), out=tmp_path / "run", quiet=True)
    found = run.metrics.query("name == 'inflation_response' and policy == 'ppo'")["value"]
    assert ((found >= 1.05) & (found <= 5.0) & (found != 1.5)).all()
    assert len(found)


def test_the_central_bank_has_no_derivative_and_can_learn_from_returns_beside_mean_field_households(
    tmp_path: Path,
) -> None:
    changes: dict[str, Any] = {
        **{f"economy.{name}": value for name, value in SMALL.items()},
        **{"preset": "learned", "economy.households": 12, "economy.periods": 4, "economy.expectations": "adaptive"},
        **{"planner": {"kind": "ppo", "hidden": [4]}, "baselines": [], "episodes": 2},
        **{"training.iterations": 2, "training.copies": 2, "training.audit_every": 2, "training.follower.window": 2},
    }
    with pytest.raises(UserError, match="returns have no derivative in the rule"):
        econsim.run(load("monetary_policy", changes), out=tmp_path / "refused", quiet=True)
    changes["training.leader_learns_by"] = "value"
    run = econsim.run(load("monetary_policy", changes), out=tmp_path / "run", quiet=True)
    assert len(run.metrics.query("name == 'welfare' and policy == 'ppo'"))


@pytest.mark.parametrize("planner", ["planner.action=[0.5, 0]", "planner=free_market"])
def test_a_rule_that_is_given_has_a_unique_path(planner: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a response to inflation of 0(.5)?: expected at least 1.05"):
        execute(load("monetary_policy", [planner, "baselines=[]", "headline=none"]), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()
