"""Labour and consumption in the epidemic: stocks and flows, rationing, the Taylor rule, contacts at work, agents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from econsim import random
from econsim.agents.archetypes import Archetypes
from econsim.agents.archetypes import Parameters as ArchetypesParameters
from econsim.agents.cautious_worker import CautiousWorker
from econsim.agents.cautious_worker import Parameters as CautiousParameters
from econsim.economies.epidemic import Epidemic, Parameters
from econsim.economies.epidemic import labour as rules
from econsim.economies.epidemic.contagion import DEAD, INFECTED
from econsim.economies.epidemic.parameters import Labour
from econsim.errors import UserError
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings


def epidemic(**parameters: Any) -> Epidemic:
    base: dict[str, Any] = {"people": 200, "initial_exposed": 0.05, "labour": {}, "horizon": 60}
    return Epidemic(Parameters.model_validate(base | parameters))


def level(game: Epidemic, copies: int, work: int, consume: int) -> dict[str, Tensor]:
    return {"person": torch.tensor([work, consume]).expand(copies, game.people, 2)}


def served_in_plain_python(wants: list[int], available: int, first: int) -> list[int]:
    received = [0] * len(wants)
    for step in range(len(wants)):
        person = (first + step) % len(wants)
        received[person] = min(wants[person], available)
        available -= received[person]
    return received


def test_people_are_served_in_turn_until_nothing_is_left() -> None:
    wants = random.integers(random.keys(0, 50), 0, "wants", 4, (7,))
    available = random.integers(random.keys(0, 50), 0, "available", 14)
    first = random.integers(random.keys(0, 50), 0, "first", 7)
    found = rules.served(wants, available, first).tolist()
    expected = map(served_in_plain_python, wants.tolist(), available.tolist(), first.tolist())
    assert found == list(expected)


def test_every_payment_and_every_good_is_accounted_for() -> None:
    measures: dict[str, Any] = {"isolation": {}, "testing": {"capacity": 0.2, "false_positive": 0.1}, "planner": {}}
    game = epidemic(mortality=0.3, reproduction=4.0, **measures)
    state = game.reset(random.keys(3, 5))
    start = game.conserved(state)
    for day in range(60):
        actions = {
            "person": random.integers(state.key, day, "test", 5, (200, 2)),
            "planner": random.uniform(state.key, day, "levers", (1, 4)),
        }
        after = game.step(state, actions).state
        one, other = state.economy, after.economy
        assert one is not None
        assert other is not None
        bought, worked = other.bought.sum(-1), other.worked.sum(-1)
        # The firm receives what people pay, pays wages, and at the start of a week dividends.
        paid_out = one.firm + bought * one.price - one.wage * worked - other.firm
        assert bool((paid_out == 0).all()) if day % 7 else bool((paid_out >= 0).all())
        assert torch.equal(other.inventory, one.inventory + worked * game.settings.labour.productivity - bought)  # type: ignore[union-attr]
        assert bool((other.money >= 0).all()), "nobody spends what it does not have"
        assert bool((other.inventory >= 0).all())
        assert bool((other.firm >= 0).all())
        assert not bool((other.worked & ((state.stage == DEAD) | (state.stage == INFECTED))).any())
        state = after
        for name, total in game.conserved(state).items():
            assert torch.equal(total, start[name]), name
    assert int(state.counts[:, DEAD].sum()) > 0
    assert bool((state.economy.money[state.stage == DEAD] == 0).all())  # type: ignore[union-attr]


def test_without_a_disease_people_sell_what_they_make() -> None:
    # In the long run demand is capacity: 75 % of 2000 people at work make 12 goods each, with unemployment below 5 %.
    game = epidemic(people=2000, reproduction=0.0, mortality=0.0, initial_exposed=0.0005, horizon=400)
    state, sold, unemployed = game.reset(random.keys(1, 1)), [], []
    for day in range(400):
        state = game.step(state, level(game, 1, 3, 3)).state
        if day >= 340:
            sold.append(float(game.accounts(state)["consumption"]))
            unemployed.append(float(game.accounts(state)["unemployment_rate"]))
    assert sum(unemployed) / 60 < 0.05
    assert sum(sold) / 60 == pytest.approx(0.75 * 12, rel=0.05)


def test_stimulus_is_debt_of_the_treasury_and_raises_spending() -> None:
    game = epidemic(people=500, reproduction=0.0, labour={"stimulus": 1.0, "benefit": 0, "natural_rate": 0})
    other = epidemic(people=500, reproduction=0.0, labour={"stimulus": 0.0, "benefit": 0, "natural_rate": 0})
    accounts = []
    for one in (game, other):
        state = one.reset(random.keys(1, 2))
        for _ in range(7):
            state = one.step(state, level(one, 2, 3, 3)).state
        accounts.append(one.accounts(state))
    more = accounts[0]["public_debt"] - accounts[1]["public_debt"]
    # 300 USD each; taxes on the additional wages stay in the treasury until the end of the week.
    assert bool((more <= 300).all())
    assert bool((more > 250).all())
    assert bool((accounts[0]["consumption"] > accounts[1]["consumption"]).all())


def test_the_interest_rate_is_the_rule_of_taylor() -> None:
    settings = Labour(natural_rate=0.02, inflation_target=0.02, inflation_weight=0.5, unemployment_weight=0.5)
    # At the targets the nominal rate is the natural rate plus the target; each point of inflation adds 1.5 points.
    rates = rules.taylor(settings, torch.tensor([0.02, 0.03, 0.02, -0.5]), torch.tensor([0.05, 0.05, 0.07, 0.05]))
    torch.testing.assert_close(rates, torch.tensor([0.04, 0.055, 0.03, 0.0]))


def test_prices_rise_with_demand_above_capacity_and_wages_with_a_lack_of_workers() -> None:
    for work, consume, sign in ((1, 4, 1), (4, 1, -1)):
        game = epidemic(reproduction=0.0)
        state = game.reset(random.keys(1, 2))
        for _ in range(14):
            state = game.step(state, level(game, 2, work, consume)).state
        economy = state.economy
        assert economy is not None
        assert bool((sign * (economy.price - 1000) > 0).all())
        assert bool((sign * (economy.wage - 10_000) > 0).all())


def test_nobody_is_infected_at_work_who_does_not_work() -> None:
    # Only contacts at work have a weight, and isolation plays no role.
    network = {"kind": "households", "weights": [0, 1, 0], "employed_share": 1.0}
    game = epidemic(network=network, reproduction=20.0, initial_exposed=0.1)
    infected = []
    for work in (0, 4):
        state = game.reset(random.keys(1, 4))
        for _ in range(20):
            state = game.step(state, level(game, 4, work, 3)).state
        infected.append(int((state.stage > 0).sum()))
    assert infected[0] == 4 * 20  # those exposed at the start
    assert infected[1] > 400


def test_cautious_workers_work_less_while_many_are_infected() -> None:
    game = epidemic(people=20_000)
    agent = CautiousWorker(CautiousParameters(work=0.8, consumption=0.6, caution=1.0, caution_in_shops=2.0))
    memory = agent.start(game, game.roles["person"], 1)
    seen = game.observe(game.reset(random.keys(0, 1)))["person"]
    assert seen.shared is not None
    ill = seen.shared.clone()
    ill[:, 0] = 0.25
    for shared, expected in ((seen.shared, [0.8, 0.6]), (ill, [0.55, 0.1])):
        action, _ = agent.act(seen.with_fields(shared=shared), memory, random.keys(1, 1))
        # Rounded at random to quarters: a standard deviation of at most 0.125 for each of 20,000 people.
        assert (action.double().mean(1)[0] / 4).tolist() == pytest.approx(expected, abs=4 * 0.125 / 20_000**0.5)
    with pytest.raises(UserError, match="as in epidemic with labour"):
        agent.start(other := epidemic(labour=None), other.roles["person"], 1)


class Scripted:
    """Answers questions in a service's place with one action, and keeps them."""

    def __init__(self) -> None:
        self.settings = Settings(model="scripted", base_url="http://127.0.0.1:1/v1")
        self.asked = list[Question]()

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        self.asked += questions
        text = json.dumps({"action": {"propensity to work": "75 %", "propensity to consume": "50 %"}})
        readings = [question.form.read(text) for question in questions]
        return [Answer(text, reading.value, reading.outcome, reading.reason) for reading in readings]


