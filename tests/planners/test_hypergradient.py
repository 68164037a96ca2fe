"""The gradient planner: on the Laffer game with its closed form, and on the one-step economy against the search."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from laffer import Laffer
from memory_recorder import MemoryRecorder
from torch import Tensor

from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.agents.elastic_rule import ElasticRule
from econsim.agents.elastic_rule import Parameters as ElasticRuleParameters
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import RunError, UserError
from econsim.game import Agent, Game, Observation
from econsim.leader_evaluation import leader_of, values_of
from econsim.planners import hypergradient
from econsim.planners.hypergradient.bilevel.follower_models import Averaged, Drawn, FollowerModel, Implicit, Unrolled
from econsim.planners.hypergradient.bilevel.leader_objective import LeaderObjective
from econsim.planners.hypergradient.gradient_ascent import Ascent, Climb, climb
from econsim.planners.hypergradient.gradient_check import check

WORKERS: dict[str, Agent] = {"worker": BestResponse(BestResponseParameters())}
METHODS = ["entropy_regularised", "implicit", "unrolled"]
F64 = torch.float64
# Welfare with three brackets: of no taxes and of the searched optimum (benchmarks/results/two_level.json).
FREE_MARKET, OPTIMUM = 11_302.7, 37_172.5


class SolvableLaffer(Laffer):
    """The Laffer game with its exact answers: best effort is ``1 - rate``."""

    def best_response(self, role: str, observation: Observation) -> Tensor:
        return 1.0 - observation.features[..., 1]

    def choices(self, role: str) -> Tensor:
        return torch.linspace(0.0, 2.0, 41, dtype=self.dtype)

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        effort = self.choices(role)
        return effort * (1.0 - observation.features[..., 1:2]) - 0.5 * effort.square()


def economy(**parameters: object) -> OneStep:
    given = {"population": {"kind": "gb2", "sampling": "published"}, "brackets": [0, 90_000, 159_100], **parameters}
    return OneStep(Parameters.model_validate(given))


def fit(game: Game[Any], workers: dict[str, Agent] = WORKERS, seed: int = 0, **budget: Any) -> dict[str, Tensor]:
    planner = hypergradient.Hypergradient(hypergradient.Parameters(**budget))
    planner.fit(game, game.roles[leader_of(game)], workers, seed, MemoryRecorder())
    return planner.state_dict()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_top_of_the_laffer_curve(method: str) -> None:
    found = fit(SolvableLaffer(), method=method, starts=4, finest_step=1e-5)
    # The curve is flat at its top: what is gained within 0.001 of it is below the 1e-7 that counts as a gain.
    assert found["rates"].item() == pytest.approx(0.5, abs=1e-3)
    assert found["value"].item() == pytest.approx(0.25, abs=1e-6)


def views(game: Game[Any], agents: dict[str, Agent] = WORKERS) -> list[FollowerModel]:
    scene = LeaderObjective(game, game.roles[leader_of(game)], agents, seed=0)
    return [Implicit(scene), Unrolled(scene, 5, 0.02), Averaged(scene, 0.01), Drawn(scene, 0.01, 8)]


@pytest.mark.parametrize("number", range(4))
def test_every_gradient_matches_finite_differences_of_its_objective(number: int) -> None:
    recorder = MemoryRecorder()
    points = torch.tensor([[0.3, 0.6, 0.4], [0.7, 0.2, 0.5], [0.1, 0.3, 0.8]], dtype=F64)
    check(views(economy())[number], points, recorder)
    # Central differences of step 1e-6 in float64: rounding of about 1e-10 over a slope of about 0.1.
    assert recorder.values("", "hypergradient/check_error")[0] < 1e-6


def test_the_response_is_what_makes_the_gradient_fall() -> None:
    points = torch.tensor([[0.7]], dtype=F64)
    implicit, unrolled, averaged, _ = views(SolvableLaffer())
    naive = Unrolled(implicit.scene, 0, 0.1).gradient(points, 0)
    assert naive.item() == pytest.approx(0.3)  # d (rate * effort) at an effort of 1 - rate that stays
    assert implicit.gradient(points, 0).item() == pytest.approx(1.0 - 2.0 * 0.7)
    for other in (unrolled, averaged):
        assert other.gradient(points, 0).item() < naive.item()


def test_drawn_choices_agree_with_exact_sums_in_expectation() -> None:
    # Revenue is linear in effort, so that the average of soft choices gives the exact expectation.
    points, game = torch.tensor([[0.4]], dtype=F64), SolvableLaffer()
    scene = LeaderObjective(game, game.roles["leader"], WORKERS, seed=0)
    exact = Averaged(scene, 0.05).gradient(points, 0).item()
    drawn = Drawn(scene, 0.05, 64)
    found = torch.tensor([drawn.gradient(points, iteration).item() for iteration in range(200)])
    error = found.std().item() / 200**0.5
    assert error < 0.02
    assert found.mean().item() == pytest.approx(exact, abs=4 * error)


@pytest.mark.parametrize("hours_step", [None, 0.5])
def test_soft_choices_come_close_to_the_searched_optimum(hours_step: float | None) -> None:
    rates = fit(economy(hours_step=hours_step), starts=6, iterations=100)["rates"]
    game = economy(hours_step=0.5).to(dtype=F64)
    assert isinstance(game, OneStep)
    welfare = float(values_of(game, WORKERS, "planner", rates[None], seed=0) * game.income.mean())
    assert (welfare - FREE_MARKET) / (OPTIMUM - FREE_MARKET) >= 0.98


@pytest.mark.parametrize("method", METHODS)
def test_one_seed_gives_one_result(method: str) -> None:
    first, second = (fit(economy(), method=method, starts=3, iterations=10, seed=3) for _ in range(2))
    assert torch.equal(first["rates"], second["rates"])
    assert torch.equal(first["value"], second["value"])


def test_hours_on_a_grid_are_no_place_for_derivatives() -> None:
    for method in ("implicit", "unrolled"):
        with pytest.raises(UserError, match="hours_step=null"):
            fit(economy(hours_step=0.5), method=method)
    with pytest.raises(UserError, match="use drawn"):
        fit(economy(hours_step=0.5), expectation="average")


def test_followers_whose_answers_are_a_game_of_their_own_are_refused() -> None:
    income_effects = economy(utility={"kind": "isoelastic"}, welfare="utilitarian", workers=10)
    with pytest.raises(UserError, match="their responses are the equilibrium of a game"):
        fit(income_effects, method="implicit", starts=1)


def test_followers_who_do_not_optimise_are_noticed() -> None:
    rule: dict[str, Agent] = {"worker": ElasticRule(ElasticRuleParameters())}
    with pytest.raises(RunError, match="the gradient and finite differences have a relative difference"):
        fit(economy(), rule, method="implicit", starts=3)


def test_a_climb_stays_in_the_cube_and_keeps_the_best_of_every_start() -> None:
    top = torch.tensor([0.3, 1.2], dtype=F64)  # out of reach in one direction

    def value(points: Tensor) -> Tensor:
        return -(points - top).square().sum(-1)

    starts = torch.tensor([[0.9, 0.1], [0.2, 0.5], [0.3, 1.0]], dtype=F64)
    looks: list[Tensor] = []
    found, values = climb(
        lambda points, _: 2.0 * (top - points),
        value,
        Ascent.begin(value, starts, 0.1),
        Climb(0.1, 1e-6, 1000, 5),
        lambda ascent: looks.append(ascent.best_value),
    )
    # Steps end at 1e-6; what a look gains may be 1e-7 of the value, which is 0.04.
    torch.testing.assert_close(found, torch.tensor([[0.3, 1.0]], dtype=F64).expand(3, 2), rtol=0, atol=1e-3)
    torch.testing.assert_close(values, value(found), rtol=0, atol=0)
    assert all((later >= earlier).all() for earlier, later in pairwise(looks))
