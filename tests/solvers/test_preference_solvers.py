"""Solvers of preference games: the regularised equilibrium, published bounds, cycles, and losses of policy networks."""

from __future__ import annotations

import itertools
from functools import cache
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, root
from torch import Tensor

import econsim
from econsim import random
from econsim.errors import UserError
from econsim.scenario.loading import solver_choice
from econsim.solvers._preferences import Step, Target, regularised_gap

METHODS = ("mirror_descent", "nash_md", "inpo", "self_play", "dno")
CYCLE = torch.tensor([[0.5, 0.9, 0.2], [0.1, 0.5, 0.8], [0.8, 0.2, 0.5]], dtype=torch.float64)


def random_target(size: int, temperature: float) -> Target:
    draws = random.uniform(random.keys(0, 1), 0, "shares", (size, size), torch.float64)[0].triu(1)
    shares = draws + (1 - draws.T).tril(-1) + 0.5 * torch.eye(size, dtype=torch.float64)
    reference = random.normal(random.keys(0, 1), 0, "reference", (size,), torch.float64)[0]
    return Target(CYCLE if size == 3 else shares, torch.log_softmax(reference, 0), temperature)


@cache
def equilibrium(size: int, temperature: float) -> Tensor:
    """Return the log policy of the regularised equilibrium, by a root finder that shares no code with the solvers."""
    target = random_target(size, temperature)
    payoffs, reference = target.payoffs.numpy(), target.log_reference.numpy()

    def residual(logits: np.ndarray) -> np.ndarray:
        policy = np.exp(logits - logits.max())
        policy /= policy.sum()
        return logits - logits.mean() - ((best := reference + payoffs @ policy / temperature) - best.mean())

    solved = root(residual, reference, method="hybr", options={"xtol": 1e-14, "maxfev": 100_000})
    assert np.abs(residual(solved.x)).max() < 1e-9
    return torch.log_softmax(torch.from_numpy(solved.x), 0)


def path_of(kind: str, target: Target, start: Tensor, **settings: Any) -> list[Tensor]:
    solver = solver_choice(kind, [f"{key}={value}" for key, value in settings.items()]).build()
    return list(solver.path(target, start))


def divergence(log_truth: Tensor, log_policy: Tensor) -> float:
    return float((log_truth.exp() * (log_truth - log_policy)).sum())


@pytest.mark.parametrize("size", [3, 20])
def test_extragradient_descent_reaches_the_regularised_equilibrium(size: int) -> None:
    target = random_target(size, 0.01)
    steps = 1000 if size == 20 else 500
    last = path_of("mirror_descent", target, target.log_reference, temperature=0.01, iterations=steps)[-1]
    assert divergence(equilibrium(size, 0.01), last) <= 1e-10
    assert regularised_gap(target, last.exp()) <= 1e-10


def test_nash_md_and_inpo_stay_below_their_published_bounds() -> None:
    target, truth = random_target(3, 0.1), equilibrium(3, 0.1)
    limits = {"nash_md": 8.0, "inpo": 32.0}  # C = 1, as policies stay within |log pi / mu| < 10
    for kind, constant in limits.items():
        path = path_of(kind, target, target.log_reference, temperature=0.1, iterations=100)
        distances = [divergence(truth, policy) for policy in path]
        assert max(float((policy - target.log_reference).abs().max()) for policy in path) * 0.1 < 1.0
        for number, distance in enumerate(distances[1:]):
            assert distance <= constant / (0.1**2 * (number + 1))
        assert distances[-1] < 1e-3


def test_nash_md_with_a_constant_step_stops_away_from_the_equilibrium() -> None:
    target, truth = random_target(3, 0.1), equilibrium(3, 0.1)
    stalled, exact = (
        path_of(kind, target, target.log_reference, temperature=0.1, step=0.5, iterations=250)
        for kind in ("nash_md", "inpo")
    )
    assert 1e-4 < divergence(truth, stalled[-1]) == pytest.approx(divergence(truth, stalled[-30]), rel=0.01)
    assert divergence(truth, exact[-1]) < 1e-8


def test_in_a_cycle_self_play_circles_while_its_average_and_the_look_ahead_converge() -> None:
    uniform = torch.full((3,), 1 / 3, dtype=torch.float64).log()
    target = Target(CYCLE, uniform, 0.0)
    for kind in ("self_play", "dno"):
        path = path_of(kind, target, uniform, iterations=400)
        late = [regularised_gap(target, policy.exp()) for policy in path[-100::5]]
        average = torch.stack(path[:-1]).exp().mean(0)
        assert max(late) > 0.03
        assert regularised_gap(target, average) < 0.25 * max(late)
        if kind == "self_play":
            assert regularised_gap(target, average) <= sqrt(log(3) / 800)  # the bound of exponential weights
    last = path_of("mirror_descent", target, uniform, iterations=400)[-1]
    assert regularised_gap(target, last.exp()) < 1e-3 * min(late)


