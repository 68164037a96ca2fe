"""What it cost to fit each policy: CPU seconds and plans tried; measured, and so in no file that repeats must equal."""

from __future__ import annotations

import json
from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["COST", "fit_costs"]

COST = "cost.json"


def fit_costs(run: Run) -> dict[str, dict[str, float]]:
    """Return ``cpu_seconds``, and ``leader_evaluations`` where the learner knows them, by the label of a policy.

    Means over training seeds, sums over learners; nothing of fits that noted nothing.
    """
    sums: dict[tuple[str, str, int], float] = {}
    for path in sorted((run.path / "checkpoints").glob(f"*/{COST}")):
        noted: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for name in ("cpu_seconds", "leader_evaluations"):
            if name in noted:
                place = noted["policy"], name, noted["seed"]
                sums[place] = sums.get(place, 0.0) + noted[name]
    seeds: dict[str, dict[str, list[float]]] = {}
    for (label, name, _), value in sums.items():
        seeds.setdefault(label, {}).setdefault(name, []).append(value)
    return {label: {name: fmean(values) for name, values in found.items()} for label, found in seeds.items()}
