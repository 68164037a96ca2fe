"""What a sweep found: means with intervals, the best points, main effects, the front of equality and productivity.

A *point* is a combination of the keys that vary other than ``seed``; runs of one point are its replications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["Summary", "pareto_front", "summarised"]

_SEED = "seed"
_WHO = ["policy", "response"]
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Summary:
    """Tables of a summary.

    ``means``: one row a policy, response and point: runs, mean, low, high (95 %, Student, over runs of the point).
    ``best``: the points with the highest means. ``effects``: for each level of each key, the mean over all points that
    have it. ``front``: the points that none beats in both equality and productivity; empty where these are not known.
    """

    metric: str
    means: pd.DataFrame
    best: pd.DataFrame
    effects: pd.DataFrame
    front: pd.DataFrame

    def sections(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield titles and tables to print."""
        yield f"best of {len(self.means):,} points by {self.metric}", self.best
        if len(self.effects):
            yield f"main effects on {self.metric}", self.effects
        if len(self.front):
            yield "front of equality and productivity", self.front


def summarised(sweep: Sweep, metric: str) -> Summary:
    """Return the summary of a sweep.

    Raises:
        UserError: no run is done, or none has the metric.
    """
    scores = _scores(sweep)
    if metric not in set(scores["name"]):
        raise UserError(f"{sweep.path}: no metric {metric!r}{did_you_mean(metric, set(scores['name']))}")
    keys = [key for key in sweep.keys if key != _SEED]
    of_metric = scores[scores["name"] == metric]
    means = _means(of_metric, [*_WHO, *keys])
    best = means.sort_values("mean", ascending=False, kind="stable").head(_MOST_SHOWN)
    return Summary(metric, means, best, _effects(of_metric, keys), _front(scores, keys))


def pareto_front(first: Any, second: Any) -> list[bool]:
    """Return which of ``N`` points no other point beats: as good in both numbers and better in one."""
    pairs = list(zip(map(float, first), map(float, second), strict=True))
    order = sorted(range(len(pairs)), key=lambda place: (-pairs[place][0], -pairs[place][1]))
    on_front, highest, at_highest = [False] * len(pairs), float("-inf"), None
    for place in order:
        one, other = pairs[place]
        if other > highest or (other == highest and one == at_highest):
            on_front[place] = True
            highest, at_highest = other, one
    return on_front


def _scores(sweep: Sweep) -> pd.DataFrame:
    """Return the metrics of finished episodes; those noted while training have no response."""
    metrics = sweep.metrics
    scores = metrics[metrics["response"] != ""]
    if scores.empty:
        raise UserError(f"{sweep.path}: no run is done yet; continue with: econsim resume {sweep.path}")
    return scores


def _means(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    import pandas as pd

    found = []
    for levels, values in rows.groupby(by, sort=False, dropna=False)["value"]:
        interval = mean_interval(values)
        found.append(
            {
                **dict(zip(by, levels, strict=True)),
                "runs": interval.count,
                "mean": interval.mean,
                "low": interval.low,
                "high": interval.high,
            }
        )
    return pd.DataFrame(found)


def _effects(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    import pandas as pd

    parts = [
        _means(rows, [*_WHO, key]).rename(columns={key: "level"}).assign(key=key).astype({"level": object})
        for key in keys
    ]
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True)[["key", "level", *_WHO, "runs", "mean", "low", "high"]]


def _front(scores: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the front over points; where a game has no such metrics, 1 - Gini of consumption and mean income."""
    import pandas as pd

    by = [*_WHO, *keys]
    wide = scores.pivot_table(index=by, columns="name", values="value", sort=False, dropna=False).reset_index()
    if {"equality", "productivity"} <= set(wide.columns):
        points = wide[[*by, "equality", "productivity"]]
    elif {"consumption_gini", "mean_income"} <= set(wide.columns):
        points = wide[by].assign(equality=1.0 - wide["consumption_gini"], productivity=wide["mean_income"])
    else:
        return pd.DataFrame()
    points = points.dropna(subset=["equality", "productivity"]).reset_index(drop=True)
    front = points[pareto_front(points["equality"], points["productivity"])]
    return front.sort_values("equality", ascending=False, ignore_index=True)
