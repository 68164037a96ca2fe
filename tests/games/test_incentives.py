"""Incentives: money is conserved, and a search finds the smallest payment that makes cooperation dominant."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder

import econsim
from econsim import random
from econsim.agents.iterated_dominance import IteratedDominance, surviving_options
from econsim.agents.iterated_dominance import Parameters as Dominance
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Strategy
from econsim.errors import UserError
from econsim.expected_play import announced_play
from econsim.game import Agent
from econsim.games.incentives import Incentives, Parameters
from econsim.kernels import numba_version
from econsim.mechanisms.incentives import balanced_payments, payments_from_budget
from econsim.planners.search import Parameters as SearchParameters
from econsim.planners.search import Search
from econsim.play import HeldAction, play
from econsim.runs.certificate import DeviationBudget, certify
from econsim.testing import check_game

DILEMMA = {"kind": "normal_form", "classic": "prisoners_dilemma"}


def incentives(game: Any = DILEMMA, **parameters: Any) -> Incentives:
    return Incentives(Parameters.model_validate({"game": game, **parameters}))


def dilemma(temptation: float, reward: float, punishment: float, sucker: float) -> dict[str, Any]:
    row = [[reward, sucker], [temptation, punishment]]
    return {"kind": "normal_form", "payoffs": {"row": row, "column": [list(entry) for entry in zip(*row, strict=True)]}}


def rational() -> dict[str, Agent]:
    return {"row": IteratedDominance(Dominance()), "column": IteratedDominance(Dominance())}


@pytest.mark.parametrize(
    "parameters",
    [
        {"paid": {"row": ["cooperate"], "column": ["cooperate"]}},
        {"game": {"kind": "tabular", "repeats": "chicken", "horizon": 3}, "lowest": -2.0, "budget": 3.0},
    ],
)
def test_it_keeps_every_promise_of_a_game(parameters: dict[str, Any]) -> None:
    assert [check for check in check_game(incentives(**parameters)) if not check.passed] == []


def searched(payoffs: tuple[float, ...], **parameters: Any) -> tuple[list[float], float]:
    """Return the payments that a search finds, and the planner's return under them."""
    paid = {"row": ["0"], "column": ["0"]}
    game = incentives(dilemma(*payoffs), paid=paid, cost_of_funds=0.1, **parameters)
    planner = Search(SearchParameters(method="coordinate", starts=1, episodes=64))
    planner.fit(game, game.roles["planner"], rational(), 3, MemoryRecorder())
    payments = planner.action(game, game.roles["planner"])
    episode = play(game, {**rational(), "planner": HeldAction(payments)}, random.keys(0, 1))
    return payments.tolist(), float(episode.returns["planner"])


TOLERANCE = 5 * 0.001  # the finest step of the search, as a share of the range of payments


@pytest.mark.parametrize("payoffs", [(5, 3, 1, 0), (4, 3, 2, 0), (4.5, 3, 1, -0.3)])
def test_a_search_finds_the_smallest_payment_that_makes_cooperation_dominant(payoffs: tuple[float, ...]) -> None:
    temptation, reward, punishment, sucker = payoffs
    closed_form = max(temptation - reward, punishment - sucker)
    payments, welfare = searched(payoffs, same_for_all=True)
    assert payments == pytest.approx([closed_form], abs=TOLERANCE)
    assert welfare == pytest.approx(2 * reward - 0.2 * closed_form, abs=0.01)


def test_with_a_payment_for_each_player_one_of_them_needs_less() -> None:
    payments, _ = searched((4, 3, 2, 0))
    assert sorted(payments) == pytest.approx([4 - 3, 2 - 0], abs=TOLERANCE)


def test_accounts_state_the_announced_payments_by_name() -> None:
    game = incentives(paid={"row": ["cooperate"], "column": ["cooperate"]}, highest=3.0)
    names = {account.name: account.noun for account in game.accounts_spec if account.name.startswith("payment_")}
    assert names == {
        "payment_1_row_cooperate": "payment for row cooperate",
        "payment_2_column_cooperate": "payment for column cooperate",
    }
    agents = {**rational(), "planner": HeldAction(torch.tensor([2.5, 0.5]))}
    accounts = game.accounts(play(game, agents, random.keys(0, 2)).state)
    assert [accounts[name].tolist() for name in names] == [[2.5, 2.5], [0.5, 0.5]]


