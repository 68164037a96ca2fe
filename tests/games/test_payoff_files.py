"""Payoffs from Gambit and CSV files: the same game as in YAML, and mistakes with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

import econsim
from econsim.errors import UserError
from econsim.games._payoff_files import read_payoffs

DILEMMA = """NFG 1 R "A \\"dilemma\\"" { "Player 1" "Player 2" }

{ { "Stay silent" "Confess" }
  { "a" "b" "c" } }
"with a comment"

3 3 5 0 0 5 1 1 1/3 -2.5 2e-1 .25
"""
BY_COUNT = 'NFG 1 R "numbers" { "A" "B" "C" } { 2 3 2 }\n'
OUTCOMES = '{ { "first" 1/2, 2, -3 } { "second" 0, 1, 1 } }\n1 2 0 1 1 1 2 2 2 0 0 0\n'
STAG = "row,column,payoff_row,payoff_column\nstag,stag,4,4\nhare,hare,3,3\nstag,hare,1,3\nhare,stag,3,1\n"


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_first_players_option_varies_fastest(tmp_path: Path) -> None:
    game = read_payoffs(written(tmp_path, "game.nfg", DILEMMA))
    assert game.payoffs["player_1"] == [[3, 0, pytest.approx(1 / 3)], [5, 1, 0.2]]
    assert game.payoffs["player_2"] == [[3, 5, -2.5], [0, 1, 0.25]]
    assert game.options == {"player_1": ("Stay silent", "Confess"), "player_2": ("a", "b", "c")}


def test_braces_in_the_name_of_an_outcome_are_text(tmp_path: Path) -> None:
    text = BY_COUNT + OUTCOMES.replace('"first"', '"the {first}"')
    assert read_payoffs(written(tmp_path, "a.nfg", text)) == read_payoffs(
        written(tmp_path, "b.nfg", BY_COUNT + OUTCOMES)
    )


def test_outcomes_by_number_for_three_players(tmp_path: Path) -> None:
    game = read_payoffs(written(tmp_path, "game.NFG", BY_COUNT + OUTCOMES))
    # The fourth combination, (second, second, first), has outcome 1, and the third, (first, second, first), none.
    assert [game.payoffs[name][1][1][0] for name in ("a", "b", "c")] == [0.5, 2, -3]
    assert [game.payoffs[name][0][1][0] for name in ("a", "b", "c")] == [0, 0, 0]
    assert game.payoffs["b"] == [[[2, 1], [0, 1], [2, 0]], [[1, 1], [2, 0], [2, 0]]]
    assert game.options == {}


def test_a_csv_table_with_its_rows_in_any_order(tmp_path: Path) -> None:
    game = read_payoffs(written(tmp_path, "stag.csv", STAG))
    assert game.payoffs == {"row": [[4, 1], [3, 3]], "column": [[4, 3], [1, 3]]}
    assert game.options == {"row": ("stag", "hare"), "column": ("stag", "hare")}


def test_a_run_contains_the_payoffs_and_not_the_file(tmp_path: Path) -> None:
    loaded = econsim.load(
        "prisoners_dilemma", **{"game": {"kind": "normal_form", "file": written(tmp_path, "stag.csv", STAG)}}
    )
    (tmp_path / "stag.csv").unlink()
    assert "stag.csv" not in loaded.dump()
    solution = econsim.solve(loaded)
    assert [profile.payoffs["row"] for profile in solution.profiles] == pytest.approx([4, 3, 3])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.nfg", DILEMMA.replace(" .25", ""), r"a.nfg:7: expected 12 payoffs, found 11"),
        ("a.nfg", DILEMMA.replace("1/3", "1/0"), r"a.nfg:7: expected a number such as .* found 1/0"),
        ("a.nfg", DILEMMA.replace("1/3", "third"), r"a.nfg:7: expected a number such as .* found third"),
        ("a.nfg", "EFG 2 R", r"a.nfg:1: expected a file that starts with 'NFG 1 R'"),
        ("a.nfg", "", r"a.nfg:1: expected NFG"),
        ("a.nfg", DILEMMA.replace("Player 2", "Player 1"), "expected players with different names"),
        ("a.nfg", DILEMMA.replace('{ "a" "b" "c" } }', "}"), "a.nfg:4: expected the options of 2 players"),
        ("a.nfg", BY_COUNT.replace("{ 2 3 2 }", "{ 2 0 2 }"), "a.nfg:1: expected 3 numbers of options"),
        ("a.nfg", BY_COUNT.replace("{ 2 3 2 }", "{ 2 30000000 2 }"), "a.nfg:1: expected at most 10,000,000 payoffs"),
        ("a.nfg", BY_COUNT + OUTCOMES.replace("1 2 0", "1 3 0"), "expected 12 numbers of outcomes, from 0 to 2"),
        ("a.nfg", BY_COUNT + OUTCOMES.replace(", -3", ""), "expected outcomes with a name and 3 payoffs"),
        ("a.nfg", DILEMMA.replace("1/3", "1e99999999"), "a.nfg:7: expected a number .* found 1e99999999"),
        (
            "a.nfg",
            DILEMMA.replace("1/3", "9" * 250),
            r"a.nfg:7: .* between -1e.100 and 1e.100, found 9+\.\.\.",
        ),
        ("a.nfg", BY_COUNT.replace("{ 2 3 2 }", "{ 2 ² 2 }"), "a.nfg:1: expected 3 numbers of options"),
        ("a.nfg", BY_COUNT.replace("{ 2 3 2 }", "{ 2 3 2"), "a.nfg:2: expected 3 numbers .* found the end of the file"),
        ("a.nfg", BY_COUNT + "{ { } } 1", "expected outcomes with a name and 3 payoffs"),
        ("a.nfg", BY_COUNT + OUTCOMES.split("}")[0], "expected '}', found the end of the file"),
        ("a.csv", STAG.replace("hare,stag,3,1\n", ""), r"a.csv: expected 2 x 2 = 4 rows, one per combination"),
        ("a.csv", STAG.replace("hare,hare", "hare,stag"), "expected each combination of options once"),
        ("a.csv", STAG.replace("4,4", "4,many"), "expected a payoff"),
        ("a.csv", "row,column\na,b\n", "expected a column for each player and a column payoff_<player>"),
        ("a.csv", STAG.replace(",payoff_column", ",payoff"), "column column: expected a column payoff_column too"),
        ("a.txt", "", "expected a file that ends in .nfg or .csv"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_payoffs(written(tmp_path, name, text))


def test_a_file_that_does_not_exist_is_an_error_of_the_scenario() -> None:
    with pytest.raises(UserError, match=r"game\.file: cannot read nowhere\.nfg: no such file"):
        econsim.solve("normal_form", file="nowhere.nfg")
