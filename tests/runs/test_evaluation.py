from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
import torch

from econsim import kinds, random
from econsim.accounts import Account, Statistic
from econsim.analysis.metrics import measure, player_accounts
from econsim.economies import one_step
from econsim.game import Game
from econsim.runs.evaluation import Episode, evaluation_key, play
from econsim.scenario import Scenario


def means(game: Game[Any], episode: Episode) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in measure(game, episode.accounts, episode.returns).items()}


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_an_episode_gives_the_closed_form(scenario: Callable[..., Scenario], rate: float) -> None:
    made = scenario(planner={"kind": "flat", "rate": rate}, agents={"worker": {"kind": "best_response"}})
    game, agents = made.build(dtype=torch.float64)
    episode = play(game, agents, evaluation_key(1))
    metrics = means(game, episode)
    # Effort 1 - t and mean skill 3; every role is paid in both steps, and nothing happens in the first.
    assert metrics["mean_income"] == pytest.approx(3 * (1 - rate), abs=1e-12)
    assert metrics["revenue"] == pytest.approx(15 * rate * (1 - rate), abs=1e-12)
    assert metrics["welfare"] == pytest.approx((1 - rate) ** 2 / 2 + 3 * rate * (1 - rate), abs=1e-12)
    assert metrics["return_planner"] == pytest.approx(metrics["welfare"], abs=1e-12)
    # Skills 1..5 in proportion: sum |i - j| / (2 n sum) = 40 / (2 * 5 * 15); zero where nobody earns.
    assert metrics["income_gini"] == pytest.approx(40 / 150 if rate < 1 else 0.0, abs=1e-12)


def test_only_accounts_of_players_become_rows(scenario: Callable[..., Scenario]) -> None:
    made = scenario(planner={"kind": "flat"}, agents={"worker": {"kind": "best_response"}})
    game, agents = made.build()
    accounts = player_accounts(game, play(game, agents, evaluation_key(1)).accounts)
    assert {"income", "tax", "utility"} <= set(accounts)
    assert not {"rates", "thresholds", "welfare"} & set(accounts)
    assert {tuple(values.shape) for values in accounts.values()} == {(1, 5)}


def test_no_training_seed_has_the_key_of_the_evaluation() -> None:
    training = torch.cat([random.keys(seed, 64) for seed in range(64)])
    assert not (training == evaluation_key(7)).any()


def test_metrics_are_means_over_episodes(scenario: Callable[..., Scenario]) -> None:
    made = scenario(planner={"kind": "flat"}, agents={"worker": {"kind": "best_response"}})
    game, agents = made.build(dtype=torch.float64)
    keys = evaluation_key(1, episodes=3)
    assert torch.equal(keys[:1], evaluation_key(1))
    together = means(game, play(game, agents, keys))
    apart = [means(game, play(game, agents, key[None])) for key in keys]
    for name, value in together.items():
        assert value == pytest.approx(sum(metrics[name] for metrics in apart) / 3, abs=1e-12)


def test_people_who_stand_for_many_count_as_many() -> None:
    game = copy(kinds.load("economies", "one_step").build(one_step.Parameters(workers=4)))
    workers = ("role:worker",)
    game.accounts_spec = (
        Account("income", workers),
        Account("tax", workers, statistics=(Statistic("total", name="revenue"),)),
        Account("weight", workers, weight=True),
    )
    accounts = {
        "income": torch.tensor([[1.0, 3.0, 3.0, 3.0]]),
        "weight": torch.tensor([[3.0, 1.0, 0.0, 0.0]]),
        "tax": torch.tensor([[0.5, 1.0, 9.0, 9.0]]),
    }
    metrics = measure(game, accounts, {})
    assert metrics["mean_income"] == pytest.approx([1.5], abs=1e-12)
    assert metrics["revenue"] == pytest.approx([2.5], abs=1e-12)
