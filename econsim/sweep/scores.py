"""Scores of a sweep: the metrics of its evaluation episodes, with one value per policy, response, point and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.errors import UserError
from econsim.sweep.effects import REPETITION, WHO

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["SEED", "point_keys", "repeated", "scores_of"]

SEED = "seed"


def point_keys(sweep: Sweep) -> list[str]:
    """Return the varying keys that make up a point: all but ``seed``."""
    return [key for key in sweep.keys if key != SEED]


def scores_of(sweep: Sweep) -> pd.DataFrame:
    """Return the metrics of evaluation episodes, without those of training, which have no response.

    Raises:
        UserError: no run is done.
    """
    metrics = sweep.metrics
    scores = metrics[metrics["response"] != ""]
    if scores.empty:
        raise UserError(f"{sweep.path}: no run is done yet; continue with: {sweep.command('resume')}")
    return scores


def repeated(sweep: Sweep, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one value per policy, response, point and seed from the rows of one metric.

    Where the sweep varies ``seed``, these are the seeds of its runs, and the training seeds within a run are averaged,
    since they share its evaluation; otherwise they are the training seeds.
    """
    if SEED in sweep.keys:
        seed_of = sweep.runs.set_index("run")[SEED]
        rows = rows.assign(**{SEED: rows["run"].map(seed_of)})
    by = [*WHO, *point_keys(sweep), SEED]
    values = rows.groupby(by, sort=False, dropna=False)["value"].mean().reset_index()
    return values.rename(columns={SEED: REPETITION})
