"""Logit equilibria against their fixed-point equation, which is evaluated apart from the path."""

from __future__ import annotations

import numpy as np
import pytest

import econsim

PENNIES = {"row": [[9.0, 0.0], [0.0, 1.0]], "column": [[0.0, 1.0], [1.0, 0.0]]}
"""Asymmetric matching pennies (Ochs 1995; McKelvey and Palfrey 1995)."""


@pytest.mark.parametrize("precision", [0.1, 1.0, 8.0])
def test_asymmetric_matching_pennies_satisfies_the_fixed_point_equation(precision: float) -> None:
    solver = {"kind": "logit_equilibrium", "precision": precision}
    solution = econsim.solve("normal_form", solver, payoffs=PENNIES)
    p, q = (mix[0] for mix in solution.profiles[0].strategies.values())
    # Row gains 9q - (1 - q) by its first option, column (1 - p) - p = 1 - 2p by its first.
    assert p == pytest.approx(1 / (1 + np.exp(-precision * (10 * q - 1))), abs=1e-9)
    assert q == pytest.approx(1 / (1 + np.exp(-precision * (1 - 2 * p))), abs=1e-9)
    assert solution.residuals["precision"] == pytest.approx(precision)
    # The gain is that of best responses to these strategies.
    gains = max(10 * q - 1, 0) - p * (10 * q - 1), max(1 - 2 * p, 0) - q * (1 - 2 * p)
    assert solution.certificate.lower == pytest.approx(max(gains), abs=1e-9)


def test_three_players_satisfy_the_equation_and_the_branch_leads_to_an_equilibrium() -> None:
    tables = np.random.default_rng(11).random((3, 2, 3, 2))
    payoffs = dict(zip("abc", tables.tolist(), strict=True))
    solution = econsim.solve("normal_form", {"kind": "logit_equilibrium", "precision": 300}, payoffs=payoffs)
    a, b, c = (np.array(mix) for mix in solution.profiles[0].strategies.values())
    paid = [
        np.einsum("ijk,j,k", tables[0], b, c),
        np.einsum("ijk,i,k", tables[1], a, c),
        np.einsum("ijk,i,j", tables[2], a, b),
    ]
    for mix, values in zip((a, b, c), paid, strict=True):
        weights = np.exp(300 * (values - values.max()))
        assert mix == pytest.approx(weights / weights.sum(), abs=1e-7)
    assert solution.certificate.lower < 0.01


def test_the_branch_of_a_coordination_game_is_followed_past_the_turn_of_others() -> None:
    # In stag hunt uniform play is answered by hares, the risk-dominant option, to which the branch leads.
    solution = econsim.solve("normal_form", {"kind": "logit_equilibrium", "precision": 50}, classic="stag_hunt")
    assert solution.profiles[0].strategies["row"][1] == pytest.approx(1.0, abs=1e-6)


def test_out_of_time_it_returns_the_precision_that_was_reached() -> None:
    solution = econsim.solve("normal_form", "logit_equilibrium", time_limit=0.0, payoffs=PENNIES)
    assert solution.residuals["precision"] < 10
    assert solution.residuals["equation"] < 1e-9
    assert "Stopped before the precision of 10 was reached." in solution.notes


@pytest.mark.parametrize(("spread", "rationality"), [(1.0, 2.0), (0.5, 1.0)])
def test_a_quadratic_payoff_is_calibrated_to_a_gaussian_of_given_variance(spread: float, rationality: float) -> None:
    # A choice with payoff -u (y - 3)^2 and precision 1 / l is normal with variance l / (2 u), which is spread^2 for the
    # weight u = l / (2 spread^2).
    noise = 1 / rationality
    weight = noise / (2 * spread**2)
    grid = np.linspace(3 - 7 * spread, 3 + 7 * spread, 141)
    payoffs = {"worker": (-weight * (grid - 3) ** 2).tolist()}
    solution = econsim.solve("normal_form", {"kind": "logit_equilibrium", "precision": rationality}, payoffs=payoffs)
    shares = np.array(solution.profiles[0].strategies["worker"])
    mean = float(shares @ grid)
    assert mean == pytest.approx(3.0, abs=1e-6)
    # Steps of a tenth of the standard deviation change the variance of a normal distribution by less than 1e-9.
    assert float(shares @ (grid - mean) ** 2) == pytest.approx(spread**2, rel=1e-4)
