from __future__ import annotations

import pytest
import torch

import econsim
from econsim import random
from econsim.agents import best_response, fixed_hours
from econsim.analysis.equilibrium import exact_deviator, unilateral_gain
from econsim.analysis.equilibrium.ranks import Ranking, ranking, ranks_in
from econsim.planners import flat

KEY = random.fold(random.keys(1, 4), "gain")


def test_workers_rank_by_their_skill_in_each_episode() -> None:
    game = econsim.make("gather_trade_build", workers=4)
    state = game.reset(KEY)
    found = ranking(game, state, "worker")
    assert found is not None
    assert found.by == "payment per house"
    payment = game.accounts(state)["build_payment"]
    by_rank = torch.empty_like(payment).scatter_(1, found.ranks, payment)
    assert (by_rank.diff(dim=1) > 0).all()
    assert not torch.equal(found.ranks[0], found.ranks[1])  # skills are assigned anew in every episode
    assert ranking(game, state, "planner") is None


def test_many_players_form_ten_ranks_and_classes_rank_apart() -> None:
    many = econsim.make("one_step", workers=25)
    found = ranking(many, many.reset(KEY), "worker")
    assert found is not None
    assert found.ranks.unique(return_counts=True)[1].tolist() == [4 * count for count in (3, 2, 3, 2, 3, 2, 3, 2, 3, 2)]
    classes = [{"name": "rich", "count": 2}, {"name": "poor", "count": 3}]
    game = econsim.make("gather_trade_build", workers=classes)
    state = game.reset(KEY)
    poor = ranking(game, state, "poor")
    assert poor is not None
    payment = game.accounts(state)["build_payment"][:, 2:]
    assert torch.equal(poor.ranks, payment.argsort(1).argsort(1))


def test_gains_of_a_rank_are_means_of_episodes() -> None:
    ranks = Ranking("skill", torch.tensor([[0, 1, 1], [1, 0, 1]]))
    own = torch.tensor([[1.0, 2.0, 4.0], [5.0, 3.0, 7.0]])
    reached = own + torch.tensor([[0.5, 1.0, 3.0], [4.0, 0.5, 6.0]])
    low, high = ranks_in(ranks, torch.arange(3), own, reached)
    assert (low.rank, low.own, low.difference) == (1, 2.0, 0.5)
    assert low.low is None  # both episodes have the same gain
    assert (high.rank, high.own, high.reached, high.difference) == (2, 4.5, 8.0, 3.5)
    # A t interval with one degree of freedom: the quantile 12.706 times 1.5, half the distance of 2 and 5.
    assert (high.low, high.high) == pytest.approx((3.5 - 12.706 * 1.5, 3.5 + 12.706 * 1.5), abs=1e-2)
    (only,) = ranks_in(ranks, torch.tensor([1]), own[:, 1:2], reached[:, 1:2])[1:]
    assert (only.rank, only.difference, only.low) == (2, 1.0, None)  # of one episode


def test_every_rank_gains_what_the_closed_form_says() -> None:
    game = econsim.make("one_step", workers=5, hours_step=None).to(dtype=torch.float64)
    agents = {
        "worker": fixed_hours.FixedHours(fixed_hours.Parameters(hours=40)),
        "planner": flat.Flat(flat.Parameters(rate=0.5)),
    }
    gain = unilateral_gain(game, agents, "worker", exact_deviator(), KEY)
    assert gain.ranked_by == "skill"
    # Returns are in incomes of 40 hours, so that the gain from the best hours is the same for every skill.
    assert [each.rank for each in gain.ranks] == [1, 2, 3, 4, 5]
    assert [each.difference for each in gain.ranks] == pytest.approx([gain.difference] * 5, abs=1e-12)
    assert gain.difference > 0
    exact = {**agents, "worker": best_response.BestResponse(best_response.Parameters())}
    at_best = unilateral_gain(game, exact, "worker", exact_deviator(), KEY)
    assert [each.difference for each in at_best.ranks] == [0.0] * 5
    assert "ranks" in at_best.plain()
