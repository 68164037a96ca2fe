"""The command solve: the table of equilibria, a file of strategies, and mistakes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from conftest import Econsim

from econsim.cli.solving import solve
from econsim.errors import UserError


def test_it_prints_equilibria_with_options_by_name(econsim_command: Econsim, tmp_path: Path) -> None:
    done = econsim_command("solve", "prisoners_dilemma", "game.classic=chicken", "--csv", "found.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("vertex_enumeration: ")
    assert lines[2].split() == ["1", "swerve", "straight", "-1", "1", "0"]
    assert lines[3].split() == ["2", "straight", "swerve", "1", "-1", "0"]
    assert "swerve 0.9" in done.stdout
    assert "The game is not degenerate: these are all equilibria." in done.stdout
    assert "Total payoffs of these equilibria: -0.2 to 0." in done.stdout
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 3 * 4
    third = [row for row in rows if row["equilibrium"] == "3" and row["option"] == "swerve"]
    assert {row["player"]: round(float(row["probability"]), 9) for row in third} == {"row": 0.9, "column": 0.9}


def test_a_solver_with_its_parameters(econsim_command: Econsim) -> None:
    done = econsim_command("solve", "matching_pennies", "--solver", "regret_matching", "solver.gap=1e-6")
    assert done.returncode == 0, done.stderr
    assert "gap: 0" in done.stdout


def test_a_correlated_equilibrium_is_printed_and_written_as_a_joint_distribution(
    econsim_command: Econsim, tmp_path: Path
) -> None:
    game = "game={kind: normal_form, payoffs: {row: [[0, 7], [2, 6]], column: [[0, 2], [7, 6]]}}"
    done = econsim_command("solve", "prisoners_dilemma", game, "--solver", "correlated", "--csv", "joint.csv")
    assert done.returncode == 0, done.stderr
    table = [line.split() for line in done.stdout.splitlines()[1:6]]
    assert table == [
        ["row", "column", "probability"],
        ["1", "1", "0.5"],
        ["0", "1", "0.25"],
        ["1", "0", "0.25"],
        ["5.25", "5.25", "expected", "payoffs"],
    ]
    assert "to any option in response to each recommendation: 0." in done.stdout
    rows = list(csv.DictReader((tmp_path / "joint.csv").read_text(encoding="utf-8").splitlines()))
    assert [list(row) for row in rows] == [["row", "column", "probability"]] * 3
    assert sum(float(row["probability"]) for row in rows) == pytest.approx(1.0)


def test_components_are_shown_where_equilibria_can_be_mixed(econsim_command: Econsim) -> None:
    game = "game={kind: normal_form, payoffs: {row: [[1, 1], [0, 0]], column: [[1, 1], [0, 0]]}}"
    done = econsim_command("solve", "prisoners_dilemma", game)
    assert done.stdout.splitlines()[1].split()[-1] == "component"
    assert "its equilibria form 1 component" in done.stdout


def test_mistakes_exit_with_2(econsim_command: Econsim) -> None:
    done = econsim_command("solve", "one_step")
    assert done.returncode == 2
    assert "OneStep has no default solver" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_are_found_before_the_game_is_solved(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"labl: unknown key \(did you mean label\?\)"):
        solve("matching_pennies", ["solver.labl=1"], solver="lemke_howson")
    with pytest.raises(UserError, match="there is no folder nowhere"):
        solve("matching_pennies", csv=Path("nowhere/a.csv"))
    with pytest.raises(UserError, match="this is a folder; give the name of a file"):
        solve("matching_pennies", csv=tmp_path)


def test_a_game_of_several_moves_is_shown_by_information_set(econsim_command: Econsim, tmp_path: Path) -> None:
    done = econsim_command("solve", "kuhn", "--csv", "found.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sequence_form: ")
    assert "Expected payoffs: player_1 -0.0555556, player_2 0.0555556." in done.stdout
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 24  # 12 information sets of 2 options
    assert {"player": "player_2", "information_set": "K bet", "option": "bet", "probability": "1.0"} in rows


def test_a_mistaken_game_file_exits_with_2(econsim_command: Econsim, tmp_path: Path) -> None:
    text = 'EFG 2 R "coin" { "a" }\nc "" 1 "" { "heads" 0.5 "tails" 0.4 } 0\n'
    (tmp_path / "coin.efg").write_text(text, encoding="utf-8")
    done = econsim_command("solve", "kuhn", "game={kind: extensive_form, file: coin.efg}")
    assert done.returncode == 2
    assert "coin.efg:2: expected probabilities of at least 0 that sum to exactly 1, found a sum of 0.9" in done.stderr
    assert "Traceback" not in done.stderr
