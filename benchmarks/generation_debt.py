"""Public debt and an announced pension reform in the scenario life_cycle: steady states, paths, and who gains.

Run: ``python benchmarks/generation_debt.py``.
"""

from __future__ import annotations

import time
from typing import Any

from _record import record

from econsim.scenario import load
from econsim.solvers.life_cycle import LifeCycle, Parameters

PERIODS, ANNOUNCED, DEBT = 150, 10, 1.0


def path(reform: dict[str, float], announced: int = 0) -> dict[str, Any]:
    """Return the steady states before and after a reform, the path between them, and gains."""
    game = load("life_cycle").game.build()
    start = time.process_time()
    solver = LifeCycle(Parameters(reform=reform, periods=PERIODS, announced=announced))
    solution = solver.solve(game, {})
    seconds = time.process_time() - start
    before, after, found, gained = solution.equilibrium, solution.reformed, solution.path, solution.gains
    assert before is not None
    assert after is not None
    assert found is not None
    assert gained is not None
    ages = {str(before.life.entry + age): float(gain) for age, gain in enumerate(gained.by_age)}
    ends = {
        when: {"capital": each.equilibrium.capital, "output": each.equilibrium.output}
        | {"interest_rate": each.equilibrium.interest_rate, "debt": each.equilibrium.aggregates.debt}
        for when, each in (("before", before), ("after", after))
    }
    return {
        "cpu_seconds": seconds,
        **ends,
        "winners": gained.winners,
        "gain_by_age": ages,
        "newborns": [float(gained.newborns[0]), float(gained.newborns[-1])],
        "residuals": dict(solution.residuals),
    }


if __name__ == "__main__":
    pension = {"replacement": 0.2}
    record(
        "generation_debt",
        {
            "debt": path({"debt": DEBT}),
            "surprise": path(pension),
            "announced": path(pension, ANNOUNCED),
        },
    )
