from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from econsim.analysis.equilibrium.empirical import (
    cautious_mix,
    commitment,
    empirical_equilibria,
    never_worse,
    payoffs,
)
from econsim.analysis.equilibrium.matrix_games import nash_equilibria, strong_stackelberg, zero_sum
from econsim.errors import UserError

ROCK_PAPER_SCISSORS = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
LEADER, FOLLOWER = [[2, 4], [1, 3]], [[1, 0], [0, 1]]


def test_rock_paper_scissors_is_worth_nothing() -> None:
    found = zero_sum(ROCK_PAPER_SCISSORS)
    assert found.row_value == pytest.approx(0, abs=1e-12)
    assert found.row == pytest.approx(np.full(3, 1 / 3))
    assert found.column == pytest.approx(np.full(3, 1 / 3))


def test_a_two_by_two_zero_sum_game_by_hand() -> None:
    # (a d - b c) / (a + d - b - c) with the rows mixed by (d - c).
    found = zero_sum([[3, -1], [-2, 4]])
    assert found.row_value == pytest.approx((3 * 4 - (-1) * (-2)) / 10)
    assert found.row == pytest.approx([0.6, 0.4])
    assert found.column == pytest.approx([0.5, 0.5])
    # A saddle point where one row dominates, and a table that is not square.
    assert zero_sum([[5, 4, 6], [1, 2, 3]]).row_value == pytest.approx(4)


def test_commitment_is_worth_three_and_a_half() -> None:
    """Conitzer and Sandholm's game: 2 in the Nash equilibrium, 3 for a pure commitment, 3.5 for a mixed one."""
    found = strong_stackelberg(LEADER, FOLLOWER)
    assert found.row_value == pytest.approx(3.5)
    assert found.row == pytest.approx([0.5, 0.5])
    assert found.column.tolist() == [0, 1]
    (nash,) = nash_equilibria(LEADER, FOLLOWER)
    assert (nash.row_value, nash.column_value) == pytest.approx((2, 1))


def test_in_zero_sum_games_commitment_is_worth_the_value() -> None:
    table = np.random.default_rng(0).normal(size=(4, 5))
    assert strong_stackelberg(table, -table).row_value == pytest.approx(zero_sum(table).row_value)
    (nash,) = nash_equilibria(table, -table)
    assert nash.row_value == pytest.approx(zero_sum(table).row_value)


def test_all_equilibria_of_games_that_are_known() -> None:
    battle = nash_equilibria([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    assert [found.row_value for found in battle] == pytest.approx([2, 1, 2 / 3])
    assert battle[2].row == pytest.approx([2 / 3, 1 / 3])
    (dilemma,) = nash_equilibria([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])
    assert dilemma.row.tolist() == [0, 1]
    # Coordination on three places: every support is an equilibrium, seven in all.
    assert len(nash_equilibria(np.eye(3), np.eye(3))) == 7


def test_where_nothing_matters_every_pair_of_options_is_an_equilibrium() -> None:
    assert len(nash_equilibria(np.zeros((12, 12)), np.zeros((12, 12)))) == 144


def test_nobody_gains_by_leaving_a_mixed_equilibrium() -> None:
    generator = np.random.default_rng(1)
    for _ in range(20):
        own, other = generator.normal(size=(2, 4, 3))
        equilibria = nash_equilibria(own, other)
        assert len(equilibria) % 2 == 1  # Wilson's oddness theorem for games that are not degenerate
        for found in equilibria:
            assert (own @ found.column).max() == pytest.approx(found.row_value)
            assert (found.row @ other).max() == pytest.approx(found.column_value)


def test_tables_that_are_none() -> None:
    with pytest.raises(UserError, match="finite tables of one shape"):
        strong_stackelberg([[1, 2]], [[1], [2]])
    with pytest.raises(UserError, match="finite tables"):
        zero_sum([[np.nan]])


def _table(values: list[list[float]], error: float | None = 0.1) -> pd.DataFrame:
    rows = [
        {"planner": planner, "workers": workers, "mean": value, "standard_error": error}
        for planner, row in zip(("flat", "learned"), values, strict=True)
        for workers, value in zip(("exact", "trained"), row, strict=True)
    ]
    return pd.DataFrame(rows)


def test_cross_tables_are_games() -> None:
    planner, workers = _table([[2.0, 4.0], [1.0, 3.0]]), _table([[1.0, 0.0], [0.0, 1.0]])
    (nash,) = empirical_equilibria(planner, workers.iloc[::-1])
    assert nash == ({"flat": 1.0}, {"exact": 1.0}, 2.0, 1.0)
    found = commitment(planner, workers)
    assert found.planners == pytest.approx({"flat": 0.5, "learned": 0.5})
    assert found.workers == {"trained": 1.0}
    assert found.planner_value == pytest.approx(3.5)
    assert cautious_mix(planner).planner_value == pytest.approx(2)


def test_which_planner_is_never_worse() -> None:
    table = never_worse(_table([[2.0, 4.0], [1.9, 3.0]])).set_index("planner")
    assert table.loc["flat"].tolist()[0] == 0
    assert pd.isna(table.loc["flat", "beaten_by"])
    assert table.loc["learned"].tolist() == [1.0, "trained", "flat", True]
    close = never_worse(_table([[2.0, 4.0], [1.9, 4.0]])).set_index("planner")
    assert close.loc["learned", ["worst_gap", "under"]].tolist() == [pytest.approx(0.1), "exact"]
    assert not close.loc["learned", "sure"]  # 0.1 with an error of 0.14
    assert never_worse(_table([[2.0, 4.0], [1.9, 3.0]], None))["sure"].isna().all()
    crossing = never_worse(_table([[2.0, 3.0], [1.0, 4.0]]))
    assert crossing["worst_gap"].tolist() == [1.0, 1.0]


def test_tables_with_holes_are_refused() -> None:
    table = _table([[1.0, 2.0], [3.0, 4.0]])
    assert payoffs(table).loc["learned", "exact"] == 3
    with pytest.raises(UserError, match="pairs of planner and workers are missing"):
        payoffs(table.iloc[:3])
    with pytest.raises(UserError, match="occurs twice"):
        payoffs(pd.concat([table, table]))
    with pytest.raises(UserError, match="same planners"):
        empirical_equilibria(table, table[table["workers"] == "exact"])
