"""The command solve: the table of equilibria, a file of strategies, and mistakes."""

from __future__ import annotations

import csv
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Econsim
from typer.testing import CliRunner

from econsim.cli import solving
from econsim.cli.application import app
from econsim.cli.solving import solve
from econsim.cli.stopping import stopped_by_user
from econsim.errors import UserError
from econsim.runs.progress import Report


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


ENDLESS = ["solve", "kuhn", "--solver", "counterfactual_regret", "solver.gap=0"]


def test_a_bar_with_the_time_left_on_a_terminal_only() -> None:
    short = ["solve", "prisoners_dilemma", "--solver", "replicator", "solver.iterations=40"]
    terminal = CliRunner().invoke(app, short, env={"FORCE_COLOR": "1", "TERM": "xterm"})
    assert terminal.exit_code == 0, terminal.output
    assert "replicator: gap" in terminal.stderr
    assert " left" in terminal.stderr
    assert " left" not in terminal.stdout
    assert CliRunner().invoke(app, short).stderr == ""


def test_ctrl_c_prints_the_best_result_so_far_and_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    @contextmanager
    def interrupting_bar(name: str, quiet: bool) -> Iterator[Report]:
        def report(units: int, total: int, message: str = "") -> None:
            done.append(units)
            if len(done) == 3:
                signal.raise_signal(signal.SIGINT)

        yield report

    monkeypatch.setattr(solving, "progress_bar", interrupting_bar)
    handler = signal.getsignal(signal.SIGINT)
    stopped = CliRunner().invoke(app, ENDLESS)
    assert stopped.exit_code == 130
    assert len(done) == 3
    assert "Stopped after 20 iterations, above the gap of 0 asked for." in stopped.stdout
    assert "Largest gain of a player from deviating" in stopped.stdout
    assert "stopped; the result above is the best so far" in stopped.stderr
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_before_there_is_a_result_and_a_second_time() -> None:
    with pytest.raises(KeyboardInterrupt, match="before the solver returned a result"), stopped_by_user(print):
        signal.raise_signal(signal.SIGINT)
    with stopped_by_user(lambda done, total, message="": None) as watched:
        assert not watched(1, 2)
        signal.raise_signal(signal.SIGINT)
        assert watched(2, 2)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def printed(monkeypatch: pytest.MonkeyPatch, *arguments: str, columns: int = 80) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = CliRunner().invoke(app, ["solve", *arguments])
    assert done.exit_code == 0, done.output
    assert "…" not in done.stdout
    assert all(len(line) <= columns for line in done.stdout.splitlines())
    return done.stdout.splitlines()


def test_many_players_have_a_row_for_each_type_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = ("--solver", "logit_equilibrium", "solver.precision=0.5")
    lines = printed(monkeypatch, "public_goods", *solver)
    assert lines[1].split() == ["player", "strategy", "payoff"]
    assert lines[2].split()[:6] == ["1", "player,", "4", "of", "4", "0"]  # all four play the same
    assert lines[2].endswith(" 20.85")
    wide = printed(monkeypatch, "public_goods", *solver, columns=200)
    assert wide[1].split()[:4] == ["player_1", "player_2", "player_3", "player_4"]
    joint = printed(monkeypatch, "congestion", "game.drivers=7", "--solver", "correlated", "solver.concept=cce")
    assert joint[1].split() == ["players", "probability"]
    assert joint[2].startswith("driver_1 country_road, driver_2 motorway")


def test_probabilities_that_round_to_zero_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, "ultimatum", "game.units=3", "--solver", "counterfactual_regret")
    assert lines[2].split() == ["player_1", "start", "1"]  # 2e-4 on the offer of nothing
    assert lines[3].split(maxsplit=3)[3].strip() == "accept 0.5, reject 0.5"
