"""Iterative proportional fitting against what it must leave alone and what it must meet."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from econsim.errors import EconsimError
from econsim.populations.personas.raking import Margin, rake

CELLS = torch.arange(6)
ROW, COLUMN = CELLS // 3, CELLS % 3
SEED = torch.tensor([3.0, 1.0, 2.0, 1.0, 5.0, 4.0], dtype=torch.float64)


def _margin(group: Tensor, *share: float, family: Tensor | None = None) -> Margin:
    shares = torch.tensor(share, dtype=torch.float64)
    return Margin("a margin", group, shares, torch.zeros(len(share), dtype=torch.int64) if family is None else family)


def _sums(mass: Tensor, group: Tensor, count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.float64).index_add(0, group, mass)


def test_both_margins_hold_and_odds_ratios_stay_those_of_the_seed() -> None:
    mass = rake(SEED, [_margin(ROW, 0.3, 0.7), _margin(COLUMN, 0.5, 0.3, 0.2)])
    torch.testing.assert_close(_sums(mass, ROW, 2), torch.tensor([0.3, 0.7], dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(
        _sums(mass, COLUMN, 3), torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), atol=1e-9, rtol=0
    )

    def odds(table: Tensor) -> Tensor:
        return table[0] * table[4] / (table[1] * table[3])

    torch.testing.assert_close(odds(mass), odds(SEED), rtol=1e-9, atol=0)


def test_without_association_the_joint_distribution_is_the_product() -> None:
    mass = rake(torch.ones(6, dtype=torch.float64), [_margin(ROW, 0.3, 0.7), _margin(COLUMN, 0.5, 0.3, 0.2)])
    product = torch.outer(torch.tensor([0.3, 0.7]), torch.tensor([0.5, 0.3, 0.2])).double().flatten()
    torch.testing.assert_close(mass, product, rtol=1e-6, atol=0)  # the factors are float32


def test_shares_within_a_family_leave_its_size_alone() -> None:
    within_rows = _margin(CELLS, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1, family=ROW)
    mass = rake(SEED, [within_rows])
    torch.testing.assert_close(_sums(mass, ROW, 2), _sums(SEED, ROW, 2) / SEED.sum())
    torch.testing.assert_close(within_rows.fitted(mass), within_rows.share)


def test_cells_outside_a_table_keep_their_proportions() -> None:
    group = torch.where(COLUMN < 2, COLUMN, torch.full_like(COLUMN, -1))
    mass = rake(SEED, [_margin(group, 0.25, 0.75)])
    outside = mass[COLUMN == 2]
    torch.testing.assert_close(outside[1] / outside[0], torch.tensor(2.0).double())
    assert float(mass[COLUMN == 1].sum() / mass[COLUMN == 0].sum()) == pytest.approx(3.0)


def test_margins_that_contradict_each_other_are_named() -> None:
    with pytest.raises(EconsimError, match="margins a margin, a margin are inconsistent"):
        rake(SEED, [_margin(ROW, 0.3, 0.7), _margin(ROW, 0.4, 0.6)])
