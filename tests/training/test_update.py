from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.game import Box, Discrete, Role, Space
from econsim.networks import ActorCritic
from econsim.training._rollout import Trajectory
from econsim.training._update import Batch, Settings, batch_of, optimiser_of, update

ROWS = 256
KEY = random.keys(0, 1)
FEATURES = random.normal(KEY, 0, "features", (ROWS, 2))[0]


def mind(space: Space) -> ActorCritic:
    return ActorCritic(Role("worker", 1, Box(-9, 9, (2,)), space), (16,), -1.0, KEY)


def batch(network: ActorCritic, advantage: Tensor, acting: Tensor) -> Batch:
    distribution = network.policy(FEATURES[None])
    choice = distribution.sample(KEY, "choice")
    zero = torch.zeros(ROWS)
    log_prob = distribution.log_prob(choice)[0].detach()
    return Batch(FEATURES, None, choice[0].detach(), log_prob, zero, advantage, zero, acting)


def policy_weights(network: ActorCritic) -> Tensor:
    return torch.cat([weight.detach().flatten().clone() for weight in network.policy_tower.parameters()])


def test_players_who_wait_do_not_move_the_policy() -> None:
    network = mind(Box(0, 1))
    before = policy_weights(network)
    rows = replace(batch(network, torch.ones(ROWS), torch.zeros(ROWS, dtype=torch.bool)), target=torch.ones(ROWS))
    settings = Settings()
    values = network.value(FEATURES)
    update(network, optimiser_of(network, settings), rows, settings, 1e-2, KEY)
    assert torch.equal(policy_weights(network), before)
    assert (network.value(FEATURES) - 1).abs().mean() < (values - 1).abs().mean()


def test_choices_that_paid_become_likelier() -> None:
    network = mind(Discrete(3))
    rows = batch(network, torch.zeros(ROWS), torch.ones(ROWS, dtype=torch.bool))
    rows = replace(rows, advantage=torch.where(rows.choice == 1, 1.0, -0.5))
    settings = Settings()
    before = network.policy(FEATURES).log_prob(torch.ones(ROWS, dtype=torch.int64)).mean()
    stats = update(network, optimiser_of(network, settings), rows, settings, 1e-2, KEY)
    assert network.policy(FEATURES).log_prob(torch.ones(ROWS, dtype=torch.int64)).mean() > before + 0.1
    assert 0 < stats["approximate_kl"] < 0.1
    assert 0 <= stats["clip_share"] <= 1


def test_a_ratio_beyond_the_clip_gains_nothing_more() -> None:
    network = mind(Box(0, 1))
    acting = torch.ones(ROWS, dtype=torch.bool)
    rows = batch(network, torch.ones(ROWS), acting)
    long_ago = replace(rows, log_prob=rows.log_prob - 1.0)
    settings = Settings(value_weight=0.0, epochs=1)
    before = policy_weights(network)
    stats = update(network, optimiser_of(network, settings), long_ago, settings, 1e-2, KEY)
    assert torch.equal(policy_weights(network), before)
    assert stats["clip_share"] == 1.0
    # The estimator (r - 1) - log r at r = e.
    torch.testing.assert_close(stats["approximate_kl"], torch.e - 2.0, atol=1e-4, rtol=0)


def trajectory(cut: bool) -> Trajectory:
    """Three steps of two copies with one player who waits at the second step."""
    shape = (3, 2, 1)
    ends = torch.tensor([False, False, True])[:, None].expand(3, 2)
    draws = random.uniform(KEY, 0, "trajectory", shape)[0]
    acting = torch.tensor([True, False, True])[:, None, None].expand(shape)
    alive, none = torch.ones(shape, dtype=torch.bool), torch.zeros_like(ends)
    return Trajectory(
        features=draws[..., None].expand(*shape, 2),
        action_mask=None,
        choice=draws[..., None],
        log_prob=draws,
        value=draws,
        reward=draws,
        alive=alive,
        acting=acting,
        terminated=none if cut else ends,
        cut=ends if cut else none,
        value_at_cut=torch.zeros(shape),
        episode_return=0.0,
    )


def test_a_wait_is_a_row_only_where_values_after_a_cut_matter() -> None:
    assert len(batch_of(trajectory(cut=False), Settings()).value) == 4
    rows = batch_of(trajectory(cut=True), Settings())
    assert len(rows.value) == 6
    assert rows.acting.sum() == 4


def test_advantages_are_normalised_over_those_who_acted() -> None:
    rows = batch_of(trajectory(cut=True), Settings())
    acted = rows.advantage[rows.acting]
    torch.testing.assert_close(acted.mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(acted.std(correction=0), torch.tensor(1.0))


def test_the_step_size_falls_linearly() -> None:
    settings = Settings(learning_rate=1e-3, final_learning_rate=2e-4)
    assert [settings.learning_rate_at(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1e-3, 6e-4, 2e-4])


def test_a_value_far_from_the_old_one_counts_as_if_it_were_near() -> None:
    network = mind(Box(0, 1))
    rows = batch(network, torch.zeros(ROWS), torch.ones(ROWS, dtype=torch.bool))
    value = network.value(FEATURES).detach()
    # The new value equals the target, the old one lies 1 below: with a limit of 0.2 an error of 0.8 remains.
    rows = replace(rows, value=value - 1.0, target=value)
    settings = Settings(value_clip=0.2, epochs=1, minibatches=1)
    stats = update(network, optimiser_of(network, settings), rows, settings, 1e-4, KEY)
    torch.testing.assert_close(stats["value_loss"], 0.64, atol=1e-5, rtol=0)
