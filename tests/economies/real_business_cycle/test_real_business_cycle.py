"""The real business cycle: the published step, an independent version, conservation, closed forms, a curriculum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from economies.real_business_cycle.reference_rbc import TREASURY, WORLD, Reference
from pydantic import ValidationError

from econsim import random
from econsim.economies.real_business_cycle import Parameters, RealBusinessCycle
from econsim.economies.real_business_cycle.economy import State
from econsim.economies.real_business_cycle.market import purchases
from econsim.economies.real_business_cycle.players import CONSUMER, FIRM, GOVERNMENT
from econsim.game import MultiDiscrete
from econsim.runs import execute
from econsim.scenario import load
from econsim.testing.endpoints import serve
from econsim.testing.endpoints.chats import Chat

PUBLISHED = json.loads(Path(__file__).with_name("published_steps.json").read_text())
SMALL: dict[str, Any] = {
    "consumers": 7,
    "labour_shares": (0.3, 0.6, 1.0),
    "capital": (500.0, 3000.0, 1000.0),
    "investments": (0.0, 0.1, 0.4),
    "quarters": 12,
}


def game_of(**parameters: Any) -> RealBusinessCycle:
    game = RealBusinessCycle(Parameters.model_validate(parameters))
    return game.to(dtype=torch.float64)  # type: ignore[return-value]


def drawn(game: RealBusinessCycle, key: torch.Tensor, quarter: int) -> dict[str, torch.Tensor]:
    """Return random actions; half of the demands are what a consumer can often pay."""
    actions = {}
    for role in (CONSUMER, FIRM):
        space = game.roles[role].action
        assert isinstance(space, MultiDiscrete)
        shape = (game.roles[role].count, len(space.counts))
        draws = random.uniform(key, quarter, f"test/{role}", shape, torch.float64)
        actions[role] = (draws * torch.tensor(space.counts)).long()
    if quarter % 2:
        actions[CONSUMER][..., :-2] //= 4
    actions[GOVERNMENT] = random.uniform(key, quarter, "test/taxes", (1, 2), torch.float64)
    return actions


def played(game: RealBusinessCycle, copies: int = 1) -> list[tuple[dict[str, torch.Tensor], State, Mapping[str, Any]]]:
    """Return actions, the state after them and rewards of each quarter of an episode of random actions."""
    state = game.reset(random.keys(0, copies))
    quarters: list[tuple[dict[str, torch.Tensor], State, Mapping[str, Any]]] = []
    for quarter in range(game.horizon):
        actions = drawn(game, state.key, quarter)
        transition = game.step(state, actions)
        state = transition.state
        quarters.append((actions, state, transition.rewards))
    return quarters


@pytest.mark.parametrize(
    ("name", "changes"), [("open", {"interest_rate": 0.1}), ("closed", {"interest_rate": 0.0, "export_quantity": 0.0})]
)
def test_ten_quarters_are_those_of_the_published_step(name: str, changes: dict[str, float]) -> None:
    # ``origin`` in the file says what was run. It is float32, whose rounding error of 6e-8 adds up over ten quarters
    # of sums over 8 people and 10 goods.
    game = game_of(consumers=8, tax_levels=6, gift=0.01, **changes)
    state = game.reset(torch.zeros(1, dtype=torch.int64))
    actions = {role: torch.tensor(rows) for role, rows in PUBLISHED[name]["actions"].items()}
    for quarter, expected in enumerate(PUBLISHED[name]["quarters"]):
        now = {role: rows[quarter].reshape(1, game.roles[role].count, -1) for role, rows in actions.items()}
        state = game.step(state, now).state
        for leaf, numbers in expected.items():
            wanted = np.array(numbers, dtype=float)
            scale = max(float(np.abs(wanted).max()), 1.0)
            np.testing.assert_allclose(
                getattr(state, leaf)[0].double().numpy(), wanted, rtol=0, atol=1e-5 * scale, err_msg=f"{leaf} {quarter}"
            )
    assert bool(state.scarce.any())
    assert not bool(state.scarce.all())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"export_quantity": 0.0, "interest_rate": 0.0, "initial_stock": 5.0, "risk_aversion": 1.0},
        {"export_quantity": 3.0, "gift": 100.0, "tax_ceiling": 0.5, "risk_aversion": 2.0, "work_cost_factor": 0.5},
    ],
    ids=["open", "closed", "changed"],
)
def test_every_quarter_against_an_independent_version(changes: dict[str, float]) -> None:
    game = game_of(**SMALL, **changes)
    reference = Reference(game.settings)
    total = sum(reference.balance.values())
    scarce, rich = set(), False
    for actions, state, rewards in played(game):
        reference.quarter(
            {role: action[0].numpy() for role, action in actions.items()}
            | {GOVERNMENT: actions[GOVERNMENT][0, 0].tolist()}
        )
        money = [reference.balance["c", i] for i in range(7)]
        firm_money = [reference.balance["f", j] for j in range(3)]
        books: dict[str, Any] = {
            "money": money,
            "firm_money": firm_money,
            "capital": reference.capital,
            "stock": reference.stock,
            "bought": reference.bought,
            "exports": reference.exports,
            "output": reference.output,
            "prices": reference.price,
            "wages": reference.wage,
        }
        for leaf, expected in books.items():
            # Both are float64; sums in another order differ by 1e-15 of the largest summand, a firm's initial money.
            np.testing.assert_allclose(getattr(state, leaf)[0], expected, rtol=1e-9, atol=1e-9, err_msg=leaf)
        np.testing.assert_allclose(rewards[CONSUMER][0], reference.utility, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(rewards[FIRM][0], reference.profit / 10_000, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(rewards[GOVERNMENT][0, 0], reference.utility.mean(), rtol=1e-9)
        np.testing.assert_allclose(state.revenue[0], reference.revenue, rtol=1e-9, atol=1e-9)
        assert state.scarce[0].tolist() == reference.scarce
        # Every payment has a payer and a payee; the treasury is empty after it has paid out what it collected.
        assert sum(reference.balance.values()) == pytest.approx(total, rel=1e-12)
        assert reference.balance[TREASURY] == pytest.approx(0.0, abs=1e-6)
        np.testing.assert_allclose(state.from_outside[0], -reference.balance[WORLD], rtol=1e-9, atol=1e-6)
        scarce |= set(reference.scarce)
        rich |= bool((reference.bought == reference.bought.round()).all(1).any())
    assert scarce == {True, False}
    assert rich  # somebody bought all that it demanded


def test_a_closed_economy_keeps_its_money_and_all_goods_are_accounted_for() -> None:
    game = game_of(**{**SMALL, "investments": (0.0,)}, export_quantity=0, interest_rate=0)
    initial = game.reset(random.keys(0, 3))
    money = initial.money.sum(-1) + initial.firm_money.sum(-1)
    for _, state, _ in played(game, copies=3):
        torch.testing.assert_close(state.money.sum(-1) + state.firm_money.sum(-1), money, rtol=1e-13, atol=0)
        assert not bool(state.from_outside.any())
        assert bool((state.stock > -1e-9).all())
        assert bool((state.money > -1e-9).all())  # nobody buys on credit
        torch.testing.assert_close(state.stock.sum(-1) + state.sold, state.produced, rtol=1e-12, atol=1e-9)


def test_scarce_goods_are_shared_in_a_steady_state_with_a_closed_form() -> None:
    # Everybody works full time at 22 coin an hour and asks for ten units of each good at 1,000 coin. The wages of a
    # quarter buy more than the firms make, so that each gets an equal share of all output, Y_f / C.
    game = game_of(export_quantity=0, interest_rate=0, investments=(0.0,), quarters=4)
    employer = torch.arange(100) % 10
    consumer = torch.cat([torch.full((100, 10), 10), torch.full((100, 1), 4), employer[:, None]], -1)[None]
    actions = {CONSUMER: consumer, FIRM: torch.tensor([2, 2, 0]).expand(1, 10, -1), GOVERNMENT: torch.zeros(1, 1, 2)}
    state = game.reset(torch.zeros(1, dtype=torch.int64))
    for _ in range(3):
        state = game.step(state, actions).state
    settings = game.settings
    output = [
        0.01 * k ** (1 - a) * (10 * 1040) ** a for k, a in zip(settings.capital, settings.labour_shares, strict=True)
    ]
    assert bool(state.scarce.all())
    torch.testing.assert_close(
        state.bought[0], (torch.tensor(output, dtype=torch.float64) / 100).expand(100, -1), rtol=1e-12, atol=0
    )
    pleasure = sum(((1 + y / 100) ** 0.9 - 1) / 0.9 for y in output)
    costs = [0.005 * 1040 * (1 - i / 100) ** 0.25 for i in range(100)]
    assert state.utility[0].tolist() == pytest.approx([pleasure - cost for cost in costs], rel=1e-12)


def test_a_stock_that_rounding_left_below_zero_sells_nothing() -> None:
    one = torch.ones((1, 1), dtype=torch.float64)
    for demand in (0.0, 3.0):
        bought, _ = purchases(demand * one[..., None], one, 10 * one, -1e-15 * one)
        assert bought.tolist() == [[[0.0]]]


def test_productivity_is_an_autoregression_with_its_stationary_variance() -> None:
    game = game_of(consumers=1, labour_shares=(0.5,), capital=(1.0,), productivity_sd=0.02, quarters=60)
    state = game.reset(random.keys(5, 4000))
    actions = {
        CONSUMER: torch.zeros((4000, 1, 3), dtype=torch.int64),
        FIRM: torch.zeros((4000, 1, 3), dtype=torch.int64),
        GOVERNMENT: torch.zeros((4000, 1, 2)),
    }
    values = []
    for _ in range(60):
        state = game.step(state, actions).state
        values.append(state.productivity)
    # The standard error of a standard deviation of n normal draws is 1 / sqrt(2 n) of it, here 1.1 %; four of them.
    assert float(values[-1].std()) == pytest.approx(0.02 / (1 - 0.9**2) ** 0.5, rel=0.045)
    now, before = values[-1], values[-2]
    # The standard error of the slope is sqrt((1 - 0.81) / 4000) = 0.007; four of them.
    assert float((now * before).mean() / before.square().mean()) == pytest.approx(0.9, abs=0.028)


def test_a_curriculum_moves_the_legal_prices_wages_and_taxes() -> None:
    game = game_of(**SMALL, tax_levels=6)
    narrow = game.with_parameters(price_reach=0.0, wage_reach=0.5, tax_ceiling=0.4)
    seen = narrow.observe(narrow.reset(random.keys(0, 2)))
    mask, taxes = seen[FIRM].action_mask, seen[GOVERNMENT].action_mask
    assert mask is not None
    assert taxes is not None
    # From 1,000 no other price; half the way from 22 to 0 and to 44 are 11 and 33; taxes of 0, 20 and 40 %.
    prices = [price == 1000 for price in range(0, 3000, 500)]
    assert mask[1, 2].tolist() == [*prices, False, *[True] * 3, False, *[True] * 3]
    assert taxes[0, 0].tolist() == [*[True] * 3, *[False] * 3] * 2
    several = game.with_parameters(price_reach=torch.tensor([0.0, 1.0]))
    mask = several.observe(several.reset(random.keys(0, 2)))[FIRM].action_mask
    assert mask is not None
    assert mask[:, 0, :6].sum(-1).tolist() == [1, 6]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capital": [1.0]}, "capital: expected 10 numbers, one for each of labour_shares, found 1"),
        ({"initial_price": 750}, r"initial_price: expected one of prices \(0, 500, .*\), found 750"),
        ({"wages": [22, 11]}, "wages: expected different numbers in rising order"),
        ({"prices": [-1, 1000]}, "greater than or equal to 0"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(changes)


def test_the_headline_and_the_effect_of_the_tax_are_those_of_the_independent_version(tmp_path: Path) -> None:
    scenario = load("real_business_cycle")
    run = execute(scenario, tmp_path / "run", quiet=True)
    settings = scenario.economy.parameters
    assert isinstance(settings, Parameters)
    consumer = [[*[10] * 10, 4, i % 10] for i in range(100)]
    for policy, taxes in {"free_market": [0.0, 0.0], "fixed": [0.0, 1.0]}.items():
        reference, utility = Reference(settings), []
        for _ in range(10):
            reference.quarter({CONSUMER: consumer, FIRM: [[5, 1, 0]] * 10, GOVERNMENT: taxes})
            utility.append(reference.utility.mean())
        scored = run.summary["policies"][policy]["scenario"]["mean_utility"]
        assert scored == pytest.approx(np.mean(utility), rel=1e-6)
    # Without taxes, consumers spend 1,040 hours times 11 coin on ten goods of 2,500 coin, from the second quarter on.
    costs = [0.005 * 1040 * (1 - i / 100) ** 0.25 for i in range(100)]
    closed = 0.9 * 10 * ((1 + 1040 * 11 / 25_000) ** 0.9 - 1) / 0.9 - np.mean(costs)
    assert run.summary["policies"]["free_market"]["scenario"]["mean_utility"] == pytest.approx(closed, rel=1e-6)


def test_language_models_are_asked_for_consumers_firms_and_the_government(tmp_path: Path) -> None:
    asked: list[str] = []

    answers = {
        "employer": {
            "demand_for_good_1": "2 units",
            "demand_for_good_2": "0 units",
            "work": "520 hours",
            "employer": "firm_2",
        },
        "investment": {"price": "1500 coin per unit", "wage": "33 coin per hour", "investment": "0.1 of earnings"},
    }

    def reply(chat: Chat) -> str:
        asked.append(chat.question)
        choices = chat.properties["action"].get("properties", {})
        answer = next((answer for name, answer in answers.items() if name in choices), [0.2, 0.4])
        return json.dumps({"action": answer})

    economy = {"kind": "real_business_cycle", "consumers": 2, "labour_shares": [0.3, 0.6], "capital": [500, 500]}
    with serve(reply) as url:
        changes = {
            "economy": {**economy, "quarters": 3},
            "agents": {"consumer": "llm", "firm": "llm"},
            "planner": "llm",
            "baselines": [],
            "headline": None,
            "llm": {"base_url": url, "model": "scripted"},
        }
        run = execute(load("real_business_cycle", changes), tmp_path / "run", quiet=True)
    scores = run.summary["policies"]["llm"]["scenario"]
    assert scores["mean_hours"] == 520.0
    assert scores["mean_price"] == 1500.0
    assert scores["corporate_tax_rate"] == pytest.approx(0.4, rel=1e-6)
    assert any("productivity" in text for text in asked)
