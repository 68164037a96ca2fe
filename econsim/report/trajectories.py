"""Trajectories of metrics over evaluation episodes: means by step, with a band over episodes and training seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from econsim.errors import UserError
from econsim.runs.panel import EPISODE

__all__ = ["BAND", "by_step", "by_workers"]

BAND = (0.05, 0.95)
"""The quantiles over episodes (and training seeds) between which the band lies."""


def by_step(panel: pd.DataFrame, metrics: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return a table ``step``, ``seed``, ``name``, ``value``, ``low``, ``high`` by policy, one row per step and metric.

    Args:
        panel: the panel of a run under one response.
        metrics: names of columns of the axis ``episode``.
    """
    rows = panel[panel["axis"] == EPISODE]
    return {
        str(label): pd.concat([_of_metric(of_policy, name) for name in metrics], ignore_index=True)
        for label, of_policy in rows.groupby("policy", sort=False)
        if metrics
    }


def by_workers(panel: pd.DataFrame, policy: str, metric: str) -> dict[str, pd.DataFrame]:
    """Return one metric under a policy as :func:`by_step` does, by set of workers, in the order of the panel.

    Raises:
        UserError: the panel has no such metric.
    """
    if metric not in panel:
        raise UserError(f"this run has no metric {metric} over time")
    rows = panel[(panel["axis"] == EPISODE) & (panel["policy"] == policy)]
    return {str(response): _of_metric(part, metric) for response, part in rows.groupby("response", sort=False)}


def _of_metric(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    by_period = rows.groupby("step")[name]
    low, high = (by_period.quantile(quantile) for quantile in BAND)
    table = pd.DataFrame({"value": by_period.mean(), "low": low, "high": high}).reset_index()
    return table.assign(seed=0, name=name)
