"""Mesa in both directions: games as Mesa models, Mesa models as games, and objects beside tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import econsim
from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.economies.money_exchange import MoneyExchange, Parameters, exchange
from econsim.errors import UserError
from econsim.play import play

mesa = pytest.importorskip("mesa", reason="needs econsim[mesa]")


class Person(mesa.Agent):  # type: ignore[misc, name-defined]
    """A person of the tutorial of Mesa."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.wealth = 1
        self.action = 1

    def exchange(self) -> None:
        if self.wealth > 0 and self.action == 1:
            self.wealth -= 1
            self.partner().wealth += 1

    def partner(self) -> Any:
        return self.random.choice(self.model.people)


class Money(mesa.Model):  # type: ignore[misc, name-defined]
    """Whoever has money, and wants to, gives one unit to a random person; people act one after another."""

    def __init__(self, people: int = 10, kind: Any = Person, rng: Any = None) -> None:
        super().__init__(rng=rng)
        kind.create_agents(self, people)
        self.people = list(self.agents)

    def step(self) -> None:
        self.agents.shuffle_do("exchange")


class DrawnPerson(Person):
    """A person whose partners are those of the tensors."""

    def partner(self) -> Any:
        return self.model.people[self.model.partners[self.unique_id - 1]]


class DrawnMoney(Money):
    """The same model with the draws of econsim: the order of activation, or all at once, and partners."""

    def __init__(self, people: int, seed: int, in_turn: bool) -> None:
        super().__init__(people, DrawnPerson)
        self.key, self.in_turn, self.now = random.keys(seed, 1), in_turn, 0

    def step(self) -> None:
        time, count = torch.tensor([self.now]), len(self.people)
        self.partners = exchange.partners(self.key, time, count, {})[0].tolist()
        if self.in_turn:
            for index in random.permutation(self.key, time, exchange.ORDER, count)[0].tolist():
                self.people[index].exchange()
        else:
            for giver in [person for person in self.people if person.wealth > 0]:
                giver.wealth -= 1
                giver.partner().wealth += 1
        self.now += 1


@pytest.mark.parametrize("activation", ["sequential", "synchronous"])
def test_objects_and_tensors_agree_step_by_step_under_the_same_activation(activation: str) -> None:
    game = MoneyExchange(Parameters.model_validate({"people": 60, "activation": activation}))
    state = game.reset(random.keys(5, 1))
    model = DrawnMoney(60, 5, activation == "sequential")
    for _ in range(25):
        state = game.step(state, {}).state
        model.step()
        assert [person.wealth for person in model.people] == state.wealth[0].tolist()
    assert len(set(state.wealth[0].tolist())) > 2


def test_the_tutorial_has_the_stationary_law_of_sequential_activation() -> None:
    model, shares = Money(1000, rng=1), []
    for step in range(120):
        model.step()
        if step >= 40:
            shares.append(sum(person.wealth == 0 for person in model.people) / 1000)
    # 0.4624 in a large population (tests/economies/test_money_exchange.py); a mean over 80 steps has an error of 0.003.
    assert sum(shares) / len(shares) == pytest.approx(0.4624, abs=0.012)


def test_a_game_is_a_mesa_model_with_the_same_episode_and_a_data_collector() -> None:
    game = econsim.make("money_exchange", people=30, horizon=20, burn_in=0, wealth_tax={"every": 5})
    model = econsim.to_mesa(game, seed=3)
    for planner in model.players["planner"]:
        planner.action = [0.5]
    for _ in range(25):
        model.step()
    assert not model.running
    variables = model.datacollector.get_model_vars_dataframe()
    assert len(variables) == 21  # the first state, and one after each step
    expected = play(game, {"person": Still([0]), "planner": Still([[0.5]])}, model._session.key).state
    agents = model.datacollector.get_agent_vars_dataframe()
    people = agents[agents["role"] == "person"]["wealth"]
    assert people.groupby("Step").sum().unique().tolist() == [30.0]
    assert [player.wealth for player in model.players["person"]] == expected.wealth[0].tolist()
    assert variables["share_without_money"].iloc[-1] == pytest.approx(float(expected.without[0]) / 30)
    assert variables["share_without_money"].iloc[0] == 0
    assert model.players["person"][0].features == {"wealth": float(expected.wealth[0, 0])}