@pytest.mark.parametrize("people", [1000, 20_000])
def test_archetypes_by_age_ask_as_often_whatever_the_number_of_people(people: int) -> None:
    game = epidemic(people=people, ages={"shares": [1, 1, 1], "assignment": "in_order"})
    agent, service = Archetypes(ArchetypesParameters(archetypes=3, answers=4)), Scripted()
    agent.connect(service)
    memory = agent.start(game, game.roles["person"], 1)
    observation = game.observe(game.reset(random.keys(0, 1)))["person"]
    actions, _ = agent.act(observation, memory, random.keys(1, 1))
    assert len(service.asked) == 12
    assert actions.shape == (1, people, 2)
    assert {tuple(levels) for levels in actions[0].tolist()} == {(3, 2)}
    own, examples = (game.population.groups[index] for index in (slice(None), memory.asked[memory.example]))
    assert int((own != examples).sum()) <= 2  # groups of equal size, ages of nearly equal size


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"isolation": {"decided_by": "people"}}, "isolation.decided_by: people and labour cannot both be chosen"),
        ({"labour": {"wage": 0}}, "greater than or equal to 1"),
        ({"labour": {"benefits": 0.1}}, "benefits"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        epidemic(**parameters)
    with pytest.raises(UserError, match="kernels do not cover labour"):
        epidemic().on_kernels()
