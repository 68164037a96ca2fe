"""Minds that look, that remember and that measure values in moving units, in play and in updates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from laffer import Laffer, LafferState
from memory_recorder import MemoryRecorder
from torch import Tensor
from toy_games import GIVERS, Gifts

import econsim
from econsim import random
from econsim.acceleration import fused
from econsim.agents import ppo as worker
from econsim.game import Box, Discrete, Game, Role
from econsim.nn import ActorCritic, Architecture, Seen
from econsim.planners import ppo as planner
from econsim.rl.batch import Batch, batch_of
from econsim.rl.rollout import Rollout
from econsim.rl.settings import Settings
from econsim.rl.update import loss_of, optimiser_of, update
from econsim.training import ppo

KEY = random.keys(0, 1)
LOOKS: dict[str, Any] = {"hidden": (8,), "convolutions": ({"channels": 3}, {"channels": 4}), "layer_norm": True}
VIEW = {"view": (3, 9, 9), "view_counts": (2, 2, 6)}


def looking(**make: Any) -> ActorCritic:
    role = Role("worker", 2, Box(0, 1, (2,)), Discrete(4), **VIEW)
    return ActorCritic(role, Architecture(**{**LOOKS, **make}), -1.0, KEY)


def scene(rows: int = 5) -> Seen:
    flags = random.integers(KEY, 0, "flags", 2, (rows, 2, 9, 9))[0]
    labels = random.integers(KEY, 0, "labels", 6, (rows, 1, 9, 9))[0]
    return Seen(random.uniform(KEY, 0, "features", (rows, 2))[0], torch.cat([flags, labels], 1).to(torch.uint8))


@pytest.mark.parametrize("embedding", [0, 3])
def test_a_mind_that_looks_sees_every_channel_of_the_view(embedding: int) -> None:
    mind, seen = looking(embedding=embedding), scene()
    assert seen.view is not None
    plain = mind(seen)[1]
    for channel in range(3):
        other = seen.view.clone()
        other[:, channel] = 1 - other[:, channel].clamp(max=1)
        assert (mind(replace(seen, view=other))[1] != plain).all()


def test_without_an_embedding_only_oneself_and_others_differ() -> None:
    mind, seen = looking(embedding=0), scene()
    assert seen.view is not None
    renamed = seen.view.clone()
    renamed[:, 2] = torch.where(renamed[:, 2] > 1, 7 - renamed[:, 2], renamed[:, 2])  # others swap their labels
    assert torch.equal(mind(replace(seen, view=renamed))[1], mind(seen)[1])
    named = looking(embedding=3)
    assert not torch.equal(named(replace(seen, view=renamed))[1], named(seen)[1])


def test_a_mind_without_convolutions_does_not_ask_for_the_view() -> None:
    mind = looking(convolutions=())
    assert not mind.looks
    assert mind(replace(scene(), view=None))[1].shape == (5,)


def test_values_stay_what_they_are_when_their_unit_changes() -> None:
    mind, seen = looking(), scene()
    before = mind(seen)[1].detach()
    mind.rescale_values(torch.tensor(40.0), torch.tensor(3.0))
    # Two roundings of float32 numbers near 40.
    torch.testing.assert_close(mind(seen)[1].detach(), before, atol=2e-5, rtol=0)
    assert mind.value_spread == 3.0


@pytest.mark.parametrize("shared", [False, True])
def test_a_remembering_mind_rereads_a_sequence_as_it_was_played(shared: bool) -> None:
    rollout, networks = gifts(recurrent=6, shared_towers=shared)
    start = rollout.begin(random.keys(4, 3))
    trajectory = rollout.collect(start, 8, random.keys(5, 3))["giver"]  # episodes of 3 steps end within sequences
    batch = batch_of(trajectory, Settings(gamma=1.0, sequence_length=4), networks["giver"])
    distribution, value = networks["giver"].over_time(batch.seen, batch.memory, batch.starts)
    torch.testing.assert_close(value, batch.value)
    torch.testing.assert_close(distribution.log_prob(batch.choice), batch.log_prob)
    assert batch.value.shape == (2 * 3 * GIVERS, 4)
    forgetful = networks["giver"].over_time(batch.seen, batch.memory, torch.ones_like(batch.starts))[1]
    assert not torch.allclose(forgetful, batch.value)


def gifts(**make: Any) -> tuple[Rollout, dict[str, ActorCritic]]:
    game, networks, agents = Gifts(3), {}, {}
    for name, role in game.roles.items():
        agents[name] = worker.Ppo(worker.Parameters(hidden=(8,), **make))
        networks[name] = agents[name].prepare(game, role, random.fold(random.keys(1, 1), name))
    return Rollout(game, agents, networks, dict.fromkeys(networks, 4)), networks


@pytest.mark.parametrize("recurrent", [None, 5])
def test_gradients_taken_a_few_rows_at_a_time_add_up_to_the_same_update(recurrent: int | None) -> None:
    found = []
    for rows in (None, 3):
        rollout, networks = gifts(recurrent=recurrent)
        trajectory = rollout.collect(rollout.begin(random.keys(4, 3)), 8, random.keys(5, 3))["giver"]
        settings = Settings(
            gamma=1.0, rows_at_once=rows, epochs=1, minibatches=2, learning_rate=1e-2, entropy_weight=0.1
        )
        batch = batch_of(trajectory, settings, networks["giver"])
        stats = update(networks["giver"], optimiser_of(networks["giver"]), batch, settings, 0.0, KEY)
        found.append((stats, torch.cat([w.detach().flatten() for w in networks["giver"].parameters()])))
    # Sums of float32 numbers in another order; Adam's first step turns gradients into signs, so that gradients near
    # zero may land a part of a step away.
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found[0][1], found[1][1], atol=2e-4, rtol=0)


def test_values_in_moving_units_are_learned_where_plain_ones_lag() -> None:
    def error(normalise: bool) -> float:
        mind = ActorCritic(
            Role("worker", 1, Box(0, 1, (2,)), Discrete(2)),
            Architecture(hidden=(16,), normalise_values=normalise),
            -1.0,
            KEY,
        )
        features = random.uniform(KEY, 0, "features", (256, 2))[0]
        target = 500.0 + 200.0 * features[:, 0]
        if normalise:
            mind.rescale_values(target.mean(), target.std())
        optimiser, ones = optimiser_of(mind), torch.ones(256, dtype=torch.bool)
        zeros = torch.zeros(256)
        batch = Batch(
            seen=Seen(features),
            choice=zeros.long(),
            log_prob=zeros,
            value=zeros,
            advantage=zeros,
            target=target,
            acting=~ones,
            counts=ones,
            starts=~ones,
            memory=(),
        )
        for _ in range(10):
            update(mind, optimiser, batch, Settings(learning_rate=1e-2), 0.0, KEY)
        return float((mind(Seen(features))[1].detach() - target).abs().mean())

    assert error(True) < 20 < error(False)


def houses(game: Game[Any]) -> Rollout:
    agents = {
        "worker": worker.Ppo(worker.Parameters(hidden=(4,))),
        "planner": planner.Ppo(planner.Parameters(hidden=(4,))),
    }
    return Rollout(game, agents, {name: agents[name].prepare(game, role, KEY) for name, role in game.roles.items()})


def test_staggered_copies_show_all_of_an_episode_in_one_rollout() -> None:
    game = econsim.make("gather_trade_build", horizon=40)
    agents = {
        "worker": worker.Ppo(worker.Parameters(hidden=(4,))),
        "planner": planner.Ppo(planner.Parameters(hidden=(4,))),
    }
    networks = {name: agents[name].prepare(game, role, KEY) for name, role in game.roles.items()}
    rollout = Rollout(game, agents, networks)
    apart = rollout.begin(random.keys(1, 8), stagger=10)
    for number in range(4):
        rollout.collect(apart, 10, random.keys(2 + number, 8))
    assert sorted(apart.state.world.time.tolist()) == [0, 0, 10, 10, 20, 20, 30, 30]
    together = rollout.begin(random.keys(1, 8))
    rollout.collect(together, 10, random.keys(2, 8))
    assert together.state.world.time.tolist() == [10] * 8


def test_an_episode_keeps_the_parameters_that_it_began_with() -> None:
    game = econsim.make("gather_trade_build", horizon=20)
    agents = {
        "worker": worker.Ppo(worker.Parameters(hidden=(4,))),
        "planner": planner.Ppo(planner.Parameters(hidden=(4,))),
    }
    networks = {name: agents[name].prepare(game, role, KEY) for name, role in game.roles.items()}
    rollout = Rollout(game, agents, networks)
    scene = rollout.begin(random.keys(1, 4), {"highest_rate": 0.1}, stagger=10)
    found = rollout.collect(scene, 10, random.keys(2, 4), {"highest_rate": 0.7})
    assert scene.numbers["highest_rate"].tolist() == pytest.approx([0.1, 0.7, 0.1, 0.7])
    # Options are 0, 5, ..., 100 % after "keep": up to 10 % three of them and the first are legal.
    mask = found["planner"].row.seen.action_mask
    assert mask is not None
    assert mask[0, 0, 0, :22].sum() == 4


def test_training_with_eyes_and_memory_is_a_function_of_the_seed() -> None:
    def fitted() -> dict[str, Tensor]:
        game = econsim.make("gather_trade_build", horizon=20)
        make: Any = {"hidden": (8,), "convolutions": ({"channels": 2},), "recurrent": 4, "layer_norm": True}
        agents = {
            "worker": worker.Ppo(worker.Parameters(**make, normalise_values=True)),
            "planner": planner.Ppo(planner.Parameters(hidden=(8,), recurrent=4)),
        }
        follower = {"sequence_length": 5}
        settings = ppo.Parameters.model_validate({"iterations": 2, "copies": 4, "steps": 10, "follower": follower})
        ppo.Ppo(settings).fit(game, agents, 3, MemoryRecorder())
        return {f"{role}/{name}": value for role in agents for name, value in agents[role].state_dict().items()}

    first, second = fitted(), fitted()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(value.isfinite().all() for value in first.values())


def test_low_precision_changes_towers_by_its_rounding_only() -> None:
    for recurrent in (None, 6):
        exact, low = (looking(precision=precision, recurrent=recurrent) for precision in ("float32", "bfloat16"))
        seen = scene(64)
        seen = Seen(seen.features[:, None], None if seen.view is None else seen.view[:, None])
        found = [mind(seen, mind.first_memory(64, 1, "cpu")) for mind in (exact, low)]
        # Numbers of order one through four layers with eight significant bits (2^-8 = 0.004) each.
        torch.testing.assert_close(found[1][1], found[0][1], atol=0.05, rtol=0)
        assert not torch.equal(found[1][1], found[0][1])
        assert all(part.dtype == torch.float32 for part in (found[1][1], *found[1][2]))


def test_low_precision_learns_the_same_effort() -> None:
    """The Laffer worker under a rate of 0.3 works 0.7, in either precision."""
    for precision in ("float32", "bfloat16"):
        agents: dict[str, Any] = {
            "worker": worker.Ppo(worker.Parameters(hidden=(16,), precision=precision)),
            "leader": planner.Ppo(planner.Parameters(hidden=(4,), start=0.3, initial_exploration=-5)),
        }
        fast = {"learning_rate": [[0, 1e-2], [1, 1e-3]], "minibatches": 1}
        settings = {"iterations": 40, "copies": 64, "follower": fast, "train": ["worker"]}
        game = Laffer()
        ppo.Ppo(ppo.Parameters.model_validate(settings)).fit(game, agents, 0, MemoryRecorder())
        working = LafferState(torch.ones(1, dtype=torch.int64), torch.tensor([0.3]))
        effort = agents["worker"].act(game.observe(working)["worker"], (), KEY)[0]
        # A batch of 512 draws with a spread of 0.4 around the mode, averaged over the last iterations.
        assert float(effort.mean()) == pytest.approx(0.7, abs=0.1)


def test_a_compiled_update_learns_the_same_from_batches_of_any_length() -> None:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    found = []
    for loss in (loss_of, fused(loss_of, "compile")):
        rollout, networks = gifts()
        mind, stats = networks["giver"], []
        optimiser, scene = optimiser_of(mind), rollout.begin(random.keys(4, 3))
        for round_number, steps in enumerate((8, 16, 12)):
            settings = Settings(gamma=1.0, epochs=1, minibatches=2, clip=((0.0, 0.3), (1.0, 0.1)), entropy_weight=0.1)
            batch = batch_of(rollout.collect(scene, steps, random.keys(5, 3))["giver"], settings, mind)
            stats.append(update(mind, optimiser, batch, settings, round_number / 3, KEY, loss))
        found.append((torch.stack(stats), torch.cat([w.detach().flatten() for w in mind.parameters()])))
    # Fused float32 sums; Adam's first steps turn gradients near zero into signs, as above.
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(found[0][1], found[1][1], atol=1e-3, rtol=0)
    counters = torch._dynamo.utils.counters
    assert not counters["graph_break"]
    # One program for the first length and one for all others: schedules and weights do not call for more.
    assert counters["stats"]["unique_graphs"] == 2
