"""Households of the published simulators: where they start, and how their productivity moves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.economies.legacy_taxai.parameters import Parameters, Version
from econsim.errors import UserError
from econsim.storage.csv_reader import read_csv

__all__ = ["Start", "drawn", "next_productivity", "starts_of"]

PERSISTENCE, DEVIATION = 0.982, 0.200
ENTRY, STAY, MULTIPLE = 2.2e-6, 0.990, 504.3
"""Yearly chances of becoming and of remaining a superstar, and its productivity over the mean of others before."""
SUPERSTARS, PRODUCTIVITY = "legacy_taxai/superstar", "legacy_taxai/productivity"
"""Streams of random draws."""
_NO_GRADE, _NO_GRADE_LEVEL = -1, 0.1  # what SMFG's copy of the survey has in place of the code -1 of EDUC

_LEVELS = (
    *(0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8),
    *(0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 1),
)
# Quantiles of rows, without survey weights, to three digits; linear in logarithms in between, which has the means of
# assets to 1 % and their Gini indices to 0.001 (0.907 and 0.932).
_ASSETS_2013 = (
    *(1, 791, 2560, 4740, 12100, 31100, 67900, 115e3, 169e3, 226e3, 293e3, 379e3, 486e3, 627e3, 815e3, 1.08e6, 1.45e6),
    *(2.2e6, 3.72e6, 7.16e6, 15.2e6, 32.3e6, 48.8e6, 82.6e6, 138e6, 188e6, 368e6, 637e6, 876e6, 999e6, 1.45e9),
)
_ASSETS_2022 = (
    *(1, 1, 20, 200, 1570, 9100, 19500, 35900, 64200, 124e3, 221e3, 313e3, 418e3, 541e3, 692e3, 920e3, 1.23e6, 1.75e6),
    *(2.72e6, 4.81e6, 9.36e6, 22.4e6, 39.1e6, 72.4e6, 136e6, 218e6, 470e6, 825e6, 1.27e9, 1.59e9, 2.39e9),
)
_INCOMES_2022 = (
    *(1, 1, 2160, 7570, 14100, 21600, 27e3, 34600, 42200, 49700, 58400, 68100, 81100, 94e3, 110e3, 130e3, 158e3, 198e3),
    *(265e3, 385e3, 618e3, 1.43e6, 2.23e6, 3.91e6, 7.31e6, 12.4e6, 29.1e6, 67.3e6, 131e6, 175e6, 458e6),
)
_GRADES = (0.1, *range(1, 15))
_GRADE_SHARES = (
    *(0.00261, 0.00579, 0.01154, 0.01006, 0.01333, 0.01242, 0.01721, 0.02008, 0.19656, 0.12381, 0.05019, 0.04117),
    *(0.25737, 0.14472, 0.09314),
)


class Start(NamedTuple):
    """Rows of the survey that households start from, ``[R]`` each, float64: assets, level of productivity, income."""

    assets: Tensor
    level: Tensor
    income: Tensor


def starts_of(parameters: Parameters) -> Start | None:
    """Return the rows of ``parameters.file``; ``None`` where there is none.

    As in the programs, ``taxai_2023`` takes each positive amount of assets once and starts everybody at a productivity
    of one. The others take the code of EDUC as the level of productivity. Where it is -1, which has no logarithm,
    ``smfg`` takes 0.1, as published; ``taxai_2024``, whose program computes NaN, leaves these rows out.

    Raises:
        UserError: the file cannot be read, a column is missing, a cell is invalid, or there are no rows.
    """
    if parameters.file is None:
        return None
    simple = parameters.version == "taxai_2023"
    table = read_csv(Path(parameters.file), "economy.file", {"ASSET"} if simple else {"ASSET", "EDUC", "INCOME"})
    assets = torch.tensor(table.numbers("ASSET"), dtype=torch.float64)
    if simple:
        assets = torch.tensor(sorted({amount for amount in assets.tolist() if amount > 0}), dtype=torch.float64)
        rows = Start(assets, torch.ones_like(assets), assets)
    else:
        level, income = (torch.tensor(table.numbers(name), dtype=torch.float64) for name in ("EDUC", "INCOME"))
        if parameters.version == "smfg":
            level = torch.where(level == _NO_GRADE, _NO_GRADE_LEVEL, level)
        rows = Start(*(column[level > 0] for column in (assets, level, income)))
    if not len(rows.assets) or bool((rows.assets < 0).any()):
        raise UserError(f"economy.file: {parameters.file}: expected rows with an ASSET of at least 0 and a code EDUC")
    return rows


def drawn(key: Tensor, count: int, version: Version, rows: Start | None) -> Start:
    """Return the households ``[B, N]`` of an episode, drawn from rows, or from the quantiles above."""
    level = random.uniform(key, 0, "legacy_taxai/row", (count,), torch.float64)
    if rows is not None:
        index = (level * len(rows.assets)).long().clamp(max=len(rows.assets) - 1)
        return Start(*(column.to(key.device)[index] for column in rows))
    if version == "taxai_2023":
        assets = _quantile(level, _ASSETS_2013)
        return Start(assets, torch.ones_like(assets), assets)
    other = random.uniform(key, 0, "legacy_taxai/grade", (count,), torch.float64)
    bounds = torch.tensor(_GRADE_SHARES, dtype=torch.float64, device=key.device).cumsum(0)
    grade = torch.searchsorted(bounds, other * bounds[-1], right=True).clamp(max=len(_GRADES) - 1)
    levels = torch.tensor(_GRADES, dtype=torch.float64, device=key.device)[grade]
    return Start(_quantile(level, _ASSETS_2022), levels, _quantile(level, _INCOMES_2022))


def next_productivity(key: Tensor, time: Tensor, level: Tensor, superstar: Tensor) -> tuple[Tensor, Tensor]:
    """Return the productivity of the next year and who is a superstar, ``[B, N]`` each.

    A superstar who ceases to be one draws a level between zero and the highest of others before. (The programs draw up
    to the highest of a list that they are overwriting, of which the entries of superstars are zero.)

    Args:
        key: ``[B]``.
        time: ``[B]``, the step of the draws.
        level: productivity ``[B, N]``.
        superstar: ``[B, N]`` bool.
    """
    shape = tuple(level.shape[1:])
    moves = random.uniform(key, time, SUPERSTARS, shape, torch.float64)
    shock = random.normal(key, time, PRODUCTIVITY, shape, torch.float64)
    ordinary = level.masked_fill(superstar, 0.0)
    mean = ordinary.sum(-1, keepdim=True) / (~superstar).sum(-1, keepdim=True).clamp(min=1)
    following = torch.where(superstar, moves < STAY, moves < ENTRY)
    moved = (PERSISTENCE * level.log() + DEVIATION * shock).exp()
    returned = (moves - STAY) / (1 - STAY) * ordinary.amax(-1, keepdim=True)
    other = torch.where(superstar, returned, moved)
    return torch.where(following, MULTIPLE * mean, other), following


def _quantile(level: Tensor, amounts: tuple[float, ...]) -> Tensor:
    levels = torch.tensor(_LEVELS, dtype=torch.float64, device=level.device)
    logs = torch.tensor(amounts, dtype=torch.float64, device=level.device).log()
    above = torch.searchsorted(levels, level.contiguous()).clamp(1, len(levels) - 1)
    share = (level - levels[above - 1]) / (levels[above] - levels[above - 1])
    return (logs[above - 1] + share * (logs[above] - logs[above - 1])).exp()
