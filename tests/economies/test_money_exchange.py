"""The money exchange: stationary laws, plain Python, the tax in whole coins, kernels, mistakes."""

from __future__ import annotations

from math import exp, factorial, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from econsim import random
from econsim.economies.money_exchange import MoneyExchange, Parameters, exchange
from econsim.kernels import numba_version

LONGEST = 40  # coins; the laws below hold less than 1e-12 of all people above
needs_kernels = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
TAX = {"brackets": [0, 2, 5], "every": 2}


def exchange_of(**parameters: Any) -> MoneyExchange:
    return MoneyExchange(Parameters.model_validate({"people": 100, **parameters}))


def poisson(rate: float) -> Any:
    return np.array([exp(-rate) * rate**k / factorial(k) for k in range(LONGEST)])


def served(law: Any) -> Any:
    """Return the law of max(w - 1, 0)."""
    return np.concatenate([[law[0] + law[1]], law[2:], [0.0]])


def stationary(activation: str) -> tuple[float, float, float]:
    """Return the share without money, the variance and the Gini index of the law of one person's wealth, mean 1."""
    law = np.eye(LONGEST)[1]
    for _ in range(200):
        z = law[0]
        if activation == "synchronous":
            law = np.convolve(served(law), poisson(1 - z))[:LONGEST]
        else:
            nodes, weights = np.polynomial.legendre.leggauss(6)
            received, all_received = (np.log(z + (1 - z) * np.exp(time)) for time in ((nodes + 1) / 2, 1.0))
            laws = [
                np.convolve(served(np.convolve(law, poisson(before))[:LONGEST]), poisson(all_received - before))
                for before in received
            ]
            law = (weights / 2 @ laws)[:LONGEST]
    levels, above = np.arange(LONGEST), 1 - np.cumsum(law)
    assert levels @ law == pytest.approx(1, abs=1e-6)
    return law[0], float((levels - 1) ** 2 @ law), float(1 - (above * above).sum())


def test_the_closed_form_is_the_law_of_synchronous_activation() -> None:
    share, variance, gini = stationary("synchronous")
    assert share == pytest.approx(sqrt(2) - 1, abs=1e-6)
    assert variance == pytest.approx(4 / 3, abs=1e-5)
    assert gini == pytest.approx(0.57993, abs=1e-5)


@pytest.mark.parametrize("activation", ["synchronous", "sequential"])
def test_the_law_that_reports_draw_has_the_closed_forms(activation: str) -> None:
    law = exchange_of(activation=activation).known_laws()["wealth"].numpy()
    levels, above = np.arange(len(law)), 1 - np.cumsum(law)
    found = law[0], (levels - 1) ** 2 @ law, 1 - (above * above).sum()
    assert found == pytest.approx(stationary(activation), abs=1e-6)


@pytest.mark.parametrize("coins", [1, 3, 200])
def test_known_laws_keep_the_mean_and_pools_are_geometric(coins: int) -> None:
    law = exchange_of(exchange="pooled", coins=coins).known_laws()["wealth"].numpy()
    levels = np.arange(len(law))
    assert (law.sum(), levels @ law / coins) == (pytest.approx(1, abs=1e-7), pytest.approx(1, abs=1e-5))
    np.testing.assert_allclose(law[1:] / law[:-1], coins / (coins + 1))
    if coins == 3:  # r + r^2 / (2 (1 - r)) = 3 (Pollaczek and Khinchine): r = 4 - sqrt(10)
        units = exchange_of(coins=3).known_laws()["wealth"].numpy()
        assert units[0] == pytest.approx(sqrt(10) - 3, abs=1e-7)


@pytest.mark.parametrize(
    "unknown",
    [
        {"network": {"kind": "small_world"}},
        {"exchange": "pooled", "saving_propensity": 0.5},
        {"wealth_tax": {}},
        {"participation": "voluntary"},
        {"coins": 50},
    ],
)
def test_where_no_law_is_known_none_is_given(unknown: dict[str, Any]) -> None:
    assert exchange_of(**unknown).known_laws() == {}


def gini(wealth: Tensor) -> float:
    ranked, people = wealth.flatten().double().sort().values, wealth.numel()
    return float((2 * torch.arange(1, people + 1).double() - people - 1) @ ranked / (people * ranked.sum()))


