"""Planners in an economy that allows negative marginal rates: who may choose them, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from scripted_minds import Scripted, facts_of, mind
from torch import Tensor

from econsim import kinds, random
from econsim.actions import lowest_rate, real_instrument, sets_tax_brackets
from econsim.economies.one_step import OneStep
from econsim.errors import UserError
from econsim.mechanisms.saez import bracket_schedule, optimal_rate
from econsim.planners._ideal_points import ideals
from econsim.planners._ledger import Ledger

ENDS = (0.0, 20_000.0, 60_000.0)


def economy(lowest: float = -0.5, **more: Any) -> OneStep:
    kind = kinds.load("economies", "one_step")
    given = {"workers": 8, "brackets": ENDS, "status_quo": (0.1, 0.2, 0.3), "lowest_rate": lowest, **more}
    game: OneStep = kind.build(kind.parameters.model_validate(given))
    return game


def planner(name: str, **parameters: Any) -> Any:
    kind = kinds.load("planners", name)
    return kind.build(kind.parameters.model_validate(parameters))


def fitted(name: str, game: OneStep, **parameters: Any) -> Tensor:
    found, worker = planner(name, **parameters), kinds.load("agents", "best_response")
    agents = {"planner": found, "worker": worker.build(worker.parameters())}
    found.fit(game, game.roles["planner"], agents, 1, MemoryRecorder())
    rates: Tensor = found.state_dict()["rates"]
    return rates


@pytest.mark.parametrize(
    ("name", "key", "parameters"),
    [("fixed", "planner.rates", {"rates": (-0.4, 0.1, 0.2)}), ("flat", "planner.rate", {"rate": -0.4})],
)
def test_a_rate_below_the_lowest_is_refused_with_key_and_fix(name: str, key: str, parameters: dict[str, Any]) -> None:
    game = economy(lowest=-0.1)
    expected = rf"{key}: the rate -0\.4 is below .* -0\.1; set economy\.lowest_rate=-0\.4 to allow it"
    with pytest.raises(UserError, match=expected):
        planner(name, **parameters).action(game, game.roles["planner"])
    allowed = economy(lowest=-0.4)
    assert float(planner(name, **parameters).action(allowed, allowed.roles["planner"])[0]) == -0.4


def test_the_role_still_sets_tax_brackets() -> None:
    game = economy()
    role = game.roles["planner"]
    assert sets_tax_brackets(game, role)
    assert lowest_rate(game, role) == real_instrument(game, role, "a test").low == -0.5


@pytest.mark.parametrize("name", ["search", "hypergradient"])
def test_optimisers_subsidise_work_where_welfare_counts_income_alone(name: str) -> None:
    # A planner that maximises utility plus nothing else leaves hours alone; one that maximises consumption, without
    # inequality among equals, subsidises them up to the limit.
    game = economy(welfare="equality_times_productivity", population={"kind": "listed", "incomes": [40_000.0] * 8})
    budget = {"search": {"starts": 1, "generations": 5}, "hypergradient": {"starts": 2, "iterations": 60}}[name]
    reached = fitted(name, game, **budget)[:2]
    assert float(reached.min()) < -0.2
    assert float(reached.min()) >= -0.5


def test_saez_is_limited_to_the_lowest_rate_and_by_default_to_zero() -> None:
    incomes = torch.tensor([10_000.0, 30_000.0, 90_000.0], dtype=torch.float64)
    ends = torch.tensor(ENDS, dtype=torch.float64)
    rich = torch.tensor([0.5, 1.0, 1.5], dtype=torch.float64)  # the rich count more: every bracket asks for a subsidy
    assert bracket_schedule(incomes, ends, 2.0, rich).tolist() == [0.0] * 3
    free = bracket_schedule(incomes, ends, 2.0, rich, lowest_rate=-1.0)
    # By hand: t = M / (M + e Z) with M = sum (1 - g) x and Z the income within the bracket.
    lost = torch.tensor([0.5 * 10 - 0.5 * 20, -0.5 * 40, -0.5 * 30], dtype=torch.float64)
    inside = torch.tensor([10.0, 30.0, 90.0], dtype=torch.float64)
    assert free.tolist() == pytest.approx((lost / (lost + 2.0 * inside)).tolist())
    assert bracket_schedule(incomes, ends, 2.0, rich, lowest_rate=-0.05).tolist() == pytest.approx([-0.05] * 3)
    # Where the loss exceeds the response, there is no interior optimum.
    assert float(bracket_schedule(incomes, ends, 0.1, rich, lowest_rate=-1.0)[1]) == -1.0


def test_the_formula_without_brackets_is_negative_where_weights_exceed_one() -> None:
    weight, pareto = torch.tensor([1.2, 1.0, 0.5]), torch.tensor([2.0, 2.0, 2.0])
    assert optimal_rate(weight, pareto, 0.5).tolist() == pytest.approx([0.0, 0.0, 1.0 / 3.0])
    assert optimal_rate(weight, pareto, 0.5, -1.0).tolist() == pytest.approx([-0.25, 0.0, 1.0 / 3.0])


def test_random_schedules_span_the_whole_range() -> None:
    game, found = economy(), planner("random_schedule", taxed_share=1.0, highest_rate=1.0)
    seen = game.observe(game.reset(random.keys(1, 2000)))["planner"]
    rates, _ = found.act(seen, found.start(game, game.roles["planner"], 2000), random.keys(2, 2000))
    assert -0.5 <= float(rates.min()) < -0.4
    assert 0.8 < float(rates.max()) <= 1.0


def test_ideal_points_are_searched_below_zero() -> None:
    def value(points: Tensor) -> Tensor:
        return -(points + 0.3).square().sum(-1, keepdim=True).expand(-1, 2)

    people = torch.tensor([0, 1])
    best = ideals(value, people, 2, 2, 0.001, 1, Ledger(MemoryRecorder()), -0.5)
    assert best.flatten().tolist() == pytest.approx([-0.3] * 4, abs=0.001)
    assert ideals(value, people, 2, 2, 0.001, 1, Ledger(MemoryRecorder())).tolist() == [[0.0, 0.0]] * 2


def test_a_language_model_may_answer_with_negative_rates_and_is_told_so() -> None:
    service = Scripted(lambda question, facts: json.dumps({"rates": ["-40%", "0%", "21%"]}))
    found, game = mind("planners", service, first="ask"), economy()
    seen = game.observe(game.reset(random.keys(1, 1)))["planner"]
    rates, _ = found.act(seen, found.start(game, game.roles["planner"], 1), random.keys(2, 1))
    assert rates[0, 0].tolist() == pytest.approx([-0.4, 0.0, 0.2])
    assert "numbers from -0.5 to 1" in service.asked[0].system
    assert "A negative rate adds to the income" in service.asked[0].system
    assert facts_of(service.asked[0])["lowest"] == -0.5


def test_without_subsidies_a_negative_rate_of_a_language_model_is_no_answer() -> None:
    service = Scripted(lambda question, facts: json.dumps({"rates": [-0.4, 0.0, 0.2]}))
    found, game = mind("planners", service, first="ask"), economy(lowest=0.0)
    seen = game.observe(game.reset(random.keys(1, 1)))["planner"]
    rates, _ = found.act(seen, found.start(game, game.roles["planner"], 1), random.keys(2, 1))
    assert service.asked[0].form.read(json.dumps({"rates": [-0.4, 0.0, 0.2]})).value is None
    assert torch.equal(rates.flatten(), game.status_quo("planner").to(rates))
    assert "negative" not in service.asked[0].system
    assert "lowest" not in facts_of(service.asked[0])
