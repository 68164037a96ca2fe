"""Saez's formula takes elasticity and social weights from the economy, and closes the gap to the optimum with them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from scipy.optimize import minimize_scalar
from torch import Tensor

from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.economies.gather_trade_build import GatherTradeBuild
from econsim.economies.gather_trade_build import Parameters as GatherTradeBuildParameters
from econsim.economies.gather_trade_build.social import effort_values, marginal_social_weights, social_welfare
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import UserError
from econsim.leader_evaluation import play_proposals, values_of
from econsim.mechanisms.preferences import isoelastic
from econsim.mechanisms.saez import bracket_schedule
from econsim.planners import saez, search
from econsim.planners._optimal_tax_inputs import elasticity_of
from econsim.runs import execute
from econsim.scenario import load

WORKERS = {"worker": BestResponse(BestResponseParameters())}
THREE = [0, 90_000, 159_100]
ISOELASTIC = {"kind": "isoelastic", "risk_aversion": 1.5, "labour_cost": 1e-4, "labour_exponent": 2.5}
WELFARE = ["inverse_income", "utilitarian", "rawlsian", "equality_times_productivity", "inverse_income_endogenous"]


def economy(**parameters: Any) -> OneStep:
    settings = {"population": {"kind": "gb2", "sampling": "published"}, "brackets": THREE, **parameters}
    return OneStep(Parameters.model_validate(settings)).to(dtype=torch.float64)  # type: ignore[return-value]


def calibrated(elasticity: float) -> dict[str, Any]:
    return {"kind": "calibrated", "elasticity": elasticity, "untaxed_hours": 40}


def fitted(game: OneStep, **parameters: Any) -> Tensor:
    planner = saez.Saez(saez.Parameters.model_validate(parameters))
    planner.fit(game, game.roles["planner"], {**WORKERS, "planner": planner}, 0, MemoryRecorder())
    return planner.fitted["rates"]


def value(game: OneStep, rates: Tensor) -> float:
    return float(values_of(game, WORKERS, "planner", rates[None], seed=0))


def after(game: OneStep, rates: list[float]) -> Any:
    return play_proposals(game, WORKERS, "planner", torch.tensor([rates], dtype=torch.float64), seed=0)[1]


@pytest.mark.parametrize(
    ("elasticity", "welfare"),
    [(0.1, "inverse_income"), (0.4, "rawlsian"), (1.0, "inverse_income"), (1.0, "equality_times_productivity")],
)
def test_the_formula_is_near_the_optimum_whatever_the_scenario_varies(elasticity: float, welfare: str) -> None:
    """At 0.1 few bunch, and the first-order conditions are exact; with more, people who jump are left out."""
    game = economy(utility=calibrated(elasticity), welfare=welfare)
    ceiling = search.Search(search.Parameters(starts=1, generations=8, finest_step=0.01))
    ceiling.fit(game, game.roles["planner"], {**WORKERS, "planner": ceiling}, 0, MemoryRecorder())
    best, none = value(game, ceiling.fitted["rates"]), value(game, torch.zeros(3, dtype=torch.float64))
    closed = (value(game, fitted(game)) - none) / (best - none)
    assert closed > {0.1: 0.999, 0.4: 0.985, 1.0: 0.87}[elasticity]
    if elasticity != 0.4:
        with_old_inputs = fitted(game, elasticity=0.4, welfare_weights="inverse_income")
        assert value(game, with_old_inputs) < value(game, fitted(game))


@pytest.mark.parametrize("kind", ["calibrated", "quasi_linear"])
def test_utilitarian_welfare_of_quasi_linear_workers_needs_no_tax(kind: str) -> None:
    assert fitted(economy(utility={"kind": kind}, welfare="utilitarian")).tolist() == [0.0, 0.0, 0.0]


def test_everyone_at_the_laffer_rate_where_only_the_poorest_counts() -> None:
    """One bracket and all weight on a worker without income: the revenue-maximising flat rate, 1 / (1 + e)."""
    incomes = torch.tensor([0.0, 10.0, 25.0, 400.0], dtype=torch.float64)
    weights = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    (rate,) = bracket_schedule(incomes, torch.zeros(1), 0.25, weights).tolist()
    assert rate == pytest.approx(1 / 1.25, abs=1e-12)


@pytest.mark.parametrize("utility", [calibrated(0.7), ISOELASTIC], ids=["calibrated", "isoelastic"])
@pytest.mark.parametrize("welfare", WELFARE)
def test_weights_and_effort_values_are_derivatives_of_welfare(welfare: str, utility: dict[str, Any]) -> None:
    """Against central differences of the welfare of numbers that this test computes, person by person."""
    people = {"kind": "listed", "incomes": [20_000, 45_000, 60_000, 110_000]}
    game = economy(utility=utility, welfare=welfare, population=people, workers=4)
    state = after(game, [0.1, 0.3, 0.5])
    values = {name: number.reshape(1, 1) for name, number in game.parameters.items()}
    consumption = state.income - state.tax + state.rebate[:, None]
    kept = torch.where(state.income >= 159_100, 0.5, torch.where(state.income >= 90_000, 0.7, 0.9))

    def social(money: Tensor, earned: Tensor) -> Tensor:
        utility = game.family.utility(values, state.skill, consumption + money, state.hours)
        consumed = consumption + money + kept * earned
        return game.social_welfare(utility, consumed, state.skill * 40, state.income + earned, state.weight)

    for found, axis in ((game.marginal_social_weights(state), 0), (game.effort_values(state), 1)):
        for person in range(4):
            step = torch.zeros_like(consumption)
            step[0, person] = 0.5
            ends = [[0 * step, 0 * step], [0 * step, 0 * step]]
            ends[0][axis], ends[1][axis] = step, -step
            slope = float(social(*ends[0]) - social(*ends[1]))
            scale = max(abs(slope), float(found.abs().max()))
            assert float(found[0, person]) == pytest.approx(slope, abs=1e-6 * scale)  # curvature over half a dollar


def test_compensated_elasticity_of_isoelastic_workers() -> None:
    """Against hours chosen at a wage 0.1 % higher, with income taken away so that utility stays the same."""
    people = {"kind": "listed", "incomes": [50_000]}
    game = economy(utility=ISOELASTIC, brackets=[0], status_quo=[0], population=people, workers=1)
    state = after(game, [0.3])
    net, other = 0.7 * float(state.skill), float(state.rebate) + 1.0

    def utility(hours: float, wage: float, income: float) -> float:
        units = torch.tensor((wage * hours + income) / 1000.0, dtype=torch.float64)
        return float(isoelastic(units, torch.tensor(1.5))) - 1e-4 * hours**2.5

    def hours_at(wage: float, income: float) -> float:
        best = minimize_scalar(
            lambda h: -utility(h, wage, income), bounds=(1, 99), method="bounded", options={"xatol": 1e-9}
        )
        return float(best.x)

    before = hours_at(net, other)
    assert before == pytest.approx(float(state.hours), rel=1e-5)
    change = 1e-3
    low, high = 0.0, other  # income to take away, by bisection on utility
    for _ in range(60):
        taken = 0.5 * (low + high)
        hours = hours_at(net * (1 + change), other - taken)
        better = utility(hours, net * (1 + change), other - taken) > utility(before, net, other)
        low, high = (taken, high) if better else (low, taken)
    measured = (hours / before - 1) / change
    assert float(game.taxable_income_elasticity(state)) == pytest.approx(measured, rel=5e-3)  # the step's own error


def test_deductions_raise_the_elasticity_of_taxable_income() -> None:
    people = {"kind": "listed", "incomes": [40_000, 80_000]}
    game = economy(standard_deduction=20_000, utility=calibrated(0.4), population=people, workers=2)
    state = after(game, [0.0, 0.0, 0.0])
    assert state.income.tolist() == [[pytest.approx(40_000), pytest.approx(80_000)]]
    assert game.taxable_income(state).tolist() == [[pytest.approx(20_000), pytest.approx(60_000)]]
    assert float(game.taxable_income_elasticity(state)) == pytest.approx(0.4 * 120 / 80)


def test_elasticity_of_gather_trade_build_is_that_of_its_first_order_condition() -> None:
    """A worker who chooses labour l at wage w: income under two tax rates, from the utility itself."""
    game = GatherTradeBuild(GatherTradeBuildParameters(horizon=2)).to(dtype=torch.float64)

    def income(rate: float) -> float:
        def loss(income: float) -> float:
            kept = torch.tensor((1 - rate) * income, dtype=torch.float64)
            return 0.21 * income / 1.3 - float(isoelastic(kept, torch.tensor(0.23, dtype=torch.float64)))

        found = minimize_scalar(loss, bounds=(1e-3, 1e5), method="bounded", options={"xatol": 1e-8})
        return float(found.x)

    measured = (torch.tensor(income(0.31) / income(0.3)).log() / torch.tensor(0.69 / 0.7).log()).item()
    state = game.reset(random.keys(0, 1))
    assert float(game.taxable_income_elasticity(state)) == pytest.approx(measured, rel=1e-3)
    assert measured == pytest.approx(3.35, abs=0.005)


@pytest.mark.parametrize(
    "welfare",
    ["equality_times_productivity", "inverse_income_utility", "inverse_income_coin", "utilitarian", "rawlsian"],
)
def test_weights_of_gather_trade_build_are_derivatives_of_welfare(welfare: Any) -> None:
    coin, aversion = torch.tensor([[3.0, 40.0, 10.0, 90.0]], dtype=torch.float64), torch.tensor([[0.23]])
    utility = isoelastic(coin, aversion.double()) - torch.tensor([[0.0, 6.0, 1.0, 2.0]], dtype=torch.float64)
    weights = marginal_social_weights(welfare, coin, utility, aversion, 0.5)
    effort = effort_values(welfare, coin, utility, torch.full_like(coin, 0.8), 0.5)
    given = (1 / coin) / (1 / coin).sum()
    for person in range(4):
        step = torch.zeros_like(coin)
        step[0, person] = 1e-4

        def social(sign: float, coins: Tensor = step, felt: bool = True) -> Tensor:
            richer = coin + sign * coins
            happier = utility + (isoelastic(richer, aversion.double()) - isoelastic(coin, aversion.double())) * felt
            match welfare:
                case "inverse_income_utility":
                    return (given * happier).sum(-1)
                case "inverse_income_coin":
                    return (given * richer).sum(-1)
            return social_welfare(welfare, richer, happier, 0.5)

        slope = float(social(1) - social(-1)) / 2e-4
        assert float(weights[0, person]) == pytest.approx(slope, abs=1e-5)
        of_effort = 0.8 * float(social(1, felt=False) - social(-1, felt=False)) / 2e-4
        assert float(effort[0, person]) == pytest.approx(of_effort, abs=1e-5)


@pytest.mark.parametrize(
    ("weights", "like"),
    [
        ({"kind": "atkinson", "epsilon": 0}, "equal"),
        ({"kind": "crra", "risk_aversion": 0}, "equal"),
        ([1] * 100, "equal"),
    ],
)
def test_weights_that_are_equal_give_no_tax(weights: Any, like: str) -> None:
    assert fitted(economy(), welfare_weights=weights).tolist() == [0.0, 0.0, 0.0]


def test_more_aversion_to_inequality_gives_higher_rates() -> None:
    mild, strong = (
        fitted(economy(), iterations=8, welfare_weights={"kind": "atkinson", "epsilon": e}) for e in (0.5, 2.0)
    )
    assert (strong >= mild).all()
    assert strong[0] > mild[0]
    unequal = fitted(economy(), iterations=8, welfare_weights={"kind": "crra", "risk_aversion": 1.0})
    assert float(unequal.max()) > 0.2
    poorest = torch.zeros(100, dtype=torch.float64)
    poorest[economy().income[0].argmin()] = 1.0
    given, own = (
        fitted(economy(), iterations=8, welfare_weights=poorest.tolist()),
        fitted(economy(welfare="rawlsian"), iterations=8),
    )
    torch.testing.assert_close(given, own)


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="a weight for each of 100 workers"):
        fitted(economy(), welfare_weights=[1.0, 2.0])
    with pytest.raises(UserError, match="positive utility"):
        fitted(economy(utility=ISOELASTIC), welfare_weights={"kind": "crra"})
    game = GatherTradeBuild(GatherTradeBuildParameters(horizon=2, risk_aversion=1.0))
    with pytest.raises(UserError, match=r"elasticity of taxable income is 0 here.*give planner.elasticity=estimated"):
        elasticity_of(game, game.reset(random.keys(0, 1)))


def test_a_run_says_which_inputs_its_formula_used(tmp_path: Any) -> None:
    changes = {
        "economy.workers": 20,
        "economy.utility.elasticity": 0.25,
        "economy.welfare": "rawlsian",
        "agents.worker": "best_response",
        "planner": {"kind": "saez", "iterations": 2},
        "baselines": [],
        "evaluation": None,
        "training": None,
        "headline": None,
    }
    run = execute(load("one_step", changes), tmp_path / "run", quiet=True)
    said = run.summary["explanations"]["saez"]
    assert said.startswith("elasticity of taxable income 0.25 (of the economy: compensated")
    assert "the economy's own welfare function" in said
    assert said in (run.path / "log.txt").read_text(encoding="utf-8")
