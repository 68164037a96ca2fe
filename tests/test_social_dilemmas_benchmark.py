"""The page of commons harvest shows the Schelling diagram of the committed result, and both games are dilemmas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
