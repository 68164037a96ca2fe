"""Households of all ages who learn: best responses over ages, derivatives of price takers, runs and their reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents.constant import Constant
from econsim.agents.constant import Parameters as Always
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as Expecting
from econsim.analysis.equilibrium import household_gain
from econsim.economies.bewley import Bewley
from econsim.errors import UserError
from econsim.game import Agent
from econsim.households.exploitability import exploitability
from econsim.play import HeldAction, play
from econsim.report.figures import Figures
from econsim.report.household_gaps import household_table
from econsim.runs.certificate import certify

SMALL: dict[str, Any] = {
    "households": 60,
    "discount": 0.85,
    "depreciation": 0.3,
    "labour_weight": 10.0,
    "productivity": {"states": 2, "persistence": 0.8},
    "status_quo": {"labour_tax": 0.2, "capital_tax": 0.2, "consumption_tax": 0.05, "spending_share": 0.5},
    "grid_points": 30,
    "largest_assets": 20.0,
    "periods": 6,
    # Five-year periods: 12 ages, of which 8 are working ages.
    "life_cycle": {
        "entry": 4,
        "retirement": 12,
        "last": 15,
        "survival": {"mode": 15.0, "dispersion": 1.9},
        "efficiency": {"peak": 10.0, "rise": 1.8},
        "growth": 0.05,
        "pension": {"replacement": 0.4},
    },
}
GROUPS = ["age 4 to 6", "age 7 to 9", "age 10 to 11", "age 12 to 13", "age 14 to 15"]


def _economy(**changes: Any) -> Bewley:
    return cast(Bewley, econsim.make("bewley", **{**SMALL, **changes}).to(dtype=torch.float64))


def _with(game: Bewley, household: Agent) -> dict[str, Agent]:
    return {"household": household, "government": HeldAction(game.status_quo("government"))}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"labour_weight": None, "risk_aversion": 2.0},
        {
            "budget": {"adjusts": "labour_tax", "spending": 0.05},
            "status_quo": {"progressivity": 0.15},
            "instruments": ("capital_tax",),
        },
        {
            "income_tax": {"thresholds": [0, 0.8, 2], "rates": [0.1, 0.25, 0.4]},
            "status_quo": {"capital_tax": 0.2},
            "instruments": ("capital_tax",),
            "budget": {"debt": 0.03},
        },
    ],
)
def test_exact_households_have_nothing_to_gain_at_any_age(changes: dict[str, Any]) -> None:
    game = _economy(**changes)
    found = household_gain(game, _with(game, ExactHousehold(Expecting())), random.keys(1, 1)).equivalents
    assert [name for name in found if name.startswith("age")] == GROUPS
    # In play a household spends at most 0.999999 of its resources, also in the last period of its life.
    assert max(found.values()) < 1.1e-6
    assert min(found.values()) > -1e-9


def test_the_gain_of_two_ages_without_risk_is_the_closed_form() -> None:
    share, discount = 0.6, 0.8
    game = _economy(
        discount=discount,
        depreciation=1.0,
        labour_weight=None,
        productivity={"states": 2, "deviation": 0.1},
        status_quo={},
        grid_points=400,
        largest_assets=2.0,
        life_cycle={
            "entry": 0,
            "retirement": 1,
            "last": 1,
            "survival": "certain",
            "efficiency": (1.0,),
            "pension": {"replacement": 0.1},
        },
    )
    agents, key, states = _with(game, Constant(Always(action=(share,)))), random.keys(1, 1), []
    play(game.whole(), agents, key, lambda state, over: states.append(state))
    now, later = (
        {
            name: float(getattr(state.last, name))
            for name in ("wage", "contribution", "interest_rate", "pension", "bequest")
        }
        for state in states[1:3]
    )
    found = exploitability(game.household_problem, game.household_path(agents, key))
    gains = found.gains.reshape(2, 2, -1)
    # An old person who spends a share of resources gains by spending all: the others go to the next generation.
    assert gains[1] == pytest.approx(np.full_like(gains[1], 1 / share - 1), rel=2e-6)
    values, earned = game.chain_values.numpy(), (1 - now["contribution"]) * now["wage"]
    returns = 1 + later["interest_rate"]
    at_hand = earned * values + (1 + now["interest_rate"]) * now["bequest"]
    wealth = at_hand + later["bequest"] + later["pension"] / returns
    assert np.all(wealth / (1 + discount) < at_hand)  # nobody would like to borrow
    best = np.log(wealth / (1 + discount)) + discount * np.log(discount * returns * wealth / (1 + discount))
    saved = (1 - share) * at_hand
    old = returns * (saved + later["bequest"]) + later["pension"]
    own = np.log(share * at_hand) + discount * np.log(share * old)
    grid = game.grid.numpy()
    spacing = np.diff(grid)[np.searchsorted(grid, saved) - 1]
    error = discount * (spacing * returns / old) ** 2 / 8  # of a logarithm between points of the grid
    assert np.all(np.abs(np.log1p(gains[0, :, 0]) * (1 + discount) - (best - own)) < 2 * error)
    assert 2 * float(error.max()) < 1e-3 * float((best - own).min())


def test_a_price_taker_moves_neither_bequests_nor_pensions_and_loses_nothing_by_dying_poor() -> None:
    game = _economy(labour_weight=None, households=200)
    state, free = game.reset(random.keys(0, 1)), torch.full((1, 200, 1), 0.3, dtype=torch.float64, requires_grad=True)
    given, taken = game.status_quo("government")[None, None], game.price_taking()
    after = taken.step(state, {"household": free, "government": given}).state
    held = {"household": free.detach(), "government": given}
    following = taken.step(after, held)
    for name, at in (("bequest", after), ("capital", after), ("pension", following.state.last)):
        assert not getattr(at, name).requires_grad, name
    dead = after.age[0] == 0
    assert 0 < int(dead.sum()) < 100
    (slopes,) = torch.autograd.grad(following.rewards["household"].sum(), free)
    assert bool((slopes[0, dead] == 0).all())
    assert bool((slopes[0, ~dead] < 0).all())  # who survives has less if it spends more


def test_what_has_nothing_to_live_on_has_no_population() -> None:
    life = {**SMALL["life_cycle"], "survival": "certain", "pension": {}}
    game = _economy(life_cycle=life)
    assert not game.has_household_paths
    with pytest.raises(UserError, match=r"economy\.life_cycle: a distribution has retired households without assets"):
        game.household_path(_with(game, ExactHousehold(Expecting())), random.keys(1, 1))


def test_learned_households_play_beside_exact_ones_and_the_run_says_what_they_miss(tmp_path: Path) -> None:
    run = econsim.run(
        "life_cycle_learned",
        out=tmp_path / "run",
        economy={**SMALL, "households": 100, "periods": 8, "status_quo": {}},
        training={"iterations": 40, "copies": 8, "follower": {"window": 8}, "audit_every": 20},
        headline="none",
        episodes=1,
    )
    gaps = run.summary["households"]
    exact, learned = (gaps["rows"]["free_market"][name] for name in run.summary["responses"])
    assert list(exact["by_age"]) == list(learned["by_age"]) == GROUPS
    assert exact["mean"] < 1.1e-6
    assert 1e-4 < learned["mean"] < 0.1
    audits = run.metrics[run.metrics["name"] == "audit/gain_from_best_response"]
    first, last = audits["value"]
    assert first > last == pytest.approx(learned["mean"], rel=0.2)  # audits of training are those of its own key
    # Means by age: those of exact households are those of the equilibrium.
    profiles = gaps["profiles"]
    assert profiles["first"] == 4
    for name, means in profiles["stationary"].items():
        of_exact, of_learned = (profiles["rows"]["free_market"][each][name] for each in run.summary["responses"])
        assert of_exact == pytest.approx(means, rel=1e-4, abs=1e-4), name
        assert len(of_learned) == len(means) == 12
        assert of_learned != means
    assert set(profiles["stationary"]) == {"consumption", "assets", "hours"}
    figure = next(item for item in Figures(run).captioned() if item.name == "means_by_age")
    assert [axes.get_title() for axes in figure.figure.axes] == [
        "mean consumption",
        "mean assets",
        "mean hours",
    ]
    assert all(len(axes.lines) == 3 for axes in figure.figure.axes)
    table = household_table(run)
    assert table is not None
    assert table.header[-5:] == [name.capitalize() for name in GROUPS]
    assert "for the rest of a life" in table.note
    finding = certify(run, roles=("household",), quiet=True)["findings"][0]
    assert finding["equivalents"]["age 14 to 15"] == pytest.approx(learned["by_age"]["age 14 to 15"])
