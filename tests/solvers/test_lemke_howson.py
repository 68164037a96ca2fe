"""One equilibrium by complementary pivoting: a game by hand, larger games, and labels that do not exist."""

from __future__ import annotations

import time

import numpy as np
import pytest
from bimatrix_games import DEGENERATE, STENGEL, gain, parameters

import econsim
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.errors import UserError
from econsim.solvers.lemke_howson import one_equilibrium


def test_a_mixed_equilibrium_in_closed_form() -> None:
    # Chicken: each swerves with 0.9, where both options pay -0.1.
    solution = econsim.solve("normal_form", "lemke_howson", classic="chicken")
    agent = solution.agents["row"]
    assert isinstance(agent, MixedStrategy)
    ends = {tuple(np.round(np.concatenate(one_equilibrium(np.array(CHICKEN), label) or ()), 12)) for label in range(4)}
    assert ends <= {(1, 0, 0, 1), (0, 1, 1, 0), (0.9, 0.1, 0.9, 0.1)}
    assert solution.certificate.upper == pytest.approx(0, abs=1e-12)


CHICKEN = [[[0.0, -1.0], [1.0, -10.0]], [[0.0, 1.0], [-1.0, -10.0]]]


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (20, 20), (40, 15)])
def test_every_path_ends_at_an_equilibrium(shape: tuple[int, int]) -> None:
    table = np.random.default_rng(2).normal(size=(2, *shape))
    for label in range(sum(shape)):
        found = one_equilibrium(table, label)
        assert found is not None
        assert gain(table, *found) <= 1e-12


def test_ties_do_not_make_the_path_cycle() -> None:
    for label in range(5):
        found = one_equilibrium(DEGENERATE, label)
        assert found is not None
        assert gain(DEGENERATE, *found) <= 1e-12
    zeros = one_equilibrium(np.zeros((2, 7, 4)), 8)
    assert zeros is not None
    assert [mix.sum() for mix in zeros] == [1.0, 1.0]


def test_out_of_time_there_is_no_equilibrium() -> None:
    # A path of at least 64 pivots, after which the time is looked at.
    table = np.random.default_rng(0).normal(size=(2, 60, 60))
    labels = (one_equilibrium(table, label, time.monotonic() - 1.0) for label in range(120))
    assert any(found is None for found in labels)
    solution = econsim.solve("normal_form", "lemke_howson", payoffs=parameters(STENGEL))
    assert solution.notes == ()


def test_a_label_is_one_of_the_options() -> None:
    with pytest.raises(UserError, match=r"solver.label: expected a number from 0 to 3, one per option, found 4"):
        econsim.solve("matching_pennies", {"kind": "lemke_howson", "label": 4})
