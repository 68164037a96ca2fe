"""The command ``schelling``: exact and played diagrams, files, and mistakes in the names of policies."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import UserError

PUBLIC_GOODS = ["schelling", "public_goods", "--cooperator", "1", "--defector", "0"]


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})
    if result.exit_code == 2:
        raise UserError(result.stderr)
    assert result.exit_code == 0, result.output

    return result.stdout


def test_it_prints_points_conditions_and_the_verdict_and_writes_files(tmp_path: Path) -> None:
    csv, plot = tmp_path / "points.csv", tmp_path / "diagram.svg"
    lines = answer(*PUBLIC_GOODS, "--csv", str(csv), "--plot", str(plot)).splitlines()
    assert [line.split() for line in lines[1:5]] == [
        [str(others), f"{8 * (others + 1)}", f"{20 + 8 * others}"] for others in range(4)
    ]
    assert "This is a social dilemma (Hughes et al. 2018)." in lines
    assert pd.read_csv(csv)["payoff"].tolist() == [8, 16, 24, 32, 20, 28, 36, 44]
    assert "number of other players who cooperate" in plot.read_text()


def test_a_multiplier_above_the_number_of_players_leaves_no_dilemma() -> None:
    assert "This is not a social dilemma" in answer(*PUBLIC_GOODS, "game.multiplier=5")


def test_agents_by_name_play_where_there_is_no_table_of_payoffs() -> None:
    names = ["--cooperator", "mixed_strategy", "--defector", "mixed_strategy", "--episodes", "4"]
    assert "Brackets: 95 % intervals over 4 episodes." in answer("schelling", "soccer", *names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--defector", "ppo"], "--defector ppo: this agent is trained; give the folder of a run"),
        (["--defector", "best_respons"], "^econsim: --defector best_respons: .*did you mean best_response"),
        (["--cooperator", "2"], "^econsim: --cooperator 2: .*; options of player: 0, 0.25, 0.5, 0.75, 1$"),
        (["--plot", "diagram.gif"], "--plot diagram.gif: expected a file name that ends in .png or .svg"),
        (["--csv", "missing/points.csv"], "there is no folder missing"),
    ],
)
def test_mistakes_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        answer(*PUBLIC_GOODS, *arguments)
