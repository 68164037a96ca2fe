"""Kernels of the Bewley economy: the same periods and observations as by tensors, in all its forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from econsim import random
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.game import leaves, tree_map
from econsim.kernels import numba_version
from econsim.testing.harness import Trial
from econsim.testing.invariance import kernel_parity

pytestmark = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
RATES = {"consumption_tax": 0.05, "progressivity": 0.1, "capital_tax": 0.2, "wealth_tax": 0.001}
WITH_LABOUR_TAX = {**RATES, "labour_tax": 0.3}
SHOCKS: dict[str, Any] = {
    "aggregate_shocks": {"simulated": 200},
    "labour_weight": None,
    "risk_aversion": 1.0,
    "depreciation": 0.025,
    "discount": 0.99,
}
FORMS: dict[str, dict[str, Any]] = {
    "taxes": {"status_quo": {**WITH_LABOUR_TAX, "spending_share": 0.3}},
    "no choice of hours": {"labour_weight": None},
    "distribution": {"households": "distribution", "status_quo": WITH_LABOUR_TAX},
    "spending": {"budget": {"adjusts": "spending", "transfer": 0.02}, "status_quo": WITH_LABOUR_TAX},
    "labour tax": {"budget": {"adjusts": "labour_tax", "spending": 0.1, "debt": 0.1}, "status_quo": RATES},
    "debt": {
        "budget": {"adjusts": "debt", "spending": 0.1, "debt": 0.1, "response": 0.2},
        "status_quo": WITH_LABOUR_TAX,
    },
    "brackets": {
        "income_tax": {"thresholds": [0.0, 0.5, 2.0], "rates": [0.1, 0.2, 0.4]},
        "status_quo": {"consumption_tax": 0.05},
    },
    "borrowing": {
        "lowest_assets": -0.02,
        "sampling": "stratified",
        "budget": {"adjusts": "spending", "transfer": 0.1},
        "status_quo": {**WITH_LABOUR_TAX, "wealth_tax": 0.0},
    },
    "growth": {"objective": {"welfare": 0.5, "growth": 0.3}},
    "equality": {"objective": {"welfare": 0.5, "growth": 0.3, "equality": 0.2}},
    "quantiles": {"aggregates": "quantiles"},
    "embedding": {"aggregates": "embedding"},
    "announced": {"announced": 2, "review": 4, "instruments": ["labour_tax", "capital_tax"]},
    "review": {"review": 2, "instruments": ["labour_tax"], "risk_aversion": 1.0},
    "shocks": SHOCKS,
    "shocks of a distribution": {**SHOCKS, "households": "distribution"},
}


def _economy(dtype: torch.dtype = torch.float64, **parameters: Any) -> Bewley:
    given: dict[str, Any] = {"households": 40, "grid_points": 60, **parameters}
    closed = given.get("budget", {}).get("adjusts", "transfer")
    unused = {"transfer": set(), "labour_tax": {"labour_tax", "spending_share"}}.get(closed, {"spending_share"})
    unused |= {"labour_tax", "progressivity"} if "income_tax" in given else set()
    unused |= {"wealth_tax"} if "lowest_assets" in given else set()
    if unused:
        given["instruments"] = [name for name in ("capital_tax", "consumption_tax", "labour_tax") if name not in unused]
    game = Bewley(Parameters(**given)).to(dtype=dtype)
    assert isinstance(game, Bewley)
    return game


@pytest.mark.parametrize("name", FORMS)
def test_kernels_and_tensors_live_the_same_periods(name: str) -> None:
    for dtype in (torch.float64, torch.float32):
        assert kernel_parity(Trial(_economy(dtype, **FORMS[name]), 3, 7)) is None, dtype


def test_a_batch_of_parameters_is_played_as_by_tensors() -> None:
    game, keys = _economy(**FORMS["taxes"]), random.keys(1, 3)
    numbers = {name: value * torch.tensor([1.0, 1.1, 0.9]).double() for name, value in game.parameters.items()}
    batch = game.with_parameters(**numbers)
    assert isinstance(batch, Bewley)
    kernels, state = batch.on_kernels(), batch.reset(keys)
    actions = {
        "household": random.uniform(keys, 0, "household", (40, 2), torch.float64) * 0.5 + 0.1,
        "government": game.status_quo("government").expand(3, 1, -1),
    }
    one, other = (leaves(played.step(state, actions).state) for played in (batch, kernels))
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-9, atol=1e-9, msg=name)
    state = kernels.reset(random.keys(1, 5))
    with pytest.raises(ValueError, match="3 values for 5 environment copies"):
        kernels.observe(state)


@pytest.mark.parametrize(
    ("form", "change", "message"),
    [
        ("labour tax", {"debt": 1e3}, "the labour tax that closes the budget would take all"),
        ("spending", {"debt": 2.0}, "public consumption would be negative"),
        ("debt", {"debt": 1e3}, "a household has nothing to spend"),
        ("taxes", {"assets": 0.0}, "no household of a sample owns anything"),
    ],
)
def test_kernels_stop_where_tensors_do(form: str, change: dict[str, float], message: str) -> None:
    game = _economy(**FORMS[form])
    state = game.reset(random.keys(2, 3))
    state = replace(state, **{name: torch.full_like(getattr(state, name), value) for name, value in change.items()})
    shares = torch.full((3, 40, 2), 0.999999 if "assets" in change else 0.3, dtype=torch.float64)
    actions = {"household": shares, "government": game.status_quo("government").expand(3, 1, -1)}
    if "assets" in change:
        actions = {**actions, "household": torch.where(torch.arange(3)[:, None, None] == 1, 1.0, shares)}
    for played in (game, game.on_kernels()):
        with pytest.raises(UserError, match=message):
            played.step(state, actions)


def test_gradients_are_taken_by_tensors() -> None:
    game = _economy(**FORMS["taxes"])
    state, shares = game.reset(random.keys(0, 1)), torch.full((1, 40, 2), 0.3, dtype=torch.float64)
    gradients = []
    for played in (game, game.on_kernels()):
        followed = shares.clone().requires_grad_()
        actions = {"household": followed, "government": game.status_quo("government").expand(1, 1, -1)}
        played.step(state, actions).rewards["household"].sum().backward()
        gradients.append(followed.grad)
    assert gradients[0] is not None
    assert bool((gradients[0] != 0).any())
    assert torch.equal(gradients[0], gradients[1])


def test_an_account_that_does_not_balance_stops_kernels() -> None:
    game = _economy(**FORMS["distribution"])
    state = game.reset(random.keys(0, 1))
    # Households of the first cell are counted twice: the population is no longer one.
    state = replace(state, mass=state.mass.clone().index_add_(1, torch.tensor([0]), torch.ones(1, 1).double()))
    shares = torch.full((1, game.roles["household"].count, 2), 0.3, dtype=torch.float64)
    actions = {"household": shares, "government": game.status_quo("government").expand(1, 1, -1)}
    for played in (game, game.on_kernels()):
        with pytest.raises(RuntimeError, match="account does not balance"):
            played.step(state, actions)


def test_a_life_cycle_is_not_covered() -> None:
    game = Bewley(Parameters(households=20, life_cycle={"entry": 20, "last": 30, "retirement": 28}))
    assert game.not_covered() == "a life cycle"
    with pytest.raises(UserError, match="kernels do not cover a life cycle"):
        game.on_kernels()


def test_a_state_of_another_precision_is_played_by_tensors() -> None:
    game = _economy(torch.float32).on_kernels()
    state = tree_map(lambda leaf: leaf.double() if leaf.is_floating_point() else leaf, game.reset(random.keys(0, 2)))
    assert game.observe(state)["household"].features.dtype == torch.float64
