"""Frontier of a sweep: the points that no other point under the same workers dominates in two metrics.

The rule, also for points whose intervals leave it open, is that of :mod:`econsim.sweep.dominance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.statistics import methods_in_words
from econsim.sweep.copies import without_copies
from econsim.sweep.dominance import judged
from econsim.sweep.effects import REPETITION, WHO, interval_of
from econsim.sweep.goals import Goal, derived_in_words, goal_rows, metric_names, title_of
from econsim.sweep.scores import point_keys, repeated, scores_of

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["RULE", "Frontier", "frontier_of", "usual_frontier"]

USUAL = (Goal("equality"), Goal("productivity"))
ON_FRONT, CLEAR = "on_front", "clear"
RULE = (
    "on_front: no other point under the same workers has means at least as good in both and better in one."
    " clear: 95 % intervals of the differences, paired over common seeds, exclude zero: for a dominated point, a point"
    " of the front is better in both; for a point of the front, it is better than each other point in at least one."
    " Pairs are not adjusted for their number."
)


@dataclass(frozen=True)
class Frontier:
    """The points of a sweep in two metrics, and which of them are on the front.

    points: one row per policy, response and point: for each metric its mean, ``_low``, ``_high`` and ``_interval`` over
        ``seeds``; ``on_front`` and ``clear``. Where all levels of a key give a policy the
        same values, it has one row, with the level ``all``.
    keys: the keys that make up a point.
    titles: the titles of both metrics with their units.
    notes: how metrics are computed that the game does not measure itself.
    """

    goals: tuple[Goal, Goal]
    keys: tuple[str, ...]
    points: pd.DataFrame
    titles: tuple[str, str]
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its files."""
        return "frontier_" + "_".join(goal.metric for goal in self.goals)

    @property
    def title(self) -> str:
        """The title of its figure and table."""
        first, second = self.titles
        return f"Frontier of {first}{',' * (',' in first)} and {second}"

    @property
    def front(self) -> pd.DataFrame:
        """The points on the front, by the first metric, the best first."""
        rows = self.points[self.points[ON_FRONT]]
        return rows.sort_values(self.goals[0].metric, ascending=self.goals[0].sign < 0, ignore_index=True)

    @property
    def shown(self) -> pd.DataFrame:
        """The points on the front, then those that are not clearly dominated although several seeds were compared."""
        import pandas as pd

        left_open = self.points[~self.points[ON_FRONT] & ~self.points[CLEAR] & (self.points["seeds"] > 1)]
        table = pd.concat([self.front, left_open], ignore_index=True)
        table = table.drop(columns=[f"{goal.metric}_interval" for goal in self.goals])
        return table.assign(**{flag: table[flag].map({True: "yes", False: "no"}) for flag in (ON_FRONT, CLEAR)})

    def section(self) -> tuple[str, pd.DataFrame]:
        """Return its title with the counts and the rule, and the table to print."""
        return f"{self.title}: {self.words()}", self.shown

    def counts(self) -> str:
        """Return how many points are on the front and how many are dominated, and for how many that is clear."""
        on_front, clear = self.points[ON_FRONT], self.points[CLEAR]
        dominated = f", {(~on_front).sum():,} dominated ({_split(clear[~on_front])})" * bool((~on_front).any())
        return f"{len(on_front):,} points: {on_front.sum():,} on the front ({_split(clear[on_front])}){dominated}"

    def advice(self) -> str:
        """Return what to do where a single seed leaves everything open; otherwise nothing."""
        single = bool((self.points["seeds"] < 2).all())
        return "With a single seed no difference is clear; add an axis such as seed=0:10." if single else ""

    def words(self) -> str:
        """Return the counts, the rule, and how metrics and intervals are computed, as sentences."""
        notes = f" Here {' and '.join(self.notes)}." * bool(self.notes)
        methods = [method for goal in self.goals for method in self.points[f"{goal.metric}_interval"]]
        words = (f"{self.counts()}.{notes}", RULE, f"Intervals: {methods_in_words(methods)}.", self.advice())
        return " ".join(filter(None, words))


def frontier_of(sweep: Sweep, goals: tuple[Goal, Goal]) -> Frontier:
    """Return the frontier of a sweep in two metrics.

    Raises:
        UserError: no run is done, or no run has one of the metrics.
    """
    import pandas as pd

    scores, by = scores_of(sweep), [*WHO, *point_keys(sweep)]
    tables = [repeated(sweep, goal_rows(scores, goal, str(sweep.path))) for goal in goals]
    names = [goal.metric for goal in goals]
    both = tables[0].merge(tables[1], on=[*by, REPETITION], suffixes=("_first", "_second"))
    both = both.rename(columns={"value_first": names[0], "value_second": names[1]}).dropna(subset=names)
    both = without_copies(both, point_keys(sweep), names)
    points = [_of_response(rows, by, goals) for _, rows in both.groupby("response", sort=False)]
    titles = (title_of(sweep, names[0]), title_of(sweep, names[1]))
    notes = tuple(derived_in_words(scores, goals))
    return Frontier(goals, tuple(point_keys(sweep)), pd.concat(points, ignore_index=True), titles, notes)


def usual_frontier(sweep: Sweep) -> Frontier | None:
    """Return the frontier of equality and productivity, or ``None`` where the game measures neither."""
    names = metric_names(scores_of(sweep))
    return frontier_of(sweep, USUAL) if all(goal.metric in names for goal in USUAL) else None


def _of_response(rows: pd.DataFrame, by: list[str], goals: tuple[Goal, Goal]) -> pd.DataFrame:
    import pandas as pd

    groups = rows.groupby(by, sort=False, dropna=False)
    points = pd.DataFrame(
        [{**dict(zip(by, levels, strict=True)), **_measured(group, goals)} for levels, group in groups]
    )
    numbered = rows.assign(_point=groups.ngroup())
    wide = (numbered.pivot_table(index="_point", columns=REPETITION, values=goal.metric) * goal.sign for goal in goals)
    on_front, clear = judged(np.stack([table.sort_index().to_numpy() for table in wide]))
    return points.assign(**{ON_FRONT: on_front, CLEAR: clear})


def _measured(group: pd.DataFrame, goals: Sequence[Goal]) -> dict[str, Any]:
    cells: dict[str, Any] = {"seeds": len(group)}
    for goal in goals:
        interval = interval_of(group[goal.metric])
        cells[goal.metric] = interval.pop("mean")
        cells |= {f"{goal.metric}_{name}": interval[name] for name in ("low", "high", "interval")}
    return cells


def _split(clear: pd.Series[bool]) -> str:
    return f"{clear.sum():,} clear, {(~clear).sum():,} unclear"
