"""Progressivity, elasticities, burdens and optimal rates against closed forms and published tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from econsim.analysis.inequality import gini
from econsim.analysis.taxation import (
    bunching,
    concentration_index,
    effective_rates,
    fit_hsv,
    flat_tax_burden,
    income_shares_elasticity,
    kakwani,
    laffer_curve,
    marginal_value_of_public_funds,
    optimal_schedule,
    panel_elasticity,
    pareto_parameter,
    progressivity_table,
    rates_by_group,
    rates_for_weights,
    reynolds_smolensky,
    schedule_burden,
    suits,
    top_rate,
)
from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax

THRESHOLDS, RATES = np.array([0.0, 1.0, 3.0]), np.array([0.1, 0.3, 0.5])


def _people(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    return generator.lognormal(0.2, 0.8, count), generator.uniform(0.5, 2.0, count)


def _tax(income: np.ndarray) -> np.ndarray:
    return brackets_tax(torch.as_tensor(income), torch.as_tensor(THRESHOLDS), torch.as_tensor(RATES)).numpy()


def test_kakwani_and_reynolds_smolensky_are_one_index() -> None:
    income, people = _people()
    income[:50] = income[50:100]  # equal incomes that pay equal taxes
    tax = _tax(income)
    average = (people @ tax) / (people @ income)
    # An identity: only rounding is left.
    assert reynolds_smolensky(income, tax, people) == pytest.approx(
        kakwani(income, tax, people) * average / (1 - average), rel=1e-12
    )
    assert kakwani(income, tax, people) > 0.1
    assert kakwani(income, 0.3 * income, people) == pytest.approx(0, abs=1e-14)


def test_where_taxes_change_nobodys_rank_the_gini_falls_by_reynolds_smolensky() -> None:
    income = np.array([1.0, 2.0, 6.0])
    tax = np.array([0.0, 0.2, 2.0])
    # Gini 10 / 27 before; after taxes 1, 1.8 and 4 give 12 / 40.8.
    assert reynolds_smolensky(income, tax) == pytest.approx(10 / 27 - 12 / 40.8)


def test_suits_at_its_ends_and_by_hand() -> None:
    income = np.array([1.0, 3.0])
    assert suits(income, 0.2 * income) == pytest.approx(0)
    # Only the poor pay: the curve is one from a quarter of income on, the area 1 / 8 + 3 / 4.
    assert suits(income, [1.0, 0.0]) == pytest.approx(1 - 2 * (1 / 8 + 3 / 4))
    assert suits(income, [0.0, 1.0]) == pytest.approx(1 - 2 * (3 / 8))
    many = np.ones(10_000)
    assert suits(many, np.arange(10_000.0)) == pytest.approx(0)  # equal incomes are one group
    assert math.isnan(suits(income, [0.0, 0.0]))


def test_concentration_of_an_amount_by_itself_is_its_gini() -> None:
    income, people = _people()
    assert concentration_index(income, income, people) == pytest.approx(gini(income, people), rel=1e-12)
    assert concentration_index(income, -income, people) == pytest.approx(-concentration_index(income, income, people))


def test_hsv_fit_is_exact_for_a_log_linear_schedule() -> None:
    income, people = _people()
    fitted = fit_hsv(income, 0.85 * income ** (1 - 0.181), people)
    assert fitted == pytest.approx((0.85, 0.181, 1.0), abs=1e-12)
    assert fit_hsv(income, 0.7 * income).progressivity == pytest.approx(0, abs=1e-12)
    with pytest.raises(UserError, match="two different incomes"):
        fit_hsv([1.0, 1.0], [0.5, 0.5])


def test_a_table_of_policies() -> None:
    income, people = _people()
    flat, brackets = 0.3 * income, _tax(income)
    table = progressivity_table(
        {
            "flat": {"income": income, "tax": flat, "rebate": 0.0, "weight": people},
            "brackets": {"income": income, "tax": brackets, "weight": people},
        }
    )
    assert table.loc["flat"].tolist() == pytest.approx([0.3, 0, 0, 0, 0, 1], abs=1e-12)
    assert (table.loc["brackets", ["kakwani", "reynolds_smolensky", "suits", "hsv_progressivity"]] > 0.03).all()


def test_incidence_by_group() -> None:
    table = rates_by_group([1.0, 3.0, 4.0], [0.1, 0.9, 0.4], ["a", "b", "b"], rebate=0.2, people=[1, 1, 3])
    assert table.set_index("group").loc["b"].tolist()[:4] == pytest.approx([3.75, 0.525, 0.14, 1.3 / 15])
    assert effective_rates([0.0, 2.0], [0.0, 0.5])[1] == 0.25
    assert math.isnan(effective_rates([0.0, 2.0], [0.0, 0.5])[0])


@pytest.mark.parametrize("control", [False, True])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_panel_elasticity_is_exact_without_shocks_and_covers_the_truth_with_them(spread: float, control: bool) -> None:
    """Log-linear taxes, of which a reform in one of two regions raises the progressivity.

    ``1 - T' = 0.9 (1 - tau) z^-tau`` and ``z = w (1 - T')^e`` make log income linear in log skill.
    """
    generator = np.random.default_rng(0)
    log_skill, reformed = generator.normal(0.0, 0.7, 4_000), np.arange(4_000) % 2 == 0
    tau, tau_after = 0.1, np.where(reformed, 0.3, 0.1)

    def rate_at(income: np.ndarray, tau: np.ndarray | float) -> np.ndarray:
        return 1 - 0.9 * (1 - tau) * income**-tau

    def income(log_skill: np.ndarray, tau: np.ndarray | float) -> np.ndarray:
        return np.exp((log_skill + 0.4 * np.log(0.9 * (1 - tau))) / (1 + 0.4 * tau))

    one = income(log_skill, tau)
    other = income(log_skill + 0.05 + spread * generator.normal(size=4_000), tau_after)
    rates = rate_at(one, tau), rate_at(other, tau_after), rate_at(one, tau_after)
    found = panel_elasticity(one, other, *rates, control_for_income=control)
    assert found.low - 1e-9 <= 0.4 <= found.high + 1e-9
    assert found.high - found.low < (0.3 if spread else 1e-9)


def test_panel_elasticity_needs_people_who_are_treated_differently() -> None:
    income = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(UserError, match="some people differently"):
        panel_elasticity(income, income, 0.3, 0.5, 0.5)


def test_income_shares_give_a_constant_elasticity_back() -> None:
    rates = np.array([0.7, 0.5, 0.28, 0.396])
    assert income_shares_elasticity(0.1 * (1 - rates) ** 0.6, rates) == pytest.approx(0.6)
    with pytest.raises(UserError, match="must differ"):
        income_shares_elasticity([0.1, 0.2], [0.3, 0.3])


@pytest.mark.parametrize("elasticity", [0.1, 0.25, 0.5])
def test_bunching_tells_the_elasticity(elasticity: float) -> None:
    """An even density of skills: the formula is exact, and what is left is the grid of 400,000 people."""
    skill = np.linspace(0.5, 4.0, 400_000)
    low, high = skill * 0.9**elasticity, skill * 0.6**elasticity
    income = np.where(low < 1.5, low, np.where(high > 1.5, high, 1.5))
    found = bunching(income, 1.5, 0.1, 0.4, window=0.05)
    assert found.elasticity == pytest.approx(elasticity, rel=1e-3)
    assert found.moved == pytest.approx(1.5 * ((0.9 / 0.6) ** elasticity - 1), rel=2e-3)
    # People who miss the kink by a little do not matter while the window holds them.
    missed = income + np.random.default_rng(0).uniform(-0.01, 0.01, len(income))
    assert bunching(missed, 1.5, 0.1, 0.4, window=0.05).elasticity == pytest.approx(elasticity, rel=2e-2)


def test_nobody_bunches_without_a_response() -> None:
    income = np.linspace(0.5, 4.0, 100_001)
    assert bunching(income, 1.5, 0.1, 0.4, 0.1).elasticity == pytest.approx(0, abs=1e-3)
    with pytest.raises(UserError, match="rates that rise"):
        bunching(income, 1.5, 0.4, 0.1, 0.1)
    with pytest.raises(UserError, match="increase it"):
        bunching([1.0, 1.5], 1.5, 0.1, 0.4, 0.1)


def test_burden_of_a_flat_tax_in_closed_form_and_from_accounts() -> None:
    untaxed, elasticity, rate = np.array([1.0, 4.0, 10.0]), 0.4, 0.3
    people = np.array([2.0, 1.0, 1.0])
    utility, utility_untaxed = (untaxed * (1 - t) ** (1 + elasticity) / (1 + elasticity) for t in (rate, 0.0))
    tax = rate * untaxed * (1 - rate) ** elasticity
    closed = flat_tax_burden(untaxed, rate, elasticity, people)
    assert schedule_burden(utility_untaxed, utility + 0.5, tax, 0.5, people) == pytest.approx(closed)
    # Harberger's triangle for a small tax: e t^2 z / 2.
    assert flat_tax_burden(untaxed, 1e-3, elasticity).excess_burden == pytest.approx(0.4 * 1e-6 * 5 / 2, rel=1e-3)
    assert flat_tax_burden(untaxed, 0.5, 0.0).excess_burden == pytest.approx(0)


def test_marginal_value_of_public_funds() -> None:
    untaxed, elasticity, rate, cut = np.array([1.0, 4.0]), 0.4, 0.3, 1e-6

    def utility(t: float) -> np.ndarray:
        return untaxed * (1 - t) ** (1 + elasticity) / (1 + elasticity)

    def tax(t: float) -> np.ndarray:
        return t * untaxed * (1 - t) ** elasticity

    worth, cost = utility(rate - cut) - utility(rate), tax(rate) - tax(rate - cut)
    # A finite cut of a millionth is off the limit by about as much.
    assert marginal_value_of_public_funds(worth, cost) == pytest.approx(1 / (1 - 0.4 * 0.3 / 0.7), rel=1e-5)
    assert marginal_value_of_public_funds(-worth, -cost) == pytest.approx(1 / (1 - 0.4 * 0.3 / 0.7), rel=1e-5)
    assert marginal_value_of_public_funds([5.0], [5.0]) == 1
    assert marginal_value_of_public_funds([1.0], [-1.0]) == math.inf
    assert math.isnan(marginal_value_of_public_funds([0.0], [0.0]))


@pytest.mark.parametrize("elasticity", [0.25, 0.5, 1.0])
def test_laffer_peak_is_one_over_one_plus_the_elasticity(elasticity: float) -> None:
    curve = laffer_curve(lambda rate: rate * (1 - rate) ** elasticity)
    assert curve.peak_rate == pytest.approx(1 / (1 + elasticity), abs=1e-4)
    assert curve.inside
    assert curve.table["revenue"].iloc[[0, -1]].tolist() == pytest.approx([0, 0])
    assert not laffer_curve(lambda rate: rate * (1 - rate) ** elasticity, high=0.3).inside
    with pytest.raises(UserError, match="finite revenue"):
        laffer_curve(lambda rate: rate / 0.0 if rate.size == 0 else np.full_like(rate, np.nan))


def test_top_rates_of_saez_table() -> None:
    # Without income effects at g = 0, rows a = 1.5, 2, 2.5 and columns e = 0.25, 0.5, 1, in percent.
    table = [[72.7, 57.1, 40.0], [66.7, 50.0, 33.3], [61.5, 44.4, 28.6]]
    for pareto, row in zip((1.5, 2.0, 2.5), table, strict=True):
        found = [100 * top_rate(pareto, elasticity) for elasticity in (0.25, 0.5, 1.0)]
        assert found == pytest.approx(row, abs=0.05)
        assert top_rate(pareto, 0.5) == pytest.approx(1 / (1 + pareto * 0.5))
    pairs = [(0.0, 0.2), (0.0, 0.5), (0.2, 0.5), (0.5, 0.5), (0.5, 0.8)]
    found = [100 * top_rate(2.0, compensated, uncompensated) for uncompensated, compensated in pairs]
    assert found == pytest.approx([83.3, 66.7, 58.8, 50.0, 43.5], abs=0.05)
    assert top_rate(2.0, 0.5, welfare_weight=1.0) == 0
    with pytest.raises(UserError, match="Pareto parameter above 1"):
        top_rate(0.9, 0.5)


def test_pareto_parameter_and_the_revenue_maximising_top_rate_of_simulated_incomes() -> None:
    incomes = ((np.arange(200_000) + 0.5) / 200_000) ** (-1 / 2.5)
    # The mean above misses what lies beyond the last of 200,000 quantiles, (1 / 400,000)^0.6 of the total.
    assert pareto_parameter(incomes, 3.0) == pytest.approx(2.5, rel=2e-2)
    assert pareto_parameter(incomes, 3.0, method="hill") == pytest.approx(2.5, rel=1e-3)
    assert top_rate(pareto_parameter(incomes, 3.0, method="hill"), 0.4) == pytest.approx(1 / (1 + 2.5 * 0.4), rel=1e-3)
    with pytest.raises(UserError, match="somebody exceeds"):
        pareto_parameter(incomes, 1e9)


def test_pareto_skills_have_one_rawlsian_rate() -> None:
    # Skill parameter 3 at e = 0.5 is income parameter 2: 1 / (1 + a e) = 1/2 at every skill.
    middles = (np.arange(20_000) + 0.5) / 20_000
    skill = (1 - middles) ** (-1 / 3)
    rates = rates_for_weights(skill, (middles < 1e-4).astype(float), 0.5)
    inner = (middles > 0.3) & (middles < 0.97)
    # The kernel flattens an exponential density by half the square of 3 bandwidths: 0.4 % of it.
    assert rates[inner] == pytest.approx(0.5, abs=0.01)


SHARES = [0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99]
DIAMOND = {
    "rawls": [0.8960, 0.7985, 0.6780, 0.5692, 0.5000, 0.5000, 0.5000],
    "log": [0.3359, 0.3515, 0.3622, 0.3646, 0.3706, 0.4043, 0.4522],
}


def _reference_skills(elasticity: float, spread: float = 0.56) -> np.ndarray:
    """Lognormal skills with a Pareto tail from where the local Pareto parameter is that of the tail on."""
    from scipy.optimize import brentq

    tail = 2 * (1 + elasticity)
    start = brentq(lambda z: norm.pdf(z) / spread / norm.sf(z) - tail, -3, 5)
    middles = (np.arange(40_000) + 0.5) / 40_000
    beyond = np.maximum((1 - middles) / norm.sf(start), 1e-12)
    return np.exp(
        np.where(middles < norm.cdf(start), spread * norm.ppf(middles), spread * start - np.log(beyond) / tail)
    )


@pytest.mark.parametrize(
    ("welfare", "marginal", "lowest"),
    [("rawls", lambda u: u == u.min(), 0.6667), ("log", lambda u: 1 / u, 0.3623)],
)
def test_optimal_schedules_of_the_reference_economy(welfare: str, marginal: object, lowest: float) -> None:
    """Against a solution on a grid with the exact density (elasticity 0.5).

    The kernel has a bandwidth of 0.07 in log skill: it rounds the splice off, and lifts the tail by 2 %.
    """
    table = optimal_schedule(_reference_skills(0.5), 0.5, marginal)  # type: ignore[arg-type]
    rates = np.interp(SHARES, table["population_share"], table["marginal_rate"])
    assert rates == pytest.approx(DIAMOND[welfare], abs=0.015)
    assert table["utility"].iloc[0] / table["income"].mean() == pytest.approx(lowest, abs=0.01)
    assert table["tax"].mean() == pytest.approx(0, abs=1e-12)


def test_equal_weights_want_no_taxes() -> None:
    table = optimal_schedule(np.linspace(1, 2, 500), 0.4, np.ones_like)
    assert table["marginal_rate"].abs().max() < 1e-7
