"""Isoelastic workers expect the rebate that their choices pay, or the advice and accounts state the difference."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.economies.one_step import OneStep, Parameters
from econsim.economies.one_step.tax_inputs import rebates
from econsim.leader_evaluation import play_proposals

WORKERS = {"worker": BestResponse(BestResponseParameters())}
LOG = {"kind": "isoelastic", "risk_aversion": 1, "labour_cost": 0.01, "labour_exponent": 2.5}
THREE: dict[str, Any] = {"workers": 3, "population": {"kind": "listed", "incomes": [20_000, 40_000, 60_000]}}


def economy(**parameters: Any) -> OneStep:
    settings = {"utility": LOG, "brackets": [0], "status_quo": [0.6], **THREE, **parameters}
    return OneStep(Parameters.model_validate(settings)).to(dtype=torch.float64)  # type: ignore[return-value]


def played(game: OneStep, rates: list[float]) -> dict[str, np.ndarray]:
    _, state = play_proposals(game, WORKERS, "planner", torch.tensor([rates], dtype=torch.float64), seed=0)
    return {name: value[0].numpy() for name, value in game.accounts(state).items()}


def utility(hours: np.ndarray, wage: np.ndarray, rate: float, rebate: float) -> np.ndarray:
    return np.log((wage * hours * (1 - rate) + rebate + 1) / 1000) - 0.01 * hours**2.5


def gains(hours: np.ndarray, rate: float) -> np.ndarray:
    """Return by brute force what each would gain from the best multiple of ten hours, at the rebate of these hours."""
    wage, grid = np.array([500.0, 1000.0, 1500.0]), np.arange(0, 101, 10.0)
    rebate = float((rate * wage * hours).mean())
    best = np.array([utility(grid, pay, rate, rebate).max() for pay in wage])
    return best - utility(hours, wage, rate, rebate)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.25, 0.6, 0.9])
def test_hours_in_steps_are_an_equilibrium_where_there_is_one(rate: float) -> None:
    """All profiles of hours are tried; without an equilibrium nobody gains more than in the best profile, or little."""
    profiles = [np.array(profile) for profile in product(np.arange(0, 101, 10.0), repeat=3)]
    smallest = min(float(gains(profile, rate).max()) for profile in profiles)
    accounts = played(economy(hours_step=10, status_quo=[rate]), [rate])
    assert accounts["deviation_gain"] == pytest.approx(np.maximum(gains(accounts["hours"], rate), 0), abs=1e-9)
    assert accounts["largest_deviation_gain"] == pytest.approx(max(smallest, 0), abs=1e-9)


def test_differences_between_expected_and_paid_rebates_are_stated() -> None:
    """Over a grid of flat rates, there is advice exactly where somebody gains from deviating."""
    warnings = []
    for rate in (0.05, 0.1, 0.15, 0.5, 0.9):
        game = economy(hours_step=10, status_quo=[rate])
        expected, paid = rebates(game, game.initial_rates)
        warned = any("best responses are not exact" in message for message in game.advice())
        assert warned == (abs(expected - paid) > 4)
        if not warned:
            assert played(game, [rate])["largest_deviation_gain"] < 1e-3
        warnings.append(warned)
    assert any(warnings)
    assert not all(warnings)


def test_without_income_effects_there_is_no_advice() -> None:
    assert not economy(utility={"kind": "calibrated"}, hours_step=10).advice()


def test_falling_rates_with_continuous_hours() -> None:
    """The second bracket is taxed less: a worker jumps between brackets, and the advice states the residual."""
    game = economy(brackets=[0, 30_000], status_quo=[0.9, 0.1])
    accounts = played(game, [0.9, 0.1])
    expected, paid = rebates(game, game.initial_rates)
    assert paid == pytest.approx(float(accounts["rebate"][0]), rel=1e-6)
    warned = any("best responses are not exact" in message for message in game.advice())
    assert warned == (abs(expected - paid) > 4)
    hours = np.linspace(0, 100, 100_001)
    for worker, wage in enumerate([500.0, 1000.0, 1500.0]):
        income = wage * hours
        tax = 0.9 * np.minimum(income, 30_000) + 0.1 * np.clip(income - 30_000, 0, None)
        values = np.log((income - tax + paid + 1) / 1000) - 0.01 * hours**2.5
        gain = values.max() - accounts["utility"][worker]
        assert accounts["deviation_gain"][worker] == pytest.approx(max(gain, 0), abs=1e-6)
