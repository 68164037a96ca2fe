"""Paths after a pension reform: Diamond's law of motion, gains in closed form, and an economy that is not reformed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from econsim.errors import UserError
from econsim.households.chains import Chain, rouwenhorst
from econsim.households.closures import Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.generation_gains import path_gains
from econsim.households.generation_paths import GenerationPath, Rules, generation_path
from econsim.households.life_cycle import LifeCycle, gompertz, hump
from econsim.households.overlapping_generations import Generations, generations_equilibrium
from econsim.households.problem import Household, Labour, asset_grid

FIRM = Technology(0.36, 0.06)
CHAIN = rouwenhorst(0.8, 0.4, 2)
# Five-year periods: 15 ages, of which 9 are working ages.
LIFE = LifeCycle(
    gompertz(4, 18, 17.0, 1.9),
    np.append(hump(np.arange(4.0, 13.0), 10.0, 1.8), np.zeros(6)),
    9,
    CHAIN.stationary,
    growth=0.05,
    rate=0.4,
)
HOUSEHOLD = Household(0.85, 1.5, CHAIN, asset_grid(0.0, 20.0, 25), Labour(5.0, 2.0))
RULES = Taxes(0.05, 0.8, 0.1, 0.2, 0.0, 0.5)


CERTAIN = Chain(np.ones(1), np.ones((1, 1)), np.ones(1))
DIAMOND = Household(0.3, 1.0, CERTAIN, asset_grid(0.0, 0.2, 2000, 1.0))
FULL = Technology(0.36, 1.0)  # of Diamond's economy of two ages
YOUNG = np.array([1.0, 0.0])
TWO_AGES = LifeCycle(YOUNG, YOUNG, 1, np.ones(1), 0.2, "replacement")


def _path(
    household: Household, technology: Technology, ends: tuple[Rules, Rules], periods: int, announced: int = 0
) -> tuple[GenerationPath, Generations, Generations]:
    """Return a path and the equilibria that it leads from and to."""
    before, after = (generations_equilibrium(household, each.life, technology, each.taxes) for each in ends)
    rules = [ends[0]] * announced + [ends[1]] * (periods - announced)
    return generation_path(household, technology, rules, before, after), before, after


def _diamond(announced: int = 0) -> tuple[GenerationPath, Generations, Generations]:
    """Return the path of an economy of two ages in which contributions fall from 15 to 5 %."""
    before, after = (Rules(Taxes(), replace(TWO_AGES, rate=rate)) for rate in (0.15, 0.05))
    return _path(DIAMOND, FULL, (before, after), 20, announced)


@pytest.mark.parametrize("announced", [0, 3])
def test_capital_follows_diamonds_law_of_motion_after_a_surprise_and_an_announcement(announced: int) -> None:
    found, _, _ = _diamond(announced)
    # Log utility and full depreciation: the young save b / (1 + b) (1 - t) W - t' (1 + n) W' / ((1 + b) R'), so that
    # (1 + n) k' (1 + t' (1 - a) / (a (1 + b))) = b / (1 + b) (1 - t) (1 - a) k^a with contributions t' of next period.
    beta, share, growth = 0.3, 0.36, 0.2
    paid = np.where(np.arange(20) < announced, 0.15, 0.05)
    capital = found.paths["capital"] / found.paths["labour"]
    slope = beta / (1 + beta) * (1 - paid[:-1]) * (1 - share) / (1 + paid[1:] * (1 - share) / (share * (1 + beta)))
    assert capital[1:] == pytest.approx(slope * capital[:-1] ** share / (1 + growth), rel=1e-7)
    assert np.ptp(capital[: announced + (announced == 0)]) < 1e-9  # until the young know of a lower pension of theirs
    assert capital[announced + 1] > capital[announced] * 1.001
    assert found.paths["contribution"] == pytest.approx(paid)


def test_capital_follows_diamonds_law_of_motion_with_public_debt_and_a_labour_tax_that_closes_the_budget() -> None:
    # A government without debt gives some away in period 0, and then keeps debt per person constant.
    closure, growth, share, beta, debt = Closure("labour_tax", 0.0, 0.0), 0.2, 0.36, 0.3, 0.002
    ends = (Rules(Taxes(closure=closure), TWO_AGES), Rules(Taxes(debt=debt, closure=closure), TWO_AGES))
    found, before, _ = _path(DIAMOND, FULL, ends, 20)
    capital, labour = found.paths["capital"], float(TWO_AGES.shares[0])
    owed = np.append(0.0, np.full(19, debt))
    k = capital / labour
    wage, gross = (1 - share) * k**share, share * k ** (share - 1)
    # The young pay what interest costs beyond new debt, and save b / (1 + b) of what they keep.
    kept = wage * labour - (gross * owed - (1 + growth) * debt)
    expected = beta / (1 + beta) * kept / (1 + growth) - debt
    # Policies are linear, so that only the fixed point's tolerance of 1e-8 of the final capital is left.
    assert capital[1:] == pytest.approx(expected[:-1], rel=1e-6)
    assert found.paths["debt"] == pytest.approx(owed)
    assert found.paths["labour_level"] == pytest.approx(kept / (wage * labour), rel=1e-6)
    assert capital[-1] < before.equilibrium.capital - debt  # debt takes the place of capital
    assert found.residuals["goods market"] < 1e-7


def test_gains_follow_diamonds_closed_form() -> None:
    found, before, after = _diamond()
    gained = path_gains(DIAMOND, before, after, found)
    beta, share, rate, growth = 0.3, 0.36, 0.05, 0.2
    capital = found.paths["capital"] / found.paths["labour"]
    wage, gross = (1 - share) * capital**share, share * capital ** (share - 1)

    def utility(paid: float, wages: tuple[float, float], return_: float) -> float:
        first = ((1 - paid) * wages[0] + paid * (1 + growth) * wages[1] / return_) / (1 + beta)
        return float(np.log(first) + beta * np.log(beta * return_ * first))

    old = utility(0.15, (wage[0], wage[0]), gross[0])  # before the reform all periods are as period 0
    for period in (0, 1, 10):
        new = utility(rate, (wage[period], wage[period + 1]), gross[period + 1])
        # The lottery divides savings between nodes 0.0001 apart, as in test_life_cycles.py.
        assert gained.newborns[period] == pytest.approx(np.expm1((new - old) / (1 + beta)), abs=1e-6)
    saved = before.equilibrium.policy.assets[0, 0]
    consumed = [gross[0] * saved + paid * (1 + growth) * wage[0] for paid in (0.15, 0.05)]
    assert gained.by_age[1] == pytest.approx(consumed[1] / consumed[0] - 1, abs=1e-6)
    assert gained.winners == pytest.approx(1.2 / 2.2)  # the young


def test_an_economy_that_is_not_reformed_stays_where_it_is() -> None:
    rest = Rules(replace(RULES, debt=0.1), LIFE)
    found, before, after = _path(HOUSEHOLD, FIRM, (rest, rest), 10)
    assert found.evaluations == 1
    assert found.paths["interest_rate"] == pytest.approx(before.equilibrium.interest_rate, abs=1e-9)
    gained = path_gains(HOUSEHOLD, before, after, found)
    assert np.abs(gained.by_age).max() < 1e-8
    assert np.abs(gained.newborns).max() < 1e-8


@pytest.mark.parametrize("adjusts", ["transfer", "spending", "labour_tax", "debt"])
def test_the_path_ends_in_the_equilibrium_after_the_reform_with_every_closure(adjusts: str) -> None:
    rest = generations_equilibrium(HOUSEHOLD, LIFE, FIRM, RULES)
    means = rest.equilibrium.aggregates
    spending = 0.0 if adjusts == "spending" else means.spending
    given, response = 0.0 if adjusts == "transfer" else means.transfer, 0.6 * (adjusts == "debt")
    closure = Closure(adjusts, spending, given, response)  # type: ignore[arg-type]
    rules = replace(RULES, spending_share=0.0, debt=0.02, closure=closure)
    ends = (Rules(rules, LIFE), Rules(rules, replace(LIFE, rate=0.2)))
    found, before, after = _path(HOUSEHOLD, FIRM, ends, 40 if adjusts == "debt" else 25)
    gained = path_gains(HOUSEHOLD, before, after, found)
    assert max(found.residuals["fixed point"], found.residuals["goods market"]) < 1e-7
    for name in ("capital", "output", "wage"):
        assert found.paths[name][-1] == pytest.approx(getattr(after.equilibrium, name), rel=2e-3)
    assert found.paths["capital"][0] == before.equilibrium.capital
    assert found.paths["debt"][-1] == pytest.approx(after.equilibrium.aggregates.debt, rel=2e-3)
    gain = gained.by_age
    assert gain[0] > 0 > gain[9]  # the old lose the pension that they paid for, the newborn gain
    assert gained.newborns[-1] > gained.newborns[0] == pytest.approx(gain[0])
    assert 0 < gained.winners < 1


def test_a_path_that_is_not_found_is_an_error_with_its_reason() -> None:
    ends = Rules(RULES, LIFE), Rules(RULES, replace(LIFE, rate=0.0))
    before, after = (generations_equilibrium(HOUSEHOLD, each.life, FIRM, RULES) for each in ends)
    with pytest.raises(UserError, match="has not arrived after 3 periods"):
        generation_path(HOUSEHOLD, FIRM, [ends[1]] * 3, before, after)
    with pytest.raises(UserError, match="after 2 evaluations it still changes by"):
        generation_path(HOUSEHOLD, FIRM, [ends[1]] * 20, before, after, stops=lambda done, message: done >= 2)
    certain = replace(LIFE, survival=np.append(np.ones(14), 0.0))
    lives = (Rules(Taxes(), replace(certain, rate=rate)) for rate in (0.2, 0.0))
    found, before, after = _path(HOUSEHOLD, FIRM, tuple(lives), 25)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="have neither a pension nor bequests"):
        path_gains(HOUSEHOLD, before, after, found)
