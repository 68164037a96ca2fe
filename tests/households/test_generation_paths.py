"""Paths after a pension reform: Diamond's law of motion, gains in closed form, and an economy that is not reformed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from econsim.errors import UserError
from econsim.households.chains import Chain, rouwenhorst
from econsim.households.closures import Closure
from econsim.households.equilibrium import Taxes, Technology
from econsim.households.generation_paths import GenerationPath, generation_path
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


def _diamond() -> tuple[GenerationPath, Generations, Generations]:
    """Return the path of an economy of two ages in which contributions fall from 15 to 5 %."""
    certain = Chain(np.ones(1), np.ones((1, 1)), np.ones(1))
    household = Household(0.3, 1.0, certain, asset_grid(0.0, 0.2, 2000, 1.0))
    young = np.array([1.0, 0.0])
    lives = [LifeCycle(young, young, 1, np.ones(1), 0.2, "replacement", rate) for rate in (0.15, 0.05)]
    technology = Technology(0.36, 1.0)
    before, after = (generations_equilibrium(household, life, technology) for life in lives)
    return generation_path(household, technology, Taxes(), before, after, 20), before, after


def test_capital_and_gains_follow_diamonds_closed_form() -> None:
    found, before, _ = _diamond()
    # Log utility and full depreciation: (1 + n) k' (1 + t (1 - a) / (a (1 + b))) = b / (1 + b) (1 - t) (1 - a) k^a.
    beta, share, rate, growth = 0.3, 0.36, 0.05, 0.2
    capital = found.paths["capital"] / found.paths["labour"]
    slope = beta / (1 + beta) * (1 - rate) * (1 - share) / (1 + rate * (1 - share) / (share * (1 + beta)))
    assert capital[1:] == pytest.approx(slope * capital[:-1] ** share / (1 + growth), rel=1e-7)
    wage, gross = (1 - share) * capital**share, share * capital ** (share - 1)

    def utility(paid: float, wages: tuple[float, float], return_: float) -> float:
        first = ((1 - paid) * wages[0] + paid * (1 + growth) * wages[1] / return_) / (1 + beta)
        return float(np.log(first) + beta * np.log(beta * return_ * first))

    old = utility(0.15, (wage[0], wage[0]), gross[0])  # before the reform all periods are as period 0
    for period in (0, 1, 10):
        new = utility(rate, (wage[period], wage[period + 1]), gross[period + 1])
        # The lottery divides savings between nodes 0.0001 apart, as in test_life_cycles.py.
        assert found.newborns[period] == pytest.approx(np.expm1((new - old) / (1 + beta)), abs=1e-6)
    saved = before.equilibrium.policy.assets[0, 0]
    consumed = [gross[0] * saved + paid * (1 + growth) * wage[0] for paid in (0.15, 0.05)]
    assert found.gains[1] == pytest.approx(consumed[1] / consumed[0] - 1, abs=1e-6)
    assert found.winners == pytest.approx(1.2 / 2.2)  # the young


def test_an_economy_that_is_not_reformed_stays_where_it_is() -> None:
    rest = generations_equilibrium(HOUSEHOLD, LIFE, FIRM, RULES)
    found = generation_path(HOUSEHOLD, FIRM, RULES, rest, rest, 10)
    assert found.evaluations == 1
    assert found.paths["interest_rate"] == pytest.approx(rest.equilibrium.interest_rate, abs=1e-9)
    assert np.abs(found.gains).max() < 1e-8
    assert np.abs(found.newborns).max() < 1e-8


@pytest.mark.parametrize("adjusts", ["transfer", "spending", "labour_tax"])
def test_the_path_ends_in_the_equilibrium_after_the_reform_with_every_closure(adjusts: str) -> None:
    rest = generations_equilibrium(HOUSEHOLD, LIFE, FIRM, RULES)
    means = rest.equilibrium.aggregates
    spending = 0.0 if adjusts == "spending" else means.spending
    closure = Closure(adjusts, spending, 0.0 if adjusts == "transfer" else means.transfer)  # type: ignore[arg-type]
    rules = replace(RULES, spending_share=0.0, closure=closure)
    before, after = (generations_equilibrium(HOUSEHOLD, replace(LIFE, rate=rate), FIRM, rules) for rate in (0.4, 0.2))
    found = generation_path(HOUSEHOLD, FIRM, rules, before, after, 25)
    assert max(found.residuals["fixed point"], found.residuals["goods market"]) < 1e-7
    for name in ("capital", "output", "wage"):
        assert found.paths[name][-1] == pytest.approx(getattr(after.equilibrium, name), rel=2e-3)
    assert found.paths["capital"][0] == before.equilibrium.capital
    gain = found.gains
    assert gain[0] > 0 > gain[9]  # the old lose the pension that they paid for, the newborn gain
    assert found.newborns[-1] > found.newborns[0] == pytest.approx(gain[0])
    assert 0 < found.winners < 1


def test_a_path_that_is_not_found_is_an_error_with_its_reason() -> None:
    before, after = (generations_equilibrium(HOUSEHOLD, replace(LIFE, rate=rate), FIRM, RULES) for rate in (0.4, 0.0))
    with pytest.raises(UserError, match="has not arrived after 3 periods"):
        generation_path(HOUSEHOLD, FIRM, RULES, before, after, 3)
    with pytest.raises(UserError, match="after 2 evaluations it still changes by"):
        generation_path(HOUSEHOLD, FIRM, RULES, before, after, 20, stops=lambda done, message: done >= 2)
    certain = replace(LIFE, survival=np.append(np.ones(14), 0.0))
    ends = [generations_equilibrium(HOUSEHOLD, replace(certain, rate=rate), FIRM) for rate in (0.2, 0.0)]
    with pytest.raises(UserError, match="have neither a pension nor bequests"):
        generation_path(HOUSEHOLD, FIRM, Taxes(), ends[0], ends[1], 25)
