"""Time series of observations, posteriors from simulations, gradients with their bias, and posterior predictives."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from econsim import kinds, random
from econsim.calibration import FreeParameter, Observation, calibrate, read_observations
from econsim.calibration.differentiable import DifferentiableMetrics
from econsim.calibration.gradients import descended, forward_jacobian, gradient_bias, reverse_gradient
from econsim.calibration.neural import neural_posterior
from econsim.calibration.particles import particles_of
from econsim.calibration.simulated import Differences
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.scenario import load

TOYS = Path(__file__).parent / "growth_toys"
SAVING = FreeParameter("economy.saving_propensity", 0.0, 0.9)
WEEKS = "metric,date,value,standard_error\n"


class Linear(Differences):
    """Metrics that are linear in the parameters, with normal shocks: the posterior is normal, with known moments."""

    slopes = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, -1.5]])
    shock = 0.05

    def __init__(self, truth: tuple[float, float]) -> None:
        self.free = [FreeParameter("one", 0.0, 1.0), FreeParameter("two", 0.0, 1.0)]
        values = self.slopes @ np.array(truth)
        self.observed = [Observation(f"metric {number}", float(value), 0.08) for number, value in enumerate(values)]
        self.count = 0

    def simulated(self, shares: Any, shocks: int | None = None) -> Any:
        self.count += 1
        normal = random.normal(random.keys(9, 1), shocks or 0, "test/shocks", (3,), torch.float64)[0].numpy()
        return self.slopes @ shares + self.shock * normal

    @property
    def covariance(self) -> Any:
        return np.linalg.inv(self.slopes.T @ self.slopes) * (self.shock**2 + 0.08**2)


@pytest.mark.parametrize("method", ["particles", "neural"])
def test_posteriors_from_simulations_have_the_moments_of_theory(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.calibration.neural._MOST_PASSES", 150)  # which takes seconds less
    truth = (0.4, 0.6)
    model = Linear(truth)
    deviation = np.sqrt(np.diag(model.covariance))  # 0.042 and 0.051, so that the bounds hardly matter
    if method == "particles":
        result = particles_of(model, 120, 2500, seed=1)
        assert result.effective > 60
    else:
        pytest.importorskip("zuko")
        result = neural_posterior(model, 500, seed=1)
    assert result.weights.sum() == pytest.approx(1.0)
    # Means of 100 draws have errors of 10 % of a deviation; a flow of 500 simulations misses it by up to a half.
    assert np.abs(result.mean - truth).max() < 0.6 * deviation.max()
    # Distances below the last tolerance are not zero, and flows learn from few simulations: both posteriors are wider
    # than that of theory, by 20 to 80 % for several seeds; the prior is 6 times as wide.
    ratio = result.deviation / deviation
    assert (ratio > 0.8).all()
    assert (ratio < 2.0).all()
    expected = model.covariance[0, 1] / deviation.prod()
    assert result.correlation[0, 1] == pytest.approx(expected, abs=0.35)


def of_growth(observed: list[Observation], *keys: str, episodes: int = 2) -> Differences:
    kinds.add_plugin(str(TOYS))
    scenario = load(TOYS / "growth.yaml", {"episodes": episodes})
    return Differences(scenario, [FreeParameter(f"economy.{key}", 0.1, 0.9) for key in keys], observed)


OBSERVED = [
    Observation("output", 1.1, 0.1, 3),
    Observation("output", 1.3, 0.1, 19),
    Observation("output", 1.2, 0.1),
    Observation("capital_gini", 0.2, 0.01),
    Observation("mean_capital", 1.5, 0.1),
]


def test_forward_and_reverse_derivatives_with_checkpoints_are_those_of_finite_differences() -> None:
    differences = of_growth(OBSERVED, "saving", "capital_share")
    metrics, point = DifferentiableMetrics(differences), np.array([0.3, 0.6])
    np.testing.assert_allclose(metrics(torch.from_numpy(point)).numpy(), differences(point), rtol=1e-9, atol=1e-9)
    step = 1e-5
    central = [(differences(point + move) - differences(point - move)) / (2 * step) for move in step * np.eye(2)]
    jacobian = forward_jacobian(metrics, point)
    np.testing.assert_allclose(jacobian, np.stack(central, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(reverse_gradient(metrics, point), 2 * differences(point) @ jacobian, rtol=1e-9)
    assert max(abs(each.bias) for each in gradient_bias(metrics, point)) < 1e-3


def test_checkpoints_keep_less_for_the_way_back() -> None:
    metrics = DifferentiableMetrics(of_growth(OBSERVED[:2], "saving"))

    def kept(play: Callable[[torch.Tensor], torch.Tensor]) -> int:
        sizes: list[int] = []

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            play(torch.tensor([0.5], dtype=torch.float64, requires_grad=True))
        return sum(sizes)

    assert kept(metrics.checkpointed) < kept(metrics) / 3  # 20 steps in segments of 5


def test_many_parameters_are_found_by_reverse_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.calibration.gradients._STARTS", 1)  # the smooth game needs no others
    names = [f"productivity_{number}" for number in range(9)]
    values = np.linspace(0.2, 0.8, 9)
    observed = [Observation(f"output_{number}", float(value), 0.1) for number, value in enumerate(values)]
    differences = of_growth(observed, *names)
    truth = np.linspace(0.2, 0.7, 9)
    targets = differences.simulated(truth)
    differences.observed = [Observation(one.metric, float(t), 0.01) for one, t in zip(observed, targets, strict=True)]
    best, bias = descended(differences, seed=0)
    np.testing.assert_allclose(best, truth, atol=1e-3)
    assert {each.mode for each in bias} == {"reverse"}
    assert max(abs(each.bias) for each in bias) < 1e-3


def test_a_gradient_that_misses_discrete_choices_says_so() -> None:
    settings = {"economy.people": 30, "economy.horizon": 5, "episodes": 1}
    observed = [Observation("wealth_variance", 2e5, 1e4, step) for step in range(5)]
    metrics = DifferentiableMetrics(Differences(load("money_exchange_taxed", settings), [SAVING], observed))
    (bias,) = gradient_bias(metrics, np.array([0.4]))
    assert bias.derivative == 0.0
    assert bias.finite_difference < 0  # saving reduces inequality, which is too high here
    assert bias.bias == pytest.approx(1.0)
    with pytest.raises(UserError, match=r"economy\.people is no number through which derivatives pass"):
        calibrate(
            load("money_exchange_taxed", settings),
            [FreeParameter("economy.people", 10, 20)],
            observed,
            search="gradient",
        )


def test_the_command_fits_a_time_series_and_draws_its_posterior_predictive(tmp_path: Path) -> None:
    settings = {"economy.people": 60, "economy.horizon": 4, "episodes": 1}
    empty = [Observation("wealth_variance", 0.0, 1.0, step) for step in (1, 2, 3)]
    model = Differences(load("money_exchange_taxed", settings), [SAVING], empty)
    values = model.simulated(np.array([0.5]))
    data = tmp_path / "observed.csv"
    days = [date(2020, month, 15) for month in (11, 12)] + [date(2021, 1, 15)]
    rows = [f"wealth_variance,{day},{value},9000\n" for day, value in zip(days, values, strict=True)]
    data.write_text(WEEKS + "".join(rows))
    files = [tmp_path / name for name in ("result.json", "predictive.svg")]
    arguments = ["calibrate", "money_exchange_taxed", *(f"{key}={value}" for key, value in settings.items())]
    options = ["--data", str(data), "--free", "economy.saving_propensity=0:0.9", "--first-step", "1"]
    budget = ["--evaluations", "10", "--posterior", "particles", "--draws", "50", "--simulations", "110"]
    written = ["--out", str(files[0]), "--predictive", str(files[1]), "--quiet"]
    result = CliRunner().invoke(app, [*arguments, *options, *budget, *written], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    content = json.loads(files[0].read_text())
    # The common shocks are those of the observations, so that the truth meets them.
    assert content["estimate"]["economy.saving_propensity"] == pytest.approx(0.45, abs=0.03)
    assert content["metrics"]["wealth_variance 2020-12-15"]["step"] == 2
    assert "wealth_variance 2021-01-15" in result.stdout
    assert files[1].read_text().startswith("<")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,2020-01-06,1,1\na,2020-01-20,1,1\na,2020-01-13,1,1\n", ":4: a on 2020-01-13 comes after 2020-01-20; sort"),
        ("a,2020-01-06,1,1\na,2020-01-06,1,1\n", ":3: a on 2020-01-06 comes after 2020-01-06"),
        (
            "a,2020-01-06,1,1\na,2020-01-13,1,1\na,2020-01-27,1,1\n",
            ":4: a: there is a gap between 2020-01-13 and 2020-01-27, since others are 7 days apart",
        ),
        (
            "a,2020-01-15,1,1\na,2020-02-15,1,1\na,2020-04-15,1,1\n",
            ":4: a: there is a gap between 2020-02-15 and 2020-04-15, since others are 1 month apart",
        ),
        ("a,2020-01-06,1,1\na,06.01.2020,1,1\n", ":3: column date: expected a date such as 2020-08-31"),
    ],
)
def test_gaps_and_unordered_dates_are_named(rows: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "observed.csv"
    path.write_text(WEEKS + rows)
    with pytest.raises(UserError, match=message):
        read_observations(path)


def test_dates_are_steps_by_days_and_by_months(tmp_path: Path) -> None:
    path = tmp_path / "observed.csv"
    path.write_text(WEEKS + "a,2020-12-01,1,1\na,2021-01-01,2,1\nb,2021-01-01,3,1\nb,2021-02-01,4,1\n")
    assert [one.step for one in read_observations(path, first_step=5)] == [5, 6, 6, 7]
    path.write_text(WEEKS + "a,2020-02-24,1,1\na,2020-03-02,2,1\na,2020-03-09,3,1\n")
    assert [one.step for one in read_observations(path)] == [0, 1, 2]


def test_what_is_no_time_series_is_refused() -> None:
    settings = {"economy.people": 30, "economy.horizon": 5, "episodes": 1}
    for observation, message in (
        (Observation("wealth_gini", 0.5, 0.1, 1), "no time series of 'wealth_gini'; it has those of its flows: "),
        (Observation("wealth_variance", 0.5, 0.1, 5), "which has steps 0 to 4; lengthen economy.horizon"),
    ):
        with pytest.raises(UserError, match=message):
            Differences(load("money_exchange_taxed", settings), [SAVING], [observation]).simulated(np.array([0.5]))
