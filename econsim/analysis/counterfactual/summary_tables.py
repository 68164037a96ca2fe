"""Summary tables of baseline and reform: metrics of episodes with their effects, and gains by decile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.accounts import Metric
from econsim.analysis.counterfactual.differences import paired_difference, without_rounding
from econsim.analysis.counterfactual.effects import decomposed
from econsim.analysis.counterfactual.incidence import gains_table, money_gain
from econsim.analysis.counterfactual.paired_play import Played
from econsim.analysis.inequality import Floats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["effects_table", "gains_by_decile"]


def effects_table(
    baseline: Played, held: Played, reform: Played, metrics: Sequence[str], seeds: int = 1
) -> pd.DataFrame:
    """Return the effects of a reform, one row per metric.

    Columns: ``metric``, ``title`` and ``unit``; ``baseline`` and ``reform``, means over episodes; ``difference`` with
    its paired 95 % interval ``low`` to ``high``, and how that was computed or why there is none (``interval``);
    ``times_smaller``, the standard error of two independent samples over the paired one; ``mechanical`` (followers
    repeat their actions) and ``behavioural``, which add up to the difference.

    Args:
        baseline: episodes of the baseline.
        held: the same episodes under the reform with behaviour held fixed, see ``behaviour_held``.
        reform: the same episodes under the reform.
        metrics: names as in :meth:`Played.measured`.
        seeds: number of training seeds, whose episodes follow each other; with several the interval is over seeds,
            since episodes of one seed share its agents.

    Amounts are zero where they are rounding beside the largest of the same unit, such as taxes where none are levied,
    and shares where they are rounding beside one.

    Raises:
        UserError: no such metric.
    """
    import pandas as pd

    sides = (baseline, held, reform)
    measured = {name: [side.measured(name) for side in sides] for name in metrics}
    largest = _largest_by_unit(baseline, reform)
    rows = []
    for name, values in measured.items():
        metric = baseline.metrics[name]
        of_unit = 1.0 if metric.format == "share" else largest.get(metric.unit, 0.0)
        levels = [without_rounding(each, of_unit) for each in values]
        rows.append(_row(metric, levels, seeds))
    return pd.DataFrame(rows)


def gains_by_decile(baseline: Played, reform: Played) -> pd.DataFrame | None:
    """Return who gains and who loses by decile, as :func:`econsim.analysis.counterfactual.gains_table`."""
    before, after = baseline.accounts_of_people(), reform.accounts_of_people()
    if "utility" not in before:
        return None
    gain = money_gain(baseline.game, before, after["utility"])
    one, other = ({name: values.ravel().cpu().numpy() for name, values in side.items()} for side in (before, after))
    return gains_table(one, other, baseline.people("utility"), gain)


def _largest_by_unit(*sides: Played) -> dict[str, float]:
    """Return the largest amount of all metrics that have a unit, by unit."""
    largest: dict[str, float] = {}
    for side in sides:
        for name, metric in side.metrics.items():
            if metric.unit:
                amount = float(np.fmax.reduce(np.abs(side.measured(name)), initial=0.0))
                largest[metric.unit] = max(largest.get(metric.unit, 0.0), amount)
    return largest


def _row(metric: Metric, sides: Sequence[Floats], seeds: int) -> dict[str, Any]:
    before, between, after = sides
    by_seed = [side.reshape(seeds, -1).mean(1) if seeds > 1 else side for side in (before, after)]
    paired = paired_difference(by_seed[0], by_seed[1])
    effects = decomposed(before, between, after)
    return {
        "metric": metric.name,
        "title": metric.title,
        "unit": metric.unit,
        "baseline": paired.baseline,
        "reform": paired.reform,
        "difference": paired.difference,
        "low": paired.low,
        "high": paired.high,
        "interval": paired.method,
        "times_smaller": paired.times_smaller,
        "mechanical": float(effects.mechanical.mean()),
        "behavioural": float(effects.behavioural.mean()),
    }
