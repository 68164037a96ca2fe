"""Saez's fixed point and the search, on the economies whose optima are known."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from econsim import kinds
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.agents.fixed_hours import FixedHours
from econsim.agents.fixed_hours import Parameters as FixedHoursParameters
from econsim.economies.gather_trade_build import GatherTradeBuild
from econsim.economies.gather_trade_build import Parameters as GatherTradeBuildParameters
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.leader_evaluation import values_of
from econsim.planners import saez, search

WORKERS: dict[str, Agent] = {"worker": BestResponse(BestResponseParameters())}
PUBLISHED = {"kind": "gb2", "sampling": "published"}
THREE = [0, 90_000, 159_100]
FREE_MARKET = 11_302.7  # the reference table's welfare without taxes
OPTIMUM = {3: 37_057.3, 7: 38_292.4}  # the reference's searched optima
BEST_KNOWN = 38_415.5  # seven brackets, this project's search with its default budget


class Silent:
    """A recorder that keeps the numbers of one fit."""

    def __init__(self) -> None:
        self.logged: dict[str, list[float]] = {}

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        self.logged.setdefault(name, []).append(value)

    def progress(self, done: int, total: int, message: str = "") -> None:
        assert 0 <= done <= total

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None: ...

    def restore(self) -> None:
        return None


def kind(name: str) -> Agent:
    found = kinds.load("agents", name)
    built: Agent = found.build(found.parameters())
    return built


def economy(brackets: list[int] | None = None, **parameters: object) -> OneStep:
    tax = {} if brackets is None else {"brackets": brackets}
    return OneStep(Parameters.model_validate({"population": PUBLISHED, "hours_step": 0.5, **tax, **parameters}))


def welfare(game: OneStep, rates: torch.Tensor) -> float:
    exact = game.to(dtype=torch.float64)
    return float(values_of(exact, WORKERS, "planner", rates[None], seed=0) * game.income.mean())


def fitted(
    planner: saez.Saez | search.Search, game: Game[Any], workers: dict[str, Agent], seed: int = 0
) -> dict[str, torch.Tensor]:
    planner.fit(game, game.roles["planner"], {**workers, "planner": planner}, seed, Silent())
    return planner.state_dict()


def fit_saez(game: OneStep, workers: dict[str, Agent] = WORKERS, **parameters: Any) -> dict[str, torch.Tensor]:
    planner = saez.Saez(saez.Parameters(**parameters))
    return fitted(planner, game, workers)


def fit_search(game: OneStep, seed: int = 0, **budget: Any) -> dict[str, torch.Tensor]:
    return fitted(search.Search(search.Parameters(**budget)), game, WORKERS, seed)


@pytest.mark.parametrize(("brackets", "optimum"), [(THREE, OPTIMUM[3]), (None, BEST_KNOWN)])
def test_saez_fixed_point_closes_the_gap(brackets: list[int] | None, optimum: float) -> None:
    game = economy(brackets)
    closed = (welfare(game, fit_saez(game)["rates"]) - FREE_MARKET) / (optimum - FREE_MARKET)
    assert closed >= (0.985 if brackets else 0.97)


def test_saez_fixed_point_in_the_published_schedule() -> None:
    rates = fit_saez(economy(), method="kernel")["rates"]
    reference = torch.tensor([0.966, 0.804, 0.627, 0.561, 0.646, 0.267, 0.20], dtype=torch.float64)
    # The iteration cycles within a few points where one worker moves in and out of the sixth bracket.
    torch.testing.assert_close(rates, reference, rtol=0, atol=0.02)


def test_elasticity_is_estimated_with_its_interval() -> None:
    budget: dict[str, Any] = {"elasticity": "estimated", "iterations": 1}
    estimated, low, high = fit_saez(economy(hours_step=None), **budget)["elasticity"].tolist()
    assert estimated == pytest.approx(0.4, abs=1e-6)  # continuous hours follow the closed form exactly
    on_grid, low, high = fit_saez(economy(), **budget)["elasticity"].tolist()
    assert low < on_grid < high
    assert on_grid == pytest.approx(0.4, abs=0.01)  # rounding to half an hour is an error in hours of under 1 %


def test_no_elasticity_from_workers_who_do_not_respond() -> None:
    stubborn: dict[str, Agent] = {"worker": FixedHours(FixedHoursParameters())}
    with pytest.raises(UserError, match="do not fall with tax rates"):
        fit_saez(economy(), stubborn, elasticity="estimated")


def test_search_reaches_the_reference_optimum_with_three_brackets() -> None:
    game = economy(THREE)
    found = fit_search(game, starts=3, generations=40)
    assert welfare(game, found["rates"]) >= OPTIMUM[3]
    assert float(found["value"] * game.income.mean()) == pytest.approx(welfare(game, found["rates"]), rel=1e-12)


def test_search_beats_the_reference_optimum_with_seven_brackets() -> None:
    game = economy()
    assert welfare(game, fit_search(game, starts=2, generations=60)["rates"]) >= OPTIMUM[7]


def test_search_is_repeatable() -> None:
    game = economy(THREE)
    first, second = (fit_search(game, seed=3, starts=2, generations=5)["rates"] for _ in range(2))
    assert torch.equal(first, second)


def test_a_second_search_goes_on_from_the_first() -> None:
    game = economy(THREE)
    budget = search.Parameters(method="cma_es", starts=1, generations=1, start=0.1)
    planner = search.Search(budget)
    values = [float(fitted(planner, game, WORKERS, seed)["value"]) for seed in range(6)]
    assert values == sorted(values)  # the start of a fit is among its candidates, and nothing here is drawn in play
    assert values[-1] > values[0]


def test_candidates_are_valued_by_the_same_episodes() -> None:
    game = economy(THREE, population={"kind": "gb2"}, redraw_population=True).to(dtype=torch.float64)
    rates = torch.tensor([[0.1, 0.2, 0.3], [0.6, 0.5, 0.4]], dtype=torch.float64)
    together = values_of(game, WORKERS, "planner", rates, seed=3, episodes=5)
    alone = torch.cat([values_of(game, WORKERS, "planner", one[None], seed=3, episodes=5) for one in rates])
    assert torch.allclose(together, alone, rtol=1e-12, atol=0.0)  # sums over copies may differ in their last digits
    assert together[0] != values_of(game, WORKERS, "planner", rates[:1], seed=3)[0]


def test_a_search_sets_rates_where_they_are_chosen_from_a_list() -> None:
    parts = ("build", "trade", "gather", {"kind": "tax", "period": 20})
    game = GatherTradeBuild(GatherTradeBuildParameters.model_validate({"horizon": 40, "components": parts}))
    budget = search.Parameters(method="cma_es", starts=1, generations=2, episodes=2, start=0.1)
    rates = fitted(search.Search(budget), game, {"worker": kind("elastic_rule")})["rates"]
    assert rates.shape == game.thresholds.shape
    assert ((rates >= 0) & (rates <= 1)).all()


@pytest.mark.parametrize("method", ["coordinate", "cma_es"])
def test_each_method_alone_finds_a_flat_optimum(method: str) -> None:
    # One bracket and everybody equal: the best rate is zero, since there is nobody to redistribute to.
    game = economy([0], status_quo=[0.0], workers=5, population={"kind": "uniform", "low": 40_000, "high": 40_001})
    rates = fit_search(game, method=method, starts=2, generations=60)["rates"]
    assert rates.item() == pytest.approx(0.0, abs=0.02)


def test_bayesian_search_beats_random_search_with_few_candidates() -> None:
    game = economy(THREE)
    found = fit_search(game, method="bayesian", candidates=50)["rates"]
    closed = (welfare(game, found) - FREE_MARKET) / (OPTIMUM[3] - FREE_MARKET)
    assert closed >= 0.987  # the best of sixty random schedules, the best of eight times, closes 0.9856


def test_bayesian_search_is_repeatable() -> None:
    first, second = (fit_search(economy(THREE), method="bayesian", candidates=14, starts=2) for _ in range(2))
    assert torch.equal(first["rates"], second["rates"])


def test_bayesian_search_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install 'econsim\[search\]'"):
        fit_search(economy(THREE), method="bayesian")
