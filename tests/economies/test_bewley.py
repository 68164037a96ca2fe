"""The Bewley economy: its accounts, its two representations, exact households, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.analysis.equilibrium import household_gain
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.games.public_goods import Parameters as OtherParameters
from econsim.games.public_goods import PublicGoods
from econsim.households.statistics import quantile
from econsim.planners._log_linear import closest_action, saez_action
from econsim.planners.saez import Parameters as SaezParameters
from econsim.planners.saez import Saez
from econsim.planners.us_federal import Parameters as LawParameters
from econsim.planners.us_federal import UsFederal
from econsim.play import HeldAction, play
from econsim.report.certificate import certified
from econsim.report.games.quantities import shown_quantity
from econsim.runs.certificate import DeviationBudget, certify
from econsim.scenario import load
from econsim.solvers.stationary_equilibrium import Parameters as SolverParameters
from econsim.solvers.stationary_equilibrium import StationaryEquilibrium
from econsim.testing import random_actions

TAXES = {
    "consumption_tax": 0.065,
    "labour_tax": 0.25,
    "progressivity": 0.18,
    "capital_tax": 0.3,
    "wealth_tax": 0.005,
    "spending_share": 0.6,
}
SMALL = {
    "status_quo": TAXES,
    "grid_points": 60,
    "largest_assets": 100.0,
    "periods": 20,
    "productivity": {"states": 3, "superstar": {}},
}


def _economy(households: Any, **changes: Any) -> Bewley:
    game = Bewley(Parameters(**{**SMALL, "households": households, **changes}))
    exact = game.to(dtype=torch.float64)
    assert isinstance(exact, Bewley)
    return exact


def _states(game: Bewley, copies: int) -> list[Any]:
    states: list[Any] = []
    agents = {
        "household": ExactHousehold(NoParameters()),
        "government": HeldAction(game.status_quo("government")),
    }
    play(game, agents, random.keys(1, copies), lambda state, over: states.append(state))
    return states


def _relative(value: Tensor, expected: float) -> float:
    return float((value / expected - 1).abs().max())


def test_exact_households_keep_the_stationary_equilibrium() -> None:
    game = _economy("distribution")
    solved, states = game.equilibrium, _states(game, 1)
    for state in states[1:]:
        assert _relative(state.last.interest_rate, solved.interest_rate) < 1e-5
        assert _relative(state.last.output, solved.output) < 1e-6
        assert _relative(state.last.mean_consumption, solved.aggregates.consumption) < 1e-6
        assert _relative(state.last.spending, solved.aggregates.spending) < 1e-5
        assert _relative(state.last.transfer, solved.aggregates.transfer) < 1e-5
    assert float(states[-1].mass.sum()) == pytest.approx(1.0, abs=1e-12)


def test_a_sample_converges_to_the_distribution_at_the_rate_of_its_size() -> None:
    errors = []
    for households in (50, 5000):
        game = _economy(households, periods=1, productivity={"states": 3})
        state = _states(game, 200)[-1]
        errors.append(float((state.last.output / game.equilibrium.output - 1).square().mean().sqrt()))
    # One hundred times as many households: ten times smaller errors, within the error of 200 copies (5 % each).
    assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.25)
    assert errors[1] < 0.01


def test_a_stratified_sample_has_every_state_with_its_share_and_far_less_noise() -> None:
    states = {}
    for sampling in ("random", "stratified"):
        game = _economy(100, sampling=sampling)
        states[sampling] = game.reset(random.keys(3, 400))
    solved, sample = game.equilibrium, states["stratified"]
    assert float((sample.mass.sum(-1) - 1).abs().max()) < 1e-12
    count = len(game.chain_values)
    assert torch.equal(torch.bincount(sample.productivity[0], minlength=count), torch.full((count,), 100 // count))
    for state, share in enumerate(solved.distribution.sum(-1)):
        assert float(sample.mass[0][sample.productivity[0] == state].sum()) == pytest.approx(share, abs=1e-12)
    spread = {name: float(state.capital.std()) for name, state in states.items()}
    # Unbiased: within four standard errors of the mean of 400 samples. Standard deviations of 400 samples have errors
    # of 3.5 %, their ratio of 5 %; over three other keys it is 1.74 to 1.84.
    assert abs(float(sample.capital.mean()) - solved.capital) < 4 * spread["stratified"] / 20
    assert spread["random"] > 1.5 * spread["stratified"]
    alone = game.reset(random.keys(3, 400)[7:8])
    assert torch.equal(alone.assets[0], sample.assets[7])


def test_a_stratified_sample_needs_a_household_in_every_state() -> None:
    with pytest.raises(ValueError, match="4 states of productivity, found households: 3; raise households"):
        Parameters(**{**SMALL, "households": 3, "sampling": "stratified"})


@pytest.mark.parametrize("households", [2000, "distribution"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_account_balances_under_random_policies(households: Any, dtype: torch.dtype) -> None:
    # 25 copies x 20 periods x 2,000 households are a million household-steps.
    game = _economy(households).to(dtype=dtype)
    key = random.keys(3, 25)
    state = game.reset(key)
    allowed = 1e-12 if dtype == torch.float64 else 1e-5
    for period in range(20):
        actions = random_actions(game, game.observe(state), random.fold(key, period))
        state = game.step(state, actions).state
        residuals = game.conserved(state)
        assert float(residuals["goods"].abs().max()) < allowed
        assert float(residuals["balance"].abs().max()) < allowed
        assert float((residuals["population"] - 1).abs().max()) < allowed
        last = state.last
        revenue = (last.mass.double() * last.tax.double()).sum(-1)
        assert float(((last.spending + last.transfer - revenue) / last.output).abs().max()) < 1e-12
        assert bool((last.transfer >= 0).all())
        assert float(last.consumption.min()) > 0


def test_an_account_that_does_not_balance_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from econsim.economies import bewley

    game = _economy(20)
    state = game.reset(random.keys(0, 2))
    actions = random_actions(game, game.observe(state), random.keys(1, 2))
    leaking = bewley.total
    monkeypatch.setattr(bewley, "total", lambda mass, amount: 1.01 * leaking(mass, amount))
    with pytest.raises(RuntimeError, match="the goods account does not balance"):
        game.step(state, actions)


def test_exact_households_follow_a_changed_parameter_of_one_copy() -> None:
    game = _economy(50)
    changed = game.with_parameters(technology=torch.tensor([1.0, 1.2], dtype=torch.float64))
    state = changed.reset(random.keys(0, 2))
    chosen = changed.exact_actions("household", changed.observe(state)["household"])
    before = game.exact_actions("household", game.observe(state)["household"])
    assert torch.equal(before[0], chosen[0])
    assert game.household_problem is game.household_problem  # made once, not in every decision
    # The same assets are a smaller multiple of income in the richer economy: no household spends a smaller share.
    assert bool((chosen[1, :, 0] >= before[1, :, 0] - 1e-9).all())
    assert float(chosen[1, :, 0].mean()) > float(before[1, :, 0].mean()) + 0.01


def test_the_solver_prints_prices_and_statistics_and_plays_as_agents() -> None:
    game = _economy(50)
    solution = StationaryEquilibrium(SolverParameters()).solve(game, {})
    values = {(quantity.group, quantity.name): quantity.value for quantity in solution.quantities}
    assert values["prices", "interest rate"] == pytest.approx(game.equilibrium.interest_rate)
    assert values["aggregates", "mean hours"] == pytest.approx(0.3, abs=0.02)
    assert 0.5 < values["wealth", "Gini"] < 0.95
    spent = [values["marginal propensity to consume", name] for name in ("top tenth of wealth", "mean")]
    percentiles = [values["marginal propensity to consume", name] for name in ("10th percentile", "median")]
    assert 0.0 < percentiles[0] < percentiles[1] < values["marginal propensity to consume", "90th percentile"]
    assert 0.0 < spent[0] < spent[1] < values["marginal propensity to consume", "bottom half of wealth"] < 1.0
    assert max(solution.residuals.values()) < 1e-8
    episode = play(game, solution.agents, random.keys(0, 2))
    assert bool(torch.isfinite(episode.returns["government"]).all())


def test_what_cannot_be_solved_is_refused_with_the_reason() -> None:
    solver = StationaryEquilibrium(SolverParameters())
    with pytest.raises(UserError, match="needs an economy whose households save"):
        solver.solve(PublicGoods(OtherParameters()), {})
    game = PublicGoods(OtherParameters())
    with pytest.raises(UserError, match=r"needs a game that solves the problem of households .* PublicGoods does not"):
        ExactHousehold(NoParameters()).start(game, game.roles["player"], 1)
    everything = _economy(10, status_quo={"capital_tax": 1.0})
    with pytest.raises(UserError, match=r"policy capital_tax 1: no stationary equilibrium: a tax takes all"):
        everything.reset(random.keys(0, 1))
    with pytest.raises(UserError, match=r"differ from capital and debt by .* of capital \(tolerance 1e-09\)"):
        solver.solve(_economy(10), {}, time_limit=0.0)
    with pytest.raises(UserError, match=r"policy .* labour_tax 1, .* takes all .*; lower labour_tax below 1"):
        solver.solve(_economy(10, status_quo={**TAXES, "labour_tax": 1.0}), {})
    with pytest.raises(
        UserError, match=r"capital_tax 0\.3.* lower economy\.budget\.spending or economy\.budget\.debt, which"
    ):
        solver.solve(_economy(10, budget={"debt": 50.0}), {})
    for households in (10, "distribution"):
        with pytest.raises(
            UserError, match=r"own more than economy\.largest_assets, 20, own .* raise economy\.largest"
        ):
            solver.solve(_economy(households, largest_assets=20.0), {})
    with pytest.raises(UserError, match=r"households: expected 1 to 10,000,000, or distribution, found 0"):
        econsim.make("bewley", households=0)


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "economies" / "bewley.md").read_text(encoding="utf-8")
    block = page.partition("quantity  ")[2].partition("Residual")[0].splitlines()[1:]
    shown = dict(re.findall(r"(\S+(?: \S+)*) {2,}(\S+)(?: %| {2,}goods)?$", line.strip())[-1] for line in block)
    solution = econsim.solve("aiyagari")
    values = {quantity.name: shown_quantity(quantity)[0].split()[0] for quantity in reversed(solution.quantities)}
    assert len(shown) == 8
    assert shown == {name: values[name] for name in shown}
    # Aiyagari (1994): 3.8767 %; 300 grid points cost 0.001 percentage points.
    assert 100 * solution.quantities[0].value == pytest.approx(3.8767, abs=0.002)


def test_the_certificate_gives_the_gain_of_a_best_response_to_prices_by_type(tmp_path: Path) -> None:
    game = _economy(20)
    government = HeldAction(game.status_quo("government"))
    exact = {"household": ExactHousehold(NoParameters()), "government": government}
    found = household_gain(game, exact, random.keys(1, 1))
    assert max(abs(gain) for gain in found.equivalents.values()) < 1e-6
    rule = {"household": HeldAction(torch.tensor([0.25, 0.3])), "government": government}
    by_type = household_gain(game, rule, random.keys(1, 1)).equivalents
    assert list(by_type)[:3] == ["mean", "largest", "productivity 1 of 4"]
    assert 0.01 < by_type["mean"] < by_type["largest"]
    assert min(by_type.values()) > 0

    small = [f"economy.{name}" for name in ("households=5", "periods=5", "grid_points=40", "largest_assets=100")]
    lone = ["episodes=1", "headline=none", "evaluation=none", "baselines=[]", "economy.productivity.states=3"]
    run = econsim.run(load("bewley", [*small, *lone]), out=tmp_path / "run", quiet=True, report=False)
    certificate = certify(run, DeviationBudget(2, 0), ("household",), quiet=True)
    (finding,) = certificate["findings"]
    assert finding["method"] == "prices"
    assert finding["upper"] == finding["lower"] < 1e-6
    assert "gain in consumption equivalents: mean 0.00%" in " ".join(certified(certificate).notes)


def test_the_government_sets_its_instruments_and_schedules_are_set_as_the_closest_log_linear_tax() -> None:
    game = _economy(20, instruments=["capital_tax", "labour_tax", "progressivity"], highest_rate=0.8, periods=2)
    state = game.reset(random.keys(0, 1))
    households = torch.full((1, 20, 2), 0.3, dtype=torch.float64)
    government = torch.tensor([[[0.7, 0.1, 0.05]]], dtype=torch.float64)
    after = game.step(state, {"household": households, "government": government}).state
    # The order of Policy; what is not set stays as in the status quo.
    assert after.policy[0].tolist() == pytest.approx([0.065, 0.1, 0.05, 0.7, 0.005, 0.6])

    # A flat tax of 20 % without a deduction is log-linear itself.
    flat = closest_action(game, None, torch.tensor([0.0]), torch.tensor([0.2]))
    assert flat.tolist() == pytest.approx([0.3, 0.2, 0.0], abs=1e-7)  # rates in float32
    law = UsFederal(LawParameters()).action(game, game.roles["government"])
    # Heathcote, Storesletten and Violante (2017): 0.18 for all US taxes and transfers; the income tax alone is less.
    assert 0.03 < float(law[2]) < 0.18
    assert 0.05 < float(law[1]) < 0.2

    planner = Saez(SaezParameters())
    planner.fit(game, game.roles["government"], {}, 0, MemoryRecorder())
    action = planner.action(game, game.roles["government"])
    assert saez_action(game, action, game.earnings_elasticity).tolist() == pytest.approx(action.tolist(), abs=2e-3)
    assert "elasticity of labour income 0.333" in planner.explanation(game)
    # Twice the elasticity: lower rates.
    other = Saez(SaezParameters(elasticity=2 / 3))
    other.fit(game, game.roles["government"], {}, 0, MemoryRecorder())
    assert float(other.action(game, game.roles["government"])[1]) < float(action[1]) - 0.05


def test_saez_needs_an_elasticity_where_hours_are_no_choice() -> None:
    game = _economy(20, labour_weight=None, instruments=["labour_tax", "progressivity"], highest_rate=0.9)
    government = game.roles["government"]
    assert game.earnings_elasticity == 0
    with pytest.raises(UserError, match=r"planner.elasticity: labour income does not respond.* planner.elasticity=NUM"):
        Saez(SaezParameters()).check(game, government)
    with pytest.raises(UserError, match=r"planner.elasticity: labour income does not respond"):
        econsim.run(load("aiyagari", ["planner=saez", "economy.instruments=[labour_tax, progressivity]"]), quiet=True)
    Saez(SaezParameters(elasticity=0.3)).check(game, government)


def test_instruments_that_cannot_be_set_are_refused() -> None:
    with pytest.raises(UserError, match=r"instruments: 'labor_tax' is not one of status_quo .did you mean labour_tax"):
        econsim.make("bewley", instruments=["labor_tax"])
    with pytest.raises(UserError, match=r"highest_rate: 0.2 is below status_quo.labour_tax, 0.25"):
        econsim.make("bewley", highest_rate=0.2, status_quo={"labour_tax": 0.25})
    game = _economy(20, instruments=["capital_tax"])
    with pytest.raises(UserError, match="a schedule of labour taxes needs labour_tax; add it to the list"):
        game.log_linear_action(0.2, 0.1)


def test_periods_of_an_economy_of_loans_without_capital_are_refused() -> None:
    loans: dict[str, Any] = {"lowest_assets": -1.0, "depreciation": 1.0, "instruments": ["capital_tax"]}
    loans |= {"capital_share": 0.03}
    with pytest.raises(UserError, match=r"periods: 30 cannot be played where households lend.* periods: 1"):
        econsim.make("bewley", **loans, periods=30)
    econsim.make("bewley", **loans, periods=1)
    econsim.make("bewley", **loans | {"capital_share": 0.1}, periods=30)


def test_a_sample_that_owns_nothing_is_refused_with_the_reason() -> None:
    # Some of 2,000 pairs of households hold no assets at all.
    with pytest.raises(UserError, match=r"no household of a sample owns anything.* raise economy.households"):
        _economy(2).reset(random.keys(0, 2000))


def test_quantiles_of_assets_can_be_observed() -> None:
    game = _economy("distribution", aggregates="quantiles")
    assert game.roles["household"].shared_features[-4:] == ("assets_10", "assets_50", "assets_90", "assets_99")
    shared = game.observe(game.reset(random.keys(0, 2)))["household"].shared
    assert shared is not None
    wealth = torch.expm1(shared[0, -4:]) * game.reference_output
    mass, grid = game.equilibrium.distribution, game.household_problem.grid
    expected = [quantile(np.broadcast_to(grid, mass.shape), mass, share) for share in (0.1, 0.5, 0.9, 0.99)]
    assert wealth.tolist() == pytest.approx(expected, rel=1e-6)
