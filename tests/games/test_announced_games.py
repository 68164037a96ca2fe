"""Incentives over games of several moves: exact returns and gains against closed forms and plain enumerations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
import torch

import econsim
from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Strategy
from econsim.errors import UserError
from econsim.expected_play import Expected, announced_play
from econsim.games.incentives import Incentives, Parameters
from econsim.play import HeldAction, play
from econsim.runs.certificate import DeviationBudget, certify
from econsim.solvers.backward_induction import BackwardInduction
from econsim.solvers.backward_induction import Parameters as Induction
from econsim.testing import check_game

EVERYTHING = 1e-9  # rounding of float64 sums over a few hundred products


def incentives(game: dict[str, Any], **parameters: Any) -> Incentives:
    made = Incentives(Parameters.model_validate({"game": game, **parameters}))
    precise = made.to(dtype=torch.float64)
    assert isinstance(precise, Incentives)
    return precise


def mixed(*probabilities: float) -> MixedStrategy:
    return MixedStrategy(Strategy(probabilities=probabilities))


def expected(game: Incentives, payments: Sequence[float], **agents: Any) -> Expected:
    planner = HeldAction(torch.tensor(payments, dtype=torch.float64))
    found = announced_play(game, {**agents, "planner": planner}, random.keys(0, 2))
    assert found is not None
    return found


# --- the repeated prisoners' dilemma ------------------------------------------------------------------------------

ROUNDS = 5


def repeated(**parameters: Any) -> Incentives:
    base = {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": ROUNDS}
    return incentives(base, paid={"row": ["cooperate"], "column": ["cooperate"]}, same_for_all=True, **parameters)


@pytest.mark.parametrize("payment", [0.0, 0.5, 1.9, 2.0, 2.5])
def test_in_the_repeated_dilemma_the_smallest_payment_is_that_of_one_round(payment: float) -> None:
    # Payoffs 5, 3, 1, 0. Against a cooperator, defecting gains 5 - 3 less the payment in each round; against a
    # defector, 1 - 0 less the payment. Cooperation is dominant from max(5 - 3, 1 - 0) = 2 on.
    game = repeated(budget=100.0)
    both = expected(game, [payment], row=mixed(1, 0), column=mixed(1, 0))
    assert both.own[:2].tolist() == pytest.approx([ROUNDS * (3 + payment)] * 2, abs=EVERYTHING)
    assert (both.best - both.own)[:2].tolist() == pytest.approx([ROUNDS * max(0.0, 2 - payment)] * 2, abs=EVERYTHING)
    neither = expected(game, [payment], row=mixed(0, 1), column=mixed(0, 1))
    gains = (neither.best - neither.own)[:2].tolist()
    assert gains == pytest.approx([ROUNDS * max(0.0, payment - 1)] * 2, abs=EVERYTHING)
    assert both.method == neither.method == "backward induction"


@pytest.mark.parametrize(("payment", "cooperates"), [(0.9, 0.0), (2.1, 1.0)])
def test_backward_induction_solves_the_game_after_the_announcement(payment: float, cooperates: float) -> None:
    game = repeated(budget=100.0).announced_game(torch.tensor([payment]))
    solution = BackwardInduction(Induction()).solve(game, {})
    assert solution.certificate.upper == pytest.approx(0.0, abs=EVERYTHING)
    returns = play(game, solution.agents, random.keys(0, 2)).returns["row"]
    each = cooperates * (3 + payment) + (1 - cooperates) * 1
    assert returns.flatten().tolist() == pytest.approx([ROUNDS * each] * 2)


def test_a_budget_that_runs_out_is_part_of_the_state() -> None:
    # A budget of 6 pays 2 to each cooperator in one round, 1 to each in the next, and nothing afterwards: cooperators
    # lose 5 - 3 in each round but the first, 1 of it in the second; a defector leaves money for the other.
    game = repeated(budget=6.0)
    both = expected(game, [2.0], row=mixed(1, 0), column=mixed(1, 0))
    assert both.own[:2].tolist() == pytest.approx([ROUNDS * 3 + 3.0] * 2, abs=EVERYTHING)
    # Defecting in all rounds but one, in which the payment is 2 (or in all, which pays the same), gives 5 rounds of 5.
    assert both.best[:2].tolist() == pytest.approx([ROUNDS * 5.0] * 2, abs=EVERYTHING)
    form = game.announced_game(torch.tensor([2.0])).markov_form()  # type: ignore[attr-defined]
    assert form.states == 5 * 4  # four action profiles and the first round; 0, 2, 4 or 6 left
    assert form.state_names[-1].endswith(", 6 left")
    torch.testing.assert_close(form.transitions.sum(-1), torch.ones_like(form.transitions[..., 0]))


# --- a tabular game, by brute force -------------------------------------------------------------------------------


@pytest.mark.parametrize(("budget", "balanced"), [(0.7, False), (50.0, False), (0.0, True)])
def test_a_tabular_game_agrees_with_a_recursion_over_all_histories(budget: float, balanced: bool) -> None:
    base = {"kind": "tabular", "random": {"states": 2, "options": 2, "seed": 5}, "horizon": 3, "discount": 0.9}
    game = incentives(base, lowest=-1.0, highest=1.0, budget=budget, balanced=balanced)
    payments = [0.6, -0.4, 0.9, 0.0]  # player 1: 0.6 and -0.4; player 2: 0.9 and 0
    mixes = ((0.3, 0.7), (0.8, 0.2))
    names = list(game.inner.roles)
    found = expected(game, payments, **dict(zip(names, (mixed(*mix) for mix in mixes), strict=True)))
    form = game.inner.markov_form()  # type: ignore[attr-defined]

    def worth(player: int, best: bool, period: int, state: int, left: float) -> float:
        """Return a player's expected return from a period on; its own options are best, or drawn from its mix."""
        if period == form.horizon:
            return 0.0
        values = []
        for own in range(2):
            value = 0.0
            for other in range(2):
                profile = (own, other) if player == 0 else (other, own)
                due = [payments[profile[0]], payments[2 + profile[1]]]
                received, after = plainly_paid(due, left, balanced)
                paid = float(form.rewards[period, player, state][profile]) + received[player]
                law = form.transitions[period, state][profile].tolist()
                later = sum(p * worth(player, best, period + 1, place, after) for place, p in enumerate(law) if p > 0)
                value += mixes[1 - player][other] * (paid + 0.9 * later)
            values.append(value)
        return max(values) if best else sum(p * v for p, v in zip(mixes[player], values, strict=True))

    for player in range(2):
        own, best = (
            sum(p * worth(player, chosen, 0, state, budget) for state, p in enumerate(form.start.tolist()))
            for chosen in (False, True)
        )
        # The announcement takes one step, which discounts all that follows.
        assert found.own[player].item() == pytest.approx(0.9 * own, abs=EVERYTHING)
        assert found.best[player].item() == pytest.approx(0.9 * best, abs=EVERYTHING)


