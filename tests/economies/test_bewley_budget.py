"""The Bewley economy's government: each closure of its budget in play, and households who borrow."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.analysis.equilibrium import household_gain
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.play import HeldAction, play

RATES = {"consumption_tax": 0.05, "labour_tax": 0.25, "progressivity": 0.1, "capital_tax": 0.2}
SMALL = {
    "status_quo": RATES,
    "grid_points": 30,
    "largest_assets": 60.0,
    "periods": 10,
    "productivity": {"states": 3, "deviation": 0.4},
    "instruments": ["capital_tax"],
}
CLOSURES: dict[str, dict[str, Any]] = {
    "transfer": {"budget": {"spending": 0.05, "debt": 0.3}},
    "spending": {"budget": {"adjusts": "spending", "transfer": 0.02, "debt": 0.3}},
    "labour_tax": {
        "budget": {"adjusts": "labour_tax", "spending": 0.06, "transfer": 0.02, "debt": 0.3},
        "status_quo": {**RATES, "labour_tax": 0.0},
    },
    "debt": {"budget": {"adjusts": "debt", "spending": 0.06, "transfer": 0.05, "debt": 0.3, "response": 0.2}},
    "borrowing": {"lowest_assets": -0.3},
    "brackets": {
        "status_quo": {"capital_tax": 0.2, "spending_share": 0.5},
        "income_tax": {"thresholds": [0, 0.5, 1.5], "rates": [0.1, 0.3, 0.5]},
    },
}


def _economy(households: Any, name: str, **changes: Any) -> Bewley:
    game = Bewley(Parameters(**{**SMALL, "households": households, **CLOSURES[name], **changes})).to(
        dtype=torch.float64
    )
    assert isinstance(game, Bewley)
    return game


@pytest.mark.parametrize("name", CLOSURES)
def test_exact_households_keep_the_stationary_equilibrium_of_every_closure(name: str) -> None:
    game = _economy("distribution", name)
    solved, agents = game.equilibrium, {"household": ExactHousehold(NoParameters())}
    states: list[Any] = []
    agents |= {"government": HeldAction(game.status_quo("government"))}  # type: ignore[dict-item]
    play(game, agents, random.keys(1, 1), lambda state, over: states.append(state))
    last = states[-1].last
    # Rates are rounded to six decimals before they are solved for.
    for value, expected in (
        (last.interest_rate, solved.interest_rate),
        (last.output, solved.output),
        (last.spending, solved.aggregates.spending),
        (last.transfer, solved.aggregates.transfer),
        (last.debt, solved.aggregates.debt),
        (last.labour_level, solved.aggregates.labour_level),
    ):
        assert float(value) == pytest.approx(expected, abs=1e-5)
    # Nobody gains by another choice: the budgets that the game reports are those of its households.
    assert household_gain(game, agents, random.keys(1, 1)).equivalents["largest"] < 1e-5


@pytest.mark.parametrize(
    ("name", "households"), [*((name, "distribution") for name in CLOSURES), ("debt", 500), ("borrowing", 500)]
)
def test_every_account_balances_under_other_choices(name: str, households: Any) -> None:
    # 2 copies x 10 periods; households spend and work at random around their exact choices, the capital tax is random.
    game, keys = _economy(households, name), random.keys(3, 2)
    state = game.reset(keys)
    for period in range(10):
        observed = game.observe(state)
        draw = random.uniform(keys, period, "test", tuple(state.assets.shape[1:]), torch.float64)
        chosen = game.exact_actions("household", observed["household"])
        noise = torch.stack([0.9 + 0.2 * draw, 1.05 - 0.1 * draw], -1)
        tax = random.uniform(keys, period, "tax", (1, 1), torch.float64)
        actions = {"household": (chosen * noise).clamp(0.001, 0.999), "government": 0.1 + 0.2 * tax}
        before, state = state, game.step(state, actions).state
        last, budget = state.last, game.settings.budget
        for residual in ("goods", "balance", "budget"):
            assert float(game.conserved(state)[residual].abs().max()) < 1e-12
        owned = (last.mass * last.assets).sum(-1)
        assert owned.tolist() == pytest.approx((state.capital + state.debt).tolist(), rel=1e-12)
        assert float(last.assets.min()) >= game.settings.lowest_assets
        if name == "debt":
            fallen = budget.transfer - 0.2 * (before.debt - budget.debt)
            assert last.transfer.tolist() == pytest.approx(fallen.tolist())
            assert last.spending.tolist() == pytest.approx([0.06] * 2)
        else:
            assert state.debt.tolist() == pytest.approx([budget.debt] * 2)
        if name in ("spending", "labour_tax"):
            assert last.transfer.tolist() == pytest.approx([0.02] * 2)
        if name in ("transfer", "labour_tax"):  # nobody reaches the largest assets
            assert last.spending.tolist() == pytest.approx([budget.spending] * 2, abs=1e-9)
    if name == "debt":
        assert float((state.debt - budget.debt).abs().min()) > 1e-4
    if name == "borrowing":
        assert float(state.assets.min()) < 0


def test_households_borrow_only_up_to_the_limit_and_pay_interest() -> None:
    # A looser limit: less precautionary saving, less capital, a higher interest rate (Aiyagari 1994, section IV).
    tight, loose = _economy("distribution", "transfer", budget={}), _economy("distribution", "borrowing")
    assert loose.equilibrium.interest_rate > tight.equilibrium.interest_rate + 1e-4
    assert loose.equilibrium.distribution[:, loose.household_problem.grid < 0].sum() > 0.01


def test_what_a_budget_cannot_do_is_refused_with_file_key_and_fix() -> None:
    for changes, reason in (
        ({"budget": {"adjusts": "debt", "debt": 0.3}}, "budget.response: give one above the interest rate"),
        ({"budget": {"response": 0.1}}, "budget.response: leave it out unless debt adjusts"),
        ({"budget": {"adjusts": "spending", "spending": 0.1}}, "budget.spending: it adjusts and cannot be given"),
        ({"budget": {"adjusts": "spending"}, "instruments": ["spending_share"]}, "instruments: spending_share has no"),
        ({"budget": {"adjusts": "labour_tax"}}, "status_quo.labour_tax: it has no use, since it adjusts to close"),
        ({"lowest_assets": -1, "status_quo": {"wealth_tax": 0.1}}, "status_quo.wealth_tax: it has no use"),
        ({"income_tax": {"year": 2024}}, "status_quo.labour_tax: it has no use, since income_tax has brackets"),
        ({"income_tax": {"thresholds": [0, 1], "rates": [0.3, 0.1]}}, "income_tax.rates: expected rates that do not"),
        ({"income_tax": {"thresholds": [0.5], "rates": [0.3]}}, "income_tax.thresholds: expected 0 as the first"),
    ):
        with pytest.raises(UserError, match=reason):
            econsim.make("bewley", **{**SMALL, **changes})
    for budget, reason in (
        (
            {"adjusts": "spending", "transfer": 0.6},
            "policy .*: no stationary equilibrium: revenue .* would be negative",
        ),
        ({"adjusts": "debt", "transfer": 0.1, "response": 0.01}, "public debt explodes: its response 0.01 has to be"),
    ):
        with pytest.raises(UserError, match=reason):
            _economy(50, "transfer", budget=budget).reset(random.keys(0, 1))
    with pytest.raises(UserError, match=r"the lowest income leaves no consumption.*the borrowing limit"):
        _economy(50, "borrowing", lowest_assets=-20.0).reset(random.keys(0, 1))


def test_a_run_in_which_the_budget_cannot_close_stops_with_the_reason() -> None:
    game = _economy(50, "spending", budget={"adjusts": "spending", "transfer": 0.02})
    state = game.reset(random.keys(0, 1))
    idle = {"household": torch.full((1, 50, 2), 0.001), "government": torch.zeros(1, 1, 1)}
    with pytest.raises(UserError, match="public consumption would be negative: revenue does not pay for"):
        game.step(state, idle)
