from __future__ import annotations

import torch

from econsim import make, random
from econsim.game import Observation
from econsim.planners.random_schedule import Parameters, RandomSchedule

COPIES = 4000


def observation(copies: int) -> Observation:
    everyone = torch.ones((copies, 1), dtype=torch.bool)
    return Observation(torch.zeros((copies, 1, 3)), everyone, everyone)


def drawn(parameters: Parameters, key: torch.Tensor) -> torch.Tensor:
    game = make("one_step")
    agent = RandomSchedule(parameters)
    memory = agent.start(game, game.roles["planner"], key.shape[0])
    rates, memory = agent.act(observation(key.shape[0]), memory, key)
    later, _ = agent.act(observation(key.shape[0]), memory, random.fold(key, 1))
    assert torch.equal(rates, later)  # what was announced holds for the episode
    return rates[:, 0]


def test_rates_have_the_stated_law() -> None:
    rates = drawn(Parameters(taxed_share=0.6, highest_rate=0.8), random.keys(3, COPIES))
    taxed = (rates > 0).double().mean(0)
    # Five standard errors of a share of 0.6, and of a product of two uniforms (mean 1/4, variance 1/9 - 1/16).
    assert (taxed - 0.6).abs().max() < 5 * (0.24 / COPIES) ** 0.5
    mean = (rates.double().sum(0) / (rates > 0).sum(0)) / 0.8
    assert (mean - 0.25).abs().max() < 5 * ((1 / 9 - 1 / 16) / (0.6 * COPIES)) ** 0.5
    assert rates.max() <= 0.8


def test_a_copy_draws_the_same_alone_as_among_many() -> None:
    keys = random.keys(5, 20)
    assert torch.equal(drawn(Parameters(), keys)[7:8], drawn(Parameters(), keys[7:8]))


def test_no_bracket_is_taxed_where_none_shall_be() -> None:
    assert not drawn(Parameters(taxed_share=0.0), random.keys(1, 50)).any()