def plainly_paid(due: Sequence[float], left: float, balanced: bool) -> tuple[list[float], float]:
    """Return what two players receive and what is left, in plain arithmetic."""
    if balanced:
        return [due[0] - sum(due) / 2, due[1] - sum(due) / 2], left
    funds = left - sum(d for d in due if d < 0)
    owed = sum(d for d in due if d > 0)
    share = min(1.0, funds / owed) if owed else 1.0
    received = [d * share if d > 0 else d for d in due]
    return received, left - sum(received)


# --- a game of several moves, by brute force ----------------------------------------------------------------------


@pytest.mark.parametrize("budget", [0.3, 50.0])
def test_kuhn_poker_agrees_with_an_enumeration_of_all_pure_strategies(budget: float) -> None:
    """Player 1 is paid for passing, player 2 fined for betting; only players who move are paid."""
    base = {"kind": "extensive_form", "classic": "kuhn"}
    game = incentives(base, paid={"player_1": ["pass"], "player_2": ["bet"]}, lowest=-1.0, budget=budget)
    paid = {("pass", 0): 0.7, ("bet", 1): -0.2}
    found = expected(game, [0.7, -0.2], player_1=mixed(0.6, 0.4), player_2=mixed(0.3, 0.7))
    nodes = game.inner.tree_nodes()  # type: ignore[attr-defined]
    chances = ({"pass": 0.6, "bet": 0.4}, {"pass": 0.3, "bet": 0.7})

    def walk(index: int, law: Callable[[int, str, str], float], left: float, received: tuple[float, float]) -> Any:
        """Return the expected payoffs of both players below a node."""
        node = nodes[index]
        if not node.children:
            return [float(payoff) + extra for payoff, extra in zip(node.payoffs, received, strict=True)]
        total = [0.0, 0.0]
        for option, child in enumerate(node.children):
            name, funds, got = node.actions[option], left, list(received)
            if node.player < 0:
                chance = float(node.probabilities[option])
            else:
                chance = law(node.player, node.information, name)
                amount = min(paid.get((name, node.player), 0.0), left)
                funds, got[node.player] = left - amount, got[node.player] + amount
            if chance:
                below = walk(child, law, funds, (got[0], got[1]))
                total = [entry + chance * value for entry, value in zip(total, below, strict=True)]
        return total

    own = walk(0, lambda player, _, name: chances[player][name], budget, (0.0, 0.0))
    assert found.own[:2].tolist() == pytest.approx(own, abs=EVERYTHING)
    for player in range(2):
        sets = sorted({node.information for node in nodes if node.player == player})
        best = -torch.inf
        for plan in product(("pass", "bet"), repeat=len(sets)):
            chosen = dict(zip(sets, plan, strict=True))

            def law(mover: int, seen: str, name: str, player: int = player, chosen: dict[str, str] = chosen) -> float:
                return float(chosen[seen] == name) if mover == player else chances[mover][name]

            best = max(best, walk(0, law, budget, (0.0, 0.0))[player])
        assert found.best[player].item() == pytest.approx(best, abs=EVERYTHING)


