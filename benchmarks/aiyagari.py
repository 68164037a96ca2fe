"""Stationary equilibria of Aiyagari's economy: his table, and CPU-seconds beside sequence-jacobian in the same run.

The table has 24 interest rates (Aiyagari 1994, Table II), computed with his discretisation, that of Tauchen with 7
states. Times are of 500 grid points and 7 states of Rouwenhorst, to a residual of the asset market of 1e-9, on one
core after warm-up, in turn with the peer for several rounds; medians are reported. Target: 0.1 s, and no compilation
over 5 s. In the same economies the response of capital to productivity over 300 periods (the Jacobian of general
equilibrium) is computed and timed; target: 0.06 s.

Run: ``python benchmarks/aiyagari.py``. The first run creates an environment for the peer; ``--alone`` leaves it out.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import _peers
from _record import record

from econsim.households.chains import Chain, rouwenhorst, tauchen
from econsim.households.equilibrium import Equilibrium, Taxes, Technology, stationary_equilibrium
from econsim.households.general_equilibrium import productivity_responses
from econsim.households.problem import Household, asset_grid

PEER = _peers.Peer("sequence_jacobian", ("sequence-jacobian==1.0.0", "numpy", "scipy", "numba"))
ROUNDS = 3
PERIODS = 300
PUBLISHED = {
    (0.2, 0.0): (4.1666, 4.1456, 4.0858),
    (0.2, 0.3): (4.1365, 4.0432, 3.9054),
    (0.2, 0.6): (4.0912, 3.8767, 3.5857),
    (0.2, 0.9): (3.9305, 3.2903, 2.5260),
    (0.4, 0.0): (4.0649, 3.7816, 3.4177),
    (0.4, 0.3): (3.9554, 3.4188, 2.8032),
    (0.4, 0.6): (3.7567, 2.7835, 1.8070),
    (0.4, 0.9): (3.3054, 1.2894, -0.3456),
}
"""Interest rates in percent for risk aversion 1, 3 and 5, by standard deviation and persistence of log productivity."""
TIMED = ((0.2, 0.6, 3.0), (0.4, 0.9, 3.0), (0.2, 0.9, 1.0))


def economy(chain: Chain, risk_aversion: float, points: int = 500) -> tuple[Household, Technology]:
    """Return households and firm with Aiyagari's other parameters."""
    return Household(0.96, risk_aversion, chain, asset_grid(0.0, 300.0, points)), Technology(0.36, 0.08)


def solved(chain: Chain, risk_aversion: float) -> Equilibrium:
    """Return the equilibrium with Aiyagari's other parameters."""
    return stationary_equilibrium(*economy(chain, risk_aversion))


def table() -> dict[str, Any]:
    """Return the table, with the errors in percentage points."""
    rows = []
    for (deviation, persistence), published in PUBLISHED.items():
        for risk_aversion, rate in zip((1.0, 3.0, 5.0), published, strict=True):
            found = solved(tauchen(persistence, deviation, 7), risk_aversion)
            rows.append(
                {
                    "deviation": deviation,
                    "persistence": persistence,
                    "risk_aversion": risk_aversion,
                    "published": rate,
                    "econsim": 100 * found.interest_rate,
                    "largest_residual": max(found.residuals.values()),
                }
            )
    errors = [abs(row["econsim"] - row["published"]) for row in rows]
    return {"rows": rows, "mean_error": mean(errors), "largest_error": max(errors)}


def own() -> list[dict[str, Any]]:
    """Return CPU-seconds and interest rates of this package."""
    results = []
    for deviation, persistence, risk_aversion in TIMED:
        chain = rouwenhorst(persistence, deviation, 7)
        start = time.process_time()
        found = solved(chain, risk_aversion)
        seconds = time.process_time() - start
        residual = found.residuals["asset market"]
        household, firm = economy(chain, risk_aversion)
        start = time.process_time()
        response = productivity_responses(household, firm, Taxes(), found, PERIODS)["capital"]
        results.append(
            {
                "seconds": seconds,
                "interest_rate": found.interest_rate,
                "residual": residual,
                "jacobian_seconds_warm": time.process_time() - start,
                "response": [float(value) for value in response[:4, 0]],
            }
        )
    return results


def peer() -> list[dict[str, Any]]:
    """Return those of sequence-jacobian; its first solution compiles and is left out."""
    with tempfile.TemporaryDirectory() as folder:
        job, output = Path(folder, "job.json"), Path(folder, "output.json")
        job.write_text(json.dumps({"work": [TIMED[0], *TIMED], "periods": PERIODS, "output": str(output)}))
        _peers.run(PEER, "_sequence_jacobian_peer.py", str(job))
        return list(json.loads(output.read_text()))[1:]


def _median(results: list[dict[str, Any]]) -> dict[str, Any]:
    times = [name for name in results[0] if "seconds" in name]
    return results[0] | {name: median(each[name] for each in results) for name in times}


def speed(with_peer: bool) -> dict[str, Any]:
    """Return medians over rounds, by economy."""
    start = time.process_time()
    own()
    first = time.process_time() - start
    rounds = [(own(), peer() if with_peer else None) for _ in range(ROUNDS)]
    result: dict[str, Any] = {"first_call_with_compilation_seconds": first}
    for number, key in enumerate(TIMED):
        ours = [each[0][number] for each in rounds]
        entry: dict[str, Any] = {"econsim": _median(ours)}
        if with_peer:
            theirs = [each[1][number] for each in rounds if each[1] is not None]
            entry["sequence_jacobian"] = _median(theirs)
            entry["ratio"] = entry["sequence_jacobian"]["seconds"] / entry["econsim"]["seconds"]
        result[" ".join(map(str, key))] = entry
    return result


if __name__ == "__main__":
    record("aiyagari", {"speed": speed("--alone" not in sys.argv), "table": table()})
