from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.game import Box, Discrete, Role, Space
from econsim.nn import ActorCritic, Architecture, Seen
from econsim.rl.batch import Batch, batch_of
from econsim.rl.buffer import EnvStep, PolicyStep, Trajectory
from econsim.rl.schedules import value_at
from econsim.rl.settings import Settings
from econsim.rl.update import STATISTICS, optimiser_of
from econsim.rl.update import update as update_tensors

ROWS = 256
KEY = random.keys(0, 1)
FEATURES = random.normal(KEY, 0, "features", (ROWS, 2))[0]


def mind(space: Space) -> ActorCritic:
    return ActorCritic(Role("worker", 1, Box(-9, 9, (2,)), space), Architecture(hidden=(16,)), -1.0, KEY)


def update(network: ActorCritic, rows: Batch, settings: Settings) -> dict[str, float]:
    found = update_tensors(network, optimiser_of(network), rows, settings, 0.0, KEY)
    return dict(zip(STATISTICS, found.tolist(), strict=True))


def values(network: ActorCritic) -> Tensor:
    return network(Seen(FEATURES))[1].detach()


def batch(network: ActorCritic, advantage: Tensor, acting: Tensor) -> Batch:
    distribution, _ = network.policy(Seen(FEATURES[None]))
    choice = distribution.sample(KEY, "choice")
    zero = torch.zeros(ROWS)
    log_prob = distribution.log_prob(choice)[0].detach()
    counts = torch.ones(ROWS, dtype=torch.bool)
    return Batch(
        seen=Seen(FEATURES),
        choice=choice[0].detach(),
        log_prob=log_prob,
        value=zero,
        advantage=advantage,
        target=zero,
        acting=acting,
        counts=counts,
        starts=~counts,
        memory=(),
    )


def policy_weights(network: ActorCritic) -> Tensor:
    return torch.cat([weight.detach().flatten().clone() for weight in network.policy_outputs.parameters()])


def test_players_who_wait_do_not_move_the_policy() -> None:
    network = mind(Box(0, 1))
    before = policy_weights(network)
    rows = replace(batch(network, torch.ones(ROWS), torch.zeros(ROWS, dtype=torch.bool)), target=torch.ones(ROWS))
    first = values(network)
    update(network, rows, Settings(learning_rate=1e-2))
    assert torch.equal(policy_weights(network), before)
    assert (values(network) - 1).abs().mean() < (first - 1).abs().mean()


def test_choices_that_paid_become_likelier() -> None:
    network = mind(Discrete(3))
    rows = batch(network, torch.zeros(ROWS), torch.ones(ROWS, dtype=torch.bool))
    rows = replace(rows, advantage=torch.where(rows.choice == 1, 1.0, -0.5))
    one = torch.ones(ROWS, dtype=torch.int64)
    before = network.policy(Seen(FEATURES))[0].log_prob(one).mean()
    stats = update(network, rows, Settings(learning_rate=1e-2))
    assert network.policy(Seen(FEATURES))[0].log_prob(one).mean() > before + 0.1
    assert 0 < stats["approximate_kl"] < 0.1
    assert 0 <= stats["clip_share"] <= 1


def test_a_ratio_beyond_the_clip_gains_nothing_more() -> None:
    network = mind(Box(0, 1))
    acting = torch.ones(ROWS, dtype=torch.bool)
    rows = batch(network, torch.ones(ROWS), acting)
    long_ago = replace(rows, log_prob=rows.log_prob - 1.0)
    settings = Settings(value_weight=0.0, epochs=1, learning_rate=1e-2)
    before = policy_weights(network)
    stats = update(network, long_ago, settings)
    assert torch.equal(policy_weights(network), before)
    assert stats["clip_share"] == 1.0
    # The estimator (r - 1) - log r at r = e.
    assert stats["approximate_kl"] == pytest.approx(torch.e - 2.0, abs=1e-4)


def trajectory(cut: bool) -> Trajectory:
    """Three steps of two copies with one player who waits at the second step."""
    shape = (3, 2, 1)
    ends = torch.tensor([False, False, True])[:, None].expand(3, 2)
    draws = random.uniform(KEY, 0, "trajectory", shape)[0]
    acting = torch.tensor([True, False, True])[:, None, None].expand(shape)
    alive, none = torch.ones(shape, dtype=torch.bool), torch.zeros_like(ends)
    seen = Seen(draws[..., None].expand(*shape, 2))
    row = PolicyStep(seen, choice=draws[..., None], log_prob=draws, value=draws, alive=alive, acting=acting)
    outcome = EnvStep(draws, torch.zeros(shape), none if cut else ends, ends if cut else none, starts=none)
    return Trajectory(row, outcome, (), torch.zeros(()))


def test_a_wait_is_a_row_only_where_values_after_a_cut_matter() -> None:
    assert len(batch_of(trajectory(cut=False), Settings(gamma=1.0), mind(Box(0, 1))).value) == 4
    rows = batch_of(trajectory(cut=True), Settings(gamma=1.0), mind(Box(0, 1)))
    assert len(rows.value) == 6
    assert rows.acting.sum() == 4


def test_advantages_are_normalised_over_those_who_acted() -> None:
    rows = batch_of(trajectory(cut=True), Settings(gamma=1.0), mind(Box(0, 1)))
    acted = rows.advantage[rows.acting]
    torch.testing.assert_close(acted.mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(acted.std(correction=0), torch.tensor(1.0))


def test_schedules_are_straight_lines_between_their_points() -> None:
    points = ((0.2, 1.0), (0.6, 3.0), (1.0, 2.0))
    found = [value_at(points, share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert found == pytest.approx([1.0, 1.0, 2.0, 3.0, 2.5, 2.0])
    assert value_at(0.3, 0.7) == 0.3


@pytest.mark.parametrize(
    ("name", "schedule", "problem"),
    [
        ("learning_rate", -1.0, "values must be above 0"),
        ("clip", [[0, 0.2], [0, 0.1]], "increasing shares"),
        ("entropy_weight", [[0, 0.1], [2, 0.0]], "between 0 and 1"),
        ("entropy_weight", [], "points must be"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(name: str, schedule: object, problem: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: .*{problem}"):
        Settings.model_validate({name: schedule})


def test_a_value_far_from_the_old_one_counts_as_if_it_were_near() -> None:
    network = mind(Box(0, 1))
    rows = batch(network, torch.zeros(ROWS), torch.ones(ROWS, dtype=torch.bool))
    value = values(network)
    # The new value equals the target, the old one lies 1 below: with a limit of 0.2 an error of 0.8 remains.
    rows = replace(rows, value=value - 1.0, target=value)
    stats = update(network, rows, Settings(value_clip=0.2, epochs=1, minibatches=1, learning_rate=1e-4))
    assert stats["value_loss"] == pytest.approx(0.64, abs=1e-5)
