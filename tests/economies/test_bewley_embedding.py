"""The learned embedding of the population: order, weights, a sample and its distribution, and gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

import econsim
from econsim import random
from econsim.economies.bewley import Bewley
from econsim.economies.bewley.embedding import KNOTS, embedded
from econsim.nn import ActorCritic
from econsim.nn.architecture import Architecture
from econsim.nn.encoders import Seen

STATES, HIGHEST = 3, 4.0
PEOPLE = random.uniform(random.keys(0, 2), 0, "test", (30,), torch.float64)
WEALTH = HIGHEST * PEOPLE**3
STATE = (PEOPLE * 1e6).long() % STATES
MASS = PEOPLE.flip(-1) / PEOPLE.sum(-1, keepdim=True)


def sums(order: Any = slice(None), mass: Tensor = MASS, wealth: Tensor = WEALTH, state: Tensor = STATE) -> Tensor:
    return embedded(state[:, order], wealth[:, order], mass[:, order], HIGHEST, STATES)


def _game(**changes: Any) -> Bewley:
    given = {"aggregates": "embedding", "grid_points": 50, "largest_assets": 50.0, "productivity": {"states": 3}}
    return cast(Bewley, econsim.make("bewley", **{**given, **changes}).to(dtype=torch.float64))


def test_it_is_the_sum_of_a_piecewise_linear_function_of_each_household() -> None:
    weights = random.normal(random.keys(1, 1), 0, "test", (STATES * KNOTS,), torch.float64)[0]
    found = sums() @ weights
    place = WEALTH / HIGHEST * (KNOTS - 1)
    below, rest = place.long().clamp(max=KNOTS - 2), place - place.long().clamp(max=KNOTS - 2)
    table = weights.view(STATES, KNOTS)
    each = (1 - rest) * table[STATE, below] + rest * table[STATE, below + 1]
    assert torch.allclose(found, (MASS * each).sum(-1), atol=1e-12)


def test_order_does_not_matter_and_weights_do() -> None:
    assert torch.allclose(sums(torch.randperm(30, generator=torch.Generator().manual_seed(0))), sums(), atol=1e-12)
    # A household in two parts, each with half of its weight.
    halves = MASS.clone()
    halves[:, 4] /= 2
    again = [torch.cat([each, each[:, 4:5]], -1) for each in (STATE, WEALTH, halves)]
    assert torch.allclose(embedded(*again, HIGHEST, STATES), sums(), atol=1e-12)
    assert not torch.allclose(sums(mass=halves), sums(), atol=1e-3)


def test_a_sample_is_read_as_its_distribution() -> None:
    whole, sample = _game(households="distribution"), _game(households=20_000, sampling="stratified")
    of_whole, of_sample = (
        cast(Tensor, game.observe(game.reset(random.keys(0, 1)))["household"].shared)[0, 9:] for game in (whole, sample)
    )
    assert len(of_whole) == 3 * KNOTS
    # Assets are one draw from each of 20,000 / 3 equally likely intervals of a state, at most half of all households. A
    # hat function rises and falls by one, so that its mean differs by at most two intervals.
    assert torch.allclose(of_whole, of_sample, atol=0.5 * 2 * 3 / 20_000)
    assert float(of_whole.sum()) == pytest.approx(1)


def test_gradients_reach_the_embedding_and_the_households() -> None:
    game = _game(households=40)
    state = game.reset(random.keys(0, 2))
    assets = state.assets.clone().requires_grad_()
    seen = Seen.of(game.observe(replace(state, assets=assets))["household"])
    network = ActorCritic(game.roles["household"], Architecture(hidden=(8,)), 0.0, random.keys(0, 1))
    distribution, values, _ = network(seen)
    (values.sum() + distribution.mode().sum()).backward()
    assert assets.grad is not None
    assert bool((assets.grad[assets > 0] != 0).all())
    layers = [layer for name, layer in network.named_parameters() if name.endswith("shared.weight")]
    occupied = cast(Tensor, seen.shared)[:, 9:].abs().sum(0) > 0
    assert len(layers) == 2
    assert all(bool((cast(Tensor, layer.grad)[:, 9:][:, occupied] != 0).any(0).all()) for layer in layers)
