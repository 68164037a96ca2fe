"""Calibration: known parameters are found with the standard errors of theory, and what cannot be known is said."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.calibration import (
    Calibration,
    FreeParameter,
    Observation,
    calibrate,
    predictive_plot,
    read_observations,
)
from econsim.calibration.gradients import descended
from econsim.calibration.predictive import predicted
from econsim.calibration.simulated import Differences
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.scenario import load

KEPT = 1.0 - 0.181  # under the policy "us"
CURVATURE, VARIANCE = FreeParameter("economy.curvature", 0.5, 6.0), FreeParameter("economy.variance", 0.05, 0.6, True)


def hours(curvature: float) -> float:
    """Return mean hours, which depend on nothing else (Heathcote, Storesletten and Violante 2017)."""
    return KEPT ** (1.0 / (1.0 + curvature))


def fitted(free: Sequence[FreeParameter], observed: Sequence[Observation], **more: Any) -> Calibration:
    return calibrate(load("log_linear_tax"), free, observed, "us", evaluations=30, **more)


@pytest.fixture(scope="module")
def alone() -> Calibration:
    return fitted([CURVATURE], [Observation("mean_hours", hours(2.0), 0.002)], draws=120)


def test_a_known_parameter_is_found_with_the_error_of_theory(alone: Calibration) -> None:
    # The delta method: the standard error of hours over their slope in the curvature.
    slope = -math.log(KEPT) / (1.0 + 2.0) ** 2 * hours(2.0)
    deviation = 0.002 / slope
    assert alone.estimate["economy.curvature"] == pytest.approx(2.0, abs=1e-4)
    (profile,), posterior = alone.profiles, alone.posterior
    # The exact interval: where hours are 1.96 errors away.
    ends = [math.log(KEPT) / math.log(hours(2.0) + side * 1.95996 * 0.002) - 1.0 for side in (-1, 1)]
    assert profile.interval == pytest.approx(tuple(ends), abs=0.05 * deviation)
    # Means and deviations of 120 weighted draws, of which at least half count, have errors of 13 and 9 %.
    assert posterior.effective > 60
    assert float(posterior.mean[0]) == pytest.approx(2.0, abs=3 * 0.13 * deviation)
    assert float(posterior.deviation[0]) == pytest.approx(deviation, rel=3 * 0.09)
    assert profile.identified


def test_the_posterior_predictive_covers_a_new_observation(alone: Calibration) -> None:
    low, high = predicted(alone, 0.95)[0]
    # The posterior has the error of the observation, and a new one has it again. 60 effective draws: 20 % of a tail.
    assert high - low == pytest.approx(2 * 1.96 * 0.002 * math.sqrt(2), rel=0.3)
    axes = predictive_plot(alone).axes[0]
    assert axes.get_legend_handles_labels()[1] == ["model, 95%", "model, 50%", "observed"]


def test_gradients_find_a_known_parameter_without_bias() -> None:
    differences = Differences(load("log_linear_tax"), [CURVATURE], [Observation("mean_hours", hours(2.0), 0.002)], "us")
    best, (bias,) = descended(differences, seed=0)
    assert differences.values(best)["economy.curvature"] == pytest.approx(2.0, abs=1e-4)
    # The derivative of ((hours - observed) / error)^2 along the range, in closed form.
    middle = 0.5 * (0.5 + 6.0)
    slope = -math.log(KEPT) / (1.0 + middle) ** 2 * hours(middle) * (6.0 - 0.5)
    assert bias.derivative == pytest.approx(2 * (hours(middle) - hours(2.0)) / 0.002**2 * slope)
    assert abs(bias.bias) < 1e-3


def test_what_the_data_do_not_bound_is_not_identified() -> None:
    observed = [Observation("mean_hours", hours(2.0), 0.002)]
    with pytest.raises(UserError, match="2 parameters cannot be identified by 1 observations"):
        fitted([CURVATURE, VARIANCE], observed)
    result = fitted([CURVATURE, VARIANCE], observed, draws=50, underidentified=True)
    of_curvature, of_variance = result.profiles
    assert of_curvature.identified
    assert not of_variance.identified
    assert of_variance.interval == pytest.approx((0.05, 0.6))
    assert float(np.ptp(of_variance.chi2)) == pytest.approx(0.0, abs=1e-6)


def test_a_wrong_model_is_rejected() -> None:
    # Income equals consumption in this economy, so that no parameter meets both observations.
    observed = [Observation("mean_income", hours(2.0), 0.002), Observation("mean_consumption", 0.9, 0.002)]
    result = fitted([CURVATURE], observed, draws=50)
    apart = (hours(2.0) - 0.9) / 0.002
    assert result.chi2 == pytest.approx(apart**2 / 2, rel=1e-3)  # half way between the two
    assert result.p_value is not None
    assert result.p_value < 1e-10


def test_the_command_writes_the_same_result_for_the_same_seed(alone: Calibration, tmp_path: Path) -> None:
    data = tmp_path / "observed.csv"
    data.write_text(f"metric,value,standard_error\nmean_hours,{hours(2.0)!r},0.002\n")
    files = {name: tmp_path / name for name in ("result.json", "draws.csv", "figure.svg")}
    arguments = ["calibrate", "log_linear_tax", "--policy", "us", "--data", str(data), "--evaluations", "30"]
    options = ["--free", "economy.curvature=0.5:6", "--draws", "120", "--out", str(files["result.json"])]
    written = ["--csv", str(files["draws.csv"]), "--plot", str(files["figure.svg"])]
    result = CliRunner().invoke(app, [*arguments, *options, *written], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    assert "as many parameters as observations" in result.stdout
    content = json.loads(files["result.json"].read_text())
    assert content["estimate"] == alone.estimate
    assert content["parameters"]["economy.curvature"]["identified"] is True
    draws = pd.read_csv(files["draws.csv"])
    assert list(draws) == ["economy.curvature", "mean_hours", "weight"]
    assert draws["economy.curvature"].tolist() == pytest.approx(alone.posterior.values[:, 0].tolist(), rel=1e-12)
    assert files["figure.svg"].read_text().startswith("<")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric,value\nmean_hours,0.9\n", "no column 'standard_error'"),
        ("metric,value,standard_error\nmean_hours,0.9,0\n", ":2: column standard_error: expected a positive"),
        ("metric,value,standard_error\nmean_hours,,0.1\n", ":2: column value: expected a number"),
        ("metric,value,standard_error\nmean_hours,1,0.1\nmean_hours,1,0.1\n", "observed already on line 2"),
        ("metric,value,standard_error\n", "no rows"),
    ],
)
def test_mistakes_in_the_data_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "observed.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_observations(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("economy.curvature", "expected KEY=LOW:HIGH"),
        ("economy.curvature=6:1", "the lower first"),
        ("economy.curvature=0:1:log", "needs positive bounds"),
    ],
)
def test_mistakes_in_parameters_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        FreeParameter.parsed(text)


def test_what_cannot_be_simulated_is_refused() -> None:
    observed = [Observation("mean_hours", 0.9, 0.01)]
    with pytest.raises(UserError, match="planner must be fitted before every simulation"):
        calibrate(load("log_linear_tax"), [CURVATURE], observed)
    with pytest.raises(UserError, match="no metric 'mean_hour'"):
        fitted([CURVATURE], [Observation("mean_hour", 0.9, 0.01)])
    with pytest.raises(UserError, match="unknown key"):
        fitted([FreeParameter("economy.curvatur", 1, 2)], observed)
    with pytest.raises(UserError, match="there is no such policy"):
        calibrate(load("log_linear_tax"), [CURVATURE], observed, "uss")
