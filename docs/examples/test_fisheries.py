"""The fisheries plug-in against closed forms, a brute-force search and a Markov chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.agents import mixed_strategy
from econsim.game import Agent, Game, Transition
from econsim.play import HeldAction, play
from econsim.testing import check_game
from fisheries.agents import adaptive_fisher, logistic_rule
from fisheries.economies.fishery import Fishery, Parameters, State
from fisheries.games import pursuit
from fisheries.planners import best_fee
from fisheries.training import cross_entropy

NUMBERS = Parameters()
OPEN_ACCESS_STOCK = NUMBERS.effort_cost / (NUMBERS.price * NUMBERS.catchability)  # c / (p q): no rent is left
BEST_STOCK = (NUMBERS.capacity + OPEN_ACCESS_STOCK) / 2.0  # maximum economic yield
BEST_FEE = NUMBERS.price - NUMBERS.effort_cost / (NUMBERS.catchability * BEST_STOCK)  # makes it the open-access stock


def held(fee: float) -> HeldAction:
    return HeldAction(torch.tensor(fee, dtype=torch.float64))


def settled(fishers: int, stock_effect: float, fee: float = 0.0) -> dict[str, Tensor]:
    """Return the accounts after 250 seasons of adaptive fishers."""
    game = Fishery(Parameters(fishers=fishers, seasons=250)).to(dtype=torch.float64)
    agent = adaptive_fisher.AdaptiveFisher(adaptive_fisher.Parameters(stock_effect=stock_effect))
    episode = play(game, {"fisher": agent, "regulator": held(fee)}, random.keys(seed=1, count=1))
    return game.accounts(episode.state)


@pytest.mark.parametrize(
    ("fishers", "stock_effect", "fee", "stock"),
    [
        (10, 0.0, 0.0, OPEN_ACCESS_STOCK),
        (10, 1.0, 0.0, (NUMBERS.capacity + 10 * OPEN_ACCESS_STOCK) / 11),  # Nash equilibrium of sustained yields
        (10, 10.0, 0.0, BEST_STOCK),
        (10, 0.0, BEST_FEE, BEST_STOCK),
    ],
    ids=["open access", "Nash equilibrium", "maximum economic yield", "best fee"],
)
def test_fishers_settle_at_the_closed_form(fishers: int, stock_effect: float, fee: float, stock: float) -> None:
    accounts = settled(fishers, stock_effect, fee)
    effort = NUMBERS.growth_rate / NUMBERS.catchability * (1.0 - stock / NUMBERS.capacity)
    rent = (NUMBERS.price * NUMBERS.catchability * stock - NUMBERS.effort_cost) * effort
    assert float(accounts["stock"]) == pytest.approx(stock, rel=1e-4)
    assert float(accounts["effort"].sum()) == pytest.approx(effort, rel=1e-4)
    assert float(accounts["welfare"]) == pytest.approx(rent, rel=1e-4, abs=10.0)  # a fifteen thousandth of the best


@pytest.mark.parametrize(
    "game", [Fishery(Parameters(seasons=10, growth_volatility=0.3)), pursuit.Pursuit(pursuit.Parameters(steps=20))]
)
def test_the_games_keep_every_promise(game: Game[Any]) -> None:
    assert [check for check in check_game(game) if not check.passed] == []


def test_a_fishery_that_loses_fish_is_found_out() -> None:
    class Leaking(Fishery):
        def step(self, state: State, actions: Any) -> Transition[State]:
            transition = super().step(state, actions)
            return replace(transition, state=replace(transition.state, stock=0.99 * transition.state.stock))

    failed = [check.name for check in check_game(Leaking(Parameters(seasons=2))) if not check.passed]
    assert failed == ["conservation"]


def steps_at_large(cells: int, steps: int) -> float:
    """Return the mean number of steps that a poacher stays free, by the chain of both cells under random moves."""
    places = torch.arange(cells)
    move = ((places[:, None] - places).abs() <= 1).double()
    move /= move.sum(-1, keepdim=True)
    both = torch.einsum("ab,cd->acbd", move, move)  # from the cells (a, c) to the cells (b, d)
    free = (places[:, None] != places).double()
    swapped = torch.einsum("ad,bc->acbd", torch.eye(cells), torch.eye(cells))
    chain = (both * free * (1.0 - swapped)).reshape(cells**2, cells**2)
    chance = torch.zeros(cells**2, dtype=torch.float64)
    chance[cells - 1] = 1.0  # patrol in the first cell, poacher in the last
    total = 0.0
    for _ in range(steps):
        chance = chance @ chain
        total += float(chance.sum())
    return total


def test_random_pursuit_lasts_as_long_as_its_markov_chain() -> None:
    game = pursuit.Pursuit(pursuit.Parameters(cells=5, steps=30))
    agent = mixed_strategy.MixedStrategy(mixed_strategy.Parameters())
    returns = play(game, {"patrol": agent, "poacher": agent}, random.keys(seed=1, count=4096)).returns["poacher"]
    error = float(returns.std()) / 4096**0.5
    assert float(returns.mean()) == pytest.approx(steps_at_large(5, 30), abs=4.0 * error)


class Silent:
    """A recorder that keeps its checkpoints."""

    def __init__(self) -> None:
        self.checkpoints: list[tuple[int, dict[str, Any]]] = []

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        pass

    def progress(self, done: int, total: int, message: str = "") -> None:
        pass

    def checkpoint(self, step: int, state: Any) -> None:
        self.checkpoints.append((step, dict(state)))

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        return self.checkpoints[-1] if self.checkpoints else None


def learned(game: Fishery, iterations: int, recorder: Silent) -> logistic_rule.LogisticRule:
    learner = cross_entropy.CrossEntropy(cross_entropy.Parameters(iterations=iterations))
    agents: dict[str, Agent] = {
        "fisher": logistic_rule.LogisticRule(logistic_rule.Parameters()),
        "regulator": held(0.0),
    }
    rule = learner.fit(game, agents, 7, recorder)["fisher"]
    assert isinstance(rule, logistic_rule.LogisticRule)
    return rule


def test_a_learned_rule_beats_every_constant_effort() -> None:
    game = Fishery(Parameters(seasons=20))
    efforts = torch.linspace(0.0, game.season, 101)
    constant = play(game, {"fisher": HeldAction(efforts), "regulator": held(0.0)}, random.keys(1, 1).repeat(101))
    rule = learned(game, 15, Silent())
    returns = play(game, {"fisher": rule, "regulator": held(0.0)}, random.keys(1, 1)).returns["fisher"]
    assert float(returns.mean()) > float(constant.returns["fisher"].mean(-1).max())


def test_an_interrupted_search_goes_on_to_the_same_rule() -> None:
    game, recorder = Fishery(Parameters(seasons=5)), Silent()
    learned(game, 2, recorder)
    assert torch.equal(learned(game, 4, recorder).weights, learned(game, 4, Silent()).weights)  # type: ignore[arg-type]


def test_the_search_finds_the_best_of_all_fees_to_its_resolution() -> None:
    game = Fishery(Parameters(seasons=20)).to(dtype=torch.float64)
    agents: dict[str, Any] = {"fisher": adaptive_fisher.AdaptiveFisher(adaptive_fisher.Parameters())}
    planner = best_fee.BestFee(best_fee.Parameters(rounds=3))
    planner.fit(game, game.roles["regulator"], {**agents, "regulator": planner}, 1, Silent())
    fees = torch.linspace(0.0, NUMBERS.price, 1001, dtype=torch.float64)
    every = play(game, {**agents, "regulator": HeldAction(fees)}, random.keys(1, 1).repeat(1001)).returns["regulator"]
    assert float(planner.state_dict()["best"]) == pytest.approx(float(fees[every[:, 0].argmax()]), abs=8.0)
