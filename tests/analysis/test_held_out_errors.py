"""Held-out errors beside persistence and a regression with constant coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from econsim.analysis.held_out import compared_with_baselines
from econsim.errors import UserError


def test_the_baselines_are_those_of_their_definitions() -> None:
    noise = np.random.default_rng(0).normal(size=24)
    claims = np.linspace(1, 5, 24)
    series = 2 + 3 * claims + noise
    table = compared_with_baselines(series.tolist(), {"claims": claims.tolist()}, {}, held_out=5)
    slope, constant = np.polyfit(claims[:19], series[:19], 1)
    regression = np.sqrt(np.mean((constant + slope * claims[19:] - series[19:]) ** 2))
    assert table.loc["regression", "error_held_out"] == pytest.approx(regression)
    persistence = np.sqrt(np.mean(np.diff(series)[18:] ** 2))
    assert table.loc["persistence", "error_held_out"] == pytest.approx(persistence)
    assert table["free_parameters"].tolist() == [0, 2]
    assert not table["beats_baselines"].any()


def test_a_perfect_fit_in_sample_that_knows_nothing_beats_nothing_out_of_sample() -> None:
    walk = np.random.default_rng(1).normal(size=30).cumsum()
    # A free parameter for each period, as where coefficients differ by period: exact in sample, and then the mean.
    memorised = np.where(np.arange(30) < 25, walk, walk[:25].mean())
    true = walk + 0.01
    predictions = {"memorised": (memorised.tolist(), 25), "true": (true.tolist(), 1)}
    table = compared_with_baselines(walk.tolist(), {"time": list(range(30))}, predictions, held_out=5)
    assert table.loc["memorised", "error_in_sample"] == 0
    assert table["beats_baselines"].to_dict() == {
        "persistence": False,
        "regression": False,
        "memorised": False,
        "true": True,
    }


def test_mistakes_are_named() -> None:
    series = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    for given, message in (
        ((series, {"claims": [1.0] * 5}, {}, 2), r"covariates\.claims: expected 6 periods, one number for each"),
        (([1.0, float("nan"), *series[2:]], {}, {}, 2), "observed: the value of period 1 is missing"),
        ((series, {}, {"model": ([1.0], 3)}, 2), r"predictions\.model: expected 6 periods"),
        ((series, {}, {"persistence": (series, 3)}, 2), "'persistence' is the name of a baseline"),
        ((series, {}, {}, 0), "held_out is 0 of 6 periods"),
        ((series, {"a": series, "b": series, "c": series}, {}, 2), "has 4 parameters for 4 fitted periods"),
    ):
        with pytest.raises(UserError, match=message):
            compared_with_baselines(*given)