def simulated(game: MoneyExchange, steps: int, action: dict[str, Tensor] | None = None) -> tuple[float, float, float]:
    """Return the mean share without money and variance over the second half of the steps, and the Gini of the last."""
    kernels = game.on_kernels()
    state, seen = game.reset(random.keys(3, 1)), []
    for _ in range(steps):
        state = kernels.step(state, action or {}).state
        seen.append([float(game.accounts(state)[name]) for name in ("share_without_money", "wealth_variance")])
    share, variance = np.mean(seen[steps // 2 :], axis=0)
    return share, variance, gini(state.wealth)


@needs_kernels
@pytest.mark.parametrize("activation", ["synchronous", "sequential"])
def test_simulated_wealth_has_the_stationary_law_of_its_activation(activation: str) -> None:
    share, variance, gini = simulated(exchange_of(people=10_000, activation=activation), 160)
    expected = stationary(activation)
    # Over 10 seeds, standard deviations are at most 0.0012, 0.009 and 0.0035.
    assert (share, variance) == (pytest.approx(expected[0], abs=0.005), pytest.approx(expected[1], abs=0.04))
    assert gini == pytest.approx(expected[2], abs=0.014)


@needs_kernels
@pytest.mark.parametrize(("saving", "rate"), [(0.0, 0.0), (0.5, 0.0), (0.5, 0.05)])
def test_pools_reach_the_closed_form_of_the_variance_with_saving_and_tax(saving: float, rate: float) -> None:
    game = exchange_of(people=10_000, coins=1000, exchange="pooled", saving_propensity=saving, wealth_tax={})
    _, variance, _ = simulated(game, 60, {"planner": torch.full((1, 1, 1), rate)})
    kept = 1 - (1 - saving) * (1 + 2 * saving) / 3
    expected = (1 - saving) ** 2 / 3 / (1 - kept * (1 - rate) ** 2)
    assert variance / 1000**2 == pytest.approx(expected, rel=0.03)


def in_plain_python(game: MoneyExchange, wealth: list[int], draws: dict[str, list[Any]], out: list[bool]) -> list[int]:
    """Return wealth after one exchange, by a loop over people."""
    settings, people = game.settings, len(wealth)
    before, after = list(wealth), list(wealth)
    at_once = settings.activation == "synchronous"
    if settings.exchange == "unit":
        for person in range(people) if at_once else draws["order"]:
            if (before if at_once else after)[person] > 0 and not out[person]:
                after[person] -= 1
                after[draws["partner"][person]] += 1
        return after
    order = draws["order"]
    pairs = list(zip(order[::2], order[1::2])) if at_once else [(p, draws["partner"][p]) for p in order]  # noqa: B905
    for person, other in pairs:
        if person != other and not out[person] and not out[other]:
            stakes = [int((1 - settings.saving_propensity) * after[who]) for who in (person, other)]
            received = int(draws["part"][person] * (sum(stakes) + 1))
            after[person] += received - stakes[0]
            after[other] += stakes[0] - received
    return after


@pytest.mark.parametrize("activation", ["synchronous", "sequential"])
@pytest.mark.parametrize("kind", ["unit", "pooled"])
def test_a_step_is_the_rule_in_plain_python(kind: str, activation: str) -> None:
    saving = 0.3 if kind == "pooled" else 0.0
    game = exchange_of(
        people=31, coins=3, exchange=kind, activation=activation, saving_propensity=saving, participation="voluntary"
    )
    state = game.reset(random.keys(6, 2))
    for step in range(8):
        actions = random.integers(state.key, step, "test", 2, (31,))
        draws = {
            "partner": exchange.partners(state.key, state.time, 31, {}),
            "order": random.permutation(state.key, state.time, exchange.ORDER, 31),
            "part": random.uniform(state.key, state.time, exchange.DIVISION, (31,), torch.float64),
        }
        transition = game.step(state, {"person": actions})
        for copy in (0, 1):
            of_copy = {name: values[copy].tolist() for name, values in draws.items()}
            out = [action == 1 for action in actions[copy].tolist()]
            assert transition.state.wealth[copy].tolist() == in_plain_python(
                game, state.wealth[copy].tolist(), of_copy, out
            )
        gains = (transition.state.wealth - state.wealth).float() / 3
        torch.testing.assert_close(transition.rewards["person"], gains)
        state = transition.state
    assert (state.wealth != 3).any()


def test_the_tax_is_exact_in_expectation_and_pays_out_every_coin() -> None:
    wealth = torch.tensor([[0, 1, 2, 3, 7, 20]]).expand(4000, -1)
    rates, thresholds = torch.tensor([[0.1, 0.5, 1.0]]).double(), torch.tensor([0.0, 2.0, 5.0]).double()
    key = random.keys(0, 4000)
    after, revenue = exchange.taxed(wealth, rates.expand(4000, -1), thresholds, key, torch.zeros_like(key))
    assert torch.equal(after.sum(-1), wealth.sum(-1))
    expected = 0.0 + 0.1 + 0.2 + 0.7 + (0.2 + 1.5 + 2) + (0.2 + 1.5 + 15)
    # Each liability is rounded to one of two whole numbers: a standard deviation of at most 0.5 for each of six people.
    assert float(revenue.double().mean()) == pytest.approx(expected, abs=4 * 0.5 * sqrt(6 / 4000))
    net = (after - wealth).double().mean(0)
    liabilities = torch.tensor([0.0, 0.1, 0.2, 0.7, 3.7, 16.7]).double()
    # What remains after equal payments goes to people in turn from a random one: everybody expects the same.
    torch.testing.assert_close(net, expected / 6 - liabilities, rtol=0, atol=0.06)
    everything, _ = exchange.taxed(wealth, torch.ones(4000, 3).double(), thresholds, key, torch.zeros_like(key))
    assert everything.unique().tolist() == [5, 6]  # of 33 coins among six people


def test_nobody_gives_who_stays_out() -> None:
    game = exchange_of(participation="voluntary")
    state = game.reset(random.keys(0, 2))
    after = game.step(state, {"person": torch.ones(2, 100, dtype=torch.int64)}).state
    assert torch.equal(after.wealth, state.wealth)


def test_people_give_to_their_neighbours_only_and_keep_their_coins_without_any(tmp_path: Path) -> None:
    file = tmp_path / "edges.csv"
    file.write_text("source,target\n0,1\n1,2\n")
    game = exchange_of(people=5, coins=2, network={"kind": "edge_list", "file": str(file)})
    state = game.reset(random.keys(0, 400))
    partner = exchange.partners(state.key, state.time, 5, game.constants)
    assert partner[:, [0, 2, 3, 4]].unique(dim=0).tolist() == [[1, 1, 3, 4]]
    assert sorted(partner[:, 1].unique().tolist()) == [0, 2]
    assert abs(float((partner[:, 1] == 0).double().mean()) - 0.5) < 4 * 0.5 / 20  # of 400 draws
    after = game.step(state, {}).state
    assert (after.wealth[:, 3:] == 2).all()
    assert (after.wealth[:, 1] == 3).all()  # one given, two received


@needs_kernels
def test_a_person_who_receives_more_units_than_a_byte_holds_gets_them_all(tmp_path: Path) -> None:
    file = tmp_path / "star.csv"
    file.write_text("source,target\n" + "".join(f"700,{person}\n" for person in range(700)))
    game = exchange_of(people=701, network={"kind": "edge_list", "file": str(file)})
    after = game.on_kernels().step(game.reset(random.keys(0, 1)), {}).state.wealth
    assert int(after[0, 700]) == 700
    assert int(after.sum()) == 701


MODES: tuple[dict[str, Any], ...] = (
    {},
    {"activation": "sequential", "participation": "voluntary"},
    {"exchange": "pooled", "coins": 7},
    {"exchange": "pooled", "coins": 7, "activation": "sequential", "participation": "voluntary"},
    {"coins": 3, "wealth_tax": TAX, "participation": "voluntary"},
    {"network": {"kind": "small_world", "degree": 4}},
    {"network": {"kind": "stochastic_block", "probabilities": [[0.05, 0], [0, 0.05]]}, "activation": "sequential"},
    {"network": "small_world", "exchange": "pooled", "coins": 7, "activation": "sequential"},
)


@needs_kernels
@pytest.mark.parametrize("mode", MODES)
def test_kernels_and_tensors_play_the_same_episodes(mode: dict[str, Any]) -> None:
    game = exchange_of(people=37, **mode)
    if mode.get("exchange") == "pooled":
        game = game.with_parameters(saving_propensity=torch.linspace(0, 0.9, 70))  # type: ignore[assignment]
    kernels, state = game.on_kernels(), game.reset(random.keys(2, 70))
    for step in range(6):
        actions = {"person": random.integers(state.key, step, "test", 2, (37,))}
        if "planner" in game.roles:
            actions["planner"] = random.uniform(state.key, step, "rates", (1, 3))
        one, other = game.step(state, actions), kernels.step(state, actions)
        for name, tensor in vars(one.state).items():
            assert torch.equal(vars(other.state)[name], tensor), name
        torch.testing.assert_close(other.rewards, one.rewards)
        state = one.state
    assert (state.wealth.sum(-1) == 37 * game.coins).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"saving_propensity": 0.5}, "saving_propensity needs exchange: pooled"),
        ({"people": 10**6, "coins": 1000}, "people times coins is 1,000,000,000; expected at most 536,870,912"),
        ({"wealth_tax": {"brackets": [0, 5, 5]}}, "expected thresholds that start at 0 and rise"),
        ({"burn_in": 300}, "burn_in 300 leaves no step of horizon 300"),
        ({"exchange": "pooled", "network": "small_world"}, "with a network set activation: sequential"),
        ({"activation": "random"}, "'synchronous' or 'sequential'"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        exchange_of(**parameters)
