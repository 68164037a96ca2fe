"""The page of commons harvest shows the Schelling diagram of the committed result, and both games are dilemmas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from econsim.scenario import load

ROOT = Path(__file__).resolve().parents[1]
RESULT = json.loads((ROOT / "benchmarks" / "results" / "social_dilemmas.json").read_text(encoding="utf-8"))


def test_the_page_shows_the_points_of_the_result() -> None:
    page = (ROOT / "docs" / "economies" / "commons_harvest.md").read_text(encoding="utf-8")
    shown = [line for line in page.splitlines() if line[:1].isdigit()]
    points = [f"{row['payoff']:.4g} [{row['low']:.4g}, {row['high']:.4g}]" for row in RESULT["commons_harvest"]["rows"]]
    assert len(shown) == len(points) / 2
    for line, cooperator, defector in zip(shown, points[:5], points[5:], strict=True):
        assert cooperator in line
        assert defector in line


@pytest.mark.parametrize(("game", "fear", "greed"), [("commons_harvest", True, False), ("clean_up", False, True)])
def test_both_games_are_dilemmas_as_their_pages_say(game: str, fear: bool, greed: bool) -> None:
    conditions = RESULT[game]["conditions"]
    assert RESULT[game]["is_dilemma"]
    assert (conditions["fear"]["holds"], conditions["greed"]["holds"]) == (fear, greed)


def test_the_page_and_the_scenario_state_the_best_fines_of_the_result() -> None:
    page = (ROOT / "docs" / "economies" / "commons_harvest.md").read_text(encoding="utf-8")
    shown = [line.strip("|").split("|") for line in page.splitlines() if line.count("|") == 3]
    fines = {tuple(n for n in "012" if n in name): cell.strip() for name, cell in shown if cell.strip()[0].isdigit()}
    rows = {tuple(name.split()[2] for name in row["fined"]): row for row in RESULT["commons_planner"]}
    assert fines == {fined: f"{row['apples']:.2f}" for fined, row in rows.items()}
    best = max(rows, key=lambda fined: rows[fined]["apples"])
    headline = load("commons_planner").headline
    assert best == ("0", "1", "2")
    assert headline is not None
    assert headline.value == pytest.approx(rows[best]["apples"], abs=0.005)
    assert rows[best]["low"] - rows[()]["high"] > headline.tolerance  # the selfish outcome would not pass
