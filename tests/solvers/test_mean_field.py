"""Mean-field best responses against Wardrop equilibria in closed form, and payoffs by counts against payoff tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import econsim
from econsim.anonymous import option_payoffs
from econsim.errors import UserError
from econsim.expected_play import deviation_payoffs, expected_play
from econsim.game import Agent, Game
from econsim.games._one_round import OneRound
from econsim.learning import Solution
from econsim.solvers import default_solver
from econsim.solvers.mean_field import MeanField, Parameters


def solved(game: Game[Any], **parameters: Any) -> Solution:
    return MeanField(Parameters(**parameters)).solve(game, {})


def shares(solution: Solution) -> list[float]:
    return [quantity.value for quantity in solution.quantities if quantity.group == "shares of players"]


@pytest.mark.parametrize("toll", [0.0, 0.25, 0.5, 1.25])
def test_pigou_s_motorway_has_the_share_at_which_a_toll_makes_both_routes_equal(toll: float) -> None:
    game = econsim.make("congestion", drivers=1000, toll=toll)
    solution = solved(game)
    motorway = max(0.0, 1 - toll)  # closed form: its time is its share of drivers, that of the country road is 1
    assert shares(solution) == pytest.approx([1 - motorway, motorway], abs=1e-9)
    # One of a thousand drivers raises the time on the motorway by (1 - share) / 1000, which the other road avoids.
    assert solution.certificate.exact
    assert solution.certificate.lower == pytest.approx(motorway * (1 - motorway) / 1000, abs=1e-9)


class Braess(OneRound):
    """Braess's roads: two that take n / 100 minutes for n of 4,000 drivers, two of 45 minutes, and a shortcut."""

    unit = "minutes"

    def __init__(self, toll: float) -> None:
        super().__init__("driver", 4000, ("north", "south", "shortcut"))
        self.parameters = {"toll": torch.tensor(toll, dtype=torch.float64)}

    def payoffs(self, choices: Tensor) -> Tensor:
        counts = torch.nn.functional.one_hot(choices, 3).double().sum(1)
        return self.payoffs_by_counts(counts).gather(1, choices)

    def payoffs_by_counts(self, counts: Tensor) -> Tensor:
        first, last = (counts[:, 0] + counts[:, 2]) / 100, (counts[:, 1] + counts[:, 2]) / 100
        return -torch.stack([first + 45, 45 + last, first + last + self.parameters["toll"]], 1)


@pytest.mark.parametrize(
    ("toll", "expected", "minutes"),
    # Without a toll all take the shortcut, 80 minutes; from 25 minutes on none does, and each takes 65.
    [(0.0, [0, 0, 1], 80), (10.0, [0.125, 0.125, 0.75], 80), (30.0, [0.5, 0.5, 0], 65)],
)
def test_braess_s_paradox(toll: float, expected: list[float], minutes: float) -> None:
    solution = solved(Braess(toll))
    assert shares(solution) == pytest.approx(expected, abs=1e-9)
    assert solution.quantities[-1].value == pytest.approx(-minutes, abs=1e-7)
    assert solution.residuals["gain from deviating in the limit of many players"] <= 1e-9


def test_of_a_thousand_players_none_contributes() -> None:
    solution = solved(econsim.make("public_goods", players=1000))
    assert shares(solution)[0] == 1.0
    assert solution.certificate.upper == 0.0


@pytest.mark.parametrize(("kind", "players"), [("congestion", 5), ("public_goods", 4)])
def test_payoffs_by_counts_are_those_of_the_payoff_tensor(kind: str, players: int) -> None:
    count = {"congestion": "drivers", "public_goods": "players"}[kind]
    game: Any = econsim.make(kind, **{count: players})
    payoffs = game.payoff_tensor()
    options = payoffs.shape[1]
    mixed = torch.linspace(1, 2, options, dtype=torch.float64)
    pure = list(torch.eye(options, dtype=torch.float64)[torch.arange(players) % 2])
    for strategies in ([mixed / mixed.sum()] * players, pure):
        by_counts = option_payoffs(game, strategies)
        assert by_counts is not None
        for player in range(players):
            torch.testing.assert_close(by_counts[player], deviation_payoffs(payoffs, strategies, player))


def test_a_run_of_many_players_is_scored_exactly() -> None:
    game = econsim.make("congestion", drivers=1000)
    agents: dict[str, Agent] = dict(solved(game, iterations=1).agents)
    expected = expected_play(game, agents)
    assert expected is not None
    assert expected.own.shape == (1000,)


def test_crowds_are_solved_by_default_and_other_games_are_refused() -> None:
    assert default_solver(econsim.make("congestion", drivers=1000)) == "mean_field"
    assert default_solver(econsim.make("congestion", drivers=3)) == "correlated"
    with pytest.raises(UserError, match="mean_field: expected payoffs that depend on the number of players on each"):
        solved(econsim.make("cournot"))
    with pytest.raises(UserError, match=r"2 options of 1,000 players have more than 1,000,000 .* solver mean_field"):
        econsim.solve("congestion", "fictitious_play", drivers=1000)
