"""Games of several moves run, are certified exactly on the tree, and play the strategies of a solver's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.cli.solving import solve
from econsim.errors import UserError
from econsim.report import write_report
from econsim.runs import Run, execute
from econsim.runs.certificate import DeviationBudget, certify
from econsim.scenario import load

QUICK = DeviationBudget(episodes=4, iterations=3)


def made(path: Path, name: str = "kuhn", **overrides: Any) -> Run:
    return execute(load(name, overrides), path / "run", quiet=True)


def returns(run: Run) -> tuple[float, float]:
    (scores,) = (next(iter(seeds.values())) for seeds in run.summary["policies"]["agents"]["seeds"].values())
    return scores["return_player_1"], scores["return_player_2"]


def test_the_gain_from_deviating_is_exact_over_all_histories(tmp_path: Path) -> None:
    agents = {f"agents.player_{number}": "behavioural_strategy" for number in (1, 2)}
    run = made(tmp_path, **agents, headline=None)
    assert returns(run) == pytest.approx((1 / 8, -1 / 8), abs=1e-12)
    first, second = certify(run, QUICK, quiet=True)["findings"]
    # Best responses to uniform play are paid 1/2 and 5/12, so that the gains sum to 11/12.
    assert (first["lower"], first["upper"]) == pytest.approx((3 / 8, 3 / 8))
    assert (second["lower"], second["upper"]) == pytest.approx((13 / 24, 13 / 24))
    assert first["method"] == "tree"
    assert "history" in first["deviations"]
    assert "best response" in write_report(run, with_png=False).read_text(encoding="utf-8")


def test_a_neural_player_is_certified_on_the_tree(tmp_path: Path) -> None:
    training = {"kind": "ppo", "iterations": 1, "copies": 8, "follower": {"learning_rate": 1e-6}}
    neural = {f"agents.player_{number}": {"kind": "ppo", "hidden": [4]} for number in (1, 2)}
    run = made(tmp_path, training=training, **neural, headline=None)
    findings = certify(run, QUICK, quiet=True)["findings"]
    assert [finding["method"] for finding in findings] == ["tree", "tree"]
    # Hardly trained, both play nearly uniformly.
    assert sum(finding["upper"] for finding in findings) == pytest.approx(11 / 12, abs=0.2)


def test_trained_players_have_the_same_gap_by_tree_and_by_trained_best_response(tmp_path: Path) -> None:
    settings = {"learning_rate": [[0, 0.02], [1, 0]], "minibatches": 1}
    training = {"kind": "ppo", "iterations": 12, "copies": 64, "steps": 3, "follower": settings}
    neural = {f"agents.player_{number}": {"kind": "ppo", "hidden": [16]} for number in (1, 2)}
    run = made(tmp_path, training=training, **neural, headline=None)
    findings = certify(run, DeviationBudget(episodes=2000, iterations=30, compare=True), quiet=True)["findings"]
    assert [finding["method"] for finding in findings] == ["tree", "trained"] * 2
    for tree, trained in (findings[:2], findings[2:]):
        assert trained["low"] <= tree["difference"] <= trained["high"]
        assert trained["high"] - trained["low"] < 0.1  # of payoffs up to 2
    assert max(finding["upper"] for finding in findings[::2]) > 0.05  # briefly trained, they can be exploited


def test_a_solved_strategy_is_played_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    solve("kuhn", csv=Path("kuhn.csv"))
    agents = {
        f"agents.player_{number}": {"kind": "behavioural_strategy", "file": "kuhn.csv", "player": f"player_{number}"}
        for number in (1, 2)
    }
    run = made(tmp_path, **agents)
    Path("kuhn.csv").unlink()
    assert returns(run) == pytest.approx((-1 / 18, 1 / 18), abs=1e-12)
    assert all(finding["upper"] < 1e-9 for finding in certify(run, QUICK, quiet=True)["findings"])


@pytest.mark.parametrize(
    ("rows", "key", "message"),
    [
        ("player_1,J,pass,1\nplayer_2,J bet,pass,1\n", {}, "strategies of player_1, player_2; choose one with"),
        ("player_1,J,pass,1\n", {"player": "player_3"}, "no strategy of 'player_3'"),
        ("player_1,J,pass,1.5\n", {}, r"mine\.csv:2: column probability: expected a number from 0 to 1, found '1\.5'"),
        ("player_1,J,pass,0.5\n", {}, "probabilities of 'J': expected a sum of 1, found 0.5"),
    ],
)
def test_a_mistaken_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, key: dict[str, str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(f"player,information_set,option,probability\n{rows}", encoding="utf-8")
    agent = {"kind": "behavioural_strategy", "file": "mine.csv", **key}
    with pytest.raises(UserError, match=message):
        load("kuhn", {"agents.player_1": agent})
