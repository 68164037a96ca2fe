"""The life cycle in play: the steady state stays, deaths and births balance, and the accounts hold for any choice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as Expecting
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.play import HeldAction, play
from econsim.report.games.paths import draw_paths, paths_block
from econsim.scenario import load
from econsim.solvers import default_solver
from econsim.solvers.laffer import Laffer
from econsim.solvers.laffer import Parameters as LafferParameters
from econsim.solvers.life_cycle import LifeCycle
from econsim.solvers.life_cycle import Parameters as LifeParameters
from econsim.solvers.monetary_shock import MonetaryShock
from econsim.solvers.monetary_shock import Parameters as ShockParameters
from econsim.solvers.stationary_equilibrium import Parameters as SolverParameters
from econsim.solvers.stationary_equilibrium import StationaryEquilibrium
from econsim.solvers.transition import Parameters as PathParameters
from econsim.solvers.transition import Transition
from econsim.testing import random_actions

SMALL: dict[str, Any] = {
    "discount": 0.96,
    "depreciation": 0.06,
    "labour_weight": 10.0,
    "productivity": {"states": 3},
    "status_quo": {"labour_tax": 0.2, "capital_tax": 0.2, "consumption_tax": 0.05, "spending_share": 0.5},
    "grid_points": 40,
    "largest_assets": 60.0,
    "periods": 8,
    # Five-year periods keep the distribution small: 15 ages, of which 9 are working ages.
    "life_cycle": {
        "entry": 4,
        "retirement": 13,
        "last": 18,
        "survival": {"mode": 17.0, "dispersion": 1.9},
        "efficiency": {"peak": 10.0, "rise": 1.8},
        "growth": 0.05,
        "pension": {"replacement": 0.4},
    },
}


def _economy(households: Any, **changes: Any) -> Bewley:
    life = {**SMALL["life_cycle"], **changes.pop("life_cycle", {})}
    game = Bewley(Parameters(**{**SMALL, "households": households, "life_cycle": life, **changes}))
    exact = game.to(dtype=torch.float64)
    assert isinstance(exact, Bewley)
    return exact


def _states(game: Bewley, copies: int) -> list[Any]:
    states: list[Any] = []
    agents = {"household": ExactHousehold(Expecting()), "government": HeldAction(game.status_quo("government"))}
    play(game, agents, random.keys(1, copies), lambda state, over: states.append(state))
    return states


DEBT: dict[str, Any] = {"budget": {"debt": 0.05}}
RULE: dict[str, Any] = {
    "status_quo": {"labour_tax": 0.2, "capital_tax": 0.2},
    "budget": {"adjusts": "debt", "spending": 0.05, "transfer": 0.03, "debt": 0.03, "response": 0.7},
    "instruments": ["labour_tax", "capital_tax"],
}
BRACKETS: dict[str, Any] = {
    "income_tax": {"thresholds": [0, 0.8, 2], "rates": [0.1, 0.25, 0.4]},
    "status_quo": {"capital_tax": 0.2, "consumption_tax": 0.05, "spending_share": 0.5},
    "instruments": ["capital_tax"],
}


@pytest.mark.parametrize("changes", [{}, DEBT, RULE, BRACKETS], ids=["plain", "debt", "rule", "brackets"])
def test_exact_households_keep_the_stationary_equilibrium(changes: dict[str, Any]) -> None:
    game = _economy("distribution", **changes)
    solved, states = game.equilibrium, _states(game, 1)
    life = game.life_cycle_equilibrium({}, 1e-9, lambda done, message: False)
    expected = {
        "interest_rate": solved.interest_rate,
        "output": solved.output,
        "mean_consumption": solved.aggregates.consumption,
        "spending": solved.aggregates.spending,
        "bequest": life.bequest,
        "pension": life.pension,
        "contribution": life.contribution,
        "debt": solved.aggregates.debt,
        "transfer": solved.aggregates.transfer,
        "capital": solved.capital,
    }
    assert (expected["debt"] == 0) == ("budget" not in changes)
    for state in states[1:]:
        for name, value in expected.items():
            # A household spends 0.999999 of its resources at most, also at the last age.
            assert float(getattr(state.last, name)) == pytest.approx(value, rel=2e-5, abs=2e-6), name
        assert float(state.growth) == 0.05
        ages = state.mass.reshape(15, -1).sum(1).numpy()
        assert ages == pytest.approx(life.life.shares, abs=1e-12)


@pytest.mark.parametrize("changes", [{}, {**DEBT, **BRACKETS}], ids=["plain", "debt and brackets"])
def test_a_sample_stays_at_the_steady_state_within_its_error(changes: dict[str, Any]) -> None:
    game, copies = _economy(1000, **changes), 24
    solved, states = game.equilibrium, _states(game, copies)
    for name, value in (
        ("capital", solved.capital),
        ("interest_rate", solved.interest_rate),
        ("mean_consumption", solved.aggregates.consumption),
    ):
        found = torch.stack([getattr(state.last, name) for state in states[1:]]).mean(0)  # over time, by copy
        error = float(found.std() / copies**0.5)
        assert error < 0.02 * value
        assert float(found.mean()) == pytest.approx(value, abs=4 * error), name
    for before, state in pairwise(states[1:]):  # debt is issued for the people who are expected
        owed = game.settings.budget.debt * 1.05 / (1 + before.growth)
        assert state.last.debt.numpy() == pytest.approx(owed.numpy(), rel=1e-12)
    growth = torch.stack([state.growth for state in states[1:]]).mean(0)
    assert float(growth.mean()) == pytest.approx(0.05, abs=4 * float(growth.std() / copies**0.5))


def test_the_dead_are_replaced_by_newborns_and_leave_what_they_have() -> None:
    game = _economy(400)
    states = _states(game, 3)
    died = 0
    for before, after in pairwise(states):
        dead = after.age == 0
        died += int(dead.sum())
        assert bool((after.age == before.age + 1)[~dead].all())
        assert bool(dead[before.age == 14].all())
        assert bool((after.assets[dead] == 0).all())
        assert bool((after.assets == after.last.assets)[~dead].all())
        people = 1.05 ** -after.age.double()
        assert after.mass.numpy() == pytest.approx((people / people.sum(-1, keepdim=True)).numpy())
        left = (after.last.mass * after.last.assets * dead).sum(-1) / (1 + after.growth)
        assert after.bequest.numpy() == pytest.approx(left.numpy(), rel=1e-12)
        assert bool((after.last.hours[after.last.age >= 9] == 0).all())
    # Each of 400 x 3 x 8 households is one of a population without growth, of which 1 / expectancy die in a period.
    expected = 400 * 3 * 8 / float(game.life_cycle_equilibrium({}, 1e-6, lambda *_: False).life.expectancy)
    assert died == pytest.approx(expected, abs=4 * expected**0.5)


@pytest.mark.parametrize(
    ("adjusts", "changes"),
    [
        ("contribution", {}),
        ("replacement", {}),
        ("contribution", {**BRACKETS, **DEBT}),
        ("contribution", RULE),
        ("contribution", {"instruments": ["labour_tax", "replacement"], "highest_rate": 0.6, "review": 2}),
        ("replacement", {"instruments": ["contribution"], "highest_rate": 0.3, "review": 2, "announced": 1}),
    ],
)
def test_accounts_hold_for_any_choice(adjusts: str, changes: dict[str, Any]) -> None:
    rates = {"contribution": {"replacement": 0.4}, "replacement": {"contribution": 0.1}}[adjusts]
    game = _economy(30, life_cycle={"pension": {"adjusts": adjusts, **rates}}, **changes)
    state = game.reset(random.keys(3, 4))
    for step in range(6):
        keys = random.keys(100 + step, 4)
        state = game.step(state, random_actions(game, game.observe(state), keys)).state
        for name, residual in game.conserved(state).items():
            gap = residual - 1 if name == "population" else residual
            assert float(gap.abs().max()) < 1e-12, name
        accounts = game.accounts(state)
        paid = (state.last.mass * accounts["pension"]).sum(-1)
        labour = (state.last.mass * state.last.productivity * state.last.hours).sum(-1)
        assert bool((paid > 0).all())
        assert bool((labour > 0).all())
        assert set(accounts) == {account.name for account in game.accounts_spec}


def test_a_household_observes_its_age_and_retirement() -> None:
    game = _economy(50)
    state = game.reset(random.keys(1, 2))
    features = game.observe(state)["household"].features
    assert game.roles["household"].features == ("assets", "productivity", "age", "retired", "end_of_life")
    assert torch.equal((features[..., 2] * 14).round().long(), state.age)
    assert torch.equal(features[..., 3] == 1, state.age >= 9)
    # Who reaches the last age lives for this period; at birth it is the life expectancy.
    life = game.life_cycle_equilibrium({}, 1e-6, lambda *_: False).life
    assert bool((features[..., 4][state.age == 14] == 1).all())
    assert features[..., 4][state.age == 0].numpy() == pytest.approx(1 / life.expectancy)
    shared = game.roles["household"].shared_features
    assert shared[-2:] == ("contribution", "pension")
    plain = econsim.make("bewley", households=5)
    assert plain.roles["household"].features == ("assets", "productivity")


def test_the_solver_prints_ages_and_compares_a_pension_reform() -> None:
    game = _economy(10)
    assert default_solver(game) == "life_cycle"
    plain = LifeCycle(LifeParameters()).solve(game, {})
    shown = {(row.group, row.name): row.value for row in plain.quantities}
    assert shown["pension", "contributions per person"] == pytest.approx(shown["pension", "pensions per person"])
    assert shown["assets by age", "4"] == 0
    assert shown["assets by age", "12"] > shown["assets by age", "18"] > 0
    assert shown["labour income by age", "18"] == 0
    assert [each.name for each in plain.series] == ["consumption", "assets", "labour income"]
    assert plain.series[0].first == 4
    assert plain.series[0].axis == "age"
    block = paths_block(plain.series)
    assert block is not None
    assert block.title == "Profiles by age"
    panels = draw_paths(plain.series).axes
    assert panels[0].lines[0].get_xdata()[0] == 4
    assert len(panels[0].lines) == 1  # no level before or after
    assert panels[2].get_xlabel() == "age"
    reform = LifeCycle(LifeParameters(reform={"replacement": 0.0})).solve(game, {})
    rows = {(row.group, row.name): row.value for row in reform.quantities}
    capital = [rows[f"aggregates per person, {when}", "capital"] for when in ("before", "after")]
    assert capital[1] > 1.05 * capital[0]
    assert rows["pension, after", "contribution rate"] == 0
    assert rows["steady states compared", "gain of a newborn"] > 0
    assert "Two steady states are compared" in reform.notes[0]
    assert [each.name for each in reform.series] == ["consumption", "assets", "labour income"]
    figure = draw_paths(reform.series)
    drawn = [panel.lines for panel in figure.axes if panel.get_visible()]
    assert [len(lines) for lines in drawn] == [2, 2, 2]  # on one scale
    for lines, before, after in zip(drawn, plain.series, reform.series, strict=True):
        assert list(lines[0].get_ydata()) == list(before.values)
        assert list(lines[1].get_ydata()) == list(after.reformed or ())
        assert before.values != after.reformed
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["before", "after the reform"]
    compared = paths_block(reform.series)
    assert compared is not None
    assert compared.figure is not None
    assert "before and after the reform" in compared.figure.caption
    assert "Public consumption changes" in reform.notes[1]


def test_the_solver_finds_the_path_after_a_reform() -> None:
    game = _economy(10, productivity={"states": 2}, grid_points=25)
    found = LifeCycle(LifeParameters(reform={"replacement": 0.2}, periods=30)).solve(game, {})
    rows = {(row.group, row.name): row.value for row in found.quantities}
    assert rows["gain by age in period 0", "4"] > 0 > rows["gain by age in period 0", "18"]
    assert rows["gain of the newborn by period", "0"] == pytest.approx(rows["gain by age in period 0", "4"])
    assert rows["gain of the newborn by period", "29"] == pytest.approx(
        rows["steady states compared", "gain of a newborn"], rel=0.02
    )
    capital = next(each for each in found.series if each.name == "capital")
    assert capital.values[0] == capital.before
    assert capital.values[-1] == pytest.approx(capital.after, rel=1e-3)
    assert found.notes[0] == "Reform: replacement 0.2; a surprise in period 0."
    assert found.residuals["Residual of the path, goods market"] < 1e-7
    with pytest.raises(UserError, match=r"solver\.periods: a path needs a reform"):
        LifeCycle(LifeParameters(periods=30)).solve(game, {})


@pytest.mark.parametrize(
    ("changes", "name", "reason"),
    [
        (BRACKETS, "labour_tax", "income_tax has brackets in its place"),
        (RULE, "spending_share", "the budget's debt adjusts"),
    ],
)
def test_a_reform_of_an_instrument_without_use_is_refused(changes: dict[str, Any], name: str, reason: str) -> None:
    solver = LifeCycle(LifeParameters(reform={name: 0.1}))
    with pytest.raises(UserError, match=f"reform: {name}: it has no use, since {reason}"):
        solver.solve(_economy(10, **changes), {})


def test_methods_without_ages_refuse_the_life_cycle() -> None:
    game = _economy(10)
    for solver in (
        StationaryEquilibrium(SolverParameters()),
        Transition(PathParameters(reform={"capital_tax": 0.0})),
        Laffer(LafferParameters()),
    ):
        with pytest.raises(UserError, match="households do not live for ever, which this method needs"):
            solver.solve(game, {})
    with pytest.raises(UserError, match=r"leave economy\.life_cycle out"):
        MonetaryShock(ShockParameters(debt=1.0)).solve(game, {})
    with pytest.raises(UserError, match="do not live for ever"):
        game.labour_incomes(None)
    with pytest.raises(UserError, match="needs an economy with ages"):
        LifeCycle(LifeParameters()).solve(econsim.make("bewley"), {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"life_cycle": {"retirement": 3}}, "expected entry < retirement <= last, found 4, 3, 18"),
        ({"life_cycle": {"survival": (0.5,)}}, "expected 14 probabilities above 0 and at most 1"),
        (
            {"life_cycle": {"efficiency": (1.0,)}},
            "expected 9 numbers above 0, one for each age before retirement, found 1",
        ),
        ({"life_cycle": {"efficiency": (1.0,) * 8 + (-2.0,)}}, "expected 9 numbers above 0, .* found -2"),
        ({"life_cycle": {"efficiency": {"peak": 4.0}}}, "it is the first age already"),
        ({"life_cycle": {"pension": {"contribution": 0.1}}}, "contribution: it adjusts and cannot be given"),
        ({"life_cycle": {"pension": {"replacement": 9.0}}}, "lower the replacement rate or raise the age"),
        ({"lowest_assets": -1.0, "instruments": ("labour_tax",)}, "lowest_assets: it is not solved with a life_cycle"),
        (
            {"instruments": ("contribution",)},
            "contribution adjusts to close the budget of the pension; list replacement",
        ),
        ({"instruments": ("pension",)}, "'pension' is not one of status_quo, and not replacement of the pension"),
        (
            {"instruments": ("replacement",), "highest_rate": 0.3},
            r"0\.3 is below life_cycle\.pension\.replacement, 0\.4",
        ),
        (
            {
                "instruments": ("contribution",),
                "life_cycle": {"pension": {"adjusts": "replacement", "contribution": 0.1}},
            },
            "with a contribution rate of 1 pensions would cost 100% of labour income",
        ),
        ({**BRACKETS, "budget": {"adjusts": "labour_tax"}}, "brackets .* cannot adjust"),
        ({"initial": {}}, "initial: it is not solved with a life_cycle"),
        ({"sampling": "stratified"}, "sampling: it is not solved with a life_cycle"),
        (
            {"households": "distribution", "life_cycle": {"survival": "certain", "pension": {}}},
            "nothing to live on without a pension or bequests",
        ),
    ],
)
def test_what_is_not_solved_is_refused_with_the_key(changes: dict[str, Any], reason: str) -> None:
    life = {**SMALL["life_cycle"], **changes.pop("life_cycle", {})}
    with pytest.raises(UserError, match=reason):
        econsim.make("bewley", **{**SMALL, "life_cycle": life, **changes})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("survival=[0.5, a]", "command line: economy.life_cycle.survival.1: expected a number, found 'a'"),
        (
            "survival={dispersion: 0}",
            "command line: economy.life_cycle.survival.dispersion: expected at least 0.01, found 0",
        ),
        (
            "pension={contribution: 0.1}",
            "scenarios/life_cycle.yaml:11: economy.life_cycle.pension: contribution: it adjusts and cannot be given;"
            " leave it out",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key_once(change: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        load("life_cycle", [f"economy.life_cycle.{change}"])
    assert str(raised.value).endswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("where", ["planner=saez", "baselines.formula=saez", "planner=us_federal"])
def test_formulas_of_labour_taxes_are_refused_before_a_run_begins(where: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="do not live for ever"):
        econsim.run(load("life_cycle", [where]), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("survival", "message"),
    [
        ({"mode": -1000.0}, r"survival\.mode: at -1000 nobody survives"),
        ({"mode": 17.0, "dispersion": 1e-9}, "dispersion"),
    ],
)
def test_a_law_of_mortality_without_survivors_is_refused(survival: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _economy(10, life_cycle={"survival": survival})
