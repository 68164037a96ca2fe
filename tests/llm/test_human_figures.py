"""Distances of a population from human figures: published ones, the user's, and the verdicts on them."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from tiny_server import Server, said
from typer.testing import CliRunner

from econsim.analysis.human_figures import HumanFigure, distance_from, published_figures, read_figures
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.runs import execute
from econsim.runs.human_audit import run_against_humans
from econsim.scenario import load

GIFTS = {"farmer": 0.5, "trader": 0.1, "most people": 0.3, "win": 0.0, "distrust": 0.2}
"""What each of the five shipped personas gives, by a word of its text; the mean is 0.22."""


def giving(body: dict[str, Any]) -> str:
    text = said(body)
    if "interviewer" in text:
        return json.dumps({"answer": 0.3})
    share = next(share for word, share in GIFTS.items() if word in text)
    return json.dumps({"action": f"{share:g}"})


def run_of(server: Server, folder: Path, name: str, **overrides: Any) -> Any:
    address = {"llm.model": "m", "llm.base_url": server.base_url, "headline": None}
    return execute(load(name, {"preset": "personas", **address, **overrides}), folder, quiet=True)


def test_published_figures_are_those_of_their_sources() -> None:
    """Oosterbeek et al. (2004): 40 % offered, 16 % rejected; Chetty et al. (2013): 0.3; all in their abstracts."""
    figures = published_figures()
    confirmed = {name: figure.value for name, figure in figures.items() if figure.checked == "abstract"}
    assert confirmed == {"ultimatum_offer": 0.4, "ultimatum_rejection": 0.16, "labour_supply_elasticity": 0.3}
    assert all(figure.source and figure.doi.startswith("10.") for figure in figures.values())


def test_the_interval_is_that_of_a_mean_and_the_verdict_follows_from_it() -> None:
    values = [random.Random(seed).gauss(0.5, 0.2) for seed in range(300)]
    figure = HumanFigure("gift", 0.3, "a source")
    distance = distance_from(figure, values)
    low, high = stats.t.interval(0.95, len(values) - 1, stats.tmean(values) - 0.3, stats.sem(values))
    assert (distance.difference.low, distance.difference.high) == pytest.approx((low, high), rel=1e-6)
    assert distance.verdict == "above"
    assert distance_from(HumanFigure("gift", 0.7, ""), values).verdict == "below"
    assert distance_from(HumanFigure("gift", 0.5, ""), values).verdict == "close"
    assert distance_from(HumanFigure("gift", 0.5, "", margin=0.001), values).verdict == "no verdict"
    assert distance_from(figure, [0.3]).verdict == "no verdict"
    assert distance_from(figure, [0.32] * 9).verdict == "close"


def test_gifts_of_personas_are_compared_with_those_of_people(server: Server, tmp_path: Path) -> None:
    server.answer = giving
    run = run_of(server, tmp_path / "run", "dictator")
    (compared,) = run_against_humans(run, published_figures())
    distance = compared.distance
    assert distance.value == pytest.approx(0.22)  # the mean of GIFTS, four players each
    assert distance.difference.mean == pytest.approx(0.22 - 0.2835)
    assert (compared.origin, compared.personas, distance.difference.count) == ("choices", 5, 20)
    with pytest.raises(UserError, match="nothing to compare with the quantities wanted: it has dictator_share"):
        run_against_humans(run, {"wanted": HumanFigure("wanted", 40.0, "mine")})


def test_offers_and_rejections_of_the_ultimatum_game(server: Server, tmp_path: Path) -> None:
    offers = iter([2, 4, 6])
    replies: dict[str, str] = {}

    def answer(body: dict[str, Any]) -> str:
        text = said(body)
        options = json.dumps(body["response_format"])
        if "accept" not in options:
            return json.dumps({"action": replies.setdefault(text + str(body["seed"]), str(next(offers)))})
        return json.dumps({"action": "reject" if "offer 2" in text else "accept"})

    server.answer = answer
    run = run_of(server, tmp_path / "run", "ultimatum", episodes=3)
    offered, rejected = run_against_humans(run, published_figures())
    assert (offered.distance.figure.quantity, rejected.distance.figure.quantity) == (
        "ultimatum_offer",
        "ultimatum_rejection",
    )
    assert offered.distance.value == pytest.approx(0.4)
    assert rejected.distance.value == pytest.approx(1 / 3)


def test_the_command_compares_surveys_and_elasticities_too(server: Server, tmp_path: Path) -> None:
    server.answer = giving
    run = run_of(server, tmp_path / "run", "dictator", **{"game.players": 5})
    questions = "questions:\n  trust: {ask: How far do you trust strangers?, type: number, low: 0, high: 1}\n"
    (tmp_path / "q.yaml").write_text(questions)
    (tmp_path / "own.csv").write_text("quantity,value,source,margin\ntrust,0.25,my survey of 2024,0.1\n")
    runner = CliRunner()
    assert runner.invoke(app, ["survey", str(run.path), str(tmp_path / "q.yaml")]).exit_code == 0
    shown = runner.invoke(app, ["audit", str(run.path), "--humans", str(tmp_path / "own.csv")])
    assert shown.exit_code == 0
    assert "survey q" in shown.stdout
    assert "close" in shown.stdout
    (row,) = json.loads((run.path / "audit" / "humans.json").read_text())["comparisons"]
    assert row["difference"]["mean"] == pytest.approx(0.05)
    audit = ["audit", "one_step", "agents.worker=best_response", "economy.workers=20", "--humans", "published"]
    assert runner.invoke(app, [*audit, "--out", str(tmp_path / "audit"), "--quiet"]).exit_code == 0
    (row,) = json.loads((tmp_path / "audit" / "humans.json").read_text())["comparisons"]
    # Exact workers have the elasticity 0.4 by construction; hours on a grid change it by less than 0.01.
    assert row["difference"]["mean"] == pytest.approx(0.4 - 0.3, abs=0.01)
    assert row["verdict"] == "above"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantity,value\na,1\n", "has no column 'source'"),
        ("quantity,value,source,weight\na,1,b,2\n", "unknown column 'weight'"),
        ("quantity,value,source\na,much,b\n", "2: column value: expected a number, found 'much'"),
        ("quantity,value,source\na,1,\n", "2: column source: expected a text"),
        ("quantity,value,source\na,1,b\na,2,b\n", "3: column quantity: expected each quantity once"),
        ("quantity,value,source,margin\na,1,b,-1\n", "2: column margin: expected a number of at least 0"),
        ("quantity,value,source\n", "there is no figure"),
    ],
)
def test_mistakes_in_a_file_of_figures_name_the_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(UserError) as raised:
        read_figures(tmp_path / "own.csv")
    assert message in str(raised.value)
