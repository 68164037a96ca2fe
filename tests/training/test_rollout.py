from __future__ import annotations

import torch
from toy_games import GIVERS, Gifts

from econsim import random
from econsim.agents import ppo
from econsim.game import Agent, Game
from econsim.nn import ActorCritic, Seen
from econsim.rl.buffer import Trajectory
from econsim.rl.rollout import Rollout, RolloutState

COPIES = 5


def cast_of(game: Game[object]) -> tuple[dict[str, Agent], dict[str, ActorCritic]]:
    agents: dict[str, Agent] = {}
    networks = {}
    for name, role in game.roles.items():
        agent = ppo.Ppo(ppo.Parameters(hidden=(8,)))
        networks[name] = agent.prepare(game, role, random.fold(random.keys(1, 1), name))
        agents[name] = agent
    return agents, networks


def opening(horizon: int = 3) -> tuple[Rollout, dict[str, ActorCritic], RolloutState]:
    game = Gifts(horizon)
    agents, networks = cast_of(game)
    rollout = Rollout(game, agents, networks)
    return rollout, networks, rollout.begin(random.keys(2, COPIES))


def roll(steps: int, scene: RolloutState, key: int = 9, horizon: int = 3) -> dict[str, Trajectory]:
    return opening(horizon)[0].collect(scene, steps, random.keys(key, COPIES))


def test_rows_are_what_the_players_saw_and_may_do() -> None:
    _, networks, scene = opening()
    giver = roll(3, scene)["giver"]
    row = giver.row
    assert row.seen.features.shape == (3, COPIES, GIVERS, 3)
    assert row.seen.action_mask is not None
    assert row.seen.action_mask.gather(-1, row.choice[..., None]).all()
    policy, value, _ = networks["giver"](row.seen)
    torch.testing.assert_close(policy.log_prob(row.choice), row.log_prob)
    torch.testing.assert_close(value, row.value)


def test_the_collector_acts_every_second_step() -> None:
    acting = roll(3, opening()[-1])["collector"].row.acting
    assert acting[:, 0, 0].tolist() == [True, False, True]


def test_the_clock_cuts_the_record_with_the_value_of_the_final_observation() -> None:
    _, networks, scene = opening()
    giver = roll(3, scene)["giver"]
    assert giver.outcome.cut.any(-1).tolist() == [False, False, True]
    assert not giver.outcome.terminated.any()
    assert not giver.outcome.value_at_cut[:2].any()
    coins = giver.row.seen.features[2, ..., 1] + giver.outcome.reward[2]
    rate = torch.sigmoid(roll(3, opening()[-1])["collector"].row.choice[2]).expand_as(coins[..., None])[..., 0]
    final = torch.stack([torch.ones_like(coins), coins, rate], -1)
    torch.testing.assert_close(giver.outcome.value_at_cut[2], networks["giver"](Seen(final))[1])


def test_copies_that_end_begin_a_new_episode_under_a_new_key() -> None:
    scene = opening()[-1]
    first = scene.state.coins.clone()
    giver = roll(4, scene)["giver"]
    assert scene.episodes.tolist() == [1] * COPIES
    assert scene.state.time.tolist() == [1] * COPIES
    assert giver.row.seen.features[3, ..., 0].eq(0).all()
    assert not torch.equal(giver.row.seen.features[3, ..., 1], first)
    # A giver's return is the change of its coins; the copies did not finish a second episode.
    paid = giver.outcome.reward[:3].sum(0).double().mean()
    torch.testing.assert_close(giver.episode_return, paid)
    torch.testing.assert_close(scene.returns["giver"], giver.outcome.reward[3].double())


def test_no_return_is_reported_where_no_episode_ended() -> None:
    assert roll(2, opening()[-1])["giver"].episode_return.isnan()


def test_a_stored_scene_continues_identically() -> None:
    scene, other = opening()[-1], opening()[-1]
    roll(4, scene)
    other.restore({name: value.clone() for name, value in scene.stored().items()})
    onwards, again = roll(4, scene, key=10)["giver"], roll(4, other, key=10)["giver"]
    assert torch.equal(onwards.row.seen.features, again.row.seen.features)
    assert torch.equal(onwards.row.choice, again.row.choice)
    assert onwards.episode_return == again.episode_return


def test_copies_under_one_key_can_try_different_actions() -> None:
    rollout = opening()[0]
    scene = rollout.begin(random.keys(2, 1).expand(COPIES))
    found = rollout.collect(scene, 1, random.keys(9, COPIES))["collector"].row
    assert (found.seen.features == found.seen.features[:, :1]).all()
    assert found.choice.unique().numel() == COPIES