def test_every_step_of_dno_is_preferred_to_the_one_before() -> None:
    target = random_target(20, 0.0)
    path = path_of("dno", target, target.log_reference, step=2.0, iterations=50)
    for before, after in itertools.pairwise(path):
        preferred = float(after.exp() @ target.payoffs @ before.exp())
        assert preferred >= 0.5 + divergence(after, before) / 2.0 - 1e-12


@pytest.mark.parametrize("kind", METHODS)
def test_the_loss_of_a_policy_network_is_least_at_the_closed_form(kind: str) -> None:
    target = random_target(3, 0.0 if kind in ("self_play", "dno") else 0.1)
    solver = solver_choice(kind, []).build()
    step = Step(target, torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), 0.7)
    closed = step.towards(step.values(solver.log_opponent(step))).requires_grad_()
    solver.loss(step, torch.log_softmax(closed, 0)).backward()
    assert closed.grad is not None
    assert closed.grad.abs().max() < 1e-12
    shifted = torch.log_softmax(closed.detach() + torch.tensor([0.1, 0.0, -0.1], dtype=torch.float64), 0)
    assert solver.loss(step, shifted) > solver.loss(step, closed.detach())


@pytest.mark.parametrize("kind", METHODS)
def test_a_policy_network_follows_the_table(kind: str) -> None:
    target = random_target(3, 0.0 if kind in ("self_play", "dno") else 0.1)
    table = path_of(kind, target, target.log_reference, step=0.5, iterations=4)
    network = path_of(kind, target, target.log_reference, step=0.5, iterations=4, hidden=8, updates=30)
    assert torch.equal(network[0], table[0])
    for one, other in zip(table[1:], network[1:], strict=True):
        assert (one.exp() - other.exp()).abs().max() < 0.03
        assert not torch.equal(one, other)


def test_a_module_of_the_user_is_trained_in_place() -> None:
    from econsim.solvers.inpo import Inpo, Parameters

    class Tied(torch.nn.Module):
        """Two parameters for three alternatives: the last two are always equally likely."""

        def __init__(self) -> None:
            super().__init__()
            self.logits = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))

        def forward(self) -> Tensor:
            return torch.stack([self.logits[0], self.logits[1], self.logits[1]])

    policy = Tied()
    game = econsim.make("preference", classic="lopsided_cycle")
    solution = Inpo(Parameters(iterations=5, updates=5), policy).solve(game, {})
    shares = solution.profiles[0].strategies["candidate_1"]
    assert shares[1] == pytest.approx(shares[2])
    assert float(policy.logits.detach().abs().max()) > 0.01


def test_a_gap_is_that_of_an_independent_maximisation() -> None:
    target = random_target(3, 0.2)
    policy = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)
    payoffs, reference = (target.payoffs @ policy).numpy(), target.log_reference.numpy()

    def cost(logits: np.ndarray) -> float:
        shares = np.exp(logits) / np.exp(logits).sum()
        return float(shares @ (0.2 * (np.log(shares) - reference) - payoffs))

    best = cost(np.log(policy.numpy())) - minimize(cost, np.zeros(3), tol=1e-12).fun
    assert regularised_gap(target, policy) == pytest.approx(best, abs=1e-9)


def test_status_quo_holds_more_as_the_temperature_rises() -> None:
    shares = []
    for temperature in (0.01, 0.1, 1.0):
        settings = {"kind": "mirror_descent", "temperature": temperature, "reference": {"a": 0.8, "b": 0.1, "c": 0.1}}
        solution = econsim.solve("preference", settings, classic="lopsided_cycle")
        assert solution.residuals["regularised_gap"] <= 1e-9
        shares.append(solution.profiles[0].strategies["candidate_1"][0])
    assert 0.3 < shares[0] < shares[1] < shares[2] < 0.85


def test_the_default_compares_the_lottery_with_other_rules() -> None:
    solution = econsim.solve("preference", classic="lopsided_cycle")
    assert solution.notes[0] == "No alternative beats every other one (no Condorcet winner)."
    assert solution.notes[1] == "Winners by other rules: Borda a; Copeland a, b, c; Schulze a; Bradley-Terry a."
    single = econsim.solve("preference", shares=[[0.5, 0.6], [0.4, 0.5]], alternatives=["x", "y"])
    assert single.notes[0] == "x beats every other alternative (Condorcet winner)."


@pytest.mark.parametrize(
    ("game", "settings", "message"),
    [
        ({"classic": "prisoners_dilemma"}, {}, "add up to a constant"),
        ({"classic": "matching_pennies"}, {}, "is not symmetric"),
        ({"classic": "rock_paper_scissors"}, {"reference": {"stone": 1.0}}, "no alternative is called 'stone'"),
        (
            {"classic": "rock_paper_scissors"},
            {"start": {"rock": 1.0}},
            "a positive probability of each of rock",
        ),
    ],
)
def test_a_game_or_a_policy_that_does_not_fit_is_an_error(
    game: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        econsim.solve("normal_form", {"kind": "mirror_descent", **settings}, **game)
