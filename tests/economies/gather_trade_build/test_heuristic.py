"""Rule-based workers: their labour falls with tax rates, skill decides who builds and who sells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.agents.elastic_rule import ElasticRule
from econsim.agents.elastic_rule import Parameters as Rule
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.heuristic import FAR, steps_to
from econsim.economies.gather_trade_build.world import IS_INSIDE, IS_WATER
from econsim.errors import UserError
from econsim.game import Game, Heuristic, Observation, Role
from econsim.play import play
from econsim.testing.play import play as moments

COPIES = 6


class Rates:
    """Announces one flat rate in each copy, so that several rates are one batch."""

    learner = None

    def __init__(self, rates: Sequence[float]) -> None:
        self.rates = torch.tensor(rates).repeat_interleave(COPIES)[:, None, None]

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None: ...

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return self.rates.expand(-1, 1, 7), None


def outcomes(rates: Sequence[float], horizon: int = 400) -> dict[float, dict[str, Tensor]]:
    """Play the same copies under each rate, on kernels, which save time; return the accounts by rate."""
    game = GatherTradeBuild(Parameters(horizon=horizon)).on_kernels()
    workers = ElasticRule(Rule(untaxed_hours=100.0, elasticity=0.4))
    keys = random.keys(7, COPIES).repeat(len(rates))
    accounts = game.accounts(play(game, {"worker": workers, "planner": Rates(rates)}, keys).state)
    parts = {name: value.split(COPIES) for name, value in accounts.items()}
    return {rate: {name: part[i] for name, part in parts.items()} for i, rate in enumerate(rates)}


@pytest.fixture(scope="module")
def by_rate() -> dict[float, dict[str, Tensor]]:
    return outcomes((0.0, 0.3, 0.6, 0.9))


def test_the_game_knows_a_routine() -> None:
    game = GatherTradeBuild(Parameters())
    assert isinstance(game, Heuristic)
    assert game.routine() is game.routine()


def test_a_game_with_other_parameters_knows_its_own_routine() -> None:
    game = GatherTradeBuild(Parameters())
    game.routine()
    other = game.with_parameters(labour_cost=0.5)
    assert isinstance(other, GatherTradeBuild)
    assert other.routine().game is other


@pytest.mark.parametrize("account", ["labour", "houses"])
def test_work_falls_with_every_rise_of_the_rate(account: str, by_rate: dict[float, dict[str, Tensor]]) -> None:
    """The same people meet the same luck, so that totals over copies are compared without an allowance."""
    totals = [float(accounts[account].sum()) for accounts in by_rate.values()]
    assert totals[0] > totals[1] > totals[2] > totals[3]
    assert totals[2] < 0.7 * totals[0]


def test_welfare_moves_with_the_rate(by_rate: dict[float, dict[str, Tensor]]) -> None:
    """A planner comparison under workers who ignore taxes would find one welfare for all (spec, 7.1)."""
    welfare = [float(accounts["welfare"].mean()) for accounts in by_rate.values()]
    assert max(welfare) > 1.5 * (min(welfare) + 1.0)
    equality = [float(accounts["equality"].mean()) for accounts in by_rate.values()]
    assert equality[1] > equality[0]


def test_the_skilled_build_and_the_unskilled_sell() -> None:
    accounts = outcomes((0.0,), horizon=1000)[0.0]
    order = accounts["build_payment"].argsort(1)

    def of_rank(account: str) -> list[float]:
        return accounts[account].gather(1, order).mean(0).tolist()

    houses, sold = of_rank("houses"), of_rank("sold_wood")
    assert houses[3] == max(houses)
    assert sum(houses[:2]) < 0.2 * sum(houses)
    assert sold[3] == min(sold)
    # Random play makes 410 coin (spec, 4.5), learned workers 3285 (4.3).
    assert 1200 < float(accounts["productivity"].mean()) < 3285
    for good in ("stone", "wood"):
        price = float(accounts[f"earned_with_{good}"].sum() / accounts[f"sold_{good}"].sum())
        assert 3.0 < price < 6.0  # learned workers trade at 4 (4.4)


def test_a_higher_rate_only_turns_work_into_rest() -> None:
    """Draw by draw: whoever works under the higher rate works under the lower one too."""
    game = GatherTradeBuild(Parameters())
    rule = ElasticRule(Rule(untaxed_hours=60.0))
    role = game.roles["worker"]
    memory = rule.start(game, role, 64)
    state = game.reset(random.keys(0, 64))
    seen = game.observe(state)["worker"]
    column = role.features.index("marginal_rate")
    rests = []
    for rate in (0.0, 0.5, 0.9):
        features = seen.features.clone()
        features[..., column] = rate
        taxed = type(seen)(features, seen.alive, seen.acting, seen.action_mask, seen.view)
        action, _ = rule.act(taxed, memory, random.fold(state.world.key, 1))
        works = random.uniform(random.fold(state.world.key, 1), 0, "effort", (4,)) * 100 < 60 * (1 - rate) ** 0.4
        rests.append(~works)
        assert (action[~works] == 0).all()
    assert (rests[0] <= rests[1]).all()
    assert (rests[1] <= rests[2]).all()
    # The share of 256 draws that rest is 0.4 and 1 - 0.6 * 0.5^0.4 = 0.545; three standard errors are 0.09.
    assert abs(float(rests[0].double().mean()) - 0.4) < 0.09
    assert abs(float(rests[1].double().mean()) - 0.545) < 0.09


@pytest.mark.parametrize(
    "economy",
    [
        {"layout": "uniform", "starts": {"kind": "anywhere"}},
        {"view_radius": "all"},
        {"components": ("gather", "tax")},
        {"components": ("build", "gather", "tax"), "risk_aversion": 0.0},
        {"workers": 10, "layout": "split", "starts": {"kind": "sides"}},
    ],
)
def test_the_routine_is_legal_in_every_kind_of_economy(economy: dict[str, Any]) -> None:
    game = GatherTradeBuild(Parameters(horizon=40, **economy))
    state = game.reset(random.keys(0, 3))
    for moment in moments(game, random.keys(0, 3), 20):
        seen = game.observe(moment.state)["worker"]
        action = game.routine()(game.roles["worker"], seen, random.fold(random.keys(1, 3), moment.time))
        assert seen.action_mask is not None
        assert seen.action_mask.gather(-1, action[..., None]).all()
    assert state.world.time.eq(0).all()


def test_steps_go_round_the_water() -> None:
    inside, water = 1 << IS_INSIDE, 1 << IS_INSIDE | 1 << IS_WATER
    rows = [
        [0] * 5,
        [0, inside, water, inside, 0],
        [0, inside, inside, inside, 0],
        [0, water, water, water, 0],
        [0] * 5,
    ]
    steps = steps_to(torch.tensor(rows).flatten(), goal=6, row_length=5).view(5, 5)
    assert steps[1, 1:4].tolist() == [0.0, FAR, 4.0]
    assert steps[2, 1:4].tolist() == [1.0, 2.0, 3.0]
    assert (steps[3] == FAR).all()


def test_more_hours_than_a_week_has_are_refused() -> None:
    game = GatherTradeBuild(Parameters())
    with pytest.raises(UserError, match="untaxed_hours: expected at most 100, found 120"):
        ElasticRule(Rule(untaxed_hours=120.0)).start(game, game.roles["worker"], 1)
