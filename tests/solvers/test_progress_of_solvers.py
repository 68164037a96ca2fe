"""Progress of solvers that iterate, and the best result so far of one that is told to stop."""

from __future__ import annotations

from typing import Any

import pytest

import econsim
from econsim import kinds
from econsim.learning import Solution
from econsim.scenario.loading import solver_choice

LOPSIDED = {"row": [[3, 0, 1], [1, 2, 0], [0, 1, 4]], "column": [[-3, 0, -1], [-1, -2, 0], [0, -1, -4]]}
NORMAL, DILEMMA = {"kind": "normal_form", "payoffs": LOPSIDED}, {"kind": "tabular", "repeats": "prisoners_dilemma"}
CYCLE = {"kind": "preference", "classic": "lopsided_cycle"}
ITERATIVE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "counterfactual_regret": ({"kind": "extensive_form", "classic": "kuhn"}, {"gap": 0.0}),
    "psro": ({"kind": "extensive_form", "classic": "kuhn"}, {"gap": 0.0}),
    "regret_matching": (NORMAL, {"gap": 1e-13}),
    "fictitious_play": (NORMAL, {"gap": 1e-9}),
    "mean_field": ({"kind": "public_goods"}, {}),
    "replicator": (NORMAL, {"gap": 1e-9}),
    "layered_mirror_descent": (DILEMMA, {}),
    "backward_induction": (DILEMMA, {}),
    "logit_equilibrium": (NORMAL, {"precision": 1000.0}),
    "logit_dynamics": (NORMAL, {"tolerance": 1e-15}),
    "lola": (DILEMMA, {}),
    "stackelberg_gradient": (NORMAL, {}),
    "mirror_descent": (CYCLE, {"gap": 0.0}),
    "nash_md": (CYCLE, {"gap": 0.0}),
    "inpo": (CYCLE, {"gap": 0.0}),
    "self_play": (CYCLE, {}),
    "dno": (CYCLE, {}),
    "v_learning": (DILEMMA, {"copies": 1}),
}


class Reported:
    """Collects the reports of a solver, and asks it to stop at one of them."""

    def __init__(self, stop_at: int) -> None:
        self.reports: list[tuple[int, int, str]] = []
        self.stop_at = stop_at

    def __call__(self, done: int, total: int, message: str = "") -> bool:
        self.reports.append((done, total, message))
        return len(self.reports) >= self.stop_at


def solved(solver: str, stop_at: int, time_limit: float | None = None) -> tuple[Solution, Reported]:
    game, settings = ITERATIVE[solver]
    reported = Reported(stop_at)
    texts = [f"{key}={value}" for key, value in settings.items()]
    built = econsim.make(game["kind"], **{key: value for key, value in game.items() if key != "kind"})
    return solver_choice(solver, texts).build().solve(built, {}, time_limit, reported), reported


@pytest.mark.parametrize("solver", ITERATIVE)
def test_a_solver_that_is_told_to_stop_returns_its_best_result_with_its_gap(solver: str) -> None:
    solution, reported = solved(solver, stop_at=2)
    assert len(reported.reports) == 2
    assert any("Stopped" in note for note in solution.notes)
    assert solution.certificate.lower > 0.0
    shares = [done / total for done, total, _ in reported.reports]
    assert shares == sorted(shares)
    assert shares[-1] < 1.0


def test_with_a_time_limit_the_share_that_is_done_is_that_of_the_time() -> None:
    _, reported = solved("replicator", stop_at=10**9, time_limit=0.05)
    shares = [done / total for done, total, _ in reported.reports]
    assert shares[-1] == 1.0
    assert reported.reports[0][2].startswith("gap ")


def test_every_solver_takes_the_progress() -> None:
    assert set(ITERATIVE) <= set(kinds.names("solvers"))
    others = {"sequence_form", "subgame_perfect", "stationary_equilibrium", "transition", "law_of_motion"}
    others |= {"value_iteration", "laffer", "monetary_shock", "life_cycle"}
    for solver in set(kinds.names("solvers")) - set(ITERATIVE) - others:
        game = econsim.make("normal_form", classic="rock_paper_scissors")
        assert solver_choice(solver, []).build().solve(game, {}, None, Reported(10**9)).certificate.lower >= 0.0
