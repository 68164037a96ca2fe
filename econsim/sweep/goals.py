"""Goals of a selection: metrics of a sweep, written ``welfare``, or ``consumption_gini:min`` where less is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from econsim.errors import UserError, did_you_mean
from econsim.runs.metric_columns import titled
from econsim.runs.metrics_table import SERIES

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep
    from econsim.sweep.table import Table

__all__ = [
    "Goal",
    "check_goals",
    "derived_in_words",
    "goal_named",
    "goal_rows",
    "goals_of_pair",
    "main_goal",
    "metric_names",
    "title_of",
]

_MIN, _MAX = ":min", ":max"


class _Derived(NamedTuple):
    """A metric computed from another one, for games that do not measure it themselves."""

    source: str
    words: str
    value: Callable[[pd.Series[float]], pd.Series[float]]


_DERIVED = {
    "equality": _Derived("consumption_gini", "1 - consumption_gini", lambda gini: 1.0 - gini),
    "productivity": _Derived("mean_income", "mean_income", lambda income: income),
}


@dataclass(frozen=True)
class Goal:
    """A metric and its direction: ``sign`` is 1 if larger values are better, and -1 if smaller ones are."""

    metric: str
    sign: int = 1

    def __str__(self) -> str:
        """Return the goal as it is written on the command line."""
        return self.metric if self.sign > 0 else f"{self.metric}{_MIN}"


def goal_named(text: str) -> Goal:
    """Return the goal that a text stands for."""
    name = text.strip()
    return Goal(name.removesuffix(_MIN), -1) if name.endswith(_MIN) else Goal(name.removesuffix(_MAX))


def goals_of_pair(text: str) -> tuple[Goal, Goal]:
    """Return the two goals of a frontier, as in ``equality,productivity``.

    Raises:
        UserError: the text does not name two different metrics.
    """
    goals = [goal_named(name) for name in text.split(",") if name.strip()]
    if len({goal.metric for goal in goals}) != 2 or len(goals) != 2:
        raise UserError(
            f"--frontier {text}: expected two different metrics, as in equality,productivity; write NAME:min where less"
            " is better"
        )
    return goals[0], goals[1]


def metric_names(scores: pd.DataFrame) -> list[str]:
    """Return the names of the metrics of episodes in a table of scores, with those that can be computed from them."""
    measured = [str(name) for name in scores["name"].unique() if not str(name).startswith(SERIES)]
    return _with_derived(measured)


def title_of(sweep: Sweep, name: str) -> str:
    """Return a metric's title with its unit, as the game of the first run declares it, else its name in words."""
    from econsim.analysis.metrics import declared

    words = name.replace("_", " ")
    metrics = declared(sweep.scenario(int(sweep.runs["run"].iloc[0])).build_game())
    if name in _DERIVED and name not in metrics and _DERIVED[name].source in metrics:
        return titled(replace(metrics[_DERIVED[name].source], title=words))
    return titled(metrics[name]) if name in metrics else words


def main_goal(scores: pd.DataFrame) -> Goal:
    """Return the goal of tables and plots that name none: welfare, or else the first metric of the game."""
    names = metric_names(scores)
    return Goal("welfare" if "welfare" in names else names[0])


def goal_rows(scores: pd.DataFrame, goal: Goal, where: str) -> pd.DataFrame:
    """Return the rows of a goal's metric in a table of scores; ``where`` begins the message of an error.

    Raises:
        UserError: no run has the metric.
    """
    names = metric_names(scores)
    _check(goal, names, where)
    if goal.metric in set(scores["name"]):
        return scores[scores["name"] == goal.metric]
    derived = _DERIVED[goal.metric]
    rows = scores[scores["name"] == derived.source]
    return rows.assign(name=goal.metric, value=derived.value(rows["value"]))


def derived_in_words(scores: pd.DataFrame, goals: Iterable[Goal]) -> list[str]:
    """Return how goals that the game does not measure itself are computed, one clause each."""
    measured = set(scores["name"])
    return [f"{goal.metric} is {_DERIVED[goal.metric].words}" for goal in goals if goal.metric not in measured]


def check_goals(table: Table, goals: Iterable[Goal], where: str) -> None:
    """Check before a sweep starts that its games declare each metric; ``where`` begins the message of an error.

    Raises:
        UserError: none of them does.
    """
    from econsim.analysis.metrics import GAP, declared

    sought, names = list(goals), dict.fromkeys([GAP.name])
    for base in table.bases:
        if all(goal.metric in _with_derived(names) for goal in sought):
            return
        names |= dict.fromkeys(declared(base.first.build_game()))
    for goal in sought:
        _check(goal, _with_derived(names), where)


def _with_derived(names: Iterable[str]) -> list[str]:
    measured = list(names)
    return [*measured, *(name for name, each in _DERIVED.items() if each.source in measured and name not in measured)]


def _check(goal: Goal, names: list[str], where: str) -> None:
    if goal.metric not in names:
        raise UserError(f"{where}: no metric {goal.metric!r}{did_you_mean(goal.metric, names)}")
