"""What reforms are worth, against closed forms of demand and of optimal taxation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from econsim.analysis.welfare import (
    compensating_variation,
    consumption_equivalent,
    equivalent_variation,
    inverse_optimum,
    marginal_weights,
    nash_welfare,
    welfare_table,
)
from econsim.errors import UserError

MONEY = np.array([50.0, 100.0, 400.0])


def test_money_metrics_of_a_price_rise_under_cobb_douglas() -> None:
    # Indirect utility m / p^a: a rise from 1 to p is like losing m (1 - p^-a), and m (p^a - 1) makes up for it.
    share, price = 0.3, 2.0
    equivalent = equivalent_variation(lambda lump_sum: MONEY + lump_sum, MONEY / price**share)
    compensating = compensating_variation(lambda lump_sum: (MONEY + lump_sum) / price**share, MONEY)
    assert equivalent == pytest.approx(-MONEY * (1 - price**-share), rel=1e-12)
    assert compensating == pytest.approx(-MONEY * (price**share - 1), rel=1e-12)


def test_where_utility_is_money_both_variations_are_its_change() -> None:
    cost = np.array([3.0, 1.0, 2.0])
    gain = np.array([5.0, -2.0, 0.0])
    assert equivalent_variation(lambda paid: MONEY - cost + paid, MONEY - cost + gain) == pytest.approx(gain)
    assert compensating_variation(lambda paid: MONEY - cost + gain + paid, MONEY - cost) == pytest.approx(gain)


def test_a_person_who_could_not_live_on_less_bounds_what_can_be_taken() -> None:
    # log(C): nothing is worth -inf, so that less than everything is taken.
    taken = compensating_variation(lambda paid: np.log(MONEY + paid), np.log(MONEY / 2))
    assert taken == pytest.approx(MONEY / 2)
    with pytest.raises(UserError, match="no lump sum"):
        equivalent_variation(lambda paid: np.tanh(paid), [2.0])


@pytest.mark.parametrize(("progressivity", "gain"), [(0.0, 0.02755), (0.181, 0.00378)])
def test_consumption_equivalent_of_the_best_log_linear_tax(progressivity: float, gain: float) -> None:
    """Log utility, lognormal wages of variance 0.18, labour cost h^3 / 3: the optimum 0.27996 over flat and US taxes.

    Figures of the closed form, four digits; quantiles stand for wages, which costs less than 1e-4 of consumption.
    """
    wages = np.exp(math.sqrt(0.18) * norm.ppf((np.arange(20_000) + 0.5) / 20_000))
    before, after = (_log_linear(wages, tau) for tau in (progressivity, 0.27996))
    assert consumption_equivalent(before[0], after[0], before[1]) == pytest.approx(gain, abs=1e-4)


def _log_linear(wages: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    hours = (1 - tau) ** (1 / 3)
    income = wages * hours
    consumption = income ** (1 - tau) * income.mean() / (income ** (1 - tau)).mean()
    return np.log(consumption) - hours**3 / 3, consumption


def test_consumption_equivalent_for_other_risk_aversions() -> None:
    consumption, people = np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 1.0])
    for eta in (0.5, 2.0, 3.0):
        before, after = ((c ** (1 - eta) - 1) / (1 - eta) - 0.2 for c in (consumption, 1.07 * consumption))
        assert consumption_equivalent(before, after, consumption, eta, people) == pytest.approx(0.07)
    with pytest.raises(UserError, match="above zero"):
        consumption_equivalent([0.0], [1.0], [0.0])


def test_nash_welfare_is_the_geometric_mean_above_the_disagreement() -> None:
    assert nash_welfare([1.0, 4.0]) == pytest.approx(2.0)
    assert nash_welfare([2.0, 5.0], disagreement=1.0) == pytest.approx(2.0)
    assert nash_welfare([1.0, 8.0], people=[2.0, 1.0]) == pytest.approx(2.0)
    assert math.isnan(nash_welfare([0.0, 1.0]))
    consumption = np.array([3.0, 1.0, 7.0])
    table = welfare_table({"p": {"utility": consumption, "consumption": consumption}})
    assert table.loc["p", "atkinson_1"] == pytest.approx(nash_welfare(consumption))


def test_marginal_weights_of_welfare_functions() -> None:
    consumption = np.array([1.0, 2.0, 4.0])
    accounts = {"utility": consumption, "consumption": consumption, "weight": np.array([1.0, 1.0, 2.0])}
    assert marginal_weights("utilitarian", accounts) == pytest.approx(np.ones(3))
    assert marginal_weights("rawlsian", accounts) == pytest.approx([4.0, 0.0, 0.0])
    # Atkinson at two: weights fall with the square of consumption.
    expected = consumption**-2.0
    assert marginal_weights("atkinson_2", accounts) == pytest.approx(expected / np.average(expected, weights=[1, 1, 2]))
    logarithmic = marginal_weights(
        lambda of: (of["weight"] * of["utility"]).sum(), {**accounts, "utility": np.log(consumption)}, 1 / consumption
    )
    assert logarithmic == pytest.approx((1 / consumption) / np.average(1 / consumption, weights=[1, 1, 2]))
    with pytest.raises(UserError, match=r"did you mean rawlsian\?"):
        marginal_weights("rawls", accounts)
    with pytest.raises(UserError, match="undefined here"):
        marginal_weights(lambda of: 0.0 * of["utility"].sum(), accounts)


SPREAD, ELASTICITY, AVERSION = 0.56, 0.5, 0.7


def test_inverse_optimum_recovers_the_weights_that_made_the_schedule_optimal() -> None:
    """Lognormal skills, weights proportional to skill^-0.7: sums above any skill are known in closed form.

    20,000 quantiles; the kernel (Scott's bandwidth, 0.14 of the spread) flattens the density at the outer deciles by up
    to 2 %, which moves their weights by up to 0.02.
    """
    middles = (np.arange(20_000) + 0.5) / 20_000
    log_skill = SPREAD * norm.ppf(middles)
    weights_above = norm.sf(log_skill / SPREAD + AVERSION * SPREAD)
    odds = (1 + 1 / ELASTICITY) * ((1 - middles) - weights_above) / (norm.pdf(log_skill / SPREAD) / SPREAD)
    rates = odds / (1 + odds)
    incomes = np.exp(log_skill) ** (1 + ELASTICITY) * (1 - rates) ** ELASTICITY
    found = inverse_optimum(incomes, rates, ELASTICITY)
    edges = norm.cdf(norm.ppf(np.arange(11) / 10) + AVERSION * SPREAD)
    assert found["weight"].to_numpy() == pytest.approx(10 * np.diff(edges), abs=0.02)
    assert found["weight"].mean() == pytest.approx(1)
    assert found["mean_income"].mean() == pytest.approx(incomes.mean())
    doubled = inverse_optimum(incomes, rates, ELASTICITY, people=np.full(20_000, 3.0))
    assert doubled["weight"].to_numpy() == pytest.approx(found["weight"].to_numpy())


def test_inverse_optimum_without_taxes_weighs_everybody_the_same() -> None:
    income = np.random.default_rng(0).lognormal(size=500)
    assert inverse_optimum(income, 0.0, 0.4)["weight"].tolist() == pytest.approx([1.0] * 10)
    # More than the revenue-maximising rate at the top: a weight below zero there.
    assert inverse_optimum(income, 0.95, 0.8)["weight"].iloc[-1] < 0


def test_inverse_optimum_says_what_it_cannot_use() -> None:
    with pytest.raises(UserError, match="fractions below 1"):
        inverse_optimum([1.0, 2.0], 1.0, 0.4)
    with pytest.raises(UserError, match="have no income"):
        inverse_optimum([0.0, 2.0], 0.3, 0.4)
    with pytest.raises(UserError, match="above 0"):
        inverse_optimum(torch.tensor([1.0, 2.0]), 0.3, 0.0)
