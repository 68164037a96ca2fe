"""Aggregate shocks in play: the law of motion of capital beside the published one, and what exact households know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.play import HeldAction, play
from econsim.solvers import default_solver
from econsim.solvers.law_of_motion import LawOfMotionSolver
from econsim.solvers.law_of_motion import Parameters as LawParameters
from econsim.solvers.stationary_equilibrium import Parameters as SolverParameters
from econsim.solvers.stationary_equilibrium import StationaryEquilibrium

KRUSELL_SMITH: dict[str, Any] = {
    "discount": 0.99,
    "risk_aversion": 1.0,
    "labour_weight": None,
    "depreciation": 0.025,
    "aggregate_shocks": {},
    "grid_points": 80,
}


def _economy(households: Any, **changes: Any) -> Bewley:
    game = Bewley(Parameters(**{**KRUSELL_SMITH, "households": households, **changes})).to(dtype=torch.float64)
    assert isinstance(game, Bewley)
    return game


def _states(game: Bewley, copies: int) -> list[Any]:
    states: list[Any] = []
    agents = {"household": ExactHousehold(NoParameters()), "government": HeldAction(game.status_quo("government"))}
    play(game, agents, random.keys(1, copies), lambda state, over: states.append(state))
    return states


def test_capital_in_play_moves_by_the_published_law() -> None:
    game = _economy("distribution", periods=200)
    states = _states(game, 4)
    log = np.log(torch.stack([state.capital for state in states]).numpy())
    times = torch.stack([state.times for state in states]).numpy()[:-1]
    assert times.mean() == pytest.approx(0.5, abs=0.15)  # 4 x 200 quarters with spells of 8: a standard error of 0.07
    # Krusell and Smith (1998): log K' = 0.085 + 0.965 log K in bad times, 0.095 + 0.962 log K in good ones. They give
    # three decimals, which leaves 0.0005 x (1 + log K) = 0.0017 at the mean; slopes differ with the times drawn.
    for state, (constant, slope) in enumerate(((0.085, 0.965), (0.095, 0.962))):
        before, after = log[:-1][times == state], log[1:][times == state]
        found = np.polyfit(before, after, 1)
        errors = after - np.polyval(found, before)
        mean = before.mean()
        assert np.polyval(found, mean) == pytest.approx(constant + slope * mean, abs=0.0017)
        assert found[0] == pytest.approx(slope, abs=0.003)
        assert 1 - errors.var() / after.var() > 0.99999  # published: 0.999998
    for state in states[1:]:
        for residual in ("goods", "balance", "budget"):
            assert float(game.conserved(state)[residual].abs().max()) < 1e-12
        work = (state.last.mass * (state.last.productivity > 0)).sum(-1)
        assert bool(torch.isin(work.mul(100).round().long(), torch.tensor([90, 96])).all())


def test_a_sample_follows_the_whole_population_through_the_same_times() -> None:
    whole, sample = (_states(_economy(each, periods=6), 2) for each in ("distribution", 2000))
    for one, other in zip(whole, sample, strict=True):
        assert torch.equal(one.times, other.times)
    # The standard deviation of wealth is about half of its mean: 1.1 % of 2,000 households' capital, four of them.
    assert sample[-1].capital.tolist() == pytest.approx(whole[-1].capital.tolist(), rel=0.045)
    change = [(states[-1].capital / states[0].capital - 1).tolist() for states in (whole, sample)]
    assert change[0] == pytest.approx(change[1], abs=0.01)


def test_exact_households_respond_to_capital_times_and_work() -> None:
    game = _economy(3, periods=5)
    observed = game.observe(game.reset(random.keys(0, 1)))["household"]
    assert observed.shared is not None
    names = game.roles["household"].shared_features

    def spent(work: float, **shared: float) -> float:
        changed = observed.shared.clone()  # type: ignore[union-attr]
        for name, value in shared.items():
            changed[0, names.index(name)] = value
        features = observed.features.clone()
        features[..., 1] = work
        seen = type(observed)(features, observed.alive, observed.acting, shared=changed)
        return float(game.exact_actions("household", seen)[0, 0, 0])

    # The same household spends a larger share without work, and a different one in bad times or with other prices.
    assert spent(0.0, times=1.0, capital=0.0) > spent(1.0, times=1.0, capital=0.0)
    assert spent(1.0, times=0.0, capital=0.0) != pytest.approx(spent(1.0, times=1.0, capital=0.0), rel=1e-5)
    assert spent(1.0, times=1.0, capital=0.05) != pytest.approx(spent(1.0, times=1.0, capital=0.0), rel=1e-5)


def test_the_solver_prints_the_law_and_plays_as_agents() -> None:
    game = _economy(200, periods=3)
    assert default_solver(game) == "law_of_motion"
    solution = LawOfMotionSolver(LawParameters()).solve(game, {})
    values = {(quantity.group, quantity.name): quantity.value for quantity in solution.quantities}
    for times, published in (("bad", 0.965), ("good", 0.962)):
        assert values[f"law of motion in {times} times", "slope of log capital"] == pytest.approx(published, abs=0.003)
        assert values[f"law of motion in {times} times", "variance that is not explained"] < 1e-5
    assert values["simulation", "largest error of a forecast"] < 0.005
    assert bool(torch.isfinite(play(game, solution.agents, random.keys(0, 2)).returns["household"]).all())
    plain = Bewley(Parameters(households=10))
    with pytest.raises(UserError, match="law_of_motion: needs an economy with aggregate shocks"):
        LawOfMotionSolver(LawParameters()).solve(plain, {})


def test_what_shocks_exclude_is_refused_with_the_reason() -> None:
    for changes, reason in (
        ({"labour_weight": 10.0}, "labour_weight: hours are no choice under aggregate_shocks; give null"),
        ({"budget": {"debt": 1.0}}, "budget: it has no use under aggregate_shocks; leave it out"),
        ({"productivity": {"states": 3}}, "productivity: it has no use under aggregate_shocks"),
        ({"aggregate_shocks": {"unemployment": [0.5, 0.04]}}, "need chances outside of 0 to 1"),
    ):
        with pytest.raises(UserError, match=reason):
            econsim.make("bewley", **{**KRUSELL_SMITH, **changes})
    game = _economy(10, status_quo={"capital_tax": 0.2})
    with pytest.raises(UserError, match=r"know an economy without taxes, and capital_tax is 0\.2; set it to zero"):
        _states(game, 1)
    with pytest.raises(UserError, match="with aggregate_shocks has no stationary equilibrium"):
        StationaryEquilibrium(SolverParameters()).solve(_economy(10), {})
