from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from econsim import kinds, random
from econsim.errors import UserError
from econsim.populations._sampling import level_of
from econsim.populations.uniform import Parameters, Uniform

KINDS = ["gb2", "lognormal", "uniform", "pareto", "quantile_table"]


def build(name: str, **parameters: object):
    kind = kinds.load("populations", name)
    return kind.build(kind.parameters.model_validate(parameters))


@pytest.mark.parametrize("count", [7, 13, 101])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_positive_incomes_that_do_not_depend_on_the_batch(name: str, count: int) -> None:
    population = build(name)
    key = random.keys(11, 5)
    sample = population.sample(key, count)
    assert sample.income.shape == sample.weight.shape == (5, count)
    assert sample.income.dtype == torch.float64
    assert bool((sample.income > 0).all())
    assert torch.equal(population.sample(key[3:4], count).income[0], sample.income[3])
    assert population.sample(key, count, dtype=torch.float32).income.dtype == torch.float32
    assert population.unit


@pytest.mark.parametrize("name", KINDS)
def test_every_quantile_function_increases(name: str) -> None:
    levels = torch.linspace(0.001, 0.9, 300, dtype=torch.float64).reshape(3, 100)
    incomes = build(name).quantile(levels)
    assert incomes.shape == levels.shape
    assert bool((incomes.flatten().diff() > 0).all())


@pytest.mark.parametrize("name", ["gb2", "lognormal", "uniform", "quantile_table"])
def test_level_of_inverts_the_quantile_function(name: str) -> None:
    population = build(name)
    levels = torch.tensor([0.02, 0.3, 0.77, 0.99995], dtype=torch.float64)
    torch.testing.assert_close(level_of(population.quantile, population.quantile(levels)), levels, atol=1e-10, rtol=0)


def test_random_draws_follow_the_distribution() -> None:
    population = Uniform(Parameters(low=1, high=3))
    income = population.sample(random.keys(0, 100), 100).income
    # Three standard errors of 10,000 draws from U(1, 3): 3 x 0.577 / 100.
    assert float(income.mean()) == pytest.approx(2.0, abs=0.0173)
    assert income.unique().numel() == income.numel()


def test_midpoints_give_every_copy_the_same_people_in_another_order() -> None:
    population = Uniform(Parameters(low=10, high=20, sampling="stratified", jitter=False))
    income = population.sample(random.keys(0, 3), 5).income
    assert income.sort(-1).values.flatten().tolist() == pytest.approx([11, 13, 15, 17, 19] * 3)
    assert not torch.equal(income[0], income[1])


def test_jittered_strata_hold_one_person_each() -> None:
    population = Uniform(Parameters(low=10, high=20, sampling="stratified"))
    sample = population.sample(random.keys(0, 50), 20)
    stratum = ((sample.income - 10) / 0.5).long().sort(-1).values
    assert torch.equal(stratum, torch.arange(20).expand(50, 20))
    assert bool((sample.weight == 1).all())


def test_strata_by_income_reserve_people_and_stay_unbiased() -> None:
    thresholds = (0.0, 47_150.0, 191_950.0, 609_350.0)
    population = build("gb2", sampling="stratified", strata=thresholds, least_per_stratum=5)
    sample = population.sample(random.keys(5, 400), 40)
    edges = torch.tensor(thresholds[1:], dtype=torch.float64)
    counts = torch.bucketize(sample.income, edges).flatten().bincount(minlength=4) / 400
    assert bool((counts >= 5).all())
    torch.testing.assert_close(sample.weight.mean(-1), torch.ones(400, dtype=torch.float64))
    shares = [float((sample.weight * (sample.income > edge)).sum() / sample.weight.sum()) for edge in thresholds[1:]]
    # Shares above the thresholds of the published fit, printed to three digits.
    assert shares == pytest.approx([0.415, 0.041, 0.003], abs=6e-4)
    weighted = (sample.weight * sample.income).mean(-1)
    error = float(weighted.std() / 400**0.5)
    assert float(weighted.mean()) == pytest.approx(59_249, abs=3 * error)  # analytic mean of the fit
    assert float(sample.income.mean()) > 80_000  # without weights the reserved rich would count far too much


def test_strata_that_nobody_lives_in_get_nobody() -> None:
    population = Uniform(Parameters(low=10, high=20, sampling="stratified", strata=(5, 15, 99), least_per_stratum=2))
    sample = population.sample(random.keys(0, 1), 4)
    assert int((sample.income < 15).sum()) == 2
    torch.testing.assert_close(sample.weight, torch.ones_like(sample.weight))


def test_too_few_people_for_the_strata() -> None:
    population = Uniform(Parameters(low=10, high=20, sampling="stratified", strata=(12, 15), least_per_stratum=5))
    with pytest.raises(UserError, match="require at least 15 workers, found 14"):
        population.sample(random.keys(0, 1), 14)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strata": [5.0]}, "requires sampling: stratified"),
        ({"sampling": "stratified", "strata": [5.0, 5.0]}, "strictly increasing"),
        ({"sampling": "published"}, "random"),
        ({"low": 30.0, "high": 20.0}, "less than high"),
    ],
)
def test_bad_parameters_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(wrong)
