"""A game without accounts runs, is scored and certified by expectation, compared under a reform and swept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import UserError
from econsim.report import write_report
from econsim.runs import Run, execute, open_run
from econsim.runs.certificate import DeviationBudget, certify
from econsim.runs.counterfactual import counterfactual
from econsim.scenario import load

QUICK = DeviationBudget(episodes=4, iterations=3)


def made(path: Path, name: str = "matching_pennies", **overrides: Any) -> Run:
    return execute(load(name, overrides), path / "run", quiet=True)


def returns(run: Run) -> tuple[float, float]:
    (scores,) = (seeds["scenario"] for seeds in run.summary["policies"]["agents"]["seeds"].values())
    return scores["return_row"], scores["return_column"]


def mixing(row: float, column: float) -> dict[str, Any]:
    """Return overrides that let players choose heads with these probabilities."""
    shares = {"row": row, "column": column}
    return {f"agents.{name}.probabilities": [share, 1 - share] for name, share in shares.items()}


def test_returns_are_exact_whatever_is_drawn(tmp_path: Path) -> None:
    run = made(tmp_path, **mixing(0.9, 0.3))
    assert returns(run) == pytest.approx((0.8 * -0.4, 0.8 * 0.4), abs=1e-12)  # (2p - 1)(2q - 1)
    assert "Return of the row" in write_report(run, with_png=False).read_text(encoding="utf-8")
    assert open_run(run.path).scenario.dump().count("game:") == 1


def test_shipped_scenarios_reproduce_their_headlines_and_equilibria(tmp_path: Path) -> None:
    for name, value in (("matching_pennies", 0.0), ("prisoners_dilemma", 1.0)):
        run = made(tmp_path / name, name)
        assert returns(run) == pytest.approx((value, value), abs=1e-12)
        certificate = certify(run, QUICK, quiet=True)
        for finding in certificate["findings"]:
            assert (finding["method"], finding["own"]) == ("enumerated", pytest.approx(value, abs=1e-12))
            assert finding["gain"] == finding["lower"] == finding["upper"] == pytest.approx(0.0, abs=1e-12)


def test_the_gain_from_deviating_is_exact(tmp_path: Path) -> None:
    run = made(tmp_path, **mixing(1.0, 0.2))
    row, column = certify(run, QUICK, quiet=True)["findings"]
    # Row is paid -0.6 and would be paid 0.6 for tails; column is paid 0.6 and would be paid 1 for tails.
    assert (row["own"], row["lower"], row["upper"]) == pytest.approx((-0.6, 1.2, 1.2))
    assert (column["own"], column["lower"], column["upper"]) == pytest.approx((0.6, 0.4, 0.4))
    assert "best option" in write_report(run, with_png=False).read_text(encoding="utf-8")


def test_neural_players_are_scored_by_what_they_draw(tmp_path: Path) -> None:
    training = {"kind": "ppo", "iterations": 1, "copies": 8, "follower": {"learning_rate": 1e-6}}
    minds = {"agents.row": {"kind": "ppo", "hidden": [4]}, "agents.column": {"kind": "ppo", "hidden": [4]}}
    run = made(tmp_path, training=training, **minds)
    scores = run.summary["policies"]["agents"]["seeds"]["42"]["learned"]
    # Hardly trained, both mix nearly equally: 0 by their distribution, 1 or -1 by their likeliest options.
    assert abs(scores["return_row"]) < 0.05
    finding = certify(run, QUICK, quiet=True)["findings"][0]
    assert finding["method"] == "enumerated"
    assert finding["upper"] < 0.1


def test_a_reform_of_the_game_or_of_a_player_can_be_played(tmp_path: Path) -> None:
    run = made(tmp_path)
    for change in ("agents.row.probabilities=[1, 0]", "game.classic=chicken", "economy.classic=chicken"):
        table = counterfactual(run, [change], episodes=4).table
        assert list(table["metric"]) == ["return_row", "return_column"]


def test_without_distributions_a_deviation_is_trained(tmp_path: Path) -> None:
    stubborn = {f"agents.{name}": {"kind": "stubborn"} for name in ("row", "column")}
    run = made(tmp_path, **stubborn, headline=None)
    assert returns(run) == (1.0, -1.0)
    with pytest.raises(UserError, match="--iterations 0: an agent of agents reports no action probabilities"):
        certify(run, DeviationBudget(iterations=0), quiet=True)
    findings = certify(run, QUICK, quiet=True)["findings"]
    assert [finding["method"] for finding in findings] == ["trained", "trained"]
    assert [finding["upper"] for finding in findings] == [None, None]


def test_a_sweep_gives_what_each_run_gives_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    axes = ["agents.row.probabilities=[1, 0],[0.5, 0.5]", "agents.column.probabilities=[0.2, 0.8],[0.6, 0.4]"]
    result = CliRunner().invoke(app, ["sweep", "matching_pennies", *axes, "--workers", "1", "--out", "mine"])
    assert result.exit_code == 0, result.output
    query = "select value from metrics where name = 'return_row' order by run"
    result = CliRunner().invoke(app, ["query", "mine", query, "--csv", "answer.csv"])
    assert result.exit_code == 0, result.output
    values = [float(line) for line in Path("answer.csv").read_text().split()[1:]]
    assert values == pytest.approx([-0.6, 0.2, 0.0, 0.0], abs=1e-12)
