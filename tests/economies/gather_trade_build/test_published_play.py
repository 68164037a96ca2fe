"""The published system, recorded: ``benchmarks/foundation_trace.py`` made the trace with ``ai-economist==1.7.1``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        found = import_module("foundation_trace").compare()
    finally:
        sys.path.remove(str(BENCHMARKS))
    return {name: difference.row for name, difference in found.items()}


def test_an_episode_of_legal_and_illegal_actions_is_that_of_the_published_system(rows: dict[str, Any]) -> None:
    # 1e-9 for sums of float64 over 500 steps; 2e-6 for what is seen, which the published system casts to float32.
    assert {name: row for name, row in rows.items() if not row["agrees"]} == {}


@pytest.mark.parametrize("quantity", ["position", "coin", "goods", "bids", "tax", "mask", "features", "map", "rewards"])
def test_the_trace_covers_every_step(rows: dict[str, Any], quantity: str) -> None:
    assert rows[quantity]["numbers"] >= 500 * 4
