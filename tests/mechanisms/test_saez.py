from __future__ import annotations

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.mechanisms.saez import estimate_elasticity, histogram_schedule, kernel_schedule, optimal_rate
from econsim.populations.gb2 import GB2, Parameters


def money(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


AI_ECONOMIST = money(0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3)
US_2024 = money(0, 11_600, 47_150, 100_525, 191_950, 243_725, 609_350)
LEVELS = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
LOG_NORMAL = (0.7 * torch.special.ndtri(LEVELS)).exp()
PARETO = (1 - LEVELS) ** (-1 / 1.5)


@pytest.fixture(scope="module")
def potential_income() -> Tensor:
    """The 100 published incomes at 40 hours."""
    return GB2(Parameters(sampling="published")).sample(random.keys(0, 1), 100).income[0]


def test_formula_against_the_textbook() -> None:
    # Revenue maximum with a Pareto tail of 1.5 and elasticity 0.25: 1 / (1 + 1.5 x 0.25) = 72.7 %.
    assert float(optimal_rate(money(0.0), money(1.5), 0.25)) == pytest.approx(0.7273, abs=5e-5)
    assert float(optimal_rate(money(0.5), money(2.0), 0.5)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("pareto", "rates"), [(1.5, (0.727, 0.571, 0.400)), (2.0, (0.667, 0.500, 0.333)), (2.5, (0.615, 0.444, 0.286))]
)
def test_top_rates_without_weight_on_the_rich(pareto: float, rates: tuple[float, ...]) -> None:
    # 1 / (1 + a e) for elasticities of 0.25, 0.5 and 1 (Saez 2001), to the three digits of the reference.
    for elasticity, rate in zip((0.25, 0.5, 1.0), rates, strict=True):
        assert float(optimal_rate(money(0.0), money(pareto), elasticity)) == pytest.approx(rate, abs=5e-4)


def test_formula_takes_nothing_from_those_who_count_more_than_average() -> None:
    rate = optimal_rate(money(1.0, 1.5, 1 - 1e-16, 3.0), money(0.0, 1.0, 0.0, 0.0), 0.4)
    assert rate.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("population", "elasticity", "golden"),
    [
        (LOG_NORMAL, 0.25, [0.6899, 0.8215, 0.7176, 0.6419, 0.5967, 0.5322, 0.4558]),
        (LOG_NORMAL, 0.5, [0.6485, 0.6993, 0.5601, 0.4729, 0.4252, 0.3631, 0.2952]),
        (PARETO, 0.25, [0.0147, 0.0530, 0.2834, 0.5974, 0.6564, 0.6923, 0.6946]),
        (PARETO, 0.5, [0.0078, 0.0281, 0.1753, 0.4269, 0.4886, 0.5300, 0.5321]),
    ],
)
def test_histogram_schedule_reproduces_the_original(population: Tensor, elasticity: float, golden: list[float]) -> None:
    incomes = population * 150 / population.mean()
    rates = histogram_schedule(incomes, AI_ECONOMIST, elasticity)
    # The golden values are printed to four digits.
    torch.testing.assert_close(rates, money(*golden), atol=1e-4, rtol=0)


def test_histogram_schedule_with_losses_gaps_and_nobody_on_top_stays_in_range() -> None:
    rates = histogram_schedule(money(-5, 30, 50, 510.3), AI_ECONOMIST, 0.4, highest_rate=0.9)
    assert bool(((rates >= 0) & (rates <= 0.9)).all())
    assert float(rates[-1]) == pytest.approx(0.9)


def test_histogram_schedule_with_equal_weights_redistributes_nothing() -> None:
    incomes = PARETO * 150 / PARETO.mean()
    rates = histogram_schedule(incomes, AI_ECONOMIST, 0.25, torch.ones_like(incomes))
    torch.testing.assert_close(rates, torch.zeros_like(rates), atol=1e-9, rtol=0)


