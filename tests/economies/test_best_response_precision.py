"""Best responses in single and double precision against a search in double precision that shares no code with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import econsim

Floats = NDArray[np.float64]
THRESHOLDS = np.array([0.0, 20_000.0, 60_000.0, 200_000.0])
SCHEDULES = ([0.0, 0.3, 0.8, 0.5], [0.1, 0.4, 0.2, 0.95], [0.0, 0.0, 0.0, 0.0], [0.9, 0.99, 1.0, 0.1])
CAP = 100.0
GRID = np.linspace(0.0, CAP, 501)
ELASTICITIES = (0.02, 0.05, 0.1, 0.12, 0.4, 1.0, 2.0, 5.0)


def tax(income: Floats, rates: Floats) -> Floats:
    tops = np.append(THRESHOLDS[1:], np.inf)
    return np.asarray(((np.clip(income[..., None], THRESHOLDS, tops) - THRESHOLDS) * rates).sum(-1))


def worth(family: dict[str, Any], skill: Floats, hours: Floats, rates: Floats) -> Floats:
    """Return utility ``[N, A]`` in money, from the families' documented formulae, without a rebate."""
    net = skill * hours - tax(skill * hours, rates)
    match family:
        case {"kind": "calibrated", "elasticity": elasticity}:
            exponent, untaxed = 1 + 1 / elasticity, 60.0
            return np.asarray(net - skill * untaxed / exponent * (hours / untaxed) ** exponent)
        case {"kind": "quasi_linear", "labour_cost": cost, "labour_exponent": exponent}:
            return np.asarray(net - cost * hours**exponent)
    raise AssertionError(family)


def families() -> list[dict[str, Any]]:
    calibrated = [{"kind": "calibrated", "elasticity": elasticity} for elasticity in ELASTICITIES]
    quasi_linear = [
        # The cost at which a skill of 25 an hour works 50 hours without taxes.
        {"kind": "quasi_linear", "labour_cost": 25.0 / exponent / 50.0 ** (exponent - 1), "labour_exponent": exponent}
        for exponent in (1 + 1 / elasticity for elasticity in ELASTICITIES if elasticity >= 0.1)
    ]
    return calibrated + quasi_linear


@pytest.mark.parametrize("family", families(), ids=lambda family: "-".join(map(str, family.values())))
@pytest.mark.parametrize("step", [None, 0.5])
def test_nobody_gains_by_other_hours(family: dict[str, Any], step: float | None) -> None:
    common = {"brackets": THRESHOLDS.tolist(), "hours_step": step, "hours_cap": CAP, "utility": family}
    game = econsim.make("one_step", workers=60, **common)
    skill = game.income[0].double().numpy()[:, None] / 40
    for dtype in (torch.float32, torch.float64):
        exact = game.to(dtype=dtype)
        for rates in SCHEDULES:
            hours = exact.best_hours(torch.tensor([rates], dtype=dtype))[0].double().numpy()[:, None]
            grid = GRID if step is None else np.arange(0.0, CAP + step, step)
            best = worth(family, skill, grid, np.array(rates)).max(1)
            reached = worth(family, skill, hours, np.array(rates))[:, 0]
            # The cost of work carries the rounding of hours times its exponent, up to 51, and single precision 6e-8;
            # a comparison of brackets errs by as much of what is earned.
            rounding = 20 * 51 * float(torch.finfo(dtype).eps) * (skill[:, 0] * 60 + 1)
            assert (best - reached <= rounding).all()


def test_workers_bunch_at_the_threshold_in_single_precision() -> None:
    family = {"kind": "calibrated", "elasticity": 0.1}
    game = econsim.make("one_step", workers=200, brackets=[0, 20000, 60000], status_quo=[0, 0.3, 0.8], utility=family)
    single = game.best_hours(game.initial_rates[None])[0]
    double = game.to(dtype=torch.float64).best_hours(game.initial_rates[None])[0]
    assert (single > 0).all()
    torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=0)
