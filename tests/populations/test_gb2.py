from __future__ import annotations

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.mechanisms.taxes import brackets_tax, lump_sum
from econsim.mechanisms.welfare import gini
from econsim.populations.gb2 import GB2, Parameters

PUBLISHED = 1e-9  # the published numbers are full double precision


@pytest.fixture(scope="module")
def income() -> Tensor:
    return GB2(Parameters(sampling="published")).sample(random.keys(0, 2), 100).income[1]


def test_published_people(income: Tensor) -> None:
    assert float(income.mean()) == pytest.approx(51712.60825370401, rel=PUBLISHED)
    assert float(income.quantile(0.5)) == pytest.approx(34705.856968355336, rel=PUBLISHED)
    assert (income[:5] / 40).tolist() == pytest.approx([673.940, 4415.724, 1715.842, 1219.391, 267.855], abs=5e-4)


def test_published_first_record(income: Tensor) -> None:
    thresholds = torch.tensor([0, 23_000, 47_000, 94_000, 192_000, 244_000, 500_000], dtype=torch.float64)
    rates = torch.tensor([0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37], dtype=torch.float64)
    tax = brackets_tax(income, thresholds, rates)
    rebate = lump_sum(tax)
    utility = income - tax + rebate - 0.01 * 40**2
    assert float(tax.sum()) == pytest.approx(836984.8460056033, rel=PUBLISHED)
    assert float(rebate) == pytest.approx(8369.848460056033, rel=PUBLISHED)
    assert float(utility.mean()) == pytest.approx(51696.608, abs=5e-4)
    assert float(gini(income)) == pytest.approx(0.5207878732544382, rel=PUBLISHED)
    assert float((utility / income.clamp(min=1)).sum()) == pytest.approx(166.69981835065002, rel=PUBLISHED)


def test_quantiles_of_the_published_fit() -> None:
    table = {
        0.10: 6_851, 0.20: 13_800, 0.25: 17_393, 0.40: 29_066, 0.50: 38_102, 0.60: 48_938, 0.75: 72_159,
        0.80: 83_798, 0.90: 124_509, 0.95: 175_432, 0.99: 361_313, 0.999: 967_607,
    }  # fmt: skip
    levels = torch.tensor(list(table), dtype=torch.float64)
    assert GB2(Parameters()).quantile(levels).tolist() == pytest.approx(list(table.values()), abs=0.5)  # whole dollars


def test_mean_and_gini_of_the_published_fit() -> None:
    levels = (torch.arange(400_000, dtype=torch.float64) + 0.5) / 400_000
    incomes = GB2(Parameters()).quantile(levels)
    # The grid leaves out the outermost tail: about 0.1 % of the mean.
    assert float(incomes.mean()) == pytest.approx(59_249, rel=2e-3)
    assert float(gini(incomes)) == pytest.approx(0.530, abs=1.5e-3)


def test_published_draw_is_of_one_hundred_and_others_are_random() -> None:
    few = GB2(Parameters(sampling="published")).sample(random.keys(0, 2), 99).income
    assert torch.equal(few, GB2(Parameters()).sample(random.keys(0, 2), 99).income)
    assert not torch.equal(few[0], few[1])
