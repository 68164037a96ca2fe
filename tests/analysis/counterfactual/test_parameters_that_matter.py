"""Sensitivity and robustness against functions whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents import best_response
from econsim.analysis.counterfactual import game_function, morris_table, robustness_table, sobol_table
from econsim.errors import UserError
from econsim.planners import flat

CUBE = dict.fromkeys(["x", "y", "z"], (-math.pi, math.pi))


def _ishigami(points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    return np.asarray(np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x))


def test_sobol_shares_of_the_ishigami_function() -> None:
    """Closed forms 0.3139, 0.4424, 0 alone and 0.5576, 0.4424, 0.2437 in total (Ishigami and Homma 1990)."""
    table = sobol_table(_ishigami, CUBE, samples=4096).set_index("parameter")
    # Quasi-random sums over 4,096 points; their bootstrap margins are below 0.05.
    assert table["first_order"].tolist() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert table["total"].tolist() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert (table[["first_order_margin", "total_margin"]] < 0.08).all(axis=None)


def test_a_function_that_nothing_moves_is_explained_by_nothing() -> None:
    table = sobol_table(lambda points: np.ones(len(points)), CUBE, samples=8)
    assert (table[["first_order", "total"]] == 0).all(axis=None)


def test_morris_effects_of_a_linear_function_are_its_slopes() -> None:
    table = morris_table(lambda points: points @ [2.0, -3.0, 0.0], dict.fromkeys("abc", (0.0, 2.0)), trajectories=4)
    # SALib gives effects over the range of a parameter, here two.
    assert table["mean_effect"].tolist() == pytest.approx([4.0, -6.0, 0.0], abs=1e-9)
    assert table["mean_absolute_effect"].tolist() == pytest.approx([4.0, 6.0, 0.0], abs=1e-9)
    assert table["spread"].tolist() == pytest.approx([0.0] * 3, abs=1e-9)


def test_wrong_bounds_and_samples_are_named() -> None:
    with pytest.raises(UserError, match="x: expected"):
        sobol_table(_ishigami, {"x": (1.0, 1.0)})
    with pytest.raises(UserError, match="power of two"):
        sobol_table(_ishigami, CUBE, samples=100)
    with pytest.raises(UserError, match="at least one parameter"):
        morris_table(_ishigami, {})


def test_a_game_as_a_function_of_its_parameters() -> None:
    game = econsim.make("one_step", workers=20, hours_step=None).to(dtype=torch.float64)
    agents = {
        "worker": best_response.BestResponse(best_response.Parameters()),
        "planner": flat.Flat(flat.Parameters(rate=0.3)),
    }
    hours = game_function(game, agents, random.keys(0, 1), ["elasticity", "untaxed_hours"], "mean_hours")
    points = np.array([[0.2, 50.0], [0.4, 60.0], [0.9, 30.0]])
    assert hours(points) == pytest.approx(points[:, 1] * 0.7 ** points[:, 0])
    shares = sobol_table(hours, {"elasticity": (0.1, 0.2), "untaxed_hours": (30.0, 60.0)}, samples=64)
    # Log hours are a sum: variances of both factors, nearly all of it from hours.
    assert shares["first_order"].tolist() == pytest.approx([0.003, 0.997], abs=0.02)


BOX = {"x": (-1.0, 1.0), "y": (0.0, 2.0)}
POLICIES = {
    "bold": lambda points: 3.0 - 4.0 * (points[:, 0] - 0.5) ** 2 - points[:, 1],
    "cautious": lambda points: np.full(len(points), 0.5),
}


def test_worst_cases_and_regret_over_a_box() -> None:
    table = robustness_table(POLICIES, BOX)
    bold = table.loc["bold"]
    # The lowest corner: 3 - 4 * 1.5^2 - 2, at x = -1 and y = 2.
    assert bold["worst"] == pytest.approx(-8, abs=1e-2)
    assert (bold["worst_x"], bold["worst_y"]) == pytest.approx((-1, 2), abs=1e-2)
    assert bold["worst"] <= bold["lowest"] <= bold["mean"]
    assert bold["largest_regret"] == pytest.approx(8.5, abs=1e-2)
    assert table.loc["cautious", "worst"] == 0.5
    # At the best point (0.5, 0) bold has 3; the shared points come close.
    assert table.loc["cautious", "largest_regret"] == pytest.approx(2.5, abs=0.3)
    assert table["worst"].idxmax() == "cautious"
    assert table.equals(robustness_table(POLICIES, BOX))


def test_without_a_search_the_lowest_shared_point_is_the_worst() -> None:
    table = robustness_table(POLICIES, BOX, generations=0)
    assert table["worst"].tolist() == table["lowest"].tolist()
    with pytest.raises(UserError, match="8 samples"):
        robustness_table(POLICIES, BOX, samples=2)
