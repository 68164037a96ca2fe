from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from econsim import random
from econsim.populations.pareto import Parameters, Pareto


def incomes(count: int, **parameters: float) -> list[float]:
    population = Pareto(Parameters.model_validate(parameters))
    return population.sample(random.keys(0, 2), count).income[1].tolist()


def test_four_workers_earn_what_the_original_draws_on_average() -> None:
    # The means of two million draws, themselves good to about 0.003.
    assert incomes(4, least_income=10) == pytest.approx([11.334, 13.271, 16.475, 22.261], abs=0.01)


def test_ten_workers_earn_the_published_payments() -> None:
    published = [10.51, 11.10, 11.78, 12.59, 13.57, 14.80, 16.44, 18.77, 22.16, 26.57]
    assert incomes(10, least_income=10) == pytest.approx(published, abs=0.02)  # from 100,000 draws


@pytest.mark.parametrize(("exponent", "cap"), [(1.5, 3.0), (2.5, 8.0), (6.0, 2.0)])
def test_closed_form_equals_simulation_and_obeys_the_exponent(exponent: float, cap: float) -> None:
    draws = random.uniform(random.keys(1, 20_000), 0, "draws", (5,), torch.float64)
    population = Pareto(Parameters(tail_exponent=exponent, cap_multiple=cap, least_income=1))
    ranked = population.quantile(draws).sort(-1).values
    error = ranked.std(0) / 20_000**0.5
    closed = population.sample(random.keys(0, 1), 5).income[0]
    assert bool(((closed - ranked.mean(0)).abs() < 4 * error).all())


def test_mean_of_ranked_workers_is_the_mean_of_the_distribution() -> None:
    levels = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    mean = float(Pareto(Parameters()).quantile(levels).mean())
    for count in (1, 7, 500):
        assert sum(incomes(count)) / count == pytest.approx(mean, rel=1e-6)  # the grid's error


def test_incomes_are_bounded_and_ranked() -> None:
    ranked = incomes(1000, tail_exponent=1.2, cap_multiple=5, least_income=40)
    rounding = 1e-9
    assert all(higher >= lower - rounding for lower, higher in pairwise(ranked))
    assert ranked[0] >= 40
    assert ranked[-1] <= 200 + rounding
