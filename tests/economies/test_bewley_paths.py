"""Exact households after a reform in play: with the path expected, prices are those of the transition solver."""

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
from econsim.solvers.transition import Parameters as SolverParameters
from econsim.solvers.transition import Transition
from econsim.testing.conformance import check_game
from econsim.training.mean_field.schemes import SCHEMES, Blind

RATES = {"consumption_tax": 0.05, "labour_tax": 0.25, "progressivity": 0.1, "capital_tax": 0.3}
SMALL: dict[str, Any] = {
    "households": "distribution",
    "status_quo": RATES,
    "grid_points": 30,
    "largest_assets": 60.0,
    "periods": 12,
    "productivity": {"states": 2, "deviation": 0.4},
    "instruments": ["capital_tax"],
}
DEBT = {"adjusts": "debt", "spending": 0.06, "transfer": 0.05, "debt": 0.3, "response": 0.2}


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


def _played(game: Bewley, expects: Any, government: Any) -> dict[str, np.ndarray]:
    states: list[Any] = []
    agents = {"household": ExactHousehold(Expecting(expects=expects)), "government": government}
    play(game, agents, random.keys(1, 1), lambda state, over: states.append(state))
    names = ("interest_rate", "wage", "capital", "output", "transfer", "debt")
    return {name: np.array([float(getattr(state.last, name)) for state in states[1:]]) for name in names}


@pytest.mark.parametrize("budget", [{}, DEBT])
def test_prices_in_play_are_those_of_the_transition(budget: dict[str, Any]) -> None:
    game = _economy(budget=budget)
    played = _played(game, "path", HeldAction(torch.tensor([0.1])))
    found = Transition(SolverParameters(reform={"capital_tax": 0.1})).solve(game, {}).reform
    assert found is not None
    # The policy is set in period 0 and in force, as a surprise, from period 1 on. The path clears markets to 1e-8.
    for name, values in played.items():
        assert values[0] == pytest.approx(getattr(found.before, name, values[0]), rel=1e-6)
        assert values[1:] == pytest.approx(found.path.paths[name][:11], rel=1e-6, abs=1e-7)
    # Households who expect the new equilibrium at once lead elsewhere.
    at_once = _played(game, "equilibrium", HeldAction(torch.tensor([0.1])))
    assert np.abs(at_once["interest_rate"][1:] - played["interest_rate"][1:]).max() > 1e-4


@pytest.mark.parametrize("budget", [{}, DEBT])
def test_households_respond_to_an_announced_policy_as_on_the_announced_path(budget: dict[str, Any]) -> None:
    game = _economy(budget=budget, announced=4)
    played = _played(game, "path", HeldAction(torch.tensor([0.1])))
    found = Transition(SolverParameters(reform={"capital_tax": 0.1}, announced=4)).solve(game, {}).reform
    assert found is not None
    # The policy is set in period 0, known from period 1 on and in force from period 5 on. Markets clear to 1e-8.
    for name, values in played.items():
        assert values[0] == pytest.approx(getattr(found.before, name, values[0]), rel=1e-6)
        assert values[1:] == pytest.approx(found.path.paths[name][:11], rel=1e-6, abs=1e-7)
    # Before it is in force, households save more; those who expect the equilibrium of the policy in force do not.
    capital = played["capital"] / found.before.capital - 1
    assert capital[1] == pytest.approx(0, abs=1e-6)
    assert capital[2:6].min() > 1e-4
    waits = _played(game, "equilibrium", HeldAction(torch.tensor([0.1])))
    assert waits["capital"][:6] == pytest.approx(np.full(6, found.before.capital), rel=1e-6)


def test_an_announcement_after_a_reform_starts_where_that_path_has_come() -> None:
    game = _economy(review=6, announced=3)
    once = _played(game, "path", HeldAction(torch.tensor([0.1])))
    twice = _played(game, "path", _TwoRates(0.1, 0.3))
    # The second rate is set in period 6, known from period 7 on and in force from period 10 on.
    assert twice["capital"][:8] == pytest.approx(once["capital"][:8], rel=1e-12)
    assert np.all(twice["capital"][8:11] < once["capital"][8:11] * (1 - 1e-5))


def test_all_observe_the_announced_policy_and_the_time_until_it_is_in_force() -> None:
    game = _economy(households=20, announced=2, periods=6)
    state, names = game.reset(random.keys(1, 3)), list(game.roles["household"].shared_features)
    seen = []
    for _ in range(6):
        observations = game.observe(state)
        shared = observations["household"].shared
        assert shared is not None
        assert torch.equal(observations["government"].features[:, 0, 1:], shared)
        entries = [shared[:, names.index(name)] for name in ("capital_tax", "announced_capital_tax", "announced_until")]
        seen.append([float(entry[0]) for entry in entries])
        actions = {"household": torch.full((3, 20, 2), 0.3), "government": torch.full((3, 1, 1), 0.1)}
        state = game.step(state, actions).state
    before, announced = [0.3, 0.3, 0.0], [[0.3, 0.1, 1.0], [0.3, 0.1, 0.5]]
    assert np.array(seen) == pytest.approx(np.array([before, *announced, *[[0.1, 0.1, 0.0]] * 3]))
    assert [outcome for outcome in check_game(game, steps=4) if not outcome.passed] == []
    blind = Blind(SCHEMES["no_stackelberg"], game, "government", "household")
    assert [names[column] for column in blind.columns] == ["capital_tax", "announced_capital_tax", "announced_until"]
    assert "announced_until" not in _economy(households=20).roles["household"].shared_features


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"announced": 11}, "announced: a policy that is set in period 0 would be in force from period 12 on, and"),
        ({"announced": 4, "review": 4}, "announced: one policy at most can be announced at a time"),
        ({"announced": -1}, "greater than or equal to 0"),
        ({"announced": 1.5}, "valid integer"),
    ],
)
def test_an_announcement_that_cannot_be_made_is_refused_with_the_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _economy(**changes)


def test_a_second_surprise_starts_where_the_first_path_has_come() -> None:
    game = _economy(review=6)
    once = _played(game, "path", HeldAction(torch.tensor([0.1])))
    twice = _played(game, "path", _TwoRates(0.1, 0.3))
    assert twice["capital"][:8] == pytest.approx(once["capital"][:8], rel=1e-12)
    assert twice["capital"][-1] < once["capital"][-1] * 0.999
    # Back at the old tax: capital falls towards the equilibrium in which it began.
    assert twice["capital"][0] < twice["capital"][-1] < twice["capital"][7]


def test_the_path_is_refused_under_aggregate_shocks() -> None:
    plain = {"discount": 0.99, "labour_weight": None, "depreciation": 0.025, "aggregate_shocks": {"simulated": 200}}
    game = _economy(status_quo={}, productivity={}, **plain)
    with pytest.raises(UserError, match="with aggregate_shocks has no stationary equilibrium"):
        _played(game, "path", HeldAction(torch.tensor([0.0])))
