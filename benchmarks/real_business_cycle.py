"""The learned real business cycle: what two seeds reach, and what each class gains by deviating.

Run ``econsim run real_business_cycle_learned seed=42 --out RUN`` and the same with seed 43, then ``econsim equilibrium
RUN --iterations 15 --episodes 8 --search-budget 24`` for the first, and ``python benchmarks/real_business_cycle.py RUN
RUN_43``. Gains are lower bounds: of a policy that one player trains against all others, and of tax rates that are held.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from _record import record

import econsim

SHOWN = ("mean_utility", "mean_hours", "mean_price", "mean_wage", "scarce_share", "income_tax_rate")
KEPT = ("role", "method", "own", "gain", "low", "high", "relative", "announcement")


def measured(path: Path) -> dict[str, Any]:
    """Return metrics of a run, and the gains of its certificate where there is one."""
    run = econsim.open_run(path)
    scores = run.summary["policies"]["ppo"][run.summary["responses"][0]]
    found = {"seed": run.scenario.seed, **{name: scores[name] for name in SHOWN}}
    if (path / "certificate.json").is_file():
        found["gains"] = [{name: gain[name] for name in KEPT if name in gain} for gain in run.certificate["findings"]]
    return found


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    record("real_business_cycle", {"runs": [measured(Path(path)) for path in sys.argv[1:]]}, 42)