class Still:
    """Takes the same action in every step."""

    def __init__(self, action: list[Any]) -> None:
        self._action = torch.tensor(action)

    def start(self, game: Any, role: Any, num_envs: int) -> None:
        return None

    def act(self, observation: Any, memory: Any, key: Any) -> tuple[Any, None]:
        return self._action.expand(*observation.alive.shape, *self._action.shape[1:]), None


def test_players_of_a_mesa_model_are_set_by_hand_or_by_agents_of_econsim() -> None:
    game = econsim.make("money_exchange", people=8, participation="voluntary")
    model = econsim.to_mesa(game)
    for player in model.agents:
        player.action = 1  # stay out
    model.step()
    assert all(player.wealth == 1 for player in model.agents)
    giving = econsim.to_mesa(game, {"person": MixedStrategy(Mix(probabilities=(1.0, 0.0)))}, seed=1)
    giving.step()
    assert {player.action for player in giving.agents} == {0}
    assert {player.wealth for player in giving.agents} != {1}
    with pytest.raises(UserError, match="to_mesa: agents: the game has no role worker; its roles are person"):
        econsim.to_mesa(game, {"worker": MixedStrategy(Mix())})


def money_game(**parameters: Any) -> Any:
    options: dict[str, Any] = {"features": ["wealth"], "actions": ["keep", "give"], "reward": "wealth"}
    return econsim.from_mesa(Money, 12, **{**options, **parameters})


def test_agents_of_econsim_decide_inside_a_mesa_model() -> None:
    game = money_game(parameters={"people": 6})
    assert game.roles["person"].count == 6
    keys = random.keys(2, 3)
    keep = play(game, {"person": MixedStrategy(Mix(probabilities=(1.0, 0.0)))}, keys)
    assert keep.returns["person"].unique().tolist() == [0.0]
    give = play(game, {"person": MixedStrategy(Mix(probabilities=(0.0, 1.0)))}, keys)
    assert give.returns["person"].sum(-1).tolist() == [0.0] * 3  # money is conserved
    assert (give.returns["person"] != 0).any()
    # The reward is the rise of wealth: an episode earns what is held at its end less the coin at its start.
    held = give.state.seen["person"].features[..., 0].double()
    torch.testing.assert_close(give.returns["person"], held - 1)
    poor = money_game(parameters={"people": 6}, reward=lambda person: -float(person.wealth == 0))
    assert (play(poor, {"person": MixedStrategy(Mix(probabilities=(0.0, 1.0)))}, keys).returns["person"] <= 0).all()


class Mortal(Person):
    """A person who leaves when it has nothing."""

    def exchange(self) -> None:
        super().exchange()
        if self.wealth == 0:
            self.remove()


def test_agents_that_the_model_removes_leave_the_game() -> None:
    game = money_game(parameters={"people": 6, "kind": Mortal})
    episode = play(game, {"mortal": MixedStrategy(Mix(probabilities=(0.0, 1.0)))}, random.keys(2, 3))
    alive = episode.state.seen["mortal"].alive
    assert not alive.all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"features": ["welth"]}, "from_mesa: agents of Money have no attribute 'welth'"),
        ({"features": ["model"]}, "from_mesa: the attribute 'model' is .*; expected a number"),
        ({"parameters": {"persons": 3}}, r"from_mesa: Money\(rng=..., \*\*parameters\) cannot be built"),
        ({"deciding": mesa.discrete_space.CellAgent}, "expected agents of one class that decide, found none"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        money_game(**parameters).reset(random.keys(0, 1))
