"""Overlapping generations beside closed forms, brute force, and what a pension and bequests have to add up to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from econsim.errors import UserError
from econsim.households.chains import Chain, chain_of, rouwenhorst
from econsim.households.closures import Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.life_cycle import LifeCycle, gompertz, hump, normal_shares
from econsim.households.overlapping_generations import (
    Generations,
    generations_equilibrium,
    life_policy,
    newborn_value,
    population,
)
from econsim.households.problem import Budget, Household, Labour, asset_grid
from econsim.households.welfare import consumption_equivalent

CERTAIN = Chain(np.ones(1), np.ones((1, 1)), np.ones(1))
YEARS = LifeCycle(
    gompertz(20, 90, 85.0, 9.5),
    np.append(hump(np.arange(20.0, 65.0), 50.0, 1.8), np.zeros(26)),
    45,
    rouwenhorst(0.95, 0.5, 3).stationary,
    growth=0.01,
    rate=0.4,
)
RISK = Household(0.96, 1.0, rouwenhorst(0.95, 0.5, 3), asset_grid(0.0, 100.0, 80))
FIRM = Technology(0.36, 0.06)


def _two_periods(growth: float, contribution: float) -> LifeCycle:
    young_and_old = np.array([1.0, 0.0])
    return LifeCycle(young_and_old, young_and_old, 1, np.ones(1), growth, "replacement", contribution)


def _diamond(discount: float, share: float, growth: float, contribution: float) -> Generations:
    household = Household(discount, 1.0, CERTAIN, asset_grid(0.0, 1.0, 50))
    return generations_equilibrium(household, _two_periods(growth, contribution), Technology(share, 1.0))


@pytest.mark.parametrize("growth", [0.0, 0.3])
@pytest.mark.parametrize("contribution", [0.0, 0.15])
@pytest.mark.parametrize(("discount", "share"), [(0.5, 0.3), (0.3, 0.36)])
def test_capital_is_that_of_diamond_with_and_without_a_pension(
    discount: float, share: float, growth: float, contribution: float
) -> None:
    found = _diamond(discount, share, growth, contribution)
    # Diamond (1965) with log utility, full depreciation and contributions t: the young save
    # s = b / (1 + b) (1 - t) W - t W (1 + n) / ((1 + b) R), and (1 + n) k = s with W / R = (1 - a) / a k.
    saved = discount / (1 + discount) * (1 - contribution) * (1 - share)
    deducted = contribution * (1 - share) / (share * (1 + discount))
    per_worker = (saved / ((1 + growth) * (1 + deducted))) ** (1 / (1 - share))
    solved = found.equilibrium
    assert solved.capital / solved.aggregates.labour == pytest.approx(per_worker, rel=1e-9)  # the solver's tolerance
    assert found.pension == pytest.approx(contribution * (1 + growth) * solved.wage, rel=1e-12)
    assert max(solved.residuals.values()) < 1e-9


def test_the_gain_of_a_newborn_is_that_of_diamonds_closed_form() -> None:
    discount, share, contribution = 0.3, 0.36, 0.15
    utility = []
    for rate in (contribution, 0.0):
        deducted = rate * (1 - share) / (share * (1 + discount))
        k = (discount / (1 + discount) * (1 - rate) * (1 - share) / (1 + deducted)) ** (1 / (1 - share))
        wage, gross = (1 - share) * k**share, share * k ** (share - 1)
        first = ((1 - rate) * wage + rate * wage / gross) / (1 + discount)
        utility.append(np.log(first) + discount * np.log(discount * gross * first))
    expected = np.expm1((utility[1] - utility[0]) / (1 + discount))
    # The lottery divides savings s between two nodes, a step d apart, which costs at most b (d / s)^2 / 8 of log
    # utility at old age, of which there are two values: with s of 0.025 and d of 0.00004 at most 2e-7.
    household = Household(discount, 1.0, CERTAIN, asset_grid(0.0, 0.2, 5000, 1.0))
    cases = [
        generations_equilibrium(household, _two_periods(0.0, rate), Technology(share, 1.0))
        for rate in (contribution, 0.0)
    ]
    assert cases[0].equilibrium.capital > 0.01  # half of s, as half of the people save
    values = [newborn_value(household, each) for each in cases]
    gain = consumption_equivalent(household, values[0][0], values[1][0], values[0][1])
    assert float(gain) == pytest.approx(expected, abs=2e-7)


def test_consumption_over_a_certain_life_is_the_closed_form() -> None:
    ages, discount, gross = 60, 0.97, 1.05
    income = np.where(np.arange(ages) < 45, np.linspace(1.6, 0.8, ages), 0.0)  # high at first: nobody wants to borrow
    survival = np.append(np.ones(ages - 1), 0.0)
    life = LifeCycle(survival, income, 45, np.ones(1))
    household = Household(discount, 1.0, CERTAIN, asset_grid(0.0, 60.0, 200))
    policy = life_policy(household, life, [Budget(gross, 1.0)] * ages)
    mass = population(household, life, policy.assets)
    found = ages * (mass * policy.consumption).sum(1)
    time = np.arange(ages)
    first = (income / gross**time).sum() / (discount**time).sum()
    # Policies are linear where the limit never binds, so that neither interpolation nor the lottery adds an error.
    assert found == pytest.approx(first * (discount * gross) ** time, rel=1e-9)


def test_the_equilibrium_of_sixty_certain_ages_is_that_of_lifetime_budgets() -> None:
    ages, working, discount, growth, replacement = 60, 45, 0.98, 0.01, 0.3
    profile = np.where(np.arange(ages) < working, np.linspace(1.5, 0.7, ages), 0.0)
    life = LifeCycle(np.append(np.ones(ages - 1), 0.0), profile, working, np.ones(1), growth, rate=replacement)
    shares, time = (1 + growth) ** -np.arange(ages), np.arange(ages)
    shares = shares / shares.sum()
    labour, retired = shares @ profile, shares[working:].sum()

    def held(rate: float) -> np.ndarray:
        """Return assets by age that a lifetime budget and consumption growth of b (1 + r) lead to."""
        wage = FIRM.wage(FIRM.capital_intensity(rate))
        pension = replacement * wage * labour / (1 - retired)
        income = (1 - pension * retired / (wage * labour)) * wage * profile
        income[working:] = pension
        consumption = (income / (1 + rate) ** time).sum() / (discount**time).sum() * (discount * (1 + rate)) ** time
        assets = np.zeros(ages)
        for age in range(ages - 1):
            assets[age + 1] = (1 + rate) * assets[age] + income[age] - consumption[age]
        return assets

    expected = brentq(lambda rate: shares @ held(rate) / labour - FIRM.capital_intensity(rate), 0.01, 0.2, xtol=1e-13)
    assert held(expected)[1:].min() > 0  # nobody wants to borrow
    household = Household(discount, 1.0, CERTAIN, asset_grid(0.0, 60.0, 200))
    found = generations_equilibrium(household, life, FIRM)
    assert found.equilibrium.interest_rate == pytest.approx(expected, abs=1e-9)
    begin = np.broadcast_to(household.grid, found.equilibrium.distribution.shape)
    assert found.by_age(begin) == pytest.approx(held(expected), abs=1e-6)


def test_choices_under_risk_are_those_of_brute_force() -> None:
    chain = chain_of([0.5, 1.5], [[0.8, 0.2], [0.3, 0.7]], normalise=False)
    survival, gross = np.array([0.9, 0.7, 0.0]), 1.04
    life = LifeCycle(survival, np.array([1.0, 1.2, 0.0]), 2, chain.stationary)
    household = Household(0.95, 2.0, chain, asset_grid(0.0, 3.0, 400, 2.0))
    budgets = [Budget(gross, 1.0)] * 2 + [Budget(gross, 1.0, transfer=0.3)]
    policy = life_policy(household, life, budgets)
    value = np.tile(-1 / (gross * household.grid + 0.3), (2, 1))
    fine = np.linspace(0, 3, 6001)
    for age in (1, 0):
        expected = (
            0.95 * survival[age] * chain.transition @ np.stack([np.interp(fine, household.grid, v) for v in value])
        )
        resources = gross * household.grid + life.efficiency[age] * chain.values[:, None]
        for state in range(2):
            spent = resources[state][:, None] - fine
            worth = np.where(spent > 0, -1 / np.where(spent > 0, spent, 1.0), -np.inf) + expected[state]
            best = worth.argmax(1)
            value[state] = worth[np.arange(len(best)), best]
            chosen = policy.assets.reshape(3, 2, -1)[age, state]
            # The value is interpolated on lines between the 400 nodes, whose step is 0.015 at most.
            assert np.abs(chosen - fine[best])[:-40].max() < 0.02


@pytest.fixture(scope="module")
def baseline() -> Generations:
    return generations_equilibrium(RISK, YEARS, FIRM)


def test_accounts_bequests_and_the_pension_add_up(baseline: Generations) -> None:
    solved, life = baseline.equilibrium, baseline.life
    assert max(solved.residuals.values()) < 1e-8
    mass, states = solved.distribution, 3
    by_age = mass.reshape(life.ages, -1).sum(1)
    assert by_age == pytest.approx(life.shares, abs=1e-14)
    died = np.repeat(1 - life.survival, states)[:, None]
    assert baseline.bequest * 1.01 == pytest.approx((mass * died * solved.policy.assets).sum(), rel=1e-9)
    # Wealth at the start of a period, the bequest included, is what was saved per person of the period before.
    begin = (mass * RISK.grid).sum() + baseline.bequest
    assert begin == pytest.approx((mass * solved.policy.assets).sum() / 1.01, rel=1e-9)
    assert begin == pytest.approx(solved.capital, rel=1e-8)
    earned = solved.wage * solved.aggregates.labour
    assert baseline.contribution * earned == pytest.approx(baseline.pension * life.retired, rel=1e-12)
    assert baseline.pension == pytest.approx(0.4 * earned / (1 - life.retired), rel=1e-12)


def test_the_rate_that_adjusts_does_not_matter(baseline: Generations) -> None:
    other = replace(YEARS, adjusts="replacement", rate=baseline.contribution)
    assert other.rates == pytest.approx((baseline.contribution, 0.4))
    found = generations_equilibrium(RISK, other, FIRM)
    assert found.equilibrium.interest_rate == pytest.approx(baseline.equilibrium.interest_rate, abs=1e-9)


def test_a_pension_takes_the_place_of_capital(baseline: Generations) -> None:
    capital, values = [], []
    for rate in (0.0, 0.2):
        found = generations_equilibrium(RISK, replace(YEARS, rate=rate), FIRM)
        capital.append(found.equilibrium.capital)
        values.append(newborn_value(RISK, found))
    assert capital[0] > 1.05 * capital[1] > 1.05 * baseline.equilibrium.capital
    assert baseline.equilibrium.interest_rate > baseline.life.growth  # so that a newborn loses by the pension
    before, periods = newborn_value(RISK, baseline)
    gains = [float(consumption_equivalent(RISK, before, value, periods)) for value, _ in values]
    assert gains[0] > gains[1] > 0


def test_taxes_and_hours_close_the_budget_with_every_closure() -> None:
    household = replace(RISK, labour=Labour(10.0, 2.0))
    rules = Taxes(0.05, 0.8, 0.1, 0.2, 0.002, 0.5)
    found = generations_equilibrium(household, YEARS, FIRM, rules)
    means = found.equilibrium.aggregates
    assert max(found.equilibrium.residuals.values()) < 1e-8
    assert np.abs(found.equilibrium.policy.hours.reshape(71, -1)[45:]).max() == 0
    for adjusts in ("spending", "labour_tax"):
        spending = means.spending if adjusts == "labour_tax" else 0.0
        closure = Closure(adjusts, spending, means.transfer)  # type: ignore[arg-type]
        level = 0.7 if adjusts == "labour_tax" else 0.8  # the search starts elsewhere
        other = replace(rules, spending_share=0.0, labour_level=level, closure=closure)
        same = generations_equilibrium(household, YEARS, FIRM, other).equilibrium
        assert same.interest_rate == pytest.approx(found.equilibrium.interest_rate, abs=1e-8)
        assert same.aggregates.labour_level == pytest.approx(0.8, abs=1e-7)


def test_households_who_work_have_assets_when_they_retire_without_pension_and_bequests() -> None:
    life = replace(YEARS, survival=np.append(np.ones(70), 0.0), rate=0.0)
    household = replace(RISK, labour=Labour(10.0, 2.0))
    found = generations_equilibrium(household, life, FIRM)
    solved = found.equilibrium
    assert found.bequest == 0
    assert np.isfinite(newborn_value(household, found)[0].total)
    assert max(solved.residuals.values()) < 1e-8
    assert solved.distribution.reshape(71, 3, -1)[45:, :, 0].sum() < 1e-12  # a trace that the lottery leaves
    coarse = replace(household, grid=asset_grid(0.0, 100.0, 12, 1.0))
    with pytest.raises(UserError, match="lifetime utility is not known; use more grid points"):
        newborn_value(coarse, generations_equilibrium(coarse, life, FIRM))


def test_those_who_would_rather_borrow_save_once_capital_is_scarce() -> None:
    rising = LifeCycle(np.array([1.0, 0.0]), np.array([0.1, 1.0]), 2, np.ones(1))
    household = Household(0.5, 1.0, CERTAIN, asset_grid(0.0, 0.01, 200, 1.0))
    found = generations_equilibrium(household, rising, Technology(0.3, 1.0))
    # With l = (0.1, 1) and L = 1.1 / 2: the young save (b 0.1 W - W / R) / (1 + b), which is K of two people.
    ratio = 0.7 / 0.3 * 2 / 1.1  # W / R over K of two people
    k = 2 * found.equilibrium.capital
    assert k * (1.5 + ratio / 2) == pytest.approx(0.05 * found.equilibrium.wage, rel=1e-7)


def test_survival_efficiency_and_newborns_follow_their_laws() -> None:
    survival = gompertz(20, 90, 85.0, 9.5)
    for age in (0, 40, 69):
        force = quad(lambda at: np.exp((at - 85) / 9.5) / 9.5, 20 + age, 21 + age)[0]
        assert survival[age] == pytest.approx(np.exp(-force), rel=1e-10)
    whole = LifeCycle(gompertz(0, 140, 85.0, 9.5), np.ones(141), 141, np.ones(1))
    assert whole.expectancy - 0.5 == pytest.approx(85 - np.euler_gamma * 9.5, abs=0.05)  # half a year is not lived
    profile = hump(np.arange(20.0, 65.0), 50.0, 1.8)
    assert profile.mean() == pytest.approx(1)
    assert profile.argmax() == 30
    assert profile[30] / profile[0] == pytest.approx(1.8)
    chain = rouwenhorst(0.95, 0.6, 51)
    logs = np.log(chain.values) - np.log(chain.values).mean()
    assert np.sqrt(normal_shares(chain, 0.4) @ logs**2) == pytest.approx(0.4, rel=0.01)  # a state is 0.17 wide


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"life": replace(YEARS, rate=5.0)}, "contributions of 126% of labour income"),
        ({"life": replace(YEARS, growth=-0.06)}, "capital per person grows without bound"),
        ({"household": replace(RISK, grid=asset_grid(-1.0, 100.0, 50))}, "households do not borrow"),
        ({"taxes": Taxes(labour_level=0.0)}, "a tax takes all labour income"),
        ({"taxes": Taxes(closure=Closure("spending", 0.0, -2.0))}, "leaves no consumption"),
        ({"taxes": Taxes(closure=Closure("spending", 0.0, 0.1))}, "public consumption would be negative"),
        ({"stops": lambda done, message: done >= 2}, "after 2 interest rates"),
    ],
)
def test_what_has_no_equilibrium_is_an_error_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    given: dict[str, Any] = {"household": RISK, "life": YEARS, "technology": FIRM, **changes}
    with pytest.raises(UserError, match=reason):
        generations_equilibrium(**given)
