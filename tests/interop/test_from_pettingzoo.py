"""PettingZoo environments as games: the same numbers as in PettingZoo, every agent takes part, and clear refusals."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from foreign_environments import Echo, Nim, Orchard
from gymnasium import spaces
from memory_recorder import MemoryRecorder
from pettingzoo.utils.conversions import parallel_to_aec
from random_agent import RandomAgent
from scripted_minds import mind
from toy_games import Gifts

import econsim
from econsim import kinds, random
from econsim.agents.ppo import Parameters, Ppo
from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete
from econsim.interop.pettingzoo_game import PettingZooGame, environment_seeds
from econsim.llm.questions import Answer
from econsim.llm.settings import Settings
from econsim.play import play
from econsim.testing import check_game, random_actions
from econsim.training import ppo

KEY = random.keys(3, 2)
PLUGIN = '''"""Repeating: a pupil repeats what it sees."""

from foreign_environments import Echo

from econsim.interop.pettingzoo_game import PettingZooGame
from econsim.parameters import Model

__all__ = ["Parameters", "Repeating"]


class Parameters(Model):
    """Parameters of a school."""

    lessons: int = 4
    """Steps."""


class Repeating(PettingZooGame):
    """One pupil."""

    def __init__(self, parameters):
        super().__init__(Echo, parameters.lessons)
'''


@pytest.mark.parametrize(("make", "horizon"), [(Orchard, 5), (Nim, 6), (lambda: parallel_to_aec(Orchard(2)), 6)])
def test_a_game_from_an_environment_conforms(make: Callable[[], Any], horizon: int) -> None:
    checks = check_game(econsim.from_pettingzoo(make, horizon))
    assert [check for check in checks if not check.passed] == []
    assert len(checks) > 15


def test_spaces_become_features_masks_and_actions() -> None:
    game = econsim.from_pettingzoo(Orchard, 6)
    picker, farmer = game.roles["picker"], game.roles["farmer"]
    assert (picker.count, picker.action, farmer.action) == (2, Discrete(4), Box(-1.0, 1.0, (2,)))
    assert picker.features[:3] == ("baskets[0] is 0", "baskets[0] is 1", "baskets[1] is 0")
    assert picker.features[6:] == ("trees[0]", "trees[1]", "weather is 1", "weather is 2", "weather is 3")
    assert picker.feature_units[6:8] == ("multiples of 255", "multiples of 255")
    environment, seed = Orchard(), int(environment_seeds(KEY)[1])
    first, _ = environment.reset(seed=seed)
    seen = game.observe(game.reset(KEY))
    trees = first["picker_0"]["trees"]
    assert seen["picker"].features[1, 0].tolist() == pytest.approx([1, 0, 1, 0, 0, 0, *trees / 255, 1, 0, 0])
    assert seen["picker"].action_mask is not None
    assert seen["picker"].action_mask[1].tolist() == [[gift <= tree for gift in range(4)] for tree in trees]
    assert seen["farmer"].features[1, 0].tolist() == [float(trees.sum())]


def test_a_parallel_environment_gives_the_rewards_of_pettingzoo_until_its_agents_have_left() -> None:
    game, environment = econsim.from_pettingzoo(Orchard, 8), Orchard()
    state = game.reset(KEY[:1])
    environment.reset(seed=int(environment_seeds(KEY)[0]))
    for time in range(8):
        seen = game.observe(state)
        actions = random_actions(game, seen, random.fold(KEY[:1], time))
        transition = game.step(state, actions)
        state = transition.state
        if not environment.agents:  # the rest of an episode changes nothing
            assert (transition.terminated[0], transition.truncated[0]) == (True, False)
            assert not any(reward.any() for reward in transition.rewards.values())
            continue
        present = [f"picker_{player}" for player in range(2) if seen["picker"].alive[0, player]]
        assert set(environment.agents) == {"farmer", *present}
        numbers = actions["farmer"][0, 0].double().numpy()
        low, high = np.array([0.0, 10.0]), np.array([1.0, 30.0])
        given = {agent: int(actions["picker"][0, int(agent[-1])]) for agent in present}
        given["farmer"] = (low + (numbers + 1) / 2 * (high - low)).astype(np.float32)
        _, rewards, *_ = environment.step(given)
        for agent in present:
            assert transition.rewards["picker"][0, int(agent[-1])] == rewards[agent]
        assert float(transition.rewards["farmer"][0, 0]) == pytest.approx(rewards["farmer"], rel=1e-6)
        assert bool(transition.truncated[0]) == (not environment.agents)


def test_an_environment_in_turns_pays_every_agent_what_pettingzoo_does() -> None:
    game, environment = econsim.from_pettingzoo(Nim, 40), Nim()
    total, actors = torch.zeros(3), []
    state = game.reset(KEY[:1])
    chosen: list[int] = []
    while not bool(state.over[0]):
        seen = game.observe(state)["player"]
        acting = seen.acting[0].nonzero()[:, 0].tolist()
        actors += acting
        (action,) = random_actions(game, {"player": seen}, random.fold(KEY[:1], len(chosen))).values()
        chosen.append(1 + int(action[0, acting[0]]))
        transition = game.step(state, {"player": action})
        total, state = total + transition.rewards["player"][0], transition.state
    assert bool(transition.terminated[0])
    environment.reset(seed=int(environment_seeds(KEY)[0]))
    received, turns, moves = dict.fromkeys(environment.agents, 0.0), [], iter(chosen)
    for agent in environment.agent_iter():
        _, reward, terminated, truncated, _ = environment.last()
        received[agent] += reward
        if terminated or truncated:
            environment.step(None)  # type: ignore[arg-type]
        else:
            turns.append(int(agent[-1]))
            environment.step(next(moves))
    assert turns == actors
    assert total.tolist() == pytest.approx(list(received.values()))


def test_a_game_that_goes_to_pettingzoo_and_comes_back_plays_the_same_trace() -> None:
    game = Gifts()
    back = econsim.from_pettingzoo([econsim.to_pettingzoo(game) for _ in range(2)], scale=False)
    assert {name: role.count for name, role in back.roles.items()} == {"giver": 4, "collector": 1}
    assert back.horizon == game.horizon
    keys = torch.cat([random.fold(random.keys(seed, 1), 0) for seed in environment_seeds(KEY).tolist()])
    ours, theirs = game.reset(keys), back.reset(KEY)
    for time in range(game.horizon):
        seen, again = game.observe(ours), back.observe(theirs)
        for name in game.roles:
            assert torch.equal(seen[name].features, again[name].features)
            assert torch.equal(seen[name].acting, again[name].acting)
        mask = again["giver"].action_mask
        assert mask is not None
        assert torch.equal(mask, seen["giver"].action_mask)
        actions = random_actions(game, seen, random.fold(KEY, time))
        first = game.step(ours, actions)
        second = back.step(theirs, {**actions, "collector": actions["collector"][..., None]})
        for name in game.roles:
            assert torch.equal(first.rewards[name].float(), second.rewards[name])
        assert torch.equal(first.terminated, second.terminated)
        assert torch.equal(first.truncated, second.truncated)
        ours, theirs = first.state, second.state


def test_a_state_is_a_value_that_is_pickled_and_continued_twice() -> None:
    game = econsim.from_pettingzoo(Orchard, 6)
    state = game.reset(KEY)
    for time in range(2):
        state = game.step(state, random_actions(game, game.observe(state), random.fold(KEY, time))).state
    actions = random_actions(game, game.observe(state), random.fold(KEY, 2))
    once = game.step(state, actions)
    other, stored = pickle.loads(pickle.dumps((game, state)))
    for again in (game.step(state, actions), copy.deepcopy(game).step(state, actions), other.step(stored, actions)):
        assert torch.equal(once.rewards["picker"], again.rewards["picker"])
        assert torch.equal(once.state.seen["farmer"].features, again.state.seen["farmer"].features)


def test_one_environment_is_copied_and_a_list_is_used_as_it_is() -> None:
    single = econsim.from_pettingzoo(Orchard(), 6)
    made = econsim.from_pettingzoo(Orchard, 6)
    agents = {"picker": RandomAgent(), "farmer": RandomAgent()}
    first, second = (play(game, agents, random.keys(0, 3)).returns for game in (single, made))
    assert torch.equal(first["picker"], second["picker"])
    with pytest.raises(UserError, match=r"3 environment copies are played at once, but 2 environments are given"):
        econsim.from_pettingzoo([Orchard(), Orchard()], 6).reset(random.keys(0, 3))


def test_ppo_learns_in_an_environment_and_episodes_begin_again() -> None:
    game = econsim.from_pettingzoo(Echo)
    settings = {"iterations": 8, "copies": 12, "follower": {"learning_rate": 0.03, "minibatches": 1}}
    agents = {"pupil": Ppo(Parameters(hidden=(16,)))}
    fitted = ppo.Ppo(ppo.Parameters.model_validate(settings)).fit(game, agents, 0, MemoryRecorder())
    learned = play(game, fitted, random.keys(5, 32)).returns["pupil"].mean()
    assert learned > 3.2  # 4 is the highest possible return, and random play has 4/3


def test_a_scenario_plays_an_environment_of_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "echo_school"
    (folder / "games").mkdir(parents=True)
    (folder / "games" / "repeating.py").write_text(PLUGIN)
    monkeypatch.setattr("sys.path", sys.path[:])
    kinds.add_plugin(str(folder))
    scenario = tmp_path / "repeating.yaml"
    scenario.write_text(
        "econsim: 1\ngame: {kind: repeating, lessons: 2}\nagents: {pupil: ppo}\nepisodes: 4\n"
        "training: {kind: ppo, iterations: 1, copies: 2}\n"
    )
    run = econsim.run(scenario, quiet=True, report=False, out=tmp_path / "run")
    assert run.finished
    assert 0 <= run.summary["policies"]["agents"]["learned"]["return_pupil"] <= 2


def test_a_language_model_is_asked_for_the_turn_of_its_agent() -> None:
    asked: list[Any] = []

    class Service:
        settings = Settings(model="m", base_url="http://127.0.0.1:1/v1")

        def ask(self, questions: Any) -> list[Answer]:
            asked.extend(questions)
            replies = [
                json.dumps({"action": question.form.schema()["properties"]["action"]["enum"][0]})
                for question in questions
            ]
            readings = [(text, question.form.read(text)) for text, question in zip(replies, questions, strict=True)]
            return [Answer(text, read.value, read.outcome, read.reason) for text, read in readings]

    game = econsim.from_pettingzoo(Nim, 30, description="Nim for three players.")
    episode = play(game, {"player": mind("agents", Service())}, KEY[:1])
    turns = int(episode.state.time[0]) if not bool(episode.state.over[0]) else len(asked)
    assert len(asked) == turns > 4  # one question per turn
    assert "Nim for three players." in asked[0].system
    assert episode.returns["player"].sum() == 0


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (Echo(observed=spaces.Text(5)), r"pupil: observation space Text.*no fixed number of numeric entries"),
        (Echo(observed=spaces.Dict({"words": spaces.Sequence(spaces.Discrete(2))})), r"pupil: .*Sequence"),
        (Echo(observed=spaces.Discrete(10**9)), r"1,000,000,000 possible values"),
        (Echo(acted=spaces.Box(-np.inf, np.inf, (2,))), r"pupil: action space Box.* has no finite bounds"),
        (
            Echo(acted=spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1)])),
            r"pupil: action space Tuple.*mixes choices and real numbers",
        ),
        (Echo(acted=spaces.Graph(spaces.Discrete(2), None)), r"Graph space is neither a set of choices nor a box"),
        (object(), r"expected a PettingZoo environment \(ParallelEnv or AECEnv\), found object"),
        (Orchard(), r"largest number of steps .* give it as\s+horizon"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(environment: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        econsim.from_pettingzoo(environment)


def test_roles_are_those_of_the_user_or_of_the_names() -> None:
    game = econsim.from_pettingzoo(Nim, 30, roles={"first": ["player_0"], "others": ["player_1", "player_2"]})
    assert {name: role.count for name, role in game.roles.items()} == {"first": 1, "others": 2}
    for roles in ({"first": ["player_0"]}, {"all": ["player_0", "player_1", "player_2"], "none": []}):
        with pytest.raises(UserError, match="roles must contain each agent once"):
            econsim.from_pettingzoo(Nim, 30, roles=roles)
    with pytest.raises(UserError, match="the agents of role all have different spaces"):
        econsim.from_pettingzoo(Orchard, 6, roles={"all": ["picker_0", "picker_1", "farmer"]})


def test_composed_actions_return_in_the_form_of_the_environment() -> None:
    acted = spaces.Dict({"legs": spaces.MultiBinary(2), "speed": spaces.MultiDiscrete([3, 2], start=[1, 5])})
    environment = Echo(acted=acted)
    game = econsim.from_pettingzoo(environment)
    assert game.roles["pupil"].action == MultiDiscrete((2, 2, 3, 2))
    assert game.roles["pupil"].action_labels == ("legs[0]", "legs[1]", "speed[0]", "speed[1]")
    game.step(game.reset(KEY[:1]), {"pupil": torch.tensor([[[1, 0, 2, 1]]])})
    assert environment.last is not None
    assert acted.contains(environment.last)
    assert [part.tolist() for part in environment.last.values()] == [[1, 0], [3, 6]]


def test_an_environment_that_ignores_its_seed_is_not_continued_wrongly() -> None:
    game = econsim.from_pettingzoo(lambda: Echo(spaces.Discrete(3), fixed=False))
    state = game.reset(random.keys(0, 8))
    idle = {"pupil": torch.zeros((8, 1), dtype=torch.int64)}
    state = game.step(state, idle).state
    with pytest.raises(UserError, match=r"is not reproducible: after reset\(seed=\d+\) and the same actions, pupil"):
        pickle.loads(pickle.dumps(copy_without_factory(game))).step(state, idle)


def copy_without_factory(game: PettingZooGame) -> PettingZooGame:
    """Return the game over an environment that can be pickled."""
    assert game.roles
    return PettingZooGame(Echo(fixed=False))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("name", "horizon"), [("tictactoe_v3", 9), ("connect_four_v3", 42), ("rps_v2", 40)])
def test_classic_environments_of_pettingzoo(name: str, horizon: int) -> None:
    pytest.importorskip("pygame", reason="PettingZoo's classic environments need pygame")
    module = __import__(f"pettingzoo.classic.{name}", fromlist=["env"])
    checks = check_game(econsim.from_pettingzoo(module.env, horizon), steps=min(horizon, 9))
    assert [check for check in checks if not check.passed] == []
