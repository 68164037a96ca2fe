"""The page of the command solve."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.cli.solving import solve
from econsim.errors import UserError


def test_the_page_of_a_solution_has_its_strategies_its_convergence_and_the_game(tmp_path: Path) -> None:
    page = tmp_path / "dilemma.html"
    options = ["--solver", "fictitious_play", "solver.iterations=400", "--report", str(page), "--quiet"]
    done = CliRunner().invoke(app, ["solve", "prisoners_dilemma", *options])
    assert done.exit_code == 0, done.output
    assert str(page) in done.output.replace("\n", "")
    text = page.read_text(encoding="utf-8")
    for title in ("Strategies found", "Convergence of the gap", "Payoffs", "Best-response graph"):
        assert f"<h2>{title}</h2>" in text
    assert "price of anarchy" in text
    assert text.count("<svg") == 3 * 2  # the gap, welfare and the graph, wide and for a phone
    assert str(tmp_path) not in text


@pytest.mark.parametrize(("name", "reason"), [("a.txt", "must end in .html"), ("no/a.html", "there is no folder")])
def test_a_page_that_cannot_be_written_is_refused_before_solving(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        solve("matching_pennies", report=tmp_path / name, quiet=True)
    assert list(tmp_path.iterdir()) == []
