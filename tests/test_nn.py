from __future__ import annotations

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Role, Space
from econsim.nn import ActorCritic, Architecture, Categorical, Distribution, Gaussian, Seen
from econsim.nn.layers import HIDDEN_GAIN, linear

KEY = random.keys(3, 1)
COPIES = random.keys(5, 4000)
SMALL = Architecture(hidden=(16, 16))


def network(space: Space, start: Tensor | None = None) -> ActorCritic:
    return ActorCritic(Role("worker", 2, Box(0, 1, (3,)), space), SMALL, -1.0, KEY, start)


def policy(mind: ActorCritic, features: Tensor, action_mask: Tensor | None = None) -> Distribution:
    return mind.policy(Seen(features, None, action_mask))[0]


def test_weights_are_a_function_of_the_key_and_leave_torchs_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second = network(Discrete(4)).state_dict(), network(Discrete(4)).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = ActorCritic(Role("worker", 2, Box(0, 1, (3,)), Discrete(4)), SMALL, -1.0, random.keys(4, 1))
    assert not torch.equal(first["policy_tower.dense.0.weight"], other.state_dict()["policy_tower.dense.0.weight"])


@pytest.mark.parametrize("sizes", [(5, 9), (9, 5)])
def test_layers_are_orthogonal(sizes: tuple[int, int]) -> None:
    for gain in (HIDDEN_GAIN, 0.5):
        layer = linear(*sizes, gain, KEY)
        weight = layer.weight.double()
        small = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
        # float32 weights: products are exact to about 1e-6.
        torch.testing.assert_close(small, gain**2 * torch.eye(len(small), dtype=torch.float64), atol=1e-5, rtol=0)
        assert not layer.bias.any()


def test_an_illegal_option_is_never_drawn_and_has_no_probability() -> None:
    mask = torch.tensor([True, False, True, False]).expand(len(COPIES), 2, 4)
    distribution = policy(network(Discrete(4)), torch.ones(len(COPIES), 2, 3), mask)
    drawn = distribution.sample(COPIES, "test")
    assert drawn.shape == (len(COPIES), 2)
    assert set(drawn.unique().tolist()) == {0, 2}
    assert distribution.mode()[0, 0] in (0, 2)
    every = torch.stack([distribution.log_prob(torch.full_like(drawn, option)) for option in range(4)], -1).exp()
    torch.testing.assert_close(every.sum(-1), torch.ones(len(COPIES), 2))
    assert not every[..., [1, 3]].any()
    # The untrained policy is nearly indifferent between the two legal options: entropy log 2.
    torch.testing.assert_close(distribution.entropy(), torch.full((len(COPIES), 2), 2.0).log(), atol=1e-3, rtol=0)


def test_draws_follow_the_stated_shares() -> None:
    shares = torch.tensor([0.2, 0.5, 0.3]).log().expand(len(COPIES), 3)
    counts = torch.bincount(Categorical((shares,), several=False).sample(COPIES, "test")) / len(COPIES)
    # Three standard errors of a share of 1/2 in 4,000 draws.
    torch.testing.assert_close(counts, torch.tensor([0.2, 0.5, 0.3]), atol=0.024, rtol=0)


def test_several_questions_are_answered_independently_under_their_own_masks() -> None:
    mask = torch.tensor([True, False, False, True, True]).expand(len(COPIES), 1, 5)
    distribution = policy(network(MultiDiscrete((2, 3))), torch.zeros(len(COPIES), 1, 3), mask)
    drawn = distribution.sample(COPIES, "test")
    assert drawn.shape == (len(COPIES), 1, 2)
    assert set(drawn[..., 0].unique().tolist()) == {0}
    assert set(drawn[..., 1].unique().tolist()) == {1, 2}
    torch.testing.assert_close(distribution.log_prob(drawn).exp(), torch.full((len(COPIES), 1), 0.5), atol=0.01, rtol=0)


def test_the_gaussian_agrees_with_torch() -> None:
    mean, log_std = torch.tensor([[0.3, -2.0]]), torch.tensor([-1.0, 0.5])
    ours, choice = Gaussian(mean, log_std), torch.tensor([[0.1, 1.0]])
    truth = torch.distributions.Normal(mean, log_std.exp())
    torch.testing.assert_close(ours.log_prob(choice), truth.log_prob(choice).sum(-1))
    torch.testing.assert_close(ours.entropy(), truth.entropy().sum(-1))
    drawn = Gaussian(mean.expand(len(COPIES), 2), log_std).sample(COPIES, "test")
    # Four standard errors of the mean and of the standard deviation in 4,000 draws.
    torch.testing.assert_close(drawn.mean(0), mean[0], atol=0.105, rtol=0)
    torch.testing.assert_close(drawn.std(0), log_std.exp(), atol=0.075, rtol=0)


def test_a_copy_alone_draws_what_it_draws_among_many() -> None:
    mind = network(Box(0, 1, (2,)))
    many = policy(mind, torch.ones(7, 2, 3)).sample(COPIES[:7], "test")
    assert torch.equal(policy(mind, torch.ones(1, 2, 3)).sample(COPIES[3:4], "test"), many[3:4])


def test_amounts_stay_in_their_box_and_begin_where_they_should() -> None:
    start = torch.tensor([[2.0, 9.0], [10.0, 4.0]])
    mind = network(Box(0, 10, (2, 2)), start)
    distribution = policy(mind, torch.rand(5, 2, 3, generator=torch.Generator().manual_seed(1)))
    mode = mind.head.action(distribution.mode())
    assert mode.shape == (5, 2, 2, 2)
    # The last layer's gain of 0.01 leaves the features a say of about 0.1 of 10; 10 is kept off the bound, at 9.9.
    torch.testing.assert_close(mode, start.clamp(max=9.9).expand_as(mode), atol=0.15, rtol=0)
    far = mind.head.action(torch.tensor([-50.0, 50.0, 0.0, 1.0]))
    assert far.min() >= 0
    assert far.max() <= 10


@pytest.mark.parametrize("space", [Box(0, torch.inf), Box(-torch.inf, 1)])
def test_unbounded_amounts_are_refused(space: Box) -> None:
    with pytest.raises(UserError, match="finite bounds"):
        network(space)


def test_a_start_must_fit_the_action() -> None:
    with pytest.raises(UserError, match="expected 3 entries, one per entry of the action, found 2"):
        network(Box(0, 1, (3,)), torch.tensor([0.1, 0.2]))
    with pytest.raises(UserError, match="real-valued actions only"):
        network(Discrete(3), torch.tensor(1))
