"""Public debt and brackets of the income tax with overlapping generations, beside closed forms and brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats, chain_of
from econsim.households.closures import Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.life_cycle import LifeCycle
from econsim.households.overlapping_generations import Generations, generations_equilibrium, life_policy
from econsim.households.problem import Budget, Household, Labour, asset_grid

CERTAIN = Chain(np.ones(1), np.ones((1, 1)), np.ones(1))
BETA, SHARE = 0.4, 0.3
DIAMOND = Household(BETA, 1.0, CERTAIN, asset_grid(0.0, 1.0, 50))
FULL = Technology(SHARE, 1.0)
YOUNG = np.array([1.0, 0.0])


def _two_ages(growth: float, contribution: float = 0.0) -> LifeCycle:
    return LifeCycle(YOUNG, YOUNG, 1, np.ones(1), growth, "replacement", contribution)


def _prices(k: float) -> tuple[float, float]:
    """Return the wage and the gross return at capital per worker."""
    return (1 - SHARE) * k**SHARE, SHARE * k ** (SHARE - 1)


@pytest.mark.parametrize("growth", [0.0, 0.3])
@pytest.mark.parametrize(("debt", "adjusts"), [(0.004, "labour_tax"), (-0.01, "labour_tax"), (-0.01, "transfer")])
def test_capital_is_that_of_diamond_with_public_debt(growth: float, debt: float, adjusts: str) -> None:
    # Diamond (1965), log utility: the young save b / (1 + b) (W - x + T) - T / ((1 + b) R), where x is the labour tax
    # and T the transfer to both, and assets are (1 + n) (K + B). The budget costs (R - 1 - n) B per person.
    workers = (1 + growth) / (2 + growth)

    def missing(k: float) -> float:
        wage, gross = _prices(k)
        cost = (gross - 1 - growth) * debt
        tax, transfer = (cost / workers, 0.0) if adjusts == "labour_tax" else (0.0, -cost)
        saved = BETA / (1 + BETA) * (wage - tax + transfer) - transfer / ((1 + BETA) * gross)
        return workers * saved - (1 + growth) * (workers * k + debt)

    without = (BETA / (1 + BETA) * (1 - SHARE) / (1 + growth)) ** (1 / (1 - SHARE))
    k = brentq(missing, 0.5 * without, 2 * without, xtol=1e-15)
    closure = Closure(adjusts)  # type: ignore[arg-type]
    found = generations_equilibrium(DIAMOND, _two_ages(growth), FULL, Taxes(debt=debt, closure=closure))
    solved = found.equilibrium
    assert solved.capital / solved.aggregates.labour == pytest.approx(k, rel=1e-8)  # the solver's tolerance is 1e-9
    assert (k < without) == (debt > 0)  # national debt takes the place of capital, and public assets add to it
    assert abs(k / without - 1) > 0.02
    assert solved.aggregates.assets == pytest.approx(solved.capital + debt, rel=1e-9)
    assert max(solved.residuals.values()) < 1e-9


def _as_debt(pension: Generations, promised: float, household: Household, firm: Technology) -> Generations:
    """Return the equilibrium without the pension, in which people hold debt of what it promised instead."""
    rules = Taxes(debt=promised, closure=Closure("labour_tax"))
    return generations_equilibrium(household, replace(pension.life, rate=0.0), firm, rules)


@pytest.mark.parametrize("growth", [0.0, 0.3])
def test_a_pension_and_debt_of_what_it_promises_are_the_same_in_diamonds_economy(growth: float) -> None:
    # The young pay t W for t W' (1 + n), which is worth t W (1 + n) / R when they are young. They would hold as much
    # debt, and a tax of t (1 - (1 + n) / R) is what the pension cost them over their lives.
    rate = 0.1
    pension = generations_equilibrium(DIAMOND, _two_ages(growth, rate), FULL)
    wage, gross = pension.equilibrium.wage, 1 + pension.equilibrium.interest_rate
    workers = pension.life.shares[0]
    debt = _as_debt(pension, workers * rate * wage / gross, DIAMOND, FULL)
    assert debt.equilibrium.interest_rate == pytest.approx(pension.equilibrium.interest_rate, abs=1e-8)
    assert debt.equilibrium.capital == pytest.approx(pension.equilibrium.capital, rel=1e-8)
    tax = 1 - debt.equilibrium.aggregates.labour_level
    assert tax == pytest.approx(rate * (1 - (1 + growth) / gross), rel=1e-7)
    consumed = [each.by_age(each.equilibrium.policy.consumption) for each in (pension, debt)]
    assert consumed[1] == pytest.approx(consumed[0], rel=1e-8)
    assert tax > 0.01


def test_a_pension_and_debt_of_what_it_promises_are_the_same_over_sixty_certain_ages() -> None:
    ages, working, growth, replacement = 60, 45, 0.01, 0.2
    profile = np.where(np.arange(ages) < working, np.linspace(1.4, 0.8, ages), 0.0)  # high at first: nobody borrows
    life = LifeCycle(np.append(np.ones(ages - 1), 0.0), profile, working, np.ones(1), growth, rate=replacement)
    household, firm = Household(0.98, 1.0, CERTAIN, asset_grid(0.0, 80.0, 200)), Technology(0.36, 0.06)
    pension = generations_equilibrium(household, life, firm)
    solved, rate = pension.equilibrium, 1 + pension.equilibrium.interest_rate
    earned = solved.wage * profile
    received = np.where(np.arange(ages) < working, -pension.contribution * earned, pension.pension)
    discounted = rate ** -np.arange(ages)
    # A labour tax with the value over a life that contributions less pensions have; what the pension owes people of an
    # age is the value of the rest of their pensions less contributions, and of the tax, at the start of the period.
    tax = -float(received @ discounted / (earned @ discounted))
    flows = (received + tax * earned) * discounted
    owed = float(life.shares @ (np.cumsum(flows[::-1])[::-1] / discounted)) / rate
    debt = _as_debt(pension, owed, household, firm)
    assert debt.equilibrium.interest_rate == pytest.approx(solved.interest_rate, abs=1e-8)
    assert 1 - debt.equilibrium.aggregates.labour_level == pytest.approx(tax, abs=1e-8)
    consumed = [each.by_age(each.equilibrium.policy.consumption) for each in (pension, debt)]
    assert consumed[1] == pytest.approx(consumed[0], rel=1e-6)
    assert owed > 0.15 * solved.capital


def test_debt_that_adjusts_is_that_at_which_the_rule_for_the_transfer_closes_the_budget() -> None:
    # With T = T0 - f (B - B0) and (R - 1 - n) B = x - T, where x is revenue less public consumption.
    closure = Closure("debt", 0.001, 0.006, 2.5)
    rules = Taxes(labour_level=0.9, debt=-0.002, closure=closure)
    found = generations_equilibrium(DIAMOND, _two_ages(0.3), FULL, rules).equilibrium
    means = found.aggregates
    assert means.transfer == pytest.approx(0.006 - 2.5 * (means.debt + 0.002), abs=1e-12)
    assert means.revenue == pytest.approx(0.1 * found.wage * means.labour, rel=1e-9)
    cost = (found.interest_rate - 0.3) * means.debt
    assert means.revenue - 0.001 - means.transfer == pytest.approx(cost, abs=1e-12)
    assert abs(means.debt + 0.002) > 1e-4
    taxed = replace(rules, closure=replace(closure, spending=0.02, response=0.05))
    with pytest.raises(UserError, match="or let debt respond by more, which explodes below interest less growth"):
        generations_equilibrium(DIAMOND, _two_ages(0.3), FULL, taxed)
    for taxes, reason in (
        (Taxes(debt=0.1, closure=Closure("labour_tax")), r"households own less than public debt 0\.1 and some capital"),
        (Taxes(0.1, closure=Closure("labour_tax", 9.0)), "the government's budget does not close"),
        (Taxes(0.01, debt=0.01, closure=Closure("spending")), "interest less growth of debt"),
    ):
        with pytest.raises(UserError, match=reason):
            generations_equilibrium(DIAMOND, _two_ages(0.0), FULL, taxes)


# --- brackets ---------------------------------------------------------------------------------------------------

RISK = chain_of([0.6, 1.4], [[0.8, 0.2], [0.3, 0.7]], normalise=False)
BRACKETS = ((0.0, 0.5), (0.1, 0.5))  # of labour income
WORK = Labour(4.0, 2.0)


def test_hours_of_a_single_age_are_the_closed_form_also_at_the_kink() -> None:
    chain = Chain(np.array([0.4, 0.8, 0.9, 1.0, 2.0]), np.eye(5), np.full(5, 0.2))
    household = Household(0.9, 1.0, chain, asset_grid(0.0, 1.0, 10), WORK)
    life = LifeCycle(np.zeros(1), np.ones(1), 1, chain.stationary)
    found = life_policy(household, life, [Budget(1.0, 1.0, brackets=BRACKETS)])
    hours, consumption = found.hours[:, 0], found.consumption[:, 0]  # without assets
    # With log utility and without other income, c = (1 - m) w h + x in a bracket with the marginal rate m, where x is
    # what lower brackets save, and psi h^2 c = (1 - m) w; households between the two choices stay at the threshold.
    first = 4.0 ** (-1 / 3)
    second = [brentq(lambda h, w=w: 4 * h**2 * (0.5 * w * h + 0.2) - 0.5 * w, 0.01, 1) for w in chain.values]
    expected = [max(min(0.5 / w, first), above) for w, above in zip(chain.values, second, strict=True)]
    assert hours == pytest.approx(expected, rel=1e-12)
    assert [bool(abs(h * w - 0.5) < 1e-12) for h, w in zip(hours, chain.values, strict=True)].count(True) >= 2
    gross = hours * chain.values
    assert consumption == pytest.approx(gross - 0.1 * gross - 0.4 * np.maximum(gross - 0.5, 0), rel=1e-12)


def _brute_force(household: Household, life: LifeCycle, budgets: list[Budget]) -> Floats:
    """Return values ``[2, G]`` at the first age by search over fine grids of assets and hours."""
    fine, hours = np.linspace(0.0, 2.0, 201), np.linspace(0.0, 1.0, 101)
    value = np.zeros((2, len(fine)))
    for age in reversed(range(life.ages)):
        later = 0.95 * life.survival[age] * RISK.transition @ value
        new = np.empty_like(value)
        works = hours if life.efficiency[age] else hours[:1]
        for state in range(2):
            net = budgets[age].net_earnings(life.efficiency[age] * RISK.values[state], works) + budgets[age].transfer
            disutility = 4 * works**3 / 3
            for point, owned in enumerate(1.03 * fine):
                spent = owned + net[:, None] - fine
                worth = np.where(spent > 0, np.log(np.maximum(spent, 1e-300)), -1e9) - disutility[:, None]
                new[state, point] = (worth + later[state]).max()
        value = new
    return value


def test_values_over_a_life_with_brackets_are_those_of_brute_force() -> None:
    household = Household(0.95, 1.0, RISK, asset_grid(0.0, 2.0, 401, 1.0), WORK)
    life = LifeCycle(np.array([0.95, 0.9, 0.0]), np.array([1.0, 1.2, 0.0]), 2, RISK.stationary)
    brackets = (0.0, 0.6), (0.1, 0.5)
    budgets = [Budget(1.03, 1.0, 0.05, brackets=brackets)] * 2 + [Budget(1.03, 1.0, 0.25, brackets=brackets)]
    policy = life_policy(household, life, budgets)
    parts = [part.reshape(3, 2, -1) for part in (policy.consumption, policy.hours, policy.assets)]
    value = np.zeros((2, 401))
    for age in (2, 1, 0):
        consumption, hours, assets = (part[age] for part in parts)
        later = np.stack([np.interp(assets[s], household.grid, (RISK.transition @ value)[s]) for s in range(2)])
        value = np.log(consumption) - 4 * hours**3 / 3 * (age < 2) + 0.95 * life.survival[age] * later
    lost = value[:, ::2] - _brute_force(household, life, budgets)
    # The search is half a step of 0.01 of hours and assets away, which costs up to 0.005^2 / 2 times the second
    # derivatives of utility in each of three periods: 2 psi h = 8 h, and 1 / c^2 with c of 0.3 at least.
    assert lost.min() > -5e-5
    assert lost.max() < 3 * 0.005**2 / 2 * (8 + 1 / 0.3**2) * 2
    earned = parts[1][0] * RISK.values[:, None]
    assert np.isclose(earned, 0.6, atol=1e-12).any()  # some stay at the threshold
    assert (earned > 0.6001).any()


def test_a_bracket_for_all_income_is_a_flat_tax_and_brackets_close_the_budget() -> None:
    household = Household(0.9, 1.5, RISK, asset_grid(0.0, 10.0, 40), WORK)
    life = LifeCycle(
        np.append(np.full(7, 0.95), 0.0), np.append(np.ones(5), np.zeros(3)), 5, RISK.stationary, 0.1, rate=0.4
    )
    firm = Technology(0.36, 0.3)
    plain = generations_equilibrium(household, life, firm, Taxes(0.05, 0.75))
    one = generations_equilibrium(household, life, firm, Taxes(0.05, brackets=((0.0,), (0.25,))))
    assert one.equilibrium.interest_rate == pytest.approx(plain.equilibrium.interest_rate, abs=1e-9)
    assert one.equilibrium.aggregates.revenue == pytest.approx(plain.equilibrium.aggregates.revenue, rel=1e-8)
    two = generations_equilibrium(household, life, firm, Taxes(0.05, brackets=((0.0, 1.0), (0.1, 0.6)), debt=0.01))
    assert max(two.equilibrium.residuals.values()) < 1e-8
    solved = two.equilibrium
    # Thresholds are multiples of mean labour income after contributions.
    mean = (1 - two.contribution) * solved.wage * solved.aggregates.labour
    earned = (1 - two.contribution) * solved.wage * life.productivity(RISK)[:, None] * solved.policy.hours
    at_kink = np.isclose(earned, mean, rtol=1e-6)
    assert 0.01 < float(solved.distribution[at_kink].sum()) < 0.9
    with pytest.raises(UserError, match="brackets: marginal rates that fall with income"):
        generations_equilibrium(household, life, firm, Taxes(brackets=((0.0, 1.0), (0.6, 0.1))))
