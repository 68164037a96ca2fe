"""Responses to a monetary shock beside sequence-jacobian's one-asset economy, and the figure of the documentation.

Run: ``python benchmarks/monetary_shock.py``. The economy and its calibration are those of sequence-jacobian's example:
quarters, risk aversion 2, Frisch elasticity 0.5, an interest rate of 0.5 % and debt of 5.6 times quarterly output, a
shock of 0.25 percentage points with persistence 0.61. Preferences are calibrated there, and econsim has to find the
same interest rate and output with them. ``equal``: taxes and profits are equal for all households, as in econsim;
``proportional``: in proportion to productivity, as in the example.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import _peers
import numpy as np
from _record import record

from econsim.households.chains import Floats, rouwenhorst
from econsim.households.monetary_shocks import monetary_response
from econsim.households.new_keynesian import StickyPrices, representative_response, stationary_prices
from econsim.households.problem import Household, Labour, asset_grid
from econsim.report.games.paths import draw_paths
from econsim.scenario import load
from econsim.solvers.monetary_shock import MonetaryShock, Parameters

PEER = _peers.Peer("sequence_jacobian", ("sequence-jacobian==1.0.0", "numpy", "scipy", "numba"))
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "monetary_shock.png"
SIZE, PERSISTENCE, PERIODS, SHOWN = 0.0025, 0.61, 300, 20
POINTS = 500


def theirs() -> dict[str, Any]:
    """Return calibration and responses of sequence-jacobian, by the incidence of taxes and profits."""
    with tempfile.TemporaryDirectory() as folder:
        job, output = Path(folder) / "job.json", Path(folder) / "output.json"
        wanted = {"size": SIZE, "persistence": PERSISTENCE, "periods": PERIODS, "shown": SHOWN, "output": str(output)}
        job.write_text(json.dumps(wanted))
        _peers.run(PEER, "_one_asset_hank_peer.py", str(job))
        return json.loads(output.read_text())  # type: ignore[no-any-return]


def ours(discount: float, labour_weight: float) -> dict[str, Any]:
    """Return econsim's stationary equilibrium and responses, in deviations as those of sequence-jacobian."""
    chain, grid = rouwenhorst(0.966, 0.5, 7), asset_grid(0.0, 150.0, POINTS)
    household, firms = Household(discount, 2.0, chain, grid, Labour(labour_weight, 2.0, 100.0)), StickyPrices()
    start = time.process_time()
    around = stationary_prices(household, firms)
    steady_seconds = time.process_time() - start
    shock: Floats = np.float64(SIZE) * np.power(PERSISTENCE, np.arange(PERIODS))
    start = time.process_time()
    found = monetary_response(household, firms, around, shock)
    seconds = time.process_time() - start
    steady = {"output": around.output, "inflation": 0.0, "wage": around.wage, "interest_rate": around.interest_rate}
    steady["consumption"] = around.output
    single = representative_response(2.0, 2.0, around.interest_rate, firms, shock)
    return {
        "interest_rate": around.interest_rate,
        "output": around.output,
        "cpu_seconds_steady": steady_seconds,
        "cpu_seconds_exact": seconds,
        "linear": {name: (path - steady[name])[:SHOWN].tolist() for name, path in found.linear.items()},
        "exact": {name: (found.exact[name] - level)[:SHOWN].tolist() for name, level in steady.items()},
        "representative": {name: path[:SHOWN].tolist() for name, path in single.items()},
        "residuals": found.residuals,
    }


def distances(mine: dict[str, Any], peer: dict[str, Any]) -> dict[str, float]:
    """Return the largest distance of each path in the first periods, relative to its largest response."""
    result = {}
    for kind in ("linear", "exact"):
        for name, path in mine[kind].items():
            reference = np.array(peer[kind][name])
            result[f"{kind}_{name}"] = float(np.abs(np.array(path) - reference).max() / np.abs(reference).max())
    return result


def draw() -> None:
    """Draw the figure of the documentation: the paths under the parameters of the scenario that the page states."""
    household = {"discount": 0.9847, "risk_aversion": 2, "labour_weight": 0.794, "largest_assets": 150}
    changes: dict[str, Any] = {f"economy.{name}": value for name, value in household.items()}
    changes["economy.productivity"] = {"persistence": 0.966, "deviation": 0.5, "superstar": None}
    solution = MonetaryShock(Parameters()).solve(load("bewley", changes).game.build(), {})
    draw_paths([path._replace(values=path.values[:SHOWN]) for path in solution.series]).savefig(
        IMAGE, dpi=110, facecolor="white"
    )


if __name__ == "__main__":
    peer = theirs()
    mine = ours(peer["equal"]["discount"], peer["equal"]["labour_weight"])
    compared = distances(mine, peer["equal"])
    record("monetary_shock", {"econsim": mine, "sequence_jacobian": peer, "distance": compared})
    draw()