@pytest.mark.parametrize(("payment", "left"), [(0.0, [0, 1]), (1.5, [1, 1]), (1.99, [1, 1]), (2.0, [1, 0])])
def test_cooperation_survives_alone_from_the_closed_form_on(payment: float, left: list[int]) -> None:
    payoffs = torch.tensor([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]], dtype=torch.float64)
    payoffs[0, 0] += payment
    payoffs[1, :, 0] += payment
    assert [mask[0].long().tolist() for mask in surviving_options(payoffs[None])] == [left, left]


def test_dominance_is_iterated() -> None:
    # Column never plays 2 of 3; then row never plays 1; then column never plays 0.
    row = [[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]
    column = [[0.0, 2.0, 1.0], [3.0, 1.0, 0.0]]
    left = surviving_options(torch.tensor([[row, column]], dtype=torch.float64))
    assert [mask[0].tolist() for mask in left] == [[True, False], [False, True, False]]


def test_subsidies_are_paid_at_one_share_where_they_exceed_the_budget() -> None:
    due = torch.tensor([[4.0, 2.0, -1.0], [1.0, 1.0, 0.0], [-2.0, 0.0, 0.0]], dtype=torch.float64)
    received, rest = payments_from_budget(due, torch.tensor([2.0, 2.0, 0.0], dtype=torch.float64))
    assert received.tolist() == [[2.0, 1.0, -1.0], [1.0, 1.0, 0.0], [-2.0, 0.0, 0.0]]
    assert rest.tolist() == [0.0, 0.0, 2.0]
    balanced = balanced_payments(due)
    torch.testing.assert_close(balanced.sum(-1), torch.zeros(3, dtype=torch.float64))
    torch.testing.assert_close(balanced[:, 0] - balanced[:, 1], due[:, 0] - due[:, 1])


@pytest.mark.parametrize("balanced", [False, True])
def test_money_is_conserved_and_payments_follow_the_choices(balanced: bool) -> None:
    base = {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": 4}
    game = incentives(base, lowest=-1.0, budget=3.0, balanced=balanced, cost_of_funds=0.5).to(dtype=torch.float64)
    assert game.roles["planner"].action_labels == ("row cooperate", "row defect", "column cooperate", "column defect")
    uniform = {name: econsim.load("soccer").agents["left"].build() for name in ("row", "column")}
    payments = torch.tensor([1.0, -0.5, 2.0, 0.0], dtype=torch.float64)
    plain = play(incentives(base).inner, uniform, random.keys(7, 64)).returns
    episode = play(game, {**uniform, "planner": HeldAction(payments)}, random.keys(7, 64))
    state = episode.state
    torch.testing.assert_close(game.conserved(state)["payments"], torch.full((64,), 3.0, dtype=torch.float64))
    assert (state.treasury >= 0).all()
    returns = torch.cat([episode.returns["row"], episode.returns["column"]], -1)
    assert plain["row"].shape == returns[:, :1].shape
    base_total = (returns - state.received).sum(-1)  # what the game itself pays
    spent = 3.0 - state.treasury
    torch.testing.assert_close(episode.returns["planner"][:, 0], base_total - 0.5 * spent)
    if balanced:
        assert (spent == 0).all()
        torch.testing.assert_close(state.received.sum(-1), torch.zeros(64, dtype=torch.float64))
    else:
        assert (state.treasury == 0).any()  # some episodes run out of money


def always(option: int) -> MixedStrategy:
    return MixedStrategy(Strategy(probabilities=(float(option == 0), float(option == 1))))


@pytest.mark.parametrize("payment", [0.0, 0.5, 1.5, 2.5])
def test_gains_of_players_are_exact_in_the_game_that_the_planner_announces(payment: float) -> None:
    # 5 for the temptation, 3 for cooperation, 1 for defection, 0 for the sucker, and the payment for cooperation.
    game = incentives(paid={"row": ["cooperate"], "column": ["cooperate"]}, same_for_all=True)
    planner = HeldAction(torch.tensor([payment], dtype=torch.float64))
    for option, own, best in ((0, 3 + payment, max(3 + payment, 5)), (1, 1, max(1, payment))):
        agents: dict[str, Agent] = {"row": always(option), "column": always(option), "planner": planner}
        expected = announced_play(game.to(dtype=torch.float64), agents, random.keys(0, 3))
        assert expected is not None
        assert expected.own[:2].tolist() == pytest.approx([own, own], abs=1e-6)
        assert expected.best[:2].tolist() == pytest.approx([best, best], abs=1e-6)
    # The smallest payment from which neither gains from defecting is 2 = max(5 - 3, 1 - 0), as the search finds.


def test_announcements_that_vary_and_games_without_a_table_have_no_exact_gains() -> None:
    agents: dict[str, Agent] = {"row": always(0), "column": always(1), "planner": HeldAction(torch.tensor([0.5]))}
    assert announced_play(incentives(paid={"row": ["cooperate"]}), agents, random.keys(0, 2)) is not None
    drawn = econsim.load("prisoners_dilemma_planner", planner="random_schedule").planner
    assert drawn is not None
    other: Any = {**agents, "planner": drawn.build()}
    assert announced_play(incentives(paid={"row": ["cooperate"]}), other, random.keys(0, 2)) is None
    coins: dict[str, Agent] = {"player": econsim.load("soccer").agents["left"].build(), "planner": agents["planner"]}
    assert announced_play(incentives(COINS, paid={"player": ["own coin"]}), coins, random.keys(0, 2)) is None


def test_a_certificate_of_a_run_with_incentives_is_exact(tmp_path: Any) -> None:
    run = econsim.run("prisoners_dilemma_planner", out=tmp_path / "run", quiet=True)
    certificate = certify(run, DeviationBudget(episodes=2, iterations=0), roles=("row", "column"), quiet=True)
    found = [(entry["role"], entry["method"], entry["gain"]) for entry in certificate["findings"]]
    # Cooperation pays 3 + 2 and defection 5: with the smallest payment that suffices, both are best.
    assert [(role, method) for role, method, _ in found] == [("row", "enumerated"), ("column", "enumerated")]
    assert max(gain for *_, gain in found) < 0.002


COINS = {"kind": "coin_game", "horizon": 20}


def test_outcomes_are_paid_each_time_they_occur() -> None:
    game = incentives(COINS, lowest=-3.0, budget=200.0)
    assert game.roles["planner"].action_labels == ("player own coin", "player other coin")
    assert incentives(COINS, paid={"player": ["up", "own coin"]}).roles["planner"].action_labels == (
        "player up",
        "player own coin",
    )
    uniform: dict[str, Agent] = {"player": econsim.load("soccer").agents["left"].build()}
    episode = play(game, {**uniform, "planner": HeldAction(torch.tensor([0.5, -3.0]))}, random.keys(1, 32))
    own = episode.state.inner.taken.diagonal(dim1=1, dim2=2)
    others = episode.state.inner.taken.sum(-1) - own
    torch.testing.assert_close(episode.state.received, (0.5 * own - 3.0 * others).double())
    torch.testing.assert_close(game.conserved(episode.state)["payments"], torch.full((32,), 200.0).double())
    assert (others > 0).any()
    assert (own > 0).any()


@pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
def test_the_game_within_is_played_by_its_kernels() -> None:
    game = incentives(COINS, lowest=-3.0)
    assert game.not_covered() == ""
    assert incentives().not_covered() == "the game NormalForm"
    agents = {"player": econsim.load("soccer").agents["left"].build(), "planner": HeldAction(torch.tensor([1.0, -1.0]))}
    one, other = (play(each, agents, random.keys(3, 8)).state for each in (game, game.on_kernels()))
    assert torch.equal(one.inner.position, other.inner.position)
    torch.testing.assert_close(one.received, other.received)
    with pytest.raises(UserError, match="kernels do not cover the game NormalForm"):
        incentives().on_kernels()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"game": COINS, "paid": {"player": ["coin"]}},
            "no option or outcome is called 'coin'; .* outcomes: own",
        ),
        ({"paid": {"rwo": ["cooperate"]}}, "game.paid: no role is called 'rwo'; roles: row, column"),
        ({"paid": {"row": ["coperate"]}}, "game.paid.row: no option is called 'coperate'; options: cooperate, defect"),
        ({"paid": {"row": []}}, "game.paid: expected at least one option"),
        ({"game": {"kind": "incentives", "game": DILEMMA}}, "expected a game without a planner"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        incentives(**parameters)


def test_the_agent_needs_a_table_of_payoffs() -> None:
    game = econsim.make("tabular", repeats="chicken")
    with pytest.raises(UserError, match="iterated_dominance needs a table of payoffs; Tabular has none"):
        rational()["row"].start(game, game.roles["row"], 1)