def test_players_who_do_not_move_are_not_paid() -> None:
    base = {"kind": "extensive_form", "classic": "kuhn"}
    game = incentives(base, paid={"player_1": ["pass"], "player_2": ["pass"]}, same_for_all=True, budget=100.0)
    planner = HeldAction(torch.tensor([1.0], dtype=torch.float64))
    always = {"player_1": HeldAction(torch.tensor(0)), "player_2": HeldAction(torch.tensor(0)), "planner": planner}
    state = play(game, always, random.keys(0, 8)).state
    assert state.received.tolist() == [[1.0, 1.0]] * 8  # each passes once
    assert [check for check in check_game(game) if not check.passed] == []


# --- runs ---------------------------------------------------------------------------------------------------------


def test_a_run_over_a_repeated_game_has_an_exact_certificate(tmp_path: Any) -> None:
    scenario = tmp_path / "repeated.yaml"
    scenario.write_text(
        """\
econsim: 1
game:
  kind: incentives
  game: {kind: tabular, repeats: prisoners_dilemma, horizon: 5}
  paid: {row: [cooperate], column: [cooperate]}
  same_for_all: true
  budget: 100
agents: {row: {kind: mixed_strategy, probabilities: [1, 0]}, column: {kind: mixed_strategy, probabilities: [1, 0]}}
planner: {kind: fixed, action: 1.5}
"""
    )
    run = econsim.run(str(scenario), out=tmp_path / "run", quiet=True)
    found = certify(run, DeviationBudget(episodes=2, iterations=0), roles=("row", "column"), quiet=True)["findings"]
    assert [entry["method"] for entry in found] == ["backward induction"] * 2
    assert [entry["gain"] for entry in found] == pytest.approx([5 * 0.5] * 2)  # 5 rounds of 5 - 3 - 1.5


@pytest.mark.parametrize(
    ("game", "parameters", "message"),
    [
        ({"kind": "coin_game", "horizon": 3}, {}, "outcomes are paid have no exact view"),
        ({"kind": "coin_game", "horizon": 3}, {"paid": {"player": ["up"]}}, "CoinGame has no exact view"),
        (
            {"kind": "tabular", "repeats": "prisoners_dilemma", "horizon": 200},
            {"budget": 50.0},
            "amounts may be left of the budget",
        ),
    ],
)
def test_what_has_no_exact_view_is_said(game: dict[str, Any], parameters: dict[str, Any], message: str) -> None:
    made = incentives(game, **parameters)
    payments = torch.linspace(0.1, 0.733, len(made.announced), dtype=torch.float64)
    with pytest.raises(UserError, match=message):
        made.announced_game(payments).markov_form()  # type: ignore[attr-defined]
