"""The economy of Krusell and Smith (1998), with their calibration: its law of motion beside the published one.

Run: ``python benchmarks/krusell_smith.py``.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from _record import record

from econsim.households.krusell_smith import Economy, drawn_times, krusell_smith
from econsim.households.statistics import gini

PERIODS, DISCARDED, SEED = 6000, 500, 1
PUBLISHED = {"bad": (0.085, 0.965), "good": (0.095, 0.962), "explained": 0.999998, "gini": 0.25}


def solved() -> dict[str, Any]:
    """Return coefficients, fit and statistics of the simulation."""
    economy = Economy()
    start = time.process_time()
    law = krusell_smith(economy, drawn_times(economy, PERIODS, SEED), DISCARDED)
    return {
        "cpu_seconds": time.process_time() - start,
        "bad": law.coefficients[0].tolist(),
        "good": law.coefficients[1].tolist(),
        "explained": list(law.explained),
        "forecast_error": law.forecast_error,
        "mean_capital": float(law.capital[DISCARDED:].mean()),
        "gini": gini(np.broadcast_to(economy.assets, law.distribution.shape), law.distribution),
        "rounds": law.rounds,
        "published": PUBLISHED,
    }


if __name__ == "__main__":
    record("krusell_smith", solved(), SEED)
