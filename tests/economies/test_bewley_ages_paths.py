"""Pension reforms that the government of a run sets: exact households follow the path of the solver, in play."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as Expecting
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.game import Observation
from econsim.play import HeldAction, play
from econsim.solvers.life_cycle import LifeCycle
from econsim.solvers.life_cycle import Parameters as SolverParameters

SMALL: dict[str, Any] = {
    "households": "distribution",
    "discount": 0.75,
    "depreciation": 0.45,
    "labour_weight": 10.0,
    "productivity": {"states": 2, "persistence": 0.6, "deviation": 0.4},
    "status_quo": {"labour_tax": 0.2, "consumption_tax": 0.05},
    "instruments": ["replacement"],
    "grid_points": 25,
    "largest_assets": 6.0,
    "periods": 10,
    # Ten-year periods: 7 ages, of which 4 are working ages.
    "life_cycle": {
        "entry": 2,
        "retirement": 6,
        "last": 8,
        "survival": {"mode": 8.5, "dispersion": 1.0},
        "efficiency": {"peak": 4.0, "rise": 1.4},
        "growth": 0.1,
        "pension": {"replacement": 0.4},
    },
}
ADJUSTS = {"adjusts": "debt", "spending": 0.005, "transfer": 0.007, "debt": 0.01, "response": 1.5}
SHOWN = "interest_rate", "wage", "capital", "output", "transfer", "debt", "pension", "contribution"


def _economy(**changes: Any) -> Bewley:
    game = Bewley(Parameters(**{**SMALL, **changes})).to(dtype=torch.float64)
    assert isinstance(game, Bewley)
    return game


class _TwoRates(HeldAction):
    """Sets one rate first and another in the second half of the episode."""

    def __init__(self, first: float, second: float) -> None:
        super().__init__(torch.tensor([first]))
        self.second = torch.tensor([second])

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        action, memory = super().act(observation, memory, key)
        later = (observation.features[:, :, :1] >= 0.5).to(action)
        return action * (1 - later) + self.second.to(action) * later, memory


def _played(game: Bewley, government: HeldAction, expects: Any = "path") -> dict[str, np.ndarray]:
    states: list[Any] = []
    agents = {"household": ExactHousehold(Expecting(expects=expects)), "government": government}
    play(game, agents, random.keys(1, 1), lambda state, over: states.append(state))
    return {name: np.array([float(getattr(state.last, name)) for state in states[1:]]) for name in SHOWN}


@pytest.mark.parametrize(
    ("announced", "budget"), [(0, {"debt": 0.02}), (3, {"debt": 0.02}), (3, ADJUSTS)], ids=["surprise", "news", "rule"]
)
def test_prices_after_a_pension_reform_in_play_are_those_of_the_solver(announced: int, budget: dict[str, Any]) -> None:
    game = _economy(budget=budget, announced=announced)
    played = _played(game, HeldAction(torch.tensor([0.2])))
    parameters = SolverParameters(reform={"replacement": 0.2}, announced=announced, periods=21 + announced)
    solution = LifeCycle(parameters).solve(game, {})
    path, before = solution.path, solution.equilibrium
    assert path is not None
    assert before is not None
    # The rate is set in period 0, known from period 1 on, and in force from period 1 + announced on. Markets of the
    # path clear to 1e-8; in play a household keeps a millionth of its resources at least, also at the last age.
    assert played["capital"][0] == pytest.approx(before.equilibrium.capital, rel=1e-8)
    for name, values in played.items():
        assert values[1:] == pytest.approx(path.paths[name][:9], rel=3e-5, abs=3e-6), name
    assert played["pension"][announced + 1] < 0.6 * played["pension"][announced]
    if announced:  # people save more for a lower pension to come
        assert played["capital"][2 : 2 + announced].min() > before.equilibrium.capital * 1.001
        assert f"in force from period {announced} on" in solution.notes[0]
    assert max(value for name, value in path.residuals.items() if name != "arrival") < 1e-7


def test_a_second_reform_starts_where_the_first_path_has_come() -> None:
    game = _economy(review=5, announced=1)
    once = _played(game, HeldAction(torch.tensor([0.2])))
    twice = _played(game, _TwoRates(0.2, 0.4))
    # The second rate is set in period 5, known from period 6 on and in force from period 7 on.
    assert twice["capital"][:7] == pytest.approx(once["capital"][:7], rel=1e-12)
    assert np.all(twice["capital"][7:] < once["capital"][7:] * (1 - 1e-4))
    assert twice["pension"][7] > 1.8 * once["pension"][7]


def test_all_observe_the_pension_that_is_announced() -> None:
    game = _economy(households=20, announced=2)
    names = game.roles["household"].shared_features
    assert names.index("replacement") == 6
    state = game.reset(random.keys(1, 2))
    seen = []
    for _ in range(4):
        shared = game.observe(state)["household"].shared
        assert shared is not None
        assert shared.shape[-1] == len(names)
        entries = ("replacement", "announced_replacement", "announced_until")
        seen.append([float(shared[0, names.index(name)]) for name in entries])
        actions = {"household": torch.full((2, 20, 2), 0.3), "government": torch.full((2, 1, 1), 0.1)}
        state = game.step(state, actions).state
    assert np.array(seen) == pytest.approx(np.array([[0.4, 0.4, 0], [0.4, 0.1, 1], [0.4, 0.1, 0.5], [0.1, 0.1, 0]]))
    given = {"pension": {"adjusts": "replacement", "contribution": 0.1}}
    other = _economy(
        households=20,
        instruments=["contribution"],
        highest_rate=0.5,
        life_cycle={**SMALL["life_cycle"], **given},
    )
    shared = other.observe(other.reset(random.keys(1, 2)))["household"].shared
    assert shared is not None
    names = other.roles["household"].shared_features
    assert names.count("contribution") == 1
    assert shared.shape[-1] == len(names)
    assert shared[:, names.index("contribution")].tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"announced": 3}, "two steady states do not depend on it; solve the path"),
        ({"announced": 20, "periods": 20}, "expected fewer than the 20 periods of the path, found 20"),
    ],
)
def test_an_announcement_without_a_path_is_refused(given: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=rf"solver\.announced: {message}"):
        LifeCycle(SolverParameters(reform={"replacement": 0.2}, **given)).solve(_economy(households=10), {})
