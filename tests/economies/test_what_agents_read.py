"""Features of the one-step economy are computed where an agent reads them, with the same values whenever they are."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from econsim import random
from econsim.agents.best_response import BestResponse, Parameters
from econsim.economies.one_step import OneStep
from econsim.economies.one_step import Parameters as OneStepParameters
from econsim.game import Observation
from econsim.mechanisms.taxes import marginal_rate
from econsim.play import HeldAction, play
from econsim.split_roles import SplitRoles

RATES = torch.tensor([[0.3, 0.1, 0.2, 0.4, 0.35, 0.5, 0.2], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
KEY = random.keys(3, 2)


class Searches(TorchFunctionMode):
    """Counts searches for the bracket of incomes."""

    count = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count += func is torch.searchsorted
        return func(*args, **(kwargs or {}))


def economy(**parameters: Any) -> OneStep:
    return OneStep(OneStepParameters.model_validate({"workers": 10, **parameters}))


def seen_by_workers(game: Any, rates: Tensor = RATES, role: str = "worker") -> Observation:
    state = game.reset(KEY)
    idle = {name: torch.zeros(2, one.count) for name, one in game.roles.items() if not one.leads}
    return game.observe(game.step(state, {**idle, "planner": rates[:, None]}).state)[role]


def by_brackets(income: Tensor, thresholds: Tensor, rates: Tensor) -> Tensor:
    """Return the marginal rate by comparison with one bracket after another."""
    rate = torch.zeros_like(income)
    for bracket in range(rates.shape[-1]):
        rate = torch.where(income >= thresholds[..., bracket, None], rates[..., bracket, None], rate)
    return rate


def test_exact_workers_search_no_bracket_and_readers_of_features_do() -> None:
    game = economy()
    with Searches() as searches:
        play(game, {"worker": BestResponse(Parameters()), "planner": HeldAction(RATES)}, KEY)
        assert searches.count == 0
        seen = seen_by_workers(game)
        assert searches.count == 0
        assert seen.features.shape == (2, 10, len(game.roles["worker"].features))
        assert searches.count == 2  # at usual hours, and at all probed hours together
        assert seen.features is seen.features
        assert searches.count == 2


def test_features_are_those_of_the_declared_columns() -> None:
    game = economy(population={"kind": "gb2", "sampling": "published"})
    seen, thresholds = seen_by_workers(game), game.thresholds.float()
    skill = (game.income / 40).float().expand(2, -1)
    named = dict(zip(game.roles["worker"].features, seen.features.unbind(-1), strict=True))
    assert torch.equal(named["marginal_rate"], by_brackets(skill * 40, thresholds, RATES))
    for hours in (5, 50, 100):
        assert torch.equal(named[f"marginal_rate_at_{hours}_hours"], by_brackets(skill * hours, thresholds, RATES))
    assert torch.equal(named["rate_3"], RATES[:, 2, None].expand(2, 10))
    assert torch.equal(named["time"], torch.full((2, 10), 0.5))
    for first, last in ((0, 1), (1, 2), (2, 9), (0, 9), (5, 12), (10, 30), (0, 30)):
        assert torch.equal(seen_by_workers(game).columns(first, last), seen.features[..., first:last])
        assert torch.equal(Observation(seen.features, seen.alive, seen.acting).columns(first, last),
                           seen.features[..., first:last])  # fmt: skip


def test_groups_of_workers_read_their_rows() -> None:
    game = economy()
    split = SplitRoles(game, {"worker": {"even": range(0, 10, 2), "odd": range(1, 10, 2)}})
    with Searches() as searches:
        seen = seen_by_workers(split, role="worker/odd")
        assert seen.alive.shape == (2, 5)
        assert split.best_response("worker/odd", seen).shape == (2, 5)
        assert searches.count == 0
    assert torch.equal(seen.features, seen_by_workers(game).features[:, 1::2])


def test_copies_of_an_unread_observation_have_its_features() -> None:
    expected = seen_by_workers(economy()).features
    for copied in (pickle.loads(pickle.dumps(seen_by_workers(economy()))), deepcopy(seen_by_workers(economy()))):
        assert torch.equal(copied.features, expected)
    without = seen_by_workers(economy()).with_fields(facts=None)
    assert without.facts is None
    assert torch.equal(without.features, expected)
    with pytest.raises(AttributeError, match="wealth"):
        without.wealth  # noqa: B018


def test_gradients_do_not_depend_on_who_reads_first() -> None:
    rates = RATES.clone().requires_grad_()
    seen = seen_by_workers(economy(), rates)
    with torch.no_grad():
        assert seen.features.requires_grad
    seen.features[..., -1].sum().backward()
    assert rates.grad is not None
    assert float(rates.grad.sum()) == 20.0


def test_nothing_is_computed_where_no_worker_acts() -> None:
    for parameters, dtype in (({}, torch.float32), ({"hours_step": 0.5, "hours_as": "index"}, torch.int64)):
        game = economy(**parameters)
        agent, role = BestResponse(Parameters()), game.roles["worker"]
        announcement, working = game.observe(game.reset(KEY))["worker"], seen_by_workers(game)
        hours, _ = agent.act(announcement, agent.start(game, role, 2), KEY)
        assert hours.dtype == dtype
        assert not hours.any()
        assert hours.shape == (2, 10)
        worked, _ = agent.act(working, agent.start(game, role, 2), KEY)
        assert worked.dtype == dtype
        assert worked.all()


@pytest.mark.parametrize("shapes", [((5,), (3,), (3,)), ((1, 5), (3,), (2, 3)), ((2, 5), (2, 3), (2, 3)),
                                    ((2, 4, 1), (3,), (2, 4, 3)), ((2, 5), (3,), (3,))], ids=str)  # fmt: skip
def test_marginal_rates_are_those_of_the_bracket(shapes: tuple[tuple[int, ...], ...]) -> None:
    of_income, of_thresholds, of_rates = shapes
    income = random.uniform(KEY[:1], 0, "income", of_income)[0] * 5 - 1
    income[..., 0] = 1.0  # at a threshold
    thresholds = torch.tensor([0.0, 1.0, 2.5]).expand(of_thresholds)
    rates = random.uniform(KEY[:1], 0, "rates", of_rates)[0]
    assert torch.equal(marginal_rate(income, thresholds, rates), by_brackets(income, thresholds, rates))
