"""The page of reproductions is the one that the committed results give, and its status follows from the figures."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module("reproductions")


def test_the_page_is_made_from_the_committed_results(benchmark: ModuleType) -> None:
    text = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")
    assert text == benchmark.page(), "run python benchmarks/reproductions.py"


def test_every_script_and_every_scenario_is_there(benchmark: ModuleType) -> None:
    assert all((ROOT / "benchmarks" / claim.script).is_file() for claim in benchmark.claims())
    assert {name for name, *_ in benchmark.headlines()} >= {"gather_trade_build", "one_step", "matching_pennies"}


@pytest.mark.parametrize(
    ("close", "seeds", "status"),
    [
        (True, 1, "open"),
        (False, 2, "open"),
        (True, 3, "reproduced"),
        (False, 3, "not reproduced"),
        (True, None, "reproduced"),
        (False, None, "not reproduced"),
    ],
)
def test_the_status_follows_from_closeness_and_seeds(
    benchmark: ModuleType, close: bool, seeds: int | None, status: str
) -> None:
    assert benchmark.Claim("a", "b", "1", "2", close, "c.py", seeds).status == status
