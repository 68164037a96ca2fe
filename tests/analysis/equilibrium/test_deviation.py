from __future__ import annotations

from typing import Any

import pytest
import torch
from dilemma import SILENT, TALKS, Always, Dilemma
from toy_games import GIVERS, Gifts

import econsim
from econsim import random
from econsim.agents.ppo import Parameters, Ppo
from econsim.analysis.equilibrium import DEVIATOR, Deviating, Deviation
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.play import HeldAction, play
from econsim.rl.rollout import Rollout
from econsim.testing import check_game, random_actions
from econsim.testing.play import tensors_of


def worlds() -> list[tuple[Game[Any], str]]:
    small: dict[str, Any] = {"workers": 5, "hours_step": None}
    return [
        (Dilemma(), "prisoner"),
        (Gifts(), "giver"),
        (econsim.make("one_step", **small), "worker"),
        (econsim.make("gather_trade_build", horizon=2), "worker"),
    ]


@pytest.mark.parametrize(("game", "role"), worlds(), ids=lambda it: it if isinstance(it, str) else type(it).__name__)
def test_a_deviation_keeps_every_promise_of_a_game(game: Game[Any], role: str) -> None:
    failed = {check.name: check.detail for check in check_game(Deviation(game, role)) if not check.passed}
    assert failed == {}


def test_the_deviator_is_one_player_and_every_player_in_turn() -> None:
    deviation = Deviation(Gifts(), "giver")
    key = random.keys(0, 64)
    state = deviation.reset(key)
    assert set(state.seat.tolist()) == set(range(GIVERS))
    seen, rows = deviation.observe(state), torch.arange(64)
    assert deviation.roles[DEVIATOR].count == 1
    for name, value in tensors_of(seen[DEVIATOR]).items():
        assert torch.equal(value[:, 0], tensors_of(seen["giver"])[name][rows, state.seat]) or name == "acting"
    # What the frozen giver in the seat would do is not read; what the deviator does is.
    assert seen["giver"].acting.sum(-1).tolist() == [GIVERS - 1] * 64
    assert not seen["giver"].acting[rows, state.seat].any()
    assert seen[DEVIATOR].acting.all()


def test_a_step_is_that_of_the_game_with_the_deviators_action_in_its_seat() -> None:
    game = Gifts()
    deviation = Deviation(game, "giver")
    state = deviation.reset(random.keys(3, 16))
    actions = random_actions(deviation, deviation.observe(state), random.keys(4, 16))
    done = deviation.step(state, actions)
    joint = actions["giver"].clone()
    joint[torch.arange(16), state.seat] = actions[DEVIATOR][:, 0]
    same = game.step(state.inner, {"giver": joint, "collector": actions["collector"]})
    assert torch.equal(done.state.inner.coins, same.state.coins)
    assert torch.equal(done.rewards[DEVIATOR][:, 0], same.rewards["giver"][torch.arange(16), state.seat])


def test_only_those_who_deviate_are_heard() -> None:
    game = Dilemma()
    seen = game.observe(game.reset(random.keys(0, 2)))["prisoner"]
    who = torch.tensor([[True, False], [False, False]])
    agent = Deviating(Always(SILENT), Always(TALKS), who)
    memory = agent.start(game, game.roles["prisoner"], 2)
    assert agent.act(seen, memory, random.keys(0, 2))[0].tolist() == [[TALKS, SILENT], [SILENT, SILENT]]


def test_leaders_and_strangers_have_no_unilateral_deviation() -> None:
    with pytest.raises(UserError, match="role collector leads"):
        Deviation(Gifts(), "collector")
    with pytest.raises(UserError, match=r"no role 'givr' \(did you mean giver\?\)"):
        Deviation(Gifts(), "givr")
    with pytest.raises(UserError, match="already has a role 'deviator'"):
        Deviation(Deviation(Gifts(), "giver"), "giver")


def equilibrium_of_kuhn() -> dict[str, Agent]:
    """Return the agents of the scenario, who follow an equilibrium."""
    return {name: chosen.build() for name, chosen in econsim.load("kuhn").agents.items()}  # type: ignore[union-attr]


def test_padded_episodes_last_to_the_horizon_and_change_no_return() -> None:
    game = econsim.make("kuhn")
    plain, padded = Deviation(game, "player_2"), Deviation(game, "player_2", padded=True)
    assert padded.clocked
    assert not plain.clocked
    failed = {check.name: check.detail for check in check_game(padded) if not check.passed}
    assert failed == {}
    key = random.keys(5, 256)
    agents = {**padded.frozen(equilibrium_of_kuhn()), DEVIATOR: HeldAction(torch.tensor(1))}
    episode = play(padded, agents, key)
    assert episode.state.over.all()
    assert (episode.state.inner.time < game.horizon).any()  # a bet that meets a bet ends a game of three moves
    assert torch.equal(episode.returns[DEVIATOR], play(plain, agents, key).returns[DEVIATOR])


def test_a_rollout_of_padded_episodes_is_never_cut() -> None:
    # A player sees nothing while others move. An estimated return at such a cut would be the same for all its actions
    # before, so that training would avoid every action after which the game goes on.
    padded = Deviation(econsim.make("kuhn"), "player_2", padded=True)
    network = Ppo(Parameters()).prepare(padded, padded.roles[DEVIATOR], random.keys(0, 1))
    agents = padded.frozen(equilibrium_of_kuhn())
    rollout = Rollout(padded, agents, {DEVIATOR: network}, mode="eager")
    scene = rollout.begin(random.keys(1, 64))
    for number in range(3):
        outcome = rollout.collect(scene, padded.horizon, random.keys(2 + number, 64))[DEVIATOR].outcome
        assert not outcome.cut.any()
        assert outcome.terminated[-1].all()
        assert not outcome.terminated[:-1].any()
