"""Known values of games: every row of the page's table names a test that exists, and committed results meet targets."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "certificate.md").read_text("utf-8")


def result(name: str) -> Any:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))["result"]


def test_every_row_names_a_test_that_exists() -> None:
    table = PAGE.split("## Known values that tests hold")[1]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)` \|", table)
    assert len(named) == table.count("\n| ") - 1  # a test in every row but the header
    for path, test in named:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{test}"


def test_the_committed_results_of_solvers_meet_their_targets() -> None:
    """Sizes, gaps and CPU-seconds that a user of peers would expect; the figures are those of the committed run."""
    games = result("bimatrix_games")
    equilibria, zero_sum, correlated = games["enumeration"], games["zero_sum"], games["correlated"]
    assert equilibria["von Stengel 6x6: econsim"]["counts"] == [75]
    assert equilibria["von Stengel 6x6: econsim"]["seconds"] < 1
    assert equilibria["10x10: econsim"]["seconds"] < 0.2
    assert equilibria["20x20: econsim"]["seconds"] < 0.01
    assert zero_sum["1000x1000"]["largest_gap"] <= 1e-4
    assert zero_sum["1000x1000"]["seconds"] <= 2
    assert zero_sum["1000 games of 10x10"]["median_gap"] <= 1e-4
    assert zero_sum["1000 games of 10x10"]["seconds"] <= 4
    for concept in ("ce", "cce"):  # 0.02 s by HiGHS alone
        assert correlated[f"20x20 {concept}"]["seconds"]["program"] <= 2 * 0.02
    trees = result("extensive_form_games")
    assert trees["kuhn CFR+: econsim"]["exploitability"] <= 9.7e-6
    leduc, peer = trees["leduc CFR+: econsim"], trees["leduc CFR+: OpenSpiel"]
    assert leduc["iterations"] == peer["iterations"] == 1000
    assert leduc["exploitability"] <= 3e-4
    assert leduc["seconds"] < 17
    assert leduc["seconds"] < peer["seconds"]
    rows = result("four_rooms_incentives")["rows"]
    (rooms,) = [row for row in rows if (row["temperature"], row["cost"]) == (0.003, 3)]
    assert rooms["total_derivative_from_best_starts"] >= 0.70


def test_trained_deviations_agree_with_exact_ones() -> None:
    found = result("trained_responses")
    assert found["cases"] == len(found["gains"]) == 6
    # With an interval of 95 %, one of six cases may be outside by chance; more would show that training falls short.
    assert found["exact_gain_within_interval"] >= 5
    assert all(row["trained"] >= 0.85 * row["exact"] for row in found["gains"] if row["exact"] > 0.1)
