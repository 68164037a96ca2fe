"""Empirical game analysis: planners and sets of workers as options of a game with measured payoffs.

The input are cross-tables (``econsim.runs.cross_table``): one row per pair, with ``planner``, ``workers``, ``mean`` and
``standard_error``. Results hold among the options of the table; others may do better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from econsim.analysis.equilibrium.matrix_games import Equilibrium, nash_equilibria, strong_stackelberg, zero_sum
from econsim.analysis.inequality import Floats
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EmpiricalEquilibrium", "cautious_mix", "commitment", "empirical_equilibria", "never_worse", "payoffs"]


class EmpiricalEquilibrium(NamedTuple):
    """Mixes over planners and over sets of workers by name, without options of probability 0, and mean payoffs."""

    planners: dict[str, float]
    workers: dict[str, float]
    planner_value: float
    workers_value: float


def payoffs(table: pd.DataFrame) -> pd.DataFrame:
    """Return means of a cross-table, planners by sets of workers, in the order of the table.

    Raises:
        UserError: a pair that is missing or given twice.
    """
    if table.duplicated(["planner", "workers"]).any():
        raise UserError("cross-table: a pair of planner and workers occurs twice; pass one metric of one table")
    wide = table.pivot(index="planner", columns="workers", values="mean")
    wide = wide.loc[table["planner"].unique(), table["workers"].unique()]
    if wide.isna().any(axis=None):
        raise UserError("cross-table: some pairs of planner and workers are missing")
    return wide


def empirical_equilibria(planner_table: pd.DataFrame, workers_table: pd.DataFrame) -> list[EmpiricalEquilibrium]:
    """Return Nash equilibria between planners and sets of workers.

    Args:
        planner_table: the cross-table of planners' payoffs, for example ``welfare``.
        workers_table: that of workers' payoffs, for example ``mean_utility``, for the same pairs.

    Raises:
        UserError: tables of different pairs, or too large for enumeration.
    """
    planners, workers = _both(planner_table, workers_table)
    return [_named(planners, mixes) for mixes in nash_equilibria(planners.to_numpy(), workers.to_numpy())]


def commitment(planner_table: pd.DataFrame, workers_table: pd.DataFrame) -> EmpiricalEquilibrium:
    """Return the mix of planners to commit to, where workers play a best response to it.

    Args:
        planner_table: the cross-table of planners' payoffs.
        workers_table: that of workers' payoffs, for the same pairs.

    Raises:
        UserError: tables of different pairs.
    """
    planners, workers = _both(planner_table, workers_table)
    return _named(planners, strong_stackelberg(planners.to_numpy(), workers.to_numpy()))


def cautious_mix(table: pd.DataFrame) -> EmpiricalEquilibrium:
    """Return the mix of planners with the highest payoff against the worst workers for it (zero-sum).

    Raises:
        UserError: a pair that is missing or given twice.
    """
    payoff = payoffs(table)
    return _named(payoff, zero_sum(payoff.to_numpy()))


def never_worse(table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return for each planner whether another one does better under some set of workers.

    One row per planner: ``worst_gap``, the largest advantage of the best planner over it under any set of workers (zero
    if it is never worse); ``under``, that set; ``beaten_by``, that planner; ``sure``, whether the gap exceeds its
    margin at ``confidence`` (errors of two means, treated as independent: too wide under common random numbers; false
    for a gap of zero, missing where the table has no errors).

    Raises:
        UserError: a pair that is missing or given twice.
    """
    import pandas as pd
    from scipy.special import ndtri

    means = payoffs(table)
    errors = table.pivot(index="planner", columns="workers", values="standard_error").astype(float)
    best = means.idxmax()
    gaps = means.max() - means
    rows = []
    for planner in means.index:
        under = gaps.loc[planner].idxmax()
        gap, beaten_by = float(gaps.loc[planner, under]), best[under]
        error = float(np.hypot(errors.loc[planner, under], errors.loc[beaten_by, under]))
        sure = None if np.isnan(error) else gap > float(ndtri(0.5 + 0.5 * confidence)) * error
        none = gap == 0
        rows.append([planner, gap, None if none else under, None if none else beaten_by, sure])
    return pd.DataFrame(rows, columns=["planner", "worst_gap", "under", "beaten_by", "sure"])


def _both(planner_table: pd.DataFrame, workers_table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    planners, workers = payoffs(planner_table), payoffs(workers_table)
    if set(planners.index) != set(workers.index) or set(planners.columns) != set(workers.columns):
        raise UserError("cross-tables: expected the same planners and the same sets of workers in both")
    return planners, workers.loc[planners.index, planners.columns]


def _named(table: pd.DataFrame, found: Equilibrium) -> EmpiricalEquilibrium:
    return EmpiricalEquilibrium(
        _shares(list(table.index), found.row),
        _shares(list(table.columns), found.column),
        found.row_value,
        found.column_value,
    )


def _shares(names: list[str], mix: Floats) -> dict[str, float]:
    return {str(name): float(share) for name, share in zip(names, mix, strict=True) if share > 0}
