"""The winner of a sweep: the point with the best mean of a metric, and the number of points among which it was chosen.

Points are those of each run's own policy under its first response; baselines are references and are not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError
from econsim.sweep.effects import WHO, means_of
from econsim.sweep.goals import Goal, goal_rows
from econsim.sweep.scores import point_keys, repeated, scores_of

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["Winner", "winner_of"]


@dataclass(frozen=True)
class Winner:
    """The best of ``tried`` points.

    policy, response: whose values they are.
    levels: the levels of the point by key, without ``seed``.
    interval: the number of ``seeds``, ``mean``, ``low``, ``high`` and ``interval`` on the seeds that chose it.
    runs: the numbers of its runs.
    """

    goal: Goal
    tried: int
    policy: str
    response: str
    levels: dict[str, Any]
    interval: dict[str, Any]
    runs: tuple[int, ...]


def winner_of(sweep: Sweep, goal: Goal, within: Mapping[str, Any]) -> Winner:
    """Return the winner among the points that have the levels ``within``.

    Raises:
        UserError: no run is done, no run has the metric, or no point has the levels.
    """
    keys, rows = point_keys(sweep), _own(_having(scores_of(sweep), within, str(sweep.path)))
    points = means_of(repeated(sweep, goal_rows(rows, goal, str(sweep.path))), keys)
    place = int((points["mean"] * goal.sign).to_numpy().argmax())
    best = {str(name): value for name, value in points.iloc[place].items()}
    levels = {key: best.pop(key) for key in keys}
    policy, response = (best.pop(name) for name in WHO)
    runs = _having(sweep.runs[sweep.runs["state"] == "done"], levels, str(sweep.path))
    return Winner(goal, len(points), policy, response, levels, best, tuple(runs["run"].tolist()))


def _own(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of each run's own policy, which is its last, under the first response."""
    by_run = scores.groupby("run", sort=False)
    own = scores[scores["policy"] == by_run["policy"].transform("last")]
    return own[own["response"] == own.groupby("run", sort=False)["response"].transform("first")]


def _having(rows: pd.DataFrame, levels: Mapping[str, Any], where: str) -> pd.DataFrame:
    for key, level in levels.items():
        if key not in rows:
            raise UserError(f"{where}: the sweep does not vary {key}")
        rows = rows[rows[key] == level]
    if rows.empty:
        raise UserError(f"{where}: no point has {', '.join(f'{key} {level}' for key, level in levels.items())}")
    return rows
