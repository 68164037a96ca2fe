from __future__ import annotations

import math

import pytest
import torch

from econsim.populations.lognormal import LogNormal, Parameters


def test_defaults_have_the_published_median_and_mean() -> None:
    levels = (torch.arange(400_000, dtype=torch.float64) + 0.5) / 400_000
    incomes = LogNormal(Parameters()).quantile(levels)
    assert float(incomes.median()) == pytest.approx(40_847.18, rel=1e-4)  # the grid has no middle point
    assert float(incomes.mean()) == pytest.approx(61_220.07, rel=2e-4)  # spread given to four digits


def test_quantiles_are_those_of_a_normal_logarithm() -> None:
    population = LogNormal(Parameters(median=100, log_standard_deviation=0.5))
    levels = torch.tensor([0.5, 0.8413447460685429], dtype=torch.float64)  # the normal quantiles 0 and 1
    assert population.quantile(levels).tolist() == pytest.approx([100.0, 100 * math.exp(0.5)])
