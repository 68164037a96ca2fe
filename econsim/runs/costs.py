"""Costs of fitting each policy: CPU seconds and leader evaluations.

They are measured and differ between repetitions, and so are kept apart from the files that repetitions reproduce.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["COST", "fit_costs"]

COST = "cost.json"
_KEYS = {"policy": str, "seed": int, "cpu_seconds": float | int, "leader_evaluations": float | int | None}


def fit_costs(run: Run) -> dict[str, dict[str, float]]:
    """Return ``cpu_seconds``, and ``leader_evaluations`` where the learner counts them, by the label of a policy.

    Costs are summed over learners and averaged over training seeds; fits without a cost file are left out.

    Raises:
        RunError: a cost file is damaged.
    """
    sums: dict[tuple[str, str, int], float] = {}
    for path in sorted((run.path / "checkpoints").glob(f"*/{COST}")):
        cost = run.read_json(path.relative_to(run.path).as_posix(), _KEYS)
        for name in ("cpu_seconds", "leader_evaluations"):
            if cost.get(name) is not None:
                key = cost["policy"], name, cost["seed"]
                sums[key] = sums.get(key, 0.0) + cost[name]
    seeds: dict[str, dict[str, list[float]]] = {}
    for (label, name, _), value in sums.items():
        seeds.setdefault(label, {}).setdefault(name, []).append(value)
    return {label: {name: fmean(values) for name, values in costs.items()} for label, costs in seeds.items()}
