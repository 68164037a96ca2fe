"""Leader rules that react to the state."""

from __future__ import annotations

import pytest
import torch

import econsim
from econsim import random
from econsim.analysis.equilibrium import leading_gain, rule_gain
from econsim.analysis.equilibrium.feedback import Feedback, varying_features
from econsim.game import Box, Observation
from econsim.play import HeldAction

SMALL = {
    "households": 10,
    "periods": 6,
    "review": 2,
    "grid_points": 40,
    "productivity": {"states": 3},
    "instruments": ["labour_tax"],
    "highest_rate": 0.8,
}


def test_a_rule_moves_from_its_base_with_the_features_that_it_reads() -> None:
    rule = Feedback(torch.tensor([[0.5, 0.75, 0.5]], dtype=torch.float64), Box(0.0, 0.8, (1,)), [0, 2])
    here = torch.ones((1, 1), dtype=torch.bool)
    first, second = (Observation(torch.tensor([[row]]), here, here) for row in ([1.0, 5.0, 3.0], [1.2, 9.0, 3.0]))
    action, memory = rule.act(first, None, random.keys(0, 1))
    assert float(action) == pytest.approx(0.4)
    # A slope of 0.75 in the unit cube is 2 * (2 * 0.75 - 1) = 1 share of the range per unit: 0.5 + 0.2 of 0.8.
    assert float(rule.act(second, memory, random.keys(0, 1))[0]) == pytest.approx(0.56)


def test_rules_read_what_changes_and_gain_at_least_what_the_best_constant_gains() -> None:
    game = econsim.make("bewley", **SMALL).to(dtype=torch.float64)
    agents = {
        "household": HeldAction(torch.tensor([0.2, 0.3], dtype=torch.float64)),
        "government": HeldAction(torch.tensor([0.0], dtype=torch.float64)),
    }
    key = random.keys(1, 2)
    names = [game.roles["government"].features[index] for index in varying_features(game, agents, "government", key)]
    assert names == ["time", "capital", "wage", "interest_rate"]
    rule = rule_gain(game, agents, "government", 60, key, key, 0)
    assert rule.tried <= 60
    # Households who do not respond: with log utility, equal incomes are best, which the highest tax comes closest to.
    assert rule.gain.gain > 0
    held = torch.tensor([[0.8]], dtype=torch.float64)
    from econsim.leader_evaluation import values_of

    constant = float(values_of(game, agents, "government", held, 1, 2))
    assert rule.gain.reached >= constant - 0.02 * abs(constant)


def test_constant_policies_are_searched_against_exact_households() -> None:
    game = econsim.make("bewley", **SMALL).to(dtype=torch.float64)
    agents = {
        "household": HeldAction(torch.tensor([0.9, 0.1], dtype=torch.float64)),
        "government": HeldAction(torch.tensor([0.8], dtype=torch.float64)),
    }
    found = leading_gain(game, agents, "government", 12, random.keys(1, 1), random.keys(2, 1), 0)
    assert found.followers == "exact"
    assert found.gain.gain > 0
    assert float(found.action) < 0.8
