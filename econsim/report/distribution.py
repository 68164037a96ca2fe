"""Distribution tables of a run: poverty, top shares and quantile ratios by policy, and the growth incidence curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econsim.analysis.inequality import (
    Floats,
    gini,
    growth_incidence,
    percentile_ratio,
    poverty_table,
    quantile,
    top_share,
)
from econsim.errors import UserError
from econsim.report.content import baseline_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["distribution", "growth_incidence_of"]

_RELATIVE_LINE = 0.5
_TOP = {"top_10_share": 0.1, "top_5_share": 0.05, "top_1_share": 0.01}


def distribution(run: Run, line: float | None = None) -> pd.DataFrame:
    """Return one row per policy and response: measures of people's consumption, weighted, over all training seeds.

    Columns: ``poverty_line``, ``headcount``, ``poverty_gap``, ``squared_poverty_gap``, ``p90_p10``, ``gini`` and the
    shares of the richest 10, 5 and 1 %.

    Args:
        run: a finished run.
        line: the poverty line in money. Default: half the median consumption under the baseline and the first
            response (the relative line of the OECD), the same for all policies.

    Raises:
        UserError: the run has no accounts of consumption, or the line is not positive.
    """
    if line is None:
        amount, people = _consumption(run, baseline_of(run.summary) or list(run.summary["policies"])[-1])
        line = _RELATIVE_LINE * quantile(amount, 0.5, people)
    rows = []
    for (policy, response), group in run.players("consumption").groupby(["policy", "response"], sort=False):
        amount, people = _weighted(group)
        measures = {
            "poverty_line": line,
            **poverty_table(amount, line, people),
            "p90_p10": percentile_ratio(amount, people=people),
            "gini": gini(amount, people),
            **{name: top_share(amount, share, people) for name, share in _TOP.items()},
        }
        rows.append({"policy": policy, "response": response, **measures})
    return pd.DataFrame(rows)


def growth_incidence_of(run: Run) -> pd.DataFrame:
    """Return the growth of each percentile of consumption from the baseline to the run's own policy.

    See :func:`econsim.analysis.inequality.growth_incidence`; under the first response.

    Raises:
        UserError: the run has only one policy, or no accounts of consumption.
    """
    baseline, own = baseline_of(run.summary), list(run.summary["policies"])[-1]
    if baseline is None:
        raise UserError(f"{run.path}: there is no baseline to compare the policy {own} with")
    (before, people), (after, people_after) = (_consumption(run, label) for label in (baseline, own))
    return growth_incidence(before, after, people, people_after)


def _consumption(run: Run, policy: str) -> tuple[Floats, Floats]:
    accounts = run.players("consumption")
    response = run.summary["responses"][0]
    return _weighted(accounts[(accounts["policy"] == policy) & (accounts["response"] == response)])


def _weighted(people: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return consumption and weights ``[N]`` of people, each under each training seed."""
    consumption = people["consumption"].to_numpy(dtype=np.float64)
    return consumption, people["weight"].to_numpy(dtype=np.float64) if "weight" in people else np.ones_like(consumption)
