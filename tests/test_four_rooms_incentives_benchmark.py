"""The short version of ``benchmarks/four_rooms_incentives.py``: its gradient, and an ascent past the local optimum."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from econsim.planners.hypergradient.bilevel.soft_response import soft_gradient

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_an_ascent_from_the_best_start_passes_the_local_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ascents from random starts end at about 0.40 at this temperature and cost, as published for two other methods."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("_record", None)
    from four_rooms_incentives import ascended, concentrated_starts, fined_rooms, random_start, total_derivative

    process = fined_rooms(0.003, 3)
    point = random_start(process, 0)
    direction = torch.linspace(-1.0, 1.0, len(point), dtype=torch.float64)
    up, down = (soft_gradient(process, point + sign * 1e-4 * direction)[0] for sign in (1, -1))
    # Central differences err by the third derivative times 1e-8, and by rounding of 1e-13 over 1e-4.
    assert float(soft_gradient(process, point)[1] @ direction) == pytest.approx(float(up - down) / 2e-4, rel=1e-6)
    start = concentrated_starts(process, 1)[0]
    assert ascended(process, start, total_derivative(process), steps=15, rate=0.3) > 0.5
