"""Gambit's .efg files: exact round trips, the parts of the format, and mistakes with their line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import econsim
from econsim.errors import UserError
from econsim.games._card_games import goofspiel, kuhn, leduc
from econsim.games._efg_files import efg_text, tree_of_efg
from econsim.games._tree import Tree

GAME = """EFG 2 R "A \\"small\\" game" { "Player 1" "Player 2" }
"with a comment"

c "deal" 1 "" { "high" 1/3 "low" 2/3 } 0
p "" 1 1 "high" { "raise" "fold" } 0
p "" 2 1 "blind" { "meet" "pass" } 1 "ante" { 1, -1/2 }
t "" 2 "both" { 3 -3 }
t "" 0
t "" 3 "" { .25 -2.5e-1 }
p "" 1 2 "low" { "raise" "fold" } 0
p "" 2 1 0
t "" 4 { -1 1 }
t "" 0
t "" 3
"""


@pytest.mark.parametrize("tree", [kuhn(2), kuhn(3), leduc(), goofspiel(3, "random")], ids=lambda tree: str(tree.title))
def test_a_game_that_is_written_and_read_is_the_same(tree: Tree) -> None:
    assert tree_of_efg(efg_text(tree), "written") == tree


def test_every_part_of_the_format() -> None:
    tree = tree_of_efg(GAME, "game.efg")
    assert (tree.title, tree.players) == ('A "small" game', ("player_1", "player_2"))
    assert tree.information(0) == {"high": ("raise", "fold"), "low": ("raise", "fold")}
    assert tree.information(1) == {"blind": ("meet", "pass")}
    payoffs = [node.payoffs for node in tree.nodes if node.payoffs]
    # What a node pays on the way is added to the end: the ante of the first branch.
    third, half = Fraction(1, 4), Fraction(1, 2)
    assert payoffs == [(4, -3 - half), (1, -half), (third, -third), (-1, 1), (0, 0), (third, -third)]
    assert tree_of_efg(efg_text(tree), "again") == tree


def test_a_file_is_played_and_kept_in_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "small.efg"
    path.write_text(GAME, encoding="utf-8")
    game = econsim.make("extensive_form", file=str(path))
    assert list(game.roles) == ["player_1", "player_2"]
    settings = game.settings  # type: ignore[attr-defined]
    assert settings.file is None
    assert tree_of_efg(settings.efg, "kept") == tree_of_efg(GAME, "game.efg")


MISTAKES = {
    "probabilities": ("2/3 }", "1/2 }", 4, "sum to exactly 1, found a sum of 0.8333"),
    "decimals": ("1/3", ".333", 4, "write fractions such as 1/3"),
    "missing payoff": ("{ 3 -3 }", "{ 3 }", 7, "2 payoffs, one per player, found 1"),
    "undefined outcome": ('t "" 4 { -1 1 }', 't "" 4', 12, "the payoffs of outcome 4 where it first appears"),
    "not finite": ("{ -1 1 }", "{ -1 inf }", 12, "a number such as 3, -0.5, 1/3 or 2e-3, found inf"),
    "division by zero": ("{ -1 1 }", "{ -1 1/0 }", 12, "found 1/0"),
    "a payoff too large": ("{ -1 1 }", f"{{ -1 {'9' * 250} }}", 12, "a number between -1e+100 and 1e+100, found 999"),
    "a digit of another script": ('p "" 2 1 0', 'p "" ² 1 0', 11, "the number of a player, from 1 to 2"),
    "another option": ('p "" 2 1 0', 'p "" 2 1 "blind" { "meet" "other" } 0', 11, "the same options each time"),
    "unknown set": ('p "" 2 1 0', 'p "" 2 7 0', 11, "the options of information set 7"),
    "unknown player": ('p "" 2 1 0', 'p "" 3 1 0', 11, "the number of a player, from 1 to 2"),
    "truncated": ('t "" 0\nt "" 3\n', "", 13, "found the end of the file"),
    "not a game": ("EFG 2 R", "EFG 1 R", 1, "starts with 'EFG 2 R'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_line(mistake: str) -> None:
    before, after, line, message = MISTAKES[mistake]
    assert before in GAME
    with pytest.raises(UserError) as refused:
        tree_of_efg(GAME.replace(before, after), "game.efg")
    assert str(refused.value).startswith(f"game.efg:{line}")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


FORGETFUL = """EFG 2 R "forgetful" { "a" }
p "" 1 1 "first" { "l" "r" } 0
p "" 1 2 "second" { "l" "r" } 0
t "" 1 { 1 }
t "" 2 { 0 }
p "" 1 2 0
t "" 2
t "" 1
"""


def test_imperfect_recall_can_be_played_but_not_solved() -> None:
    game = econsim.make("extensive_form", efg=FORGETFUL)
    with pytest.raises(UserError, match="a does not recall its own moves in the information set 'second'"):
        game.information_tree()  # type: ignore[attr-defined]


WATCHED = """EFG 2 R "a player who only watches" { "a" "watcher" }
p "" 1 1 "move" { "l" "r" } 0
t "" 1 { 1 0 }
t "" 2 { 0 1 }
"""


@pytest.mark.parametrize("solver", ["sequence_form", "counterfactual_regret"])
def test_a_player_may_never_move(solver: str) -> None:
    solution = econsim.solve("extensive_form", solver, efg=WATCHED)
    assert solution.certificate.upper == pytest.approx(0, abs=1e-3)
    assert solution.agents["a"].parameters.probabilities["move"]["l"] == pytest.approx(1, abs=1e-3)  # type: ignore[attr-defined]
    assert solution.agents["watcher"].parameters.probabilities == {}  # type: ignore[attr-defined]


def test_a_file_of_another_kind_or_none_is_refused() -> None:
    with pytest.raises(UserError, match=r"game\.file: cannot read nowhere\.efg: no such file"):
        econsim.make("extensive_form", file="nowhere.efg")
    with pytest.raises(UserError, match=r"expected a file that ends in \.efg, found game\.nfg"):
        econsim.make("extensive_form", file="game.nfg")
