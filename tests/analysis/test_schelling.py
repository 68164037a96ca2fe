"""Schelling diagrams: exact against closed forms, played against exact, and the conditions of a social dilemma."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy, Parameters
from econsim.analysis.schelling import EXACT, SchellingDiagram, exact_diagram, schelling_diagram
from econsim.analysis.schelling_plot import schelling_plot
from econsim.errors import UserError
from econsim.game import Game
from econsim.games import normal_form, public_goods, tabular


def playing(game: Game[Any], *shares: float) -> dict[str, MixedStrategy]:
    """Return the mixed strategy of all players whose first and last options have these probabilities."""
    first, last = shares
    agents = {}
    for name, role in game.roles.items():
        between = [0.0] * (role.action.mask_size - 2)  # type: ignore[union-attr]
        agents[name] = MixedStrategy(Parameters(probabilities=(first, *between, last)))
    return agents


def means(curve: Any) -> list[float]:
    return [point.mean for point in curve]


@pytest.mark.parametrize(("players", "levels", "multiplier"), [(4, 5, 1.6), (2, 2, 1.2), (6, 3, 5.0)])
def test_public_goods_agree_with_the_closed_form(players: int, levels: int, multiplier: float) -> None:
    game = public_goods.PublicGoods(public_goods.Parameters(players=players, levels=levels, multiplier=multiplier))
    diagram = schelling_diagram(game, playing(game, 0, 1), playing(game, 1, 0), random.keys(0, 1))
    paid = [multiplier * 20.0 * others / players for others in range(players)]
    assert means(diagram.cooperator) == pytest.approx([each + multiplier * 20.0 / players for each in paid], rel=1e-12)
    assert means(diagram.defector) == pytest.approx([20.0 + each for each in paid], rel=1e-12)
    assert means(diagram.average) == pytest.approx(
        [20.0 + (multiplier - 1) * 20.0 * count / players for count in range(players + 1)], rel=1e-12
    )
    temptation = 20.0 * (1 - multiplier / players)
    assert [diagram.conditions[name].difference.mean for name in ("fear", "greed")] == pytest.approx([temptation] * 2)
    assert diagram.is_dilemma
    assert diagram.conditions["efficiency"].holds
    assert (diagram.method, diagram.episodes, diagram.players) == ("expected", 0, players)
    assert {point.method for point in diagram.cooperator} == {EXACT}


def many_prisoners(players: int, benefit: float, cost: float) -> normal_form.NormalForm:
    """Return the N-player prisoners' dilemma: a cooperator pays ``cost``, and the others share ``benefit``."""

    def payoff(player: int, *options: int) -> float:
        others = sum(1 - option for index, option in enumerate(options) if index != player)
        return benefit * others / (players - 1) - cost * (1 - options[player])

    def table(player: int, before: tuple[int, ...] = ()) -> Any:
        if len(before) == players:
            return payoff(player, *before)
        return [table(player, (*before, option)) for option in (0, 1)]

    payoffs = {f"player_{player}": table(player) for player in range(players)}
    return normal_form.NormalForm(normal_form.Parameters(payoffs=payoffs))


@pytest.mark.parametrize(("players", "benefit", "cost"), [(2, 3.0, 1.0), (5, 4.0, 1.5)])
def test_many_prisoners_agree_with_the_closed_form(players: int, benefit: float, cost: float) -> None:
    game = many_prisoners(players, benefit, cost)
    diagram = schelling_diagram(game, playing(game, 1, 0), playing(game, 0, 1), random.keys(0, 1))
    received = [benefit * others / (players - 1) for others in range(players)]
    assert means(diagram.defector) == pytest.approx(received, abs=1e-12)
    assert means(diagram.cooperator) == pytest.approx([each - cost for each in received], abs=1e-12)
    assert diagram.is_dilemma


@pytest.mark.parametrize(
    ("classic", "fear", "greed", "is_dilemma"),
    [
        ("prisoners_dilemma", True, True, True),
        ("stag_hunt", True, False, True),
        ("chicken", False, True, True),
        ("battle_of_the_sexes", True, False, False),
    ],
)
def test_the_conditions_of_classic_games(classic: Any, fear: bool, greed: bool, is_dilemma: bool) -> None:
    game = normal_form.NormalForm(normal_form.Parameters(classic=classic))
    diagram = schelling_diagram(game, playing(game, 1, 0), playing(game, 0, 1), random.keys(0, 1))
    assert (diagram.conditions["fear"].holds, diagram.conditions["greed"].holds) == (fear, greed)
    assert diagram.is_dilemma is is_dilemma


