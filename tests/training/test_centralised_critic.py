"""Centralised critics: what they read, what they explain that others cannot, and what they leave as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder
from torch import Tensor

import econsim
from econsim import random
from econsim.agents import ppo
from econsim.analysis.equilibrium.deviation import DEVIATOR, Deviation
from econsim.errors import UserError
from econsim.game import Agent, Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.nn import ActorCritic, Architecture
from econsim.nn.joint_observation import joint_observation, joint_size
from econsim.play import play
from econsim.rl.batch import batch_of, joined
from econsim.rl.rollout import Rollout
from econsim.rl.settings import Settings
from econsim.training import ppo as learner

MAKES = [Architecture(hidden=(8,)), Architecture(hidden=()), Architecture(hidden=(8,), recurrent=4)]
FAST = {"iterations": 30, "copies": 64, "follower": {"learning_rate": 2e-2, "minibatches": 1}}
SMALL = {"iterations": 3, "copies": 4, "checkpoint_every": 1, "follower": {"minibatches": 2, "epochs": 1}}


@tensors
class TeamState:
    """The key and the private sign of each player."""

    key: Tensor  # [B] int64
    signs: Tensor  # [B, 3] -1 or 1


class Team(Game[TeamState]):
    """All are paid the product of three private signs, and a third for each player who reports its own sign.

    The product is independent of any one sign (and of any two), so that a critic that reads a player's own observation
    explains nothing of it, and a critic that reads all three explains it wholly.
    """

    horizon = 1
    clocked = True
    parameters: Mapping[str, Tensor] = {}
    roles: Mapping[str, Role] = {
        "scout": Role("scout", 2, Box(-1, 1, (1,)), Discrete(2), features=("sign",)),
        "guide": Role("guide", 1, Box(-1, 1, (1,)), Discrete(2), features=("sign",)),
    }

    def reset(self, key: Tensor) -> TeamState:
        return TeamState(key, 2.0 * random.integers(key, 0, "signs", 2, (3,)) - 1.0)

    def observe(self, state: TeamState) -> dict[str, Observation]:
        alive = torch.ones_like(state.signs, dtype=torch.bool)
        parts = {"scout": slice(0, 2), "guide": slice(2, 3)}
        return {role: Observation(state.signs[:, of, None], alive[:, of], alive[:, of]) for role, of in parts.items()}

    def step(self, state: TeamState, actions: Mapping[str, Tensor]) -> Transition[TeamState]:
        right = torch.cat([actions["scout"], actions["guide"]], 1) == (state.signs > 0)
        paid = state.signs.prod(1, keepdim=True) + right.float().mean(1, keepdim=True)
        over = torch.ones_like(state.key, dtype=torch.bool)
        rewards = {"scout": paid.expand(-1, 2), "guide": paid}
        return Transition(TeamState(state.key + 1, state.signs), rewards, over, torch.zeros_like(over))

    def conserved(self, state: TeamState) -> dict[str, Tensor]:
        return {}


def team(critic: str = "centralised", **make: Any) -> dict[str, Agent]:
    guide = {"critic": critic, "hidden": (16,), **make}
    return {
        "scout": ppo.Ppo(ppo.Parameters.model_validate({**guide, "shares_with": "guide"})),
        "guide": ppo.Ppo(ppo.Parameters.model_validate(guide)),
    }


def fitted(critic: str, settings: Any = FAST, recorder: Any = None, **make: Any) -> dict[str, Agent]:
    agents, recorder = team(critic, **make), recorder or MemoryRecorder()
    return learner.Ppo(learner.Parameters.model_validate(settings)).fit(Team(), agents, 0, recorder)


def weights(agents: Mapping[str, Agent]) -> dict[str, Tensor]:
    return agents["guide"].state_dict()  # type: ignore[attr-defined, no-any-return]


def test_a_team_learns_and_only_a_centralised_critic_explains_what_it_is_paid() -> None:
    explained = {}
    for critic in ("own", "centralised"):
        recorder = MemoryRecorder()
        agents = fitted(critic, recorder=recorder)
        explained[critic] = recorder.values("guide", "training/explained_variance")[-1]
        returns = play(Team(), agents, random.keys(9, 256)).returns["scout"]
        # All report their signs: a payment of 1 plus a product with mean zero.
        assert float((returns[:, 0] - Team().reset(random.keys(9, 256)).signs.prod(1)).mean()) > 0.97
    assert explained["centralised"] > 0.9
    assert explained["own"] < 0.1


@pytest.mark.parametrize("make", MAKES[:2], ids=["dense", "linear"])
def test_the_critic_reads_its_own_observation_and_that_of_everybody(make: Architecture) -> None:
    game = Team()
    network = ActorCritic(game.roles["scout"], make, 0.0, random.keys(1, 1), joint=joint_size(game.roles, False))
    seen = game.observe(game.reset(random.keys(4, 6)))
    values = network(network.sees(seen["scout"], seen))[1]
    everybody = torch.cat([seen["guide"].features[:, 0], *seen["scout"].features.unbind(1)], 1)  # by name of the role
    torch.testing.assert_close(joint_observation(seen, False), everybody)
    appended = torch.cat([seen["scout"].features, everybody[:, None].expand(-1, 2, -1)], -1)
    tower = network.value_tower
    assert tower is not None
    if tower.shared is not None:
        weight = torch.cat([tower.dense[0].weight, tower.shared.weight], 1)
        appended = torch.tanh(appended @ weight.T + tower.dense[0].bias)
    torch.testing.assert_close(values, network.value_output(appended)[..., 0])


def test_players_who_are_not_alive_are_zero_to_the_critic_and_views_are_part_where_they_are_read() -> None:
    features, alive = torch.tensor([[[3.0], [5.0]]]), torch.tensor([[True, False]])
    view = torch.tensor([[[[[0, 1], [2, 3]]], [[[1, 0], [4, 0]]]]], dtype=torch.int8)  # labels from 2 are others
    observation = Observation(features, alive, alive, view=view, shared=torch.tensor([[7.0]]))
    assert joint_observation({"player": observation}, False).tolist() == [[3, 0, 7]]
    assert joint_observation({"player": observation}, True).tolist() == [[3, 0, 7, 0, 1, 2, 2, 1, 0, 2, 0]]
    role = Role("player", 2, Box(0, 9, (1,)), Discrete(2), view=(1, 2, 2), shared_features=("seven",))
    assert [joint_size({"player": role}, with_views) for with_views in (False, True)] == [3, 11]


@pytest.mark.parametrize("make", MAKES, ids=["dense", "linear", "with memory"])
def test_rows_of_roles_that_share_a_network_are_judged_as_in_play(make: Architecture) -> None:
    game = Team()
    network = ActorCritic(game.roles["guide"], make, 0.0, random.keys(1, 1), joint=joint_size(game.roles, False))
    rollout = Rollout(game, {}, {"scout": network, "guide": network}, {"scout": 2, "guide": 2}, mode="eager")
    trajectories = rollout.collect(rollout.begin(random.keys(2, 5)), 4, random.keys(3, 5))
    assert trajectories["scout"].row.seen.joint is not None
    assert trajectories["scout"].row.seen.joint.shape == (4, 5, 3)  # once per copy, not per player
    batch = joined([batch_of(trajectories[role], Settings(gamma=1.0), network) for role in ("scout", "guide")])
    rows = batch.rows(torch.arange(batch.size).flip(0))
    if make.recurrent is None:
        value = network(rows.seen)[1]
    else:
        value = network.over_time(rows.seen, rows.memory, rows.starts)[1]
    torch.testing.assert_close(value, rows.value)


def test_seeds_trained_together_and_runs_that_are_resumed_get_the_same_weights() -> None:
    whole = weights(fitted("centralised", SMALL))
    recorder = MemoryRecorder(stop_after=2)
    with pytest.raises(Interrupted):
        fitted("centralised", SMALL, recorder)
    recorder.stop_after = None
    resumed = weights(fitted("centralised", SMALL, recorder))
    casts = [team(), team()]
    together = learner.Ppo(learner.Parameters.model_validate(SMALL)).fit_together(
        Team(), casts, [5, 0], [MemoryRecorder(), MemoryRecorder()]
    )
    for name, value in whole.items():
        assert torch.equal(value, resumed[name])
        assert torch.equal(value, weights(together[1])[name])


def test_a_policy_plays_and_learns_on_with_other_players_than_its_critic_was_trained_with() -> None:
    guide = fitted("centralised", SMALL)["guide"]
    deviator = ppo.Ppo(ppo.Parameters(critic="centralised", hidden=(16,)))
    deviator.load_state_dict(guide.state_dict())  # type: ignore[attr-defined]
    deviation = Deviation(Team(), "guide")
    seen = deviation.observe(deviation.reset(random.keys(3, 8)))
    memory = deviator.start(deviation, deviation.roles[DEVIATOR], 8)
    expected = guide.policy(seen["guide"], ())[0].probabilities  # type: ignore[attr-defined]
    assert torch.equal(deviator.policy(seen[DEVIATOR], memory)[0].probabilities, expected)
    players = {**deviation.frozen(team_that_plays(guide)), DEVIATOR: deviator}
    learner.Ppo(learner.Parameters.model_validate(SMALL)).fit(deviation, players, 0, MemoryRecorder())


def team_that_plays(guide: Any) -> dict[str, Agent]:
    scout = ppo.Ppo(ppo.Parameters(critic="centralised", hidden=(16,)))
    scout.load_state_dict(guide.state_dict())
    return {"scout": scout, "guide": guide}


def test_a_critic_that_shares_its_encoder_with_the_policy_is_refused() -> None:
    with pytest.raises(UserError, match=r"coin_game.yaml:4: agents.player: .*needs shared_towers: false"):
        econsim.load("coin_game", **{"agents.player.critic": "centralised"})
