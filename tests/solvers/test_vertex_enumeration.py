"""All equilibria of two-player games: published counts, degenerate games by hand, and independent gains."""

from __future__ import annotations

import numpy as np
import pytest
from bimatrix_games import DEGENERATE, STENGEL, gain, parameters
from hypothesis import given, settings
from hypothesis import strategies as st

import econsim
from econsim.agents.mixed_strategy import MixedStrategy
from econsim.errors import UserError
from econsim.solvers import vertex_enumeration
from econsim.solvers.lemke_howson import one_equilibrium
from econsim.solvers.vertex_enumeration import all_equilibria, risk_dominant

ROUNDING = 1e-12
"""Of gains, relative to the largest payoff: some hundred operations of double precision."""


def test_von_stengels_game_has_75_equilibria() -> None:
    found = all_equilibria(STENGEL)
    assert len(found.mixes) == len(set(found.components)) == 75
    assert not found.degenerate
    assert max(gain(STENGEL, *mixes) for mixes in found.mixes) <= ROUNDING * np.abs(STENGEL).max()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 2), (4, 4), (8, 8)])
def test_random_games_have_an_odd_number_of_equilibria_without_gain(shape: tuple[int, int]) -> None:
    for seed in range(5):
        table = np.random.default_rng(seed).normal(size=(2, *shape))
        found = all_equilibria(table)
        assert len(found.mixes) % 2 == 1  # Wilson 1971, for games that are not degenerate
        assert not found.degenerate
        assert max(gain(table, *mixes) for mixes in found.mixes) <= ROUNDING


def test_coordination_on_n_places_has_an_equilibrium_for_every_set_of_places() -> None:
    found = all_equilibria(np.stack([np.eye(6)] * 2))
    assert len(found.mixes) == 2**6 - 1
    supports = {tuple(row > 0) for row, _ in found.mixes}
    assert len(supports) == 2**6 - 1


def test_a_continuum_is_one_component_between_its_ends() -> None:
    # Against the first row, the column player is indifferent; the first row is best for q of at least 2/3.
    found = all_equilibria(DEGENERATE)
    assert found.degenerate
    ends = [(*row, *column) for row, column in found.mixes]
    assert ends[0] == pytest.approx((1, 0, 0, 1, 0))
    assert ends[1] == pytest.approx((1, 0, 0, 2 / 3, 1 / 3))
    assert ends[2] == pytest.approx((0, 1 / 3, 2 / 3, 1 / 3, 2 / 3))
    assert found.components == [1, 1, 2]
    between = (0.5 * (found.mixes[0][1] + found.mixes[1][1]),)
    assert gain(DEGENERATE, found.mixes[0][0], *between) == pytest.approx(0, abs=ROUNDING)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_degenerate_games_contain_every_equilibrium_that_a_path_finds(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    entries = st.lists(st.integers(0, 2), min_size=2 * rows * columns, max_size=2 * rows * columns)
    table = np.array(data.draw(entries), dtype=np.float64).reshape(2, rows, columns)
    found = all_equilibria(table)
    assert max(gain(table, *mixes) for mixes in found.mixes) <= ROUNDING
    for label in range(rows + columns):
        ending = one_equilibrium(table, label)
        assert ending is not None
        # The end of a path is a pair of vertices, and so an extreme equilibrium.
        assert any(np.allclose(np.concatenate(ending), np.concatenate(mixes)) for mixes in found.mixes)


def test_payoffs_in_other_units_have_the_same_equilibria() -> None:
    table = np.random.default_rng(4).normal(size=(2, 5, 5))
    changed = np.stack([1e6 * table[0] + 7e6, 1e-6 * table[1] - 3.0])
    for mixes, others in zip(all_equilibria(table).mixes, all_equilibria(changed).mixes, strict=True):
        assert np.concatenate(mixes) == pytest.approx(np.concatenate(others), abs=1e-8)


@pytest.mark.parametrize(
    ("select", "row"), [("highest_total", [0, 1]), ("lowest_total", [0.6, 0.4]), ("most_mixed", [0.6, 0.4])]
)
def test_agents_play_the_equilibrium_that_is_asked_for(select: str, row: list[float]) -> None:
    battle = {"row": [[2, 0], [0, 3]], "column": [[2, 0], [0, 3]]}
    solver = {"kind": "vertex_enumeration", "select": select}
    solution = econsim.solve("normal_form", solver, payoffs=battle)
    agent = solution.agents["row"]
    assert isinstance(agent, MixedStrategy)
    assert agent.parameters.probabilities == pytest.approx(row)
    assert [profile.total for profile in solution.profiles] == pytest.approx([4, 6, 2.4])
    assert solution.certificate.upper == pytest.approx(0, abs=ROUNDING)


def test_it_is_the_solver_of_two_players_where_none_is_named() -> None:
    solution = econsim.solve("prisoners_dilemma")
    (profile,) = solution.profiles
    assert profile.strategies == {"row": (0.0, 1.0), "column": (0.0, 1.0)}
    assert profile.payoffs == {"row": 1.0, "column": 1.0}
    with pytest.raises(UserError, match="OneStep has no default solver: the shipped solvers need payoffs that"):
        econsim.solve("one_step")


def test_out_of_time_it_returns_one_equilibrium() -> None:
    solution = econsim.solve("normal_form", time_limit=0.0, payoffs=parameters(STENGEL))
    assert len(solution.profiles) == 1
    assert solution.profiles[0].largest_gain <= ROUNDING * np.abs(STENGEL).max()
    assert "time limit was reached" in solution.notes[0]


def test_too_large_a_game_names_the_solver_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex_enumeration, "MOST_VERTICES", 50)
    with pytest.raises(UserError, match="6 by 6 options has more than 50 vertices; use the solver lemke_howson"):
        all_equilibria(STENGEL)


def test_the_risk_dominant_equilibrium_has_the_larger_product_of_losses() -> None:
    # Stag hunt: (stag, stag) loses 1 x 1 by deviating, (hare, hare) 2 x 2, although the first pays more.
    assert "Risk-dominant equilibrium: hare, hare." in econsim.solve("normal_form", classic="stag_hunt").notes
    table = np.array([[[4.0, 0.0], [2.0, 1.0]], [[4.0, 2.0], [0.0, 1.0]]])  # losses 2 x 2 and 1 x 1
    assert risk_dominant(table) == (0, 0)
    # Battle of the sexes: 3 x 2 and 2 x 3; matching pennies has no pure equilibrium.
    for classic in ("battle_of_the_sexes", "matching_pennies"):
        assert not any("Risk" in note for note in econsim.solve("normal_form", classic=classic).notes)
