"""Main effects of a sweep: intervals over seeds alone, differences between levels paired by seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import Make

from econsim.analysis.statistics import mean_interval
from econsim.sweep.effects import REPETITION, effects_of

AXES = {"planner.rate": [0.1, 0.5], "economy.workers": [12, 16], "seed": "0:3"}
DRAWN = {"economy.redraw_population": True, "economy.population.sampling": "random"}


def rows(values: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    table = pd.DataFrame([(*key, value) for key, value in values.items()], columns=["a", "b", REPETITION, "value"])
    return table.assign(policy="own", response="exact")


def test_intervals_of_main_effects_are_over_seeds_and_not_over_the_points_of_other_axes(sweep: Make) -> None:
    made = sweep(AXES | DRAWN)
    welfare = made.metrics[made.metrics["name"] == "welfare"]
    by_seed = welfare.groupby(["planner.rate", "seed"])["value"].mean().unstack()  # means over numbers of workers
    effects = made.summary("welfare").effects
    of_rate = effects[effects["key"] == "planner.rate"].set_index("level")
    for rate in (0.1, 0.5):
        expected = mean_interval(by_seed.loc[rate])
        assert (of_rate.loc[rate, "seeds"], of_rate.loc[rate, "points"]) == (3, 2)
        assert of_rate.loc[rate, "mean"] == pytest.approx(expected.mean)
        assert of_rate.loc[rate, "high"] == pytest.approx(expected.high)
    paired = mean_interval(by_seed.loc[0.5] - by_seed.loc[0.1])
    assert of_rate.loc[0.5, "difference"] == pytest.approx(paired.mean)
    assert of_rate.loc[0.5, "difference_low"] == pytest.approx(paired.low)
    assert pd.isna(of_rate.loc[0.1, "difference"])


def test_seeds_of_a_fixed_population_give_no_interval_and_the_reason(sweep: Make) -> None:
    summary = sweep(AXES).summary("welfare")
    for table in (summary.means, summary.effects):
        assert table["low"].isna().all()
        assert set(table["interval"]) == {"none: all values are equal"}
    titles = [title for title, _ in summary.sections()]
    assert "95 % intervals over seeds" in titles[0]
    assert "paired by seed" in titles[1]


def test_levels_that_shift_every_seed_alike_differ_without_an_interval() -> None:
    draws = dict(enumerate([1.0, 4.0, 2.0]))
    table = rows(
        {(a, b, seed): draw + 10 * (a == "y") + (b == "v") for a in "xy" for b in "uv" for seed, draw in draws.items()}
    )
    effects = effects_of(table, ["a", "b"]).set_index(["key", "level"])
    assert effects.loc[("a", "y"), "difference"] == pytest.approx(10.0)
    assert effects.loc[("a", "y"), "difference_interval"] == "none: all values are equal"
    # Means over points of each seed are 1.5, 4.5 and 2.5; t(0.975, 2) = 4.302653.
    assert effects.loc[("a", "x"), "high"] == pytest.approx(
        8.5 / 3 + 4.302653 * np.std([1.5, 4.5, 2.5], ddof=1) / 3**0.5
    )


def test_an_unfinished_sweep_has_means_but_no_intervals_where_points_lack_seeds() -> None:
    table = rows({(a, b, seed): seed + 1.0 for a in "xy" for b in "uv" for seed in range(3)}).iloc[:-1]
    effects = effects_of(table, ["a", "b"]).set_index(["key", "level"])
    assert effects.loc[("a", "x"), "interval"] == "Student's t"
    assert effects.loc[("a", "y"), "interval"] == "none: some points lack some of the seeds"
    assert pd.isna(effects.loc[("a", "y"), "low"])
    assert effects.loc[("a", "y"), "mean"] == pytest.approx((1 + 2 + 3 + 1 + 2) / 5)
