"""What all players see is held once a copy, and reaches networks, learners, imitation and deviations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor
from toy_games import SIGNALS, Gifts, Signals

from econsim import random
from econsim.agents import ppo
from econsim.agents.imitation import Imitation
from econsim.agents.imitation import Parameters as ImitationParameters
from econsim.analysis.equilibrium.deviation import DEVIATOR, Deviation
from econsim.game import Observation, Role
from econsim.learning import MEASURED
from econsim.nn import ActorCritic, Architecture, Seen
from econsim.play import play
from econsim.rl.batch import batch_of, joined
from econsim.rl.rollout import Rollout
from econsim.rl.settings import Settings
from econsim.testing.fake_device import fake_device, is_supported
from econsim.training import imitation as imitation_learner
from econsim.training import ppo as learner

FAST: dict[str, Any] = {"learning_rate": 1e-2, "epochs": 4, "minibatches": 2}
MAKES = [Architecture(hidden=(8,)), Architecture(hidden=()), Architecture(hidden=(8,), recurrent=4)]


def trained(iterations: int, **make: Any) -> tuple[Signals, ppo.Ppo]:
    game, mind = Signals(), ppo.Ppo(ppo.Parameters.model_validate({"hidden": (16,), **make}))
    settings = {"iterations": iterations, "copies": 64, "follower": FAST}
    learner.Ppo(learner.Parameters.model_validate(settings)).fit(game, {"guesser": mind}, 0, MemoryRecorder())
    return game, mind


@pytest.mark.parametrize(("iterations", "make"), [(40, {}), (100, {"recurrent": 8})], ids=["dense", "with memory"])
def test_ppo_learns_what_only_the_shared_entries_show(iterations: int, make: dict[str, Any]) -> None:
    game, mind = trained(iterations, **make)
    returns = play(game, {"guesser": mind}, random.keys(9, 300)).returns["guesser"]
    # Two right answers an episode; a policy blind to the signal expects two thirds, whatever it does.
    assert float(returns.mean()) > 1.9


def seen_in_play(game: Signals, copies: int) -> Observation:
    return game.observe(game.reset(random.keys(4, copies)))["guesser"]


@pytest.mark.parametrize("make", MAKES[:2], ids=["dense", "linear"])
def test_a_network_reads_shared_entries_as_if_each_player_had_them(make: Architecture) -> None:
    game, key = Signals(), random.keys(1, 1)
    network = ActorCritic(game.roles["guesser"], make, 0.0, key)
    observation = seen_in_play(game, 6)
    values = network(network.sees(observation))[1]
    tower = network.value_tower
    assert tower is not None
    assert observation.shared is not None
    appended = torch.cat([observation.features, observation.shared[:, None].expand(-1, 2, -1)], -1)
    if tower.shared is None:
        hidden = appended
    else:
        weight = torch.cat([tower.dense[0].weight, tower.shared.weight], 1)
        hidden = torch.tanh(appended @ weight.T + tower.dense[0].bias)
    torch.testing.assert_close(values, network.value_output(hidden)[..., 0])


def test_a_network_without_shared_entries_is_what_it_was() -> None:
    role = Gifts().roles["giver"]
    network = ActorCritic(role, MAKES[0], 0.0, random.keys(1, 1))
    assert not any("shared" in name for name in network.state_dict())


@pytest.mark.parametrize("make", MAKES, ids=["dense", "linear", "with memory"])
def test_rows_of_a_batch_are_judged_as_in_play(make: Architecture) -> None:
    game = Signals(horizon=4)
    network = ActorCritic(game.roles["guesser"], make, 0.0, random.keys(1, 1))
    rollout = Rollout(game, {}, {"guesser": network}, {"guesser": 2}, mode="eager")
    trajectory = rollout.collect(rollout.begin(random.keys(2, 5)), 4, random.keys(3, 5))["guesser"]
    assert trajectory.row.seen.shared is not None
    assert trajectory.row.seen.shared.shape == (4, 5, SIGNALS)  # once a copy
    batch = batch_of(trajectory, Settings(gamma=1.0), network)
    twice = joined([batch, batch])
    order = torch.arange(twice.size).flip(0)
    rows = twice.rows(order)
    if make.recurrent is None:
        value = network(rows.seen)[1]
    else:
        value = network.over_time(rows.seen, rows.memory, rows.starts)[1]
    torch.testing.assert_close(value, rows.value)


class Answering:
    """Answers every signal rightly."""

    def __init__(self, game: Signals) -> None:
        self.table: Tensor = game.constants["tables"][0]

    def start(self, game: Any, role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        assert observation.shared is not None
        answer = self.table[observation.shared.argmax(-1)]
        return answer[:, None].expand(observation.alive.shape), memory


@pytest.mark.parametrize("hidden", [(16,), ()])
def test_imitation_copies_answers_to_shared_signals(hidden: tuple[int, ...]) -> None:
    game = Signals()
    budget = {"episodes": 64, "steps": 800, "learning_rate": 2e-2}
    copier = Imitation(ImitationParameters.model_validate({"teacher": "best_response", "hidden": hidden, **budget}))
    copier.teacher = Answering(game)  # type: ignore[assignment]
    imitation_learner.Imitation(imitation_learner.Parameters()).fit(game, {"guesser": copier}, 0, MemoryRecorder())
    assert copier.fidelity["explained"] > 0.9
    returns = play(game, {"guesser": copier}, random.keys(9, 200)).returns["guesser"]
    assert float(returns.mean()) > 1.8


def test_a_deviator_sees_what_its_players_share() -> None:
    game = Signals()
    deviation = Deviation(game, "guesser")
    seen = deviation.observe(deviation.reset(random.keys(4, 3)))
    assert seen[DEVIATOR].features.shape == (3, 1, 1)
    assert torch.equal(seen[DEVIATOR].shared, seen["guesser"].shared)  # type: ignore[arg-type]
    assert deviation.constants is game.constants


@pytest.mark.skipif(not is_supported(), reason="this version of torch cannot simulate a GPU")
def test_training_on_another_device_gives_the_same_numbers() -> None:
    def logged(game: Any) -> list[Any]:
        recorder, mind = MemoryRecorder(), ppo.Ppo(ppo.Parameters(hidden=(8,)))
        settings = {"iterations": 2, "copies": 4, "follower": FAST}
        learner.Ppo(learner.Parameters.model_validate(settings)).fit(game, {"guesser": mind}, 0, recorder)
        return [row for row in recorder.rows if not row[1].startswith(MEASURED)]

    with fake_device() as device:
        there = logged(Signals().to(device=device))
    assert there == logged(Signals())


def test_a_row_knows_its_copy_wherever_it_stands() -> None:
    shared = torch.arange(6.0).view(2, 3, 1)  # [T, B, G]
    seen = Seen(torch.zeros(2, 3, 2, 1), shared=shared).with_rows()
    rows = seen.of_each(lambda column: column.flatten(0, 2))
    assert rows.shared is not None
    assert torch.equal(rows.for_each(rows.shared)[:, 0], torch.arange(6.0).repeat_interleave(2))
