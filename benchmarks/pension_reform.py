"""The pension of the scenario life_cycle is abolished: steady states, the path, gains by age, and the page's figure.

Run: ``python benchmarks/pension_reform.py``.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from _record import record

from econsim.report.games.paths import draw_paths
from econsim.scenario import load
from econsim.solvers.life_cycle import LifeCycle, Parameters

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "life_cycle.png"
PERIODS = 150
SHOWN = {
    "interest_rate": ("prices", "interest rate"),
    "capital": ("aggregates per person", "capital"),
    "output": ("aggregates per person", "output"),
    "contribution": ("pension", "contribution rate"),
}


def reformed(replacement: float) -> dict[str, Any]:
    """Return both steady states and the gain of a newborn; draw the profiles by age."""
    game = load("life_cycle").game.build()
    start = time.process_time()
    solution = LifeCycle(Parameters(reform={"replacement": replacement})).solve(game, {})
    seconds = time.process_time() - start
    draw_paths(solution.series).savefig(IMAGE, dpi=110, facecolor="white")
    rows = {(row.group, row.name): row.value for row in solution.quantities}
    levels = {
        when: {name: rows[f"{group}, {when}", words] for name, (group, words) in SHOWN.items()}
        for when in ("before", "after")
    }
    gain = rows["steady states compared", "gain of a newborn"]
    return {"cpu_seconds": seconds, **levels, "gain": gain, "residuals": dict(solution.residuals)}


def along(replacement: float) -> dict[str, Any]:
    """Return gains along the path, by age in period 0 and of newborns."""
    game = load("life_cycle").game.build()
    start = time.process_time()
    solution = LifeCycle(Parameters(reform={"replacement": replacement}, periods=PERIODS)).solve(game, {})
    seconds = time.process_time() - start
    found, gained = solution.path, solution.gains
    assert found is not None
    assert gained is not None
    entry = game.settings.life_cycle.entry
    gains = {str(entry + age): float(gain) for age, gain in enumerate(gained.by_age)}
    return {
        "cpu_seconds": seconds,
        "evaluations": found.evaluations,
        "winners": gained.winners,
        "gain_by_age": gains,
        "oldest_winner": max(int(age) for age, gain in gains.items() if gain > 0),
        "newborns": [float(gained.newborns[0]), float(gained.newborns[-1])],
        "residuals": found.residuals,
    }


if __name__ == "__main__":
    record("pension_reform", {**reformed(0.0), "path": along(0.0)})
