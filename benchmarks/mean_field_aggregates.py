"""What all observe of the distribution of wealth in mean-field learning: moments, quantiles, or a learned embedding.

Trains the scenario bewley_planner with ``economy.aggregates`` quantiles and embedding for three seeds, with the budget
of the scenario, as ``benchmarks/mean_field.py`` does with moments, from whose result those are taken. It compares the
government's return under the households that learned with it, what a best response would add for a household, and what
the learned policy is worth under exact households.

Run: ``python benchmarks/mean_field_aggregates.py``, about ten minutes on one core; it goes on where it was stopped.
"""

from __future__ import annotations

import json
from typing import Any

from _record import RESULTS, record
from mean_field import PARTS, SEED, trained

SEEDS = (42, 43, 44)


def main() -> None:
    """Train what is missing, and write the result."""
    path = PARTS / "mean_field_aggregates.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for aggregates in ("quantiles", "embedding"):
        for seed in map(str, SEEDS):
            of_seeds = found.setdefault(aggregates, {})
            of_seeds[seed] = of_seeds.get(seed) or trained(1, int(seed), aggregates=aggregates)
            PARTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(found, indent=1))
    moments = json.loads((RESULTS / "mean_field.json").read_text())["result"]["two_level"]["budget_1"]
    record("mean_field_aggregates", {"moments": moments, **found}, SEED)


if __name__ == "__main__":
    main()
