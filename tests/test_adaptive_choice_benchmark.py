"""The short version of ``benchmarks/adaptive_choice.py``, and its committed result."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from econsim.sweep.folder import Sweep

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
GROUPS, VARIANTS, SEEDS = 8, 8, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("null") / "sweep"


def test_held_out_intervals_of_chosen_null_variants_cover_zero(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("_record", None)
    from adaptive_choice import coverage, null_sweep

    result = coverage(null_sweep(folder, GROUPS, VARIANTS, SEEDS), GROUPS)
    # The expected best of 8 means of 5 standard normal values is 1.42 / sqrt(5) = 0.64; standard error 0.1.
    assert result["naive"]["mean"] == pytest.approx(0.64, abs=0.3)
    # Standard error of the mean over 8 winners with 5 held-out values each: 0.16.
    assert result["held_out"]["mean"] == pytest.approx(0.0, abs=0.5)
    assert result["held_out"]["coverage"] >= 6 / 8
    assert Sweep(folder).counts["done"] == GROUPS * VARIANTS * SEEDS


def test_the_committed_result_covers_where_the_naive_interval_does_not() -> None:
    result = json.loads((BENCHMARKS / "results" / "adaptive_choice.json").read_text())["result"]
    assert result["groups"] == 1000
    assert result["held_out"]["coverage"] >= 0.95
    assert result["naive"]["coverage"] < 0.9
