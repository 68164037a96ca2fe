"""Interest rates and CPU-seconds of sequence-jacobian on Aiyagari's economy. Runs in its environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from sequence_jacobian import create_model, hetblocks, simple

ALPHA, DELTA, BETA = 0.36, 0.08, 0.96


@simple
def firm(K, L, Z, alpha, delta):  # noqa: N803
    r = alpha * Z * (K(-1) / L) ** (alpha - 1) - delta
    w = (1 - alpha) * Z * (K(-1) / L) ** alpha
    return r, w


@simple
def market(K, A):  # noqa: N803
    asset_mkt = A - K
    return asset_mkt


def capital(rate: float) -> float:
    return (ALPHA / (rate + DELTA)) ** (1 / (1 - ALPHA))


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    model = create_model([hetblocks.hh_sim.hh_extended, firm, market])
    results = []
    for deviation, persistence, risk_aversion in job["work"]:
        fixed = {"alpha": ALPHA, "delta": DELTA, "beta": BETA, "L": 1.0, "Z": 1.0, "min_a": 0.0, "max_a": 300.0}
        fixed |= {"eis": 1 / risk_aversion, "rho_e": persistence, "sd_e": deviation, "n_e": 7, "n_a": 500}
        bounds = {"K": (capital(0.0415), capital(-0.015))}
        start = time.process_time()
        steady = model.solve_steady_state(fixed, bounds, {"asset_mkt": 0.0}, solver="brentq", ttol=1e-9, ctol=1e-9)
        results.append({"seconds": time.process_time() - start, "interest_rate": float(steady["r"])})
        for name in ("first", "warm"):  # the first compiles
            start = time.process_time()
            response = model.solve_jacobian(steady, ["K"], ["asset_mkt"], ["Z"], T=job["periods"])
            results[-1][f"jacobian_seconds_{name}"] = time.process_time() - start
        results[-1]["response"] = [float(value) for value in response["K"]["Z"][:4, 0]]
    Path(job["output"]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
