from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.runs import compare, execute
from econsim.runs.comparison import differences
from econsim.scenario import Scenario


def test_runs_of_one_scenario_are_averaged_by_policy(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    paths = [execute(scenario(seed=seed), tmp_path / f"seed-{seed}", quiet=True).path for seed in (1, 5)]
    table = compare(paths).set_index(["policy", "response", "metric"])
    row = table.loc[("trained", "exact", "welfare")]
    values = [row[str(path)] for path in paths]
    assert row["runs"] == 2
    assert row["mean"] == pytest.approx(sum(values) / 2, abs=1e-15)
    # Student's t with one degree of freedom: 12.706 standard errors, which for two values are half their distance.
    assert row["high"] - row["mean"] == pytest.approx(12.7062 * abs(values[0] - values[1]) / 2, rel=1e-5)
    # Nothing varies under a fixed rate: the same people, no shocks.
    fixed = table.loc[("half", "exact", "welfare")]
    assert fixed["mean"] == pytest.approx(0.875, abs=1e-12)
    assert pd.isna(fixed["low"])
    assert (row["interval"], fixed["interval"]) == ("Student's t", "none: all values are equal")


def test_one_run_has_no_interval(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    path = execute(scenario(), tmp_path / "run", quiet=True).path
    assert compare([path])["low"].isna().all()
    with pytest.raises(UserError, match="given twice"):
        compare([path, path])


def test_different_economies_of_one_name_are_not_averaged(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    small = execute(scenario(), tmp_path / "small", quiet=True).path
    large = execute(scenario(**{"economy.workers": 9}), tmp_path / "large", quiet=True).path
    table = compare([small, large])
    assert set(table["scenario"]) == {"orchard", "orchard (2)"}
    assert set(table["runs"]) == {1}


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(UserError, match="at least one run"):
        compare([])


def test_metrics_can_be_chosen_and_a_wrong_one_is_named(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    path = execute(scenario(), tmp_path / "run", quiet=True).path
    assert set(compare([path], ["welfare"])["metric"]) == {"welfare"}
    with pytest.raises(UserError, match=r"--metric wellfare: none of the runs has this metric \(did you mean welf"):
        compare([path], ["wellfare"])


def test_differences_name_the_keys_that_differ(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    runs = [
        execute(scenario(**{"economy.workers": workers}), tmp_path / str(workers), quiet=True) for workers in (8, 9)
    ]
    table = differences(runs)
    assert list(table["key"]) == ["economy.workers"]
    assert [table.loc[0, str(run.path)] for run in runs] == ["8", "9"]
    assert differences(runs[:1]).empty
