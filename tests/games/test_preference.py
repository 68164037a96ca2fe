"""Preference game: shares of voters from rankings, personas and tables, its lottery, and mistakes in its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import econsim
from econsim.errors import UserError
from econsim.scenario import load
from econsim.testing import check_game

CYCLE = ["abc", "bca", "cab"]
TABLE = "alternative,low,high\nhigh,0.7,0.5\nlow,0.5,0.3\n"


def of_rankings(shares: tuple[float, ...]) -> Any:
    rankings = [{"order": list(order), "weight": share} for order, share in zip(CYCLE, shares, strict=True)]
    return econsim.make("preference", rankings=rankings)


def of_file(folder: Path, text: str, **given: Any) -> Any:
    path = folder / "votes.csv"
    path.write_text(text, encoding="utf-8")
    return econsim.make("preference", file=str(path), **given)


@pytest.mark.parametrize("shares", [(0.40, 0.25, 0.35), (0.1, 0.45, 0.45), (1 / 3, 1 / 3, 1 / 3)])
def test_the_lottery_of_three_cyclic_rankings_is_the_closed_form(shares: tuple[float, ...]) -> None:
    from econsim.solvers.maximal_lottery import MaximalLottery, Parameters

    solution = MaximalLottery(Parameters()).solve(of_rankings(shares), {})
    first, second, third = shares
    expected = [1 - 2 * third, 1 - 2 * first, 1 - 2 * second]
    assert list(solution.profiles[0].strategies["candidate_1"]) == pytest.approx(expected, abs=1e-9)
    assert solution.certificate.exact
    assert solution.certificate.lower == pytest.approx(0.0, abs=1e-9)


def test_the_named_cycle_is_that_of_its_rankings() -> None:
    named = econsim.make("preference", classic="lopsided_cycle")
    assert torch.allclose(named.payoff_tensor(), of_rankings((0.40, 0.25, 0.35)).payoff_tensor())  # type: ignore[attr-defined]


def test_rows_of_a_table_may_come_in_any_order(tmp_path: Path) -> None:
    game = of_file(tmp_path, TABLE)
    assert game.settings.names == ("low", "high")
    assert game.payoff_tensor()[0].tolist() == [[0.5, pytest.approx(0.3)], [pytest.approx(0.7), 0.5]]


def test_voters_of_a_file_count_by_their_weight_and_precision(tmp_path: Path) -> None:
    voters = "persona,weight,low,high\nnurse,3,1,2\nclerk,1,2,1\n"
    assert of_file(tmp_path, voters).payoff_tensor()[0, 1, 0] == pytest.approx(0.75)
    logistic = float(torch.sigmoid(torch.tensor(2.0, dtype=torch.float64)))
    noisy = of_file(tmp_path, voters, precision=2.0).payoff_tensor()[0, 1, 0]
    assert noisy == pytest.approx(0.75 * logistic + 0.25 * (1 - logistic))


def test_a_loaded_scenario_contains_the_table_and_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(TABLE)
    scenario = load("preference", {"game.classic": None, "game.file": str(path), "agents.candidate": "mixed_strategy"})
    path.unlink()
    assert scenario.game.build().payoff_tensor()[0, 1, 0] == pytest.approx(0.7)


def test_the_game_passes_the_checks_of_all_games() -> None:
    game = econsim.make("preference", classic="strong_cycle")
    assert [check for check in check_game(game) if not check.passed] == []


MISTAKES = {
    "alternative,a,b\na,0.5,0.6\nb,0.6,0.5\n": "a over b: expected shares between 0 and 1 that add up to 1",
    "alternative,a,b\na,0.5,nan\nb,0.6,0.5\n": "votes.csv:2: column b: expected a share between 0 and 1, found 'nan'",
    "alternative,a,b\na,0.5,0.5\n": "expected a row for each column; there is none for b",
    "alternative,a,b\na,0.5,0.5\na,0.5,0.5\n": "votes.csv:3: column alternative: expected each of a, b once",
    "alternative,a,b\na,0.4,0.5\nb,0.5,0.5\n": "a over a: expected 0.5",
    "weight,a,b\n0,1,2\n": "expected at least one positive weight",
    "weight,a,b\n-1,1,2\n": "votes.csv:2: column weight: expected a weight of at least 0",
    "a,b\n1,inf\n": "votes.csv:2: column b: expected a utility or a score, found 'inf'",
    "voter,a\n1,1\n": "columns of at least two alternatives",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_file_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        of_file(tmp_path, text)
    assert MISTAKES[text] in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "expected one of classic (condorcet_cycle, lopsided_cycle, strong_cycle), rankings, shares or file"),
        ({"classic": "strong_cycle", "precision": 1.0}, "precision belongs to a file of voters"),
        ({"rankings": [{"order": ["a", "b"]}, {"order": ["a", "c"]}]}, "rankings.1: expected each of a, b once"),
        ({"rankings": [{"order": ["a", "b"], "weight": 0}]}, "expected at least one positive weight"),
        ({"shares": [[0.5, 0.5], [0.5]]}, "expected 2 numbers in the row of 1, found 1"),
        ({"shares": [[0.5, 0.5], [0.5, 0.5]], "alternatives": ["a"]}, "expected 2 different names, found 1"),
    ],
)
def test_a_mistake_in_parameters_says_what_was_expected(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(").replace(")", r"\)")):
        econsim.make("preference", **given)