def test_kernel_schedule_reproduces_the_published_brackets(potential_income: Tensor) -> None:
    rates = kernel_schedule(potential_income * 1.5, 1 / potential_income, US_2024, 0.4)
    # Incomes at 60 hours, printed to three digits; nobody is in the top bracket.
    golden = [0.973, 0.871, 0.670, 0.516, 0.553, 0.613, 0.200]
    torch.testing.assert_close(rates, money(*golden), atol=5.1e-4, rtol=0)


def test_kernel_schedule_on_a_pareto_tail_reaches_the_asymptotic_rate() -> None:
    levels = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    incomes = 20_000 * (1 - levels) ** (-1 / 2.0)
    top = kernel_schedule(incomes, 1 / incomes, money(0, 50_000, 400_000), 0.4)[-1]
    # Weights above are under 0.03, so that the rate nears 1 / (1 + 2 e); the discrete tail is a little thinner.
    assert float(top) == pytest.approx(1 / 1.8, abs=0.02)


def test_kernel_schedule_of_weighted_people_equals_that_of_copies() -> None:
    incomes, copies = money(5e3, 2e4, 6e4, 1.5e5), [4, 3, 2, 1]
    everyone = incomes.repeat_interleave(torch.tensor(copies))
    thresholds, people = money(0, 30_000, 100_000), money(*copies)
    weighted = kernel_schedule(incomes, people / incomes, thresholds, 0.3, people)
    # Scott's bandwidth depends on how many are observed, hence densities differ; shares and the top do not.
    assert float(weighted[-1]) == pytest.approx(float(kernel_schedule(everyone, 1 / everyone, thresholds, 0.3)[-1]))


@pytest.mark.parametrize(
    "incomes",
    [
        torch.zeros(5),
        torch.full((5,), 1e5),
        money(1e5),
        money(3e3, 4e3),
        money(1e5, 1e5 + 1e-6, 7e5),
        torch.full((3,), 609_350.0),
    ],
)
def test_kernel_schedule_is_always_a_schedule(incomes: Tensor) -> None:
    rates = kernel_schedule(incomes, torch.ones_like(incomes), US_2024, 0.4)
    assert bool(((rates >= 0) & (rates <= 1)).all())


def test_kernel_schedule_where_nobody_is() -> None:
    # G = 0 and a = 10: 1 / (1 + 10 * 0.4).
    assert kernel_schedule(torch.zeros(5), torch.ones(5), US_2024, 0.4).tolist() == pytest.approx([0.2] * 7)


def test_elasticity_is_recovered() -> None:
    rates = torch.linspace(0, 0.9, 50, dtype=torch.float64)
    estimate = estimate_elasticity(80 * (1 - rates) ** 0.4, rates)
    assert estimate.value == pytest.approx(0.4, abs=1e-9)
    assert estimate.samples == 50
    assert estimate.low <= estimate.value <= estimate.high


def test_elasticity_leaves_out_idle_people_and_full_taxation() -> None:
    rates = torch.cat([torch.linspace(0, 0.9, 20, dtype=torch.float64), money(1.0, 0.5)])
    incomes = 80 * (1 - rates) ** 0.4
    incomes[-1] = 0.0
    estimate = estimate_elasticity(incomes, rates)
    assert (estimate.samples, round(estimate.value, 9)) == (20, 0.4)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    copies, count = 400, 25
    rates = torch.linspace(0, 0.8, count, dtype=torch.float64)
    noise = 0.1 * random.normal(random.keys(3, copies), 0, "noise", (count,), torch.float64)
    covered = 0
    for copy in range(copies):
        estimate = estimate_elasticity(((1 - rates) ** 0.4) * noise[copy].exp(), rates, confidence=0.9)
        covered += estimate.low <= 0.4 <= estimate.high
    assert covered / copies == pytest.approx(0.9, abs=0.045)  # three standard errors of 400 draws


def test_elasticity_needs_enough_samples_and_variation() -> None:
    with pytest.raises(UserError, match="at least 10"):
        estimate_elasticity(torch.ones(9), torch.linspace(0, 0.5, 9))
    with pytest.raises(UserError, match="different marginal tax rates"):
        estimate_elasticity(torch.ones(50), torch.full((50,), 0.3))
