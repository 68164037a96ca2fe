"""The log-linear tax against its closed form (Heathcote, Storesletten and Violante 2017)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as NoParameters
from econsim.economies.log_linear_tax import LogLinearTax, Parameters, optimal_progressivity
from econsim.play import HeldAction, play
from econsim.runs import execute
from econsim.scenario import load

# Published with four or five digits in the reference of the project: by curvature and variance of log wages.
OPTIMA = {
    (2.0, 0.1): 0.19460,
    (2.0, 0.18): 0.27996,
    (2.0, 0.3): 0.36402,
    (2.0, 0.5): 0.45142,
    (1.0, 0.1): 0.14590,
    (1.0, 0.18): 0.21938,
    (1.0, 0.3): 0.29674,
    (1.0, 0.5): 0.38197,
}


def economy(**settings: Any) -> LogLinearTax:
    game = LogLinearTax(Parameters(**settings)).to(dtype=torch.float64)
    assert isinstance(game, LogLinearTax)
    return game


def welfare(game: LogLinearTax, progressivity: list[float], copies: int = 1) -> torch.Tensor:
    """Return the mean welfare at each progressivity, ``[T]``."""
    key = random.keys(0, copies).repeat(len(progressivity))
    action = torch.tensor(progressivity, dtype=torch.float64).repeat_interleave(copies)
    agents = {"worker": BestResponse(NoParameters()), "planner": HeldAction(action)}
    state = play(game, agents, key).state
    assert float(game.conserved(state)["income"].abs().max()) < 1e-12
    return game.accounts(state)["welfare"].reshape(len(progressivity), copies).mean(1)


def closed_form(progressivity: float, variance: float, curvature: float) -> float:
    kept = 1.0 - progressivity
    return (math.log(kept) - kept) / (1.0 + curvature) - kept**2 * variance / 2


@pytest.mark.parametrize(("curvature", "variance"), OPTIMA)
def test_welfare_and_its_optimum_are_those_of_the_closed_form(curvature: float, variance: float) -> None:
    game = economy(curvature=curvature, variance=variance)
    optimum = OPTIMA[curvature, variance]
    assert optimal_progressivity(variance, curvature) == pytest.approx(optimum, abs=5e-6)
    rates = [-0.4, 0.0, 0.181, optimum - 0.01, optimum, optimum + 0.01, 0.9]
    found = welfare(game, rates)
    # The quadrature is exact to rounding for these exponentials.
    assert found.tolist() == pytest.approx([closed_form(rate, variance, curvature) for rate in rates], abs=1e-10)
    assert found[4] > max(found[3], found[5])


def test_a_sample_converges_to_the_population() -> None:
    wide, narrow = economy(wages="sample", workers=100), economy(wages="sample", workers=6400)
    truth = closed_form(0.28, 0.18, 2.0)
    errors = [abs(float(welfare(game, [0.28], copies=200)[0]) - truth) for game in (wide, narrow)]
    # The level of the tax is a ratio of means, so that welfare has a bias of order 1/N, below 0.18 / N here, and the
    # mean of 200 samples a standard error of at most sqrt(0.18 / (200 N)): three of them and the bias.
    for error, workers in zip(errors, (100, 6400), strict=True):
        assert error < 3 * math.sqrt(0.18 / (200 * workers)) + 0.18 / workers


def test_gains_in_consumption_equivalents_are_those_of_the_source() -> None:
    flat, estimate, best = welfare(economy(), [0.0, 0.181, optimal_progressivity(0.18, 2.0)]).tolist()
    assert math.expm1(best - flat) == pytest.approx(0.02755, abs=5e-6)
    assert math.expm1(best - estimate) == pytest.approx(0.00378, abs=5e-6)


def test_boundedly_rational_values_have_their_maximum_at_the_best_response() -> None:
    game = economy()
    observation = game.observe(game.reset(random.keys(0, 2)))["worker"]
    best = game.best_response("worker", observation)
    values, hours = game.choice_values("worker", observation), game.choices("worker")
    step = float(hours[1] - hours[0])
    assert float((hours[values.argmax(-1)] - best).abs().max()) <= step / 2 + 1e-9


def found(tmp_path: Path, planner: dict[str, Any], **economy: float) -> float:
    """Return the progressivity that a planner finds with workers who respond."""
    plain = {"planner_label": "found", "baselines": [], "evaluation": None, "headline": None, "planner": planner}
    changes = plain | {f"economy.{name}": value for name, value in economy.items()}
    metrics = execute(load("log_linear_tax", changes), tmp_path / "run", quiet=True).metrics
    return float(metrics[metrics["name"] == "progressivity"]["value"].iloc[-1])


@pytest.mark.parametrize(("curvature", "variance"), OPTIMA)
def test_a_search_finds_every_optimum(curvature: float, variance: float, tmp_path: Path) -> None:
    planner = {"kind": "search", "starts": 1, "generations": 12}
    value = found(tmp_path, planner, curvature=curvature, variance=variance)
    assert value == pytest.approx(OPTIMA[curvature, variance], abs=0.01)


def test_the_gradient_of_welfare_leads_to_the_optimum(tmp_path: Path) -> None:
    assert found(tmp_path, {"kind": "hypergradient"}) == pytest.approx(OPTIMA[2.0, 0.18], abs=0.01)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValidationError, match="quadrature takes at most 100 workers, found 1,000"):
        Parameters(workers=1000)
    with pytest.raises(ValidationError, match=r"status_quo 0.99 is not between lowest -0.5 and highest 0.95"):
        Parameters(status_quo=0.99)
