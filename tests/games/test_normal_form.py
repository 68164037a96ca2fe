"""Normal-form games: payoffs as written, exact returns of mixed strategies, and the classics in closed form."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.agents.mixed_strategy import Parameters as Mix
from econsim.expected_play import deviation_payoffs, expected_payoffs, expected_returns, strategies_of
from econsim.game import Agent, Enumerable, Game
from econsim.games._classics import CLASSICS
from econsim.games.normal_form import Name, NormalForm, Parameters
from econsim.play import play
from econsim.testing import check_game

THREE: dict[str, Any] = {
    "payoffs": {
        "a": [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[0, 1], [0, 2]]],
        "b": [[[1, 0], [0, 1]], [[2, 0], [0, 2]], [[3, 0], [0, 3]]],
        "c": [[[9, 8], [7, 6]], [[5, 4], [3, 2]], [[1, 0], [1, 0]]],
    }
}


def game_of(**parameters: Any) -> NormalForm:
    return NormalForm(Parameters.model_validate(parameters))


def mixes(**probabilities: tuple[float, ...]) -> dict[str, Agent]:
    return {name: MixedStrategy(Mix(probabilities=given)) for name, given in probabilities.items()}


def returns(game: Game[Any], **probabilities: tuple[float, ...]) -> dict[str, float]:
    expected = expected_returns(game, mixes(**probabilities))
    assert expected is not None
    return {name: float(values) for name, values in expected.items()}


@pytest.mark.parametrize("parameters", [*({"classic": name} for name in CLASSICS), THREE], ids=[*CLASSICS, "three"])
def test_it_keeps_every_promise_of_a_game(parameters: dict[str, Any]) -> None:
    assert [check for check in check_game(game_of(**parameters)) if not check.passed] == []


def test_every_classic_can_be_named() -> None:
    assert set(get_args(Name)) == set(CLASSICS)


def test_three_players_are_paid_what_the_tables_say_at_every_choice() -> None:
    game = game_of(**THREE)
    assert isinstance(game, Enumerable)
    choices = list(product(range(3), range(2), range(2)))
    actions = {name: torch.tensor([[c[place]] for c in choices]) for place, name in enumerate("abc")}
    rewards = game.step(game.reset(random.keys(0, len(choices))), actions).rewards
    for place, name in enumerate("abc"):
        table = torch.tensor(THREE["payoffs"][name], dtype=torch.float64)
        assert rewards[name][:, 0].tolist() == [float(table[choice]) for choice in choices]
        assert torch.equal(game.payoff_tensor()[place], table)


def test_expected_payoffs_are_sums_over_all_choices() -> None:
    payoffs = game_of(**THREE).payoff_tensor()
    strategies = [torch.tensor(mix, dtype=torch.float64) for mix in ([0.2, 0.3, 0.5], [0.6, 0.4], [0.1, 0.9])]
    expected, deviations = torch.zeros(3).double(), torch.zeros(2).double()
    for choice in product(range(3), range(2), range(2)):
        likely = torch.stack([strategy[option] for strategy, option in zip(strategies, choice, strict=True)])
        expected += likely.prod() * payoffs[(slice(None), *choice)]
        deviations[choice[1]] += likely[0] * likely[2] * payoffs[(1, *choice)]
    torch.testing.assert_close(expected_payoffs(payoffs, strategies), expected)
    torch.testing.assert_close(deviation_payoffs(payoffs, strategies, 1), deviations)
    assert float(deviations @ strategies[1]) == pytest.approx(float(expected[1]))


# Mixed equilibria from the indifference conditions of each game; in all of them players mix alike but in the fourth.
EQUILIBRIA: dict[str, tuple[tuple[float, ...], tuple[float, ...], float, float]] = {
    "matching_pennies": ((1 / 2, 1 / 2), (1 / 2, 1 / 2), 0.0, 0.0),
    "chicken": ((9 / 10, 1 / 10), (9 / 10, 1 / 10), -1 / 10, -1 / 10),
    "stag_hunt": ((2 / 3, 1 / 3), (2 / 3, 1 / 3), 3.0, 3.0),
    "battle_of_the_sexes": ((3 / 5, 2 / 5), (2 / 5, 3 / 5), 6 / 5, 6 / 5),
    "rock_paper_scissors": ((1 / 3,) * 3, (1 / 3,) * 3, 0.0, 0.0),
    "prisoners_dilemma": ((0.0, 1.0), (0.0, 1.0), 1.0, 1.0),
}


@pytest.mark.parametrize("name", EQUILIBRIA)
def test_returns_of_a_classics_equilibrium_in_closed_form(name: str) -> None:
    row, column, row_value, column_value = EQUILIBRIA[name]
    game = game_of(classic=name)
    found = returns(game, row=row, column=column)
    assert found["row"] == pytest.approx(row_value, abs=1e-12)
    assert found["column"] == pytest.approx(column_value, abs=1e-12)
    strategies = strategies_of(game, mixes(row=row, column=column))
    assert strategies is not None
    for player, value in enumerate((row_value, column_value)):
        options = deviation_payoffs(game.payoff_tensor(), strategies, player)
        assert float(options.max()) == pytest.approx(value, abs=1e-12)  # nobody gains by deviating


def test_sampled_returns_agree_with_expected_ones() -> None:
    game, agents = game_of(classic="chicken"), mixes(row=(0.7, 0.3), column=(0.4, 0.6))
    sampled = play(game, agents, random.keys(2, 20_000)).returns
    for name, value in returns(game, row=(0.7, 0.3), column=(0.4, 0.6)).items():
        error = float(sampled[name].std()) / 20_000**0.5
        assert float(sampled[name].mean()) == pytest.approx(value, abs=4 * error)


def test_returns_have_to_be_sampled_where_an_agent_states_no_distribution() -> None:

    game = game_of(classic="chicken")

    class Opaque:
        def start(self, *_: Any) -> None:
            return None

    assert expected_returns(game, {**mixes(row=(1, 0)), "column": Opaque()}) is None  # type: ignore[dict-item]
    assert expected_returns(econsim.make("one_step", workers=2), {}) is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "expected either classic"),
        ({"classic": "chicken", **THREE}, "expected either classic"),
        ({"payoffs": {"row": [[1, 2], [3]], "column": [[1, 2], [3, 4]]}}, "rows of different length"),
        ({"payoffs": {"row": [[1, "x"]], "column": [[1, 2]]}}, "a value that is not a number"),
        ({"payoffs": {"row": [[1, None]], "column": [[1, 2]]}}, "not finite"),
        ({"payoffs": {"row": [[1, -1e308]], "column": [[1, 2]]}}, "row: expected numbers between .* found -1e.308"),
        (
            {"payoffs": {"row": [[1, 2]], "column": [1, 2]}},
            "the payoffs of column: expected 2 axes, one per player, found 1",
        ),
        (
            {"payoffs": {"row": [[1, 2]], "column": [[1], [2]]}},
            "the payoffs of column are 2 by 1, those of row are 1 by 2",
        ),
        ({"payoffs": {"row 1": [1, 2]}}, "'row 1' is not a valid name"),
        ({"classic": "chicken", "options": {"rowe": ["a", "b"]}}, "no player is called 'rowe'"),
        ({"classic": "chicken", "options": {"row": ["a", "a"]}}, "expected 2 different names for row, found 2"),
    ],
)
def test_a_mistaken_table_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        game_of(**parameters)


def test_one_player_may_decide_alone() -> None:
    game = econsim.make("normal_form", payoffs={"player_1": [1, 5, 2]})
    assert returns(game, player_1=(0.5, 0.25, 0.25)) == {"player_1": pytest.approx(2.25)}