def test_players_with_other_payoffs_are_averaged() -> None:
    tables = {"row": [[5, 1], [7, 2]], "column": [[3, 4], [0, 1]]}
    game = normal_form.NormalForm(normal_form.Parameters(payoffs=tables))
    diagram = schelling_diagram(game, playing(game, 1, 0), playing(game, 0, 1), random.keys(0, 1))
    assert means(diagram.cooperator) == [(1 + 0) / 2, (5 + 3) / 2]
    assert means(diagram.defector) == [(2 + 1) / 2, (7 + 4) / 2]


def repeated(rounds: int) -> tabular.Tabular:
    return tabular.Tabular(tabular.Parameters(repeats="prisoners_dilemma", horizon=rounds))


def test_pure_policies_that_are_played_give_the_sums_of_the_payoffs() -> None:
    game = repeated(3)
    diagram = schelling_diagram(game, playing(game, 1, 0), playing(game, 0, 1), random.keys(0, 4))
    assert (diagram.method, diagram.episodes) == ("played", 4)
    assert means(diagram.cooperator) == [0.0, 9.0]
    assert means(diagram.defector) == [3.0, 15.0]
    assert diagram.is_dilemma


def played_and_exact() -> tuple[SchellingDiagram, SchellingDiagram]:
    played, exact = repeated(1), normal_form.NormalForm(normal_form.Parameters(classic="prisoners_dilemma"))
    sampled = schelling_diagram(played, playing(played, 0.8, 0.2), playing(played, 0.3, 0.7), random.keys(3, 400))
    return sampled, schelling_diagram(exact, playing(exact, 0.8, 0.2), playing(exact, 0.3, 0.7), random.keys(0, 1))


def test_intervals_of_a_played_diagram_contain_the_expectation() -> None:
    sampled, exact = played_and_exact()
    for point, expected in zip(
        (*sampled.cooperator, *sampled.defector), (*exact.cooperator, *exact.defector), strict=True
    ):
        assert point.low is not None
        assert point.high is not None
        margin = (point.high - point.low) / 2
        assert abs(point.mean - expected.mean) < 1.7 * margin  # a false alarm in 1,000: 4 intervals of 3.3 errors each


def test_an_open_question_is_not_answered() -> None:
    game = repeated(1)  # eight episodes of policies that hardly differ
    diagram = schelling_diagram(game, playing(game, 0.52, 0.48), playing(game, 0.48, 0.52), random.keys(0, 8))
    assert diagram.conditions["exploitation"].holds is None
    assert diagram.is_dilemma is None


def test_rows_are_the_points_of_both_curves() -> None:
    game = repeated(1)
    rows = schelling_diagram(game, playing(game, 1, 0), playing(game, 0, 1), random.keys(0, 2)).rows()
    points = list(product(("cooperator", "defector"), (0, 1)))
    assert [(row["player"], row["other_cooperators"]) for row in rows] == points
    assert [row["payoff"] for row in rows] == [0.0, 3.0, 1.0, 5.0]


def test_one_player_has_no_diagram() -> None:
    game = repeated(1)
    alone = {"row": playing(game, 1, 0)["row"]}
    with pytest.raises(UserError, match="at least two players, found 1"):
        schelling_diagram(game, alone, alone, random.keys(0, 2), {"column": playing(game, 1, 0)["column"]})


def test_the_mean_in_a_figure_ends_at_the_payoffs_of_uniform_choices() -> None:
    diagram = exact_diagram(torch.tensor([1.0, 3.0, 5.0]), torch.tensor([0.0, 2.0, 4.0]))
    *_, mean = schelling_plot(diagram).axes[0].lines
    assert list(mean.get_xdata()) == pytest.approx([0.0, 2 / 3, 4 / 3, 2.0])
    assert list(mean.get_ydata()) == pytest.approx([0.0, (2 * 2.0 + 1.0) / 3, (4.0 + 2 * 3.0) / 3, 5.0])
