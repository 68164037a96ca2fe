"""What closes the government's budget: each closure finds the equilibrium of the others, and its path adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from econsim.errors import UserError
from econsim.households.chains import rouwenhorst
from econsim.households.closures import ADJUSTS, Adjusts, Closure
from econsim.households.equilibrium import Equilibrium, Taxes, Technology, stationary_equilibrium
from econsim.households.general_equilibrium import conditions_jacobian, unknown_names
from econsim.households.problem import Household, Labour, asset_grid
from econsim.households.reforms import reform
from econsim.households.transitions import _System

FIRM = Technology(0.36, 0.08)
RULES = Taxes(0.065, 0.75, 0.18, 0.3, 0.01, 0.6, debt=0.2)
HOUSEHOLD = Household(0.94, 1.5, rouwenhorst(0.9, 0.4, 3), asset_grid(0.0, 100.0, 40), Labour(8.0, 2.0))
RESPONSE = 0.3


@pytest.fixture(scope="module")
def reference() -> Equilibrium:
    """The equilibrium in which the transfer closes the budget."""
    return stationary_equilibrium(HOUSEHOLD, FIRM, RULES)


def _closed_by(adjusts: Adjusts, reference: Equilibrium) -> Taxes:
    """Return rules with the amounts of the reference, in which another entry of the budget adjusts."""
    if adjusts == "transfer":
        return RULES
    means = reference.aggregates
    spending = 0.0 if adjusts == "spending" else means.spending
    closure = Closure(adjusts, spending, means.transfer, RESPONSE if adjusts == "debt" else 0.0)
    level = 0.6 if adjusts == "labour_tax" else RULES.labour_level  # the search starts elsewhere
    return replace(RULES, spending_share=0.0, labour_level=level, closure=closure)


@pytest.mark.parametrize("adjusts", ADJUSTS[1:])
def test_every_closure_has_the_same_equilibrium_at_the_same_amounts(adjusts: Adjusts, reference: Equilibrium) -> None:
    found = stationary_equilibrium(HOUSEHOLD, FIRM, _closed_by(adjusts, reference))
    assert found.interest_rate == pytest.approx(reference.interest_rate, abs=1e-8)
    for name in ("spending", "transfer", "debt", "labour_level", "revenue"):
        assert getattr(found.aggregates, name) == pytest.approx(getattr(reference.aggregates, name), abs=1e-7)
    assert max(found.residuals.values()) < 1e-8


@pytest.mark.parametrize("adjusts", ADJUSTS)
def test_the_jacobian_is_the_derivative_of_the_conditions(adjusts: Adjusts, reference: Equilibrium) -> None:
    periods, taxes = 12, _closed_by(adjusts, reference)
    names = unknown_names(HOUSEHOLD, [taxes])
    assert names[2:] == {"spending": [], "labour_tax": ["labour_level"]}.get(adjusts, ["transfer"])
    system = _System(HOUSEHOLD, FIRM, [taxes] * periods, reference, reference)
    point = np.concatenate([np.full(periods, system.final[name]) for name in names])
    assert np.abs(system.gaps(point, names)).max() < 1e-7  # the path stays in the equilibrium
    jacobian = conditions_jacobian(HOUSEHOLD, FIRM, taxes, reference, periods, names)
    for column in range(2, len(point), 7):
        change = np.zeros_like(point)
        change[column] = 1e-5
        slope = (system.gaps(point + change, names) - system.gaps(point - change, names)) / 2e-5
        assert jacobian[:, column] == pytest.approx(slope, abs=5e-5)


@pytest.mark.parametrize("adjusts", ADJUSTS[1:])
def test_a_tax_cut_moves_what_adjusts_and_the_budget_adds_up(adjusts: Adjusts, reference: Equilibrium) -> None:
    old = _closed_by(adjusts, reference)
    path = reform(HOUSEHOLD, FIRM, (old, replace(old, capital_income=0.25)), 0, 150).path
    paths = path.paths
    assert max(value for name, value in path.residuals.items() if name != "capital in the last period") <= 1e-8
    paid = paths["spending"] + paths["transfer"] + (1 + paths["interest_rate"]) * paths["debt"]
    gap = (paths["revenue"] - paid)[:-1] + paths["debt"][1:]
    assert np.abs(gap).max() < 1e-8
    moved = {
        "spending": -(paths["spending"][0] - reference.aggregates.spending),
        "labour_tax": -(paths["labour_level"][0] - reference.aggregates.labour_level),
        "debt": paths["debt"][1] - paths["debt"][0],
    }
    # Less revenue from capital: public consumption falls, the labour tax rises, or debt does.
    assert moved[adjusts] > 1e-4
    kept = {"spending", "transfer", "debt", "labour_level"} - {adjusts.replace("tax", "level")}
    for name in kept - ({"transfer"} if adjusts == "debt" else set()):
        assert np.abs(paths[name] - getattr(reference.aggregates, name)).max() < 1e-6
    if adjusts == "debt":
        # The rule: the transfer falls by the response for each unit of debt.
        fallen = paths["transfer"][0] - paths["transfer"]
        assert fallen == pytest.approx(RESPONSE * (paths["debt"] - paths["debt"][0]), abs=1e-8)
        assert paths["debt"][-1] > paths["debt"][0] + 1e-3


def test_a_budget_that_cannot_be_closed_is_refused_with_the_reason() -> None:
    for closure, reason in (
        (Closure("spending", transfer=1.0), "public consumption would be negative; raise a tax .* or the transfer"),
        (Closure("labour_tax", 0.9, 0.1), "the government's budget does not close.* more has to be paid than can be"),
        (Closure("debt", 0.1, 0.1, 0.05), "public debt explodes: its response 0.05 has to be above 0.10"),
    ):
        with pytest.raises(UserError, match=reason):
            stationary_equilibrium(HOUSEHOLD, FIRM, replace(RULES, spending_share=0.0, closure=closure))
