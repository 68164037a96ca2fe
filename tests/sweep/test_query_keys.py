"""Columns of the varying keys in SQL, as in pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import Make


def test_metrics_and_accounts_have_the_columns_and_rows_of_their_pandas_twins(sweep: Make) -> None:
    pytest.importorskip("duckdb")
    made = sweep({"planner.rate": [0.1, 0.2], "economy.workers": [12, 16], "seed": "0:2"})
    for name, table in (("metrics", made.metrics), ("accounts", made.accounts)):
        answer = made.query(f"select * from {name}")
        assert {"planner.rate", "economy.workers", "seed"} <= set(table.columns)
        assert list(answer.columns) == list(table.columns)
        order = [key for key in ("run", "policy", "response", "player", "role", "name") if key in table.columns]
        pd.testing.assert_frame_equal(
            answer.sort_values(order, kind="stable", ignore_index=True),
            table.sort_values(order, kind="stable", ignore_index=True),
            check_dtype=False,
        )
    by_rate = made.query(
        "select \"planner.rate\", avg(value) from metrics where name = 'welfare' group by all order by 1"
    )
    assert by_rate["planner.rate"].tolist() == [0.1, 0.2]
