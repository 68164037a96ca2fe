"""Mean-field Stackelberg learning: derivatives, schemes, learned households against exact ones, and what is refused."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder

import econsim
from econsim import random
from econsim.agents import ppo as household
from econsim.analysis.equilibrium import household_gain
from econsim.economies.bewley import Bewley
from econsim.errors import UserError
from econsim.game import Agent
from econsim.leader_evaluation import values_of
from econsim.nn import Amounts
from econsim.nn.agent import NeuralAgent
from econsim.planners import ppo as planner
from econsim.play import HeldAction
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer
from econsim.training.mean_field import MeanField, Parameters
from econsim.training.mean_field.leader_gradient import returns_of_proposals
from econsim.training.mean_field.schemes import SCHEMES, Blind

QUICK = {"warm_up": 2, "iterations": 4, "copies": 4, "leader_copies": 2, "checkpoint_every": 3, "audit_every": 3}
TAXES = ["labour_tax", "capital_tax"]


def economy(**changes: Any) -> Bewley:
    settings = {
        "households": 20,
        "periods": 10,
        "grid_points": 40,
        "largest_assets": 60.0,
        "productivity": {"states": 3},
        "status_quo": {"labour_tax": 0.2, "capital_tax": 0.2},
        "instruments": TAXES,
        "highest_rate": 0.8,
    }
    return cast(Bewley, econsim.make("bewley", **{**settings, **changes}))


def networks(hidden: int = 16, **more: Any) -> dict[str, Agent]:
    return {
        "household": household.Ppo(household.Parameters(hidden=(hidden,), **more)),
        "government": planner.Ppo(planner.Parameters(hidden=(hidden,))),
    }


def fitted(game: Bewley, agents: dict[str, Agent], **settings: Any) -> MemoryRecorder:
    recorder = MemoryRecorder()
    MeanField(Parameters.model_validate(settings)).fit(game, agents, 0, recorder)
    return recorder


def test_a_price_taker_moves_its_own_utility_only() -> None:
    game = cast(Bewley, economy(labour_weight=None).to(dtype=torch.float64))
    state = game.reset(random.keys(0, 1))
    shares = torch.full((1, 20, 1), 0.2, dtype=torch.float64, requires_grad=True)
    actions = {"household": shares, "government": game.status_quo("government")[None, None]}
    free, taken = game.step(state, actions), game.price_taking().step(state, actions)
    for name in ("household", "government"):
        assert torch.equal(free.rewards[name], taken.rewards[name])
    (own,) = torch.autograd.grad(taken.rewards["household"].sum(), shares, retain_graph=True)
    # Log utility of a share s of given resources: the derivative is 1 / s.
    assert torch.allclose(own, torch.full_like(own, 5.0), atol=1e-9)
    # After two periods the own return depends on the own share through assets; that of others still does not.
    after = game.price_taking().step(taken.state, actions).rewards["household"][0]
    (of_first,) = torch.autograd.grad(after[0], shares, retain_graph=True)
    assert abs(float(of_first[0, 0])) > 0.1
    assert float(of_first[0, 1:].abs().max()) == 0.0
    moved = game.step(free.state, actions).rewards["household"][0]
    assert float(torch.autograd.grad(moved[0], shares)[0][0, 1:].abs().max()) > 0.0


@pytest.mark.parametrize("aggregates", ["quantiles", "embedding"])
def test_what_price_takers_observe_of_others_has_no_derivative_and_the_leader_has_one(aggregates: str) -> None:
    game = cast(Bewley, economy(labour_weight=None, aggregates=aggregates).to(dtype=torch.float64))
    state = game.reset(random.keys(0, 1))
    shares = torch.full((1, 20, 1), 0.2, dtype=torch.float64, requires_grad=True)
    actions = {"household": shares, "government": game.status_quo("government")[None, None]}
    for each, moves in ((game.price_taking(), False), (game, True)):
        seen = each.observe(each.step(state, actions).state)["household"]
        assert seen.features.requires_grad
        assert seen.shared is not None
        assert seen.shared[:, 9:].requires_grad is moves


@pytest.mark.parametrize("total", [True, False])
def test_the_total_derivative_of_the_leader_is_that_of_its_return(total: bool) -> None:
    game, agents = economy(households=10, periods=6), networks()
    levels = {name: Settings() for name in game.roles}
    trainer = Trainer.begin(game, agents, levels, 0, MemoryRecorder())
    leader, follower = (trainer.train_states[name] for name in ("government", "household"))
    cast(Amounts, leader.network.head).explore(-20.0)  # proposals without noise
    with torch.no_grad():  # households who respond strongly to policies
        follower.network.policy_outputs.weight.mul_(100.0)
    key = random.keys(1, 1)
    returns = returns_of_proposals(game, agents, {"household": follower}, leader, key, total)
    (slopes,) = torch.autograd.grad(returns.sum(), leader.network.policy_outputs.bias)
    # The same by central differences of the return in the latents of the action, whose slope in the bias is one.
    seen = game.observe(game.reset(key))["government"]
    latent = torch.logit(agents["government"].act(seen, (), key)[0][0, 0].double() / 0.8)
    moves = 1e-3 * torch.cat([torch.eye(2), -torch.eye(2)]).double()
    precise = game.to(dtype=torch.float64)
    values = values_of(precise, agents, "government", 0.8 * torch.sigmoid(latent + moves), 1)
    differences = (values[:2] - values[2:]) / 2e-3
    assert float(returns.detach()) == pytest.approx(float(values.mean()), rel=1e-3)
    agrees = torch.allclose(slopes.double(), differences, rtol=0.02, atol=1e-3)  # float32 against float64
    assert agrees if total else not agrees


def test_learned_households_come_close_to_exact_ones_at_every_policy() -> None:
    game, agents = economy(households=30, labour_weight=None), networks(hidden=32)
    government = HeldAction(torch.tensor([0.1, 0.6]))
    fitted(game, agents, warm_up=1, iterations=1, copies=2, audit_every=10)
    before = household_gain(game, {**agents, "government": government}, random.keys(1, 1)).equivalents["mean"]
    agents = networks(hidden=32)
    settings = {"window": 10, "learning_rate": [[0, 0.01], [1, 0]], "value_learning_rate": [[0, 0.02], [1, 0]]}
    fitted(game, agents, warm_up=79, iterations=1, copies=16, audit_every=100, follower=settings)
    after = household_gain(game, {**agents, "government": government}, random.keys(1, 1)).equivalents["mean"]
    # A short version of benchmarks/mean_field.py, whose full training comes within 1 %.
    assert before > 0.2
    assert after < 0.04


@pytest.mark.parametrize("scheme", ["no_stackelberg", "no_mean_field", "stackelberg"])
def test_households_ignore_what_a_scheme_hides(scheme: str) -> None:
    game, agents = economy(), networks()
    fitted(game, agents, **{**QUICK, "scheme": scheme})
    seen = game.observe(game.reset(random.keys(0, 1)))["household"]
    assert seen.shared is not None
    names = list(game.roles["household"].shared_features)
    for name, is_read in (("labour_tax", "no_stackelberg"), ("capital", "no_mean_field")):
        moved = seen.shared.clone()
        moved[:, names.index(name)] += 0.3
        same, other = (
            agents["household"].act(seen.with_fields(shared=each), (), random.keys(0, 1))[0]
            for each in (seen.shared, moved)
        )
        assert torch.equal(same, other) == (scheme == is_read)


def test_clones_do_as_exact_households_did_and_do_not_respond() -> None:
    game, agents = economy(), networks(hidden=32)
    fast = {"learning_rate": [[0, 0.02], [1, 0]]}
    budget = {"warm_up": 40, "iterations": 1, "copies": 8, "audit_every": 100}
    recorder = fitted(game, agents, scheme="cloned", follower=fast, **budget)
    errors = recorder.values("household", "training/cloning_error")
    assert errors[-1] < 0.03 < 0.1 < errors[0]
    state = game.reset(random.keys(3, 1))
    seen = game.observe(state)["household"]
    wanted = game.exact_actions("household", seen)
    assert (
        float((agents["household"].act(seen, (), random.keys(0, 1))[0] - wanted).abs().mean()) < 0.03
    )  # of choices in [0, 1]
    assert seen.shared is not None
    other = seen.with_fields(shared=seen.shared + 0.3)
    acts = [agents["household"].act(each, (), random.keys(0, 1))[0] for each in (seen, other)]
    assert torch.equal(*acts)


def test_cloning_comes_before_learning() -> None:
    recorder = fitted(economy(), networks(), **{**QUICK, "cloning": 1})
    assert len(recorder.values("household", "training/cloning_loss")) == 1
    assert len(recorder.values("household", "training/objective")) == 5


def test_the_policy_is_refused_to_a_scheme_only_where_it_is_observed() -> None:
    game = economy()
    blind = Blind(SCHEMES["neither"], game, "government", "household")
    assert len(blind.columns) == len(game.roles["household"].shared_features)
    assert Blind(SCHEMES["stackelberg"], game, "government", "household").columns == []


def test_an_interrupted_fit_resumes_to_the_same_weights() -> None:
    game = economy()
    never, resumed, recorder = networks(), networks(), MemoryRecorder(stop_after=5)
    fitted(game, never, **QUICK)
    with pytest.raises(Interrupted):
        MeanField(Parameters.model_validate(QUICK)).fit(game, resumed, 0, recorder)
    recorder.stop_after, resumed = None, networks()
    MeanField(Parameters.model_validate(QUICK)).fit(game, resumed, 0, recorder)
    for role, agent in never.items():
        ours, theirs = (cast(NeuralAgent, each).state_dict() for each in (agent, resumed[role]))
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_leader_can_learn_from_returns_and_audits_measure_the_households() -> None:
    recorder = fitted(economy(), networks(), **{**QUICK, "leader_learns_by": "value"})
    assert len(recorder.values("government", "training/return")) == 2
    assert len(recorder.values("", "audit/gain_from_best_response")) == 2
    assert all(value > 0 for value in recorder.values("", "audit/gain_from_best_response"))


def test_what_cannot_be_learned_is_refused_with_the_reason() -> None:
    with pytest.raises(UserError, match=r"households: distribution has no single households .*economy.households=1000"):
        fitted(economy(households="distribution"), networks(), **QUICK)
    with pytest.raises(UserError, match="the agent of role household has a memory"):
        fitted(economy(), networks(recurrent=8), **QUICK)
    with pytest.raises(UserError, match=r"whose followers take prices .* Use training=two_level"):
        fitted(cast(Any, econsim.make("one_step", workers=2)), networks(), **QUICK)
