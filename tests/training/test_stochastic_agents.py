"""Stochastic agents: the distribution that they state is the one that their actions are drawn from."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from scipy.stats import chisquare
from toy_games import Gifts, Signals

from econsim import random
from econsim.agents.imitation import Imitation
from econsim.agents.imitation import Parameters as ImitationParameters
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.agents.noisy_response import NoisyResponse
from econsim.agents.noisy_response import Parameters as Noise
from econsim.agents.ppo import Parameters, Ppo
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Stochastic
from econsim.scenario import load
from econsim.training import imitation as learner

DRAWS = 4000


def mind(game: Game[Any], role: str, deterministic: bool | None = None) -> Ppo:
    agent = Ppo(Parameters(hidden=(8,), deterministic=deterministic))
    network = agent.prepare(game, game.roles[role], random.keys(1, 1))
    with torch.no_grad():
        network.policy_outputs.weight.mul_(300)  # fresh weights are nearly indifferent
    return agent


def copier(game: Signals) -> Imitation:
    agent = Imitation(ImitationParameters.model_validate({"teacher": "mixed_strategy", "episodes": 8, "steps": 20}))
    learner.Imitation(learner.Parameters()).fit(game, {"guesser": agent}, 0, MemoryRecorder())
    return agent


def same_observation(game: Game[Any], role: str) -> Observation:
    """Return what the players of one copy see, in as many copies as there are draws."""
    return game.observe(game.reset(random.keys(3, 1).expand(DRAWS)))[role]


CASES: dict[str, Any] = {
    "network": lambda: (Gifts(), "giver", mind(Gifts(), "giver")),
    "network that plays its mode": lambda: (Gifts(), "giver", mind(Gifts(), "giver", deterministic=True)),
    "mixed strategy under a mask": lambda: (Gifts(), "giver", MixedStrategy(Mix(probabilities=(0.1, 0.2, 0.3, 0.4)))),
    "imitation": lambda: (Signals(), "guesser", copier(Signals())),
    "noisy response": lambda: (
        load("one_step", {"economy.workers": 3, "economy.hours_step": 20, "economy.hours_as": "index"}).build()[0],
        "worker",
        NoisyResponse(Noise(rationality=3.0)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_actions_are_drawn_from_the_stated_distribution(case: str) -> None:
    game, role, agent = CASES[case]()
    assert isinstance(agent, Stochastic)
    observation, memory = same_observation(game, role), agent.start(game, game.roles[role], DRAWS)
    actions, _ = agent.act(observation, memory, random.keys(5, DRAWS))
    stated, _ = agent.policy(observation, memory)
    likely = stated.probabilities[0].double()
    torch.testing.assert_close(likely.sum(-1), torch.ones(len(likely), dtype=torch.float64), atol=1e-6, rtol=0)
    for player, expected in enumerate(likely):
        counts = torch.bincount(actions[:, player], minlength=len(expected)).double()
        played = expected > 1e-9
        assert not counts[~played].any()
        found = chisquare(counts[played], expected[played] / expected[played].sum() * DRAWS)
        assert found.pvalue > 1e-4 or int(played.sum()) == 1


def test_discrete_actions_are_drawn_and_real_valued_ones_played_by_their_mode() -> None:
    game, keys = Gifts(), random.keys(3, 200)
    for role, draws in (("giver", True), ("collector", False)):
        seen = game.observe(game.reset(random.keys(1, 1).expand(200)))[role]
        agent = mind(game, role)
        action, _ = agent.act(seen, agent.start(game, game.roles[role], 200), keys)
        assert (len(action.unique(dim=0)) > 1) == draws


@pytest.mark.parametrize("agent", [MixedStrategy(Mix()), mind(Gifts(), "collector")], ids=["mixed", "network"])
def test_real_valued_actions_have_no_probabilities(agent: Agent) -> None:
    game = Gifts()
    seen = game.observe(game.reset(random.keys(1, 2)))["collector"]
    with pytest.raises(UserError, match="probabilities"):
        agent.policy(seen, agent.start(game, game.roles["collector"], 2))  # type: ignore[attr-defined]


def test_probabilities_add_up_and_fit_the_role() -> None:
    with pytest.raises(ValueError, match=r"expected a sum of 1, found 0\.9"):
        Mix(probabilities=(0.5, 0.4))
    with pytest.raises(UserError, match=r"agents\.guesser\.probabilities: expected 3 numbers, one per option, found 2"):
        MixedStrategy(Mix(probabilities=(0.5, 0.5))).start(Signals(), Signals().roles["guesser"], 1)


def test_where_a_mask_forbids_all_that_is_played_the_rest_is_equally_likely() -> None:
    agent, alive = MixedStrategy(Mix(probabilities=(0, 0, 0, 1))), torch.ones(1, 2, dtype=torch.bool)
    mask = torch.tensor([[[True, True, False, False], [False, False, False, False]]])
    memory = agent.start(Gifts(), Gifts().roles["giver"], 1)
    likely = agent.policy(Observation(torch.zeros(1, 2, 3), alive, alive, mask), memory)[0].probabilities
    assert likely.tolist() == [[[0.5, 0.5, 0, 0], [0, 0, 0, 0]]]
