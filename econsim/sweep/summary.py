"""Summary of a sweep: means with intervals, the best points, main effects, and a frontier of two metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.sweep.copies import ALL, without_copies
from econsim.sweep.effects import WHO, effects_of, means_of
from econsim.sweep.frontier import Frontier, frontier_of, usual_frontier
from econsim.sweep.goals import Goal, goal_named, goal_rows, main_goal, title_of
from econsim.sweep.scores import point_keys, repeated, scores_of

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep
    from econsim.sweep.held_out import HeldOut

__all__ = ["Summary", "summarised"]

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Summary:
    """The tables of a summary.

    title: the title of the metric with its unit.
    means: one row per policy, response and point: number of seeds, mean, and its 95 % interval over seeds, see
        :func:`econsim.sweep.effects.means_of`.
    distinct: the same without copies, see :func:`econsim.sweep.copies.without_copies`.
    best: the points with the best means: the highest, or the lowest for a metric written ``NAME:min``.
    effects: for each level of each key, the mean over all points with that level, its interval over seeds, and the
        difference from the key's first level, paired by seed, see :func:`econsim.sweep.effects.effects_of`.
    frontier: the points in two metrics, by default equality and productivity; ``None`` where the game measures neither.
    held_out: the winner with its interval on held-out seeds, if that was asked for.
    advice: how to get that interval, where there are several points and it was not asked for.
    """

    metric: str
    title: str
    means: pd.DataFrame
    distinct: pd.DataFrame
    best: pd.DataFrame
    effects: pd.DataFrame
    frontier: Frontier | None
    held_out: HeldOut | None
    advice: str

    @property
    def front(self) -> pd.DataFrame:
        """The points on the frontier, by its first metric; empty where there is none."""
        import pandas as pd

        return pd.DataFrame() if self.frontier is None else self.frontier.front

    def sections(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the titles and the tables to print."""
        if self.held_out is not None:
            yield self.held_out.section()
        title = f"Best of {len(self.distinct):,} points by {self.title}, with 95 % intervals over seeds"
        yield f"{title}{self.advice}", self.best
        if len(self.effects):
            title = (
                f"Main effects on {self.title}: means over all points with a level, differences from the first level"
                " paired by seed, 95 % intervals over seeds"
            )
            yield title, self.effects[[self._changed(row) for row in self.effects.to_dict("records")]]
        if self.frontier is not None:
            yield self.frontier.section()

    def _changed(self, effect: Mapping[Any, Any]) -> bool:
        """Return whether the key of an effect changes its policy; a baseline is the same under every planner."""
        of_policy = (self.distinct[WHO] == [effect[name] for name in WHO]).all(axis=1)
        return bool((self.distinct.loc[of_policy, effect["key"]] != ALL).any())


def summarised(
    sweep: Sweep, metric: str | None = None, frontier: tuple[Goal, Goal] | None = None, held_out: HeldOut | None = None
) -> Summary:
    """Return the summary of a sweep by a metric (by default welfare), with the frontier of two metrics.

    Raises:
        UserError: no run is done, or no run has one of the metrics.
    """
    scores, keys = scores_of(sweep), point_keys(sweep)
    goal = main_goal(scores) if metric is None else goal_named(metric)
    rows = repeated(sweep, goal_rows(scores, goal, str(sweep.path)))
    distinct = means_of(without_copies(rows, keys, ["value"]), keys)
    best = distinct.sort_values("mean", ascending=goal.sign < 0, kind="stable").head(_MOST_SHOWN)
    points = usual_frontier(sweep) if frontier is None else frontier_of(sweep, frontier)
    return Summary(
        goal.metric,
        title_of(sweep, goal.metric),
        means_of(rows, keys),
        distinct,
        best,
        effects_of(rows, keys),
        points,
        held_out,
        _advice(sweep, goal) if keys and held_out is None else "",
    )


def _advice(sweep: Sweep, goal: Goal) -> str:
    return (
        ": the first of many was chosen on these seeds, which flatter it; for its interval on held-out seeds:"
        f" {sweep.command('summary')} --best {goal}"
    )
