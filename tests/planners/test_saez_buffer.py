"""The buffered Saez planner: each income counts once, the average moves as published, the schedule comes of play."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from pydantic import ValidationError
from torch import Tensor

from econsim import kinds
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.one_step import OneStep
from econsim.economies.one_step import Parameters as OneStepParameters
from econsim.errors import UserError
from econsim.game import Agent
from econsim.mechanisms.saez import histogram_schedule
from econsim.planners.saez_buffer import Parameters as Settings
from econsim.planners.saez_buffer import SaezBuffer
from econsim.planners.saez_buffer.income_buffer import IncomeBuffer

THRESHOLDS = torch.tensor([0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3], dtype=torch.float64)
PUBLISHED: dict[str, Any] = {"method": "histogram", "elasticity": "estimated", "welfare_weights": "inverse_income"}


def agent(name: str, **parameters: Any) -> Agent:
    kind = kinds.load("agents", name)
    built: Agent = kind.build(kind.parameters(**parameters))
    return built


def samples(count: int, elasticity: float = 0.4) -> tuple[Tensor, Tensor]:
    rates = torch.linspace(0.05, 0.95, count, dtype=torch.float64)[:, None]
    return 80.0 * (1 - rates) ** elasticity, rates


def test_one_update_of_the_elasticity_has_the_published_value() -> None:
    """z = 80 (1 - rate)^0.4 has slope 0.4; one update from 0.5 gives 0.498 (spec, 3.1)."""
    buffer = IncomeBuffer(Settings(**PUBLISHED, fewest=100, buffer=100), THRESHOLDS)
    buffer.learn(*samples(100))
    assert buffer.elasticity == pytest.approx(0.498, abs=1e-9)
    assert buffer.interval == pytest.approx((0.4, 0.4), abs=1e-9)


def test_every_sample_counts_once_and_the_newest_stay() -> None:
    buffer = IncomeBuffer(Settings(**PUBLISHED, fewest=150, buffer=150), THRESHOLDS)
    buffer.learn(*samples(100))
    random_still, kept = not buffer.full, len(buffer.incomes)
    assert random_still
    assert kept == 100
    incomes, rates = samples(100)
    buffer.learn(incomes + 1000.0, rates)
    assert len(buffer.incomes) == 150
    assert int((buffer.incomes > 1000.0).sum()) == 100
    assert len(set(buffer.incomes.tolist())) == 150  # a sample that entered twice would be there twice
    expected = histogram_schedule(buffer.incomes, THRESHOLDS, buffer.elasticity)
    assert buffer.full
    assert torch.equal(buffer.average, expected)


def test_the_average_schedule_moves_slowly() -> None:
    buffer = IncomeBuffer(Settings(fewest=100, buffer=100, elasticity=0.5), THRESHOLDS)
    incomes, rates = samples(100)
    buffer.learn(incomes, rates)
    first = buffer.average
    buffer.learn(incomes + 300.0, rates)
    assert buffer.schedule is not None
    assert torch.allclose(buffer.average, 0.99 * first + 0.01 * buffer.schedule)
    assert buffer.elasticity == 0.5


def test_a_search_that_goes_on_equals_one_that_never_stopped() -> None:
    settings = Settings(fewest=100, buffer=250)
    whole, first, second = (IncomeBuffer(settings, THRESHOLDS) for _ in range(3))
    incomes, rates = samples(100)
    parts = [(incomes, rates), (0.9 * incomes, rates), (1.1 * incomes, rates)]
    for part in parts:
        whole.learn(*part)
    first.learn(*parts[0])
    second.resume(first.found())
    for part in parts[1:]:
        second.learn(*part)
    assert len(whole.incomes) == 250
    for name, value in whole.found().items():
        assert torch.equal(value, second.found()[name]), name


def test_a_buffer_smaller_than_what_the_formula_needs_is_refused() -> None:
    with pytest.raises(ValidationError, match="give at least buffer=2000"):
        Settings(buffer=100)


def test_without_variation_the_elasticity_stays() -> None:
    buffer = IncomeBuffer(Settings(**PUBLISHED, fewest=20, buffer=20), THRESHOLDS)
    buffer.learn(torch.full((20, 1), 50.0), torch.full((20, 1), 0.3))
    assert buffer.elasticity == 0.5


@pytest.fixture(scope="module")
def fitted() -> tuple[SaezBuffer, MemoryRecorder]:
    parts = ("build", "trade", "gather", {"kind": "tax", "period": 30})
    game = GatherTradeBuild(Parameters.model_validate({"horizon": 120, "components": parts, "starting_coin": 20.0}))
    planner, recorder = SaezBuffer(Settings(copies=4, rounds=4, fewest=100, buffer=100)), MemoryRecorder()
    workers = {"worker": agent("elastic_rule", untaxed_hours=100.0)}
    planner.fit(game, game.roles["planner"], workers, 3, recorder)
    return planner, recorder


def test_a_fit_ends_with_a_schedule_of_the_formula(fitted: tuple[SaezBuffer, MemoryRecorder]) -> None:
    planner, recorder = fitted
    rates = planner.state_dict()["rates"]
    assert rates.shape == (7,)
    assert ((rates >= 0) & (rates <= 1)).all()
    assert float(rates.max()) > 0
    sizes = recorder.values("", "saez_buffer/samples")
    assert sizes == [64, 100, 100, 100]  # 4 copies x 4 workers x 4 periods a round, each once


def test_an_averaged_elasticity_is_told_from_the_last_estimate() -> None:
    game = GatherTradeBuild(Parameters(horizon=2))
    planner = SaezBuffer(Settings(elasticity="estimated", copies=4, fewest=100, buffer=100))
    elasticity = torch.tensor([2.79, 3.09, 3.13], dtype=torch.float64)
    planner.load_state_dict({"rates": torch.zeros(7), "elasticity": elasticity})
    said = planner.explanation(game)
    assert "income 2.79 (a moving average; last estimate, 95 % interval 3.09 to 3.13)" in said


def test_a_fit_is_a_function_of_its_seed(fitted: tuple[SaezBuffer, MemoryRecorder]) -> None:
    parts = ("build", "trade", "gather", {"kind": "tax", "period": 30})
    game = GatherTradeBuild(Parameters.model_validate({"horizon": 120, "components": parts, "starting_coin": 20.0}))
    again = SaezBuffer(Settings(copies=4, rounds=4, fewest=100, buffer=100))
    workers = {"worker": agent("elastic_rule", untaxed_hours=100.0)}
    again.fit(game, game.roles["planner"], workers, 3, MemoryRecorder())
    for name, value in fitted[0].state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


def test_an_economy_without_tax_periods_is_refused() -> None:
    game = OneStep(OneStepParameters(workers=5))
    planner, workers = SaezBuffer(Settings(copies=1, rounds=1)), {"worker": agent("elastic_rule")}
    with pytest.raises(UserError, match="use planner=saez"):
        planner.fit(game, game.roles["planner"], workers, 0, MemoryRecorder())


def test_the_kernel_formula_points_to_the_buffered_one() -> None:
    game = GatherTradeBuild(Parameters(horizon=2))
    kernel = kinds.load("planners", "saez")
    for elasticity in (0.4, "estimated"):
        planner = kernel.build(kernel.parameters(elasticity=elasticity))
        with pytest.raises(UserError, match="use planner=saez_buffer"):
            planner.fit(game, game.roles["planner"], {"worker": agent("elastic_rule")}, 0, MemoryRecorder())
