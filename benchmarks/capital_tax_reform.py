"""The capital-income tax of the scenario bewley is abolished: the path, gains, and the figure of the documentation.

Run: ``python benchmarks/capital_tax_reform.py``.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from _record import record

from econsim.report.games.paths import draw_paths
from econsim.scenario import load
from econsim.solvers.transition import Parameters, Transition

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "transition.png"
SHOWN = 60  # periods of the figure


def reformed(announced: int) -> dict[str, Any]:
    """Return gains, and draw the paths of a reform that is announced."""
    game = load("bewley").game.build()
    start = time.process_time()
    solution = Transition(Parameters(reform={"capital_tax": 0.0}, announced=announced)).solve(game, {})
    seconds = time.process_time() - start
    found = solution.reform
    assert found is not None
    if announced:
        figure = draw_paths([path._replace(values=path.values[:SHOWN]) for path in solution.series])
        figure.savefig(IMAGE, dpi=110, facecolor="white")
    return {
        "cpu_seconds": seconds,
        "gain": found.gain,
        "steady_state_gain": found.steady_state_gain,
        "winners": found.winners,
        "residuals": found.path.residuals,
        "evaluations": found.path.iterations,
    }


if __name__ == "__main__":
    record("capital_tax_reform", {"surprise": reformed(0), "announced_5": reformed(5)})
