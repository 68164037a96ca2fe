"""Dose-response curves: metrics along the values of one parameter, all of them in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike
from torch import Tensor

from econsim.analysis.counterfactual.differences import paired_difference
from econsim.analysis.counterfactual.paired_play import Played, play_points
from econsim.analysis.inequality import arrays
from econsim.errors import UserError
from econsim.game import Agent, Game

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["dose_response"]


def dose_response(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    parameter: str,
    values: ArrayLike,
    metrics: Sequence[str] = ("welfare",),
) -> pd.DataFrame:
    """Return metrics of the same episodes at each value of a parameter, and their differences from the first value.

    One row per value and metric: ``value``, ``metric``, ``mean``, ``difference`` from the first value with its paired
    interval ``low`` to ``high`` and how that was computed (``interval``), and ``slope``, the change of the mean per
    unit of the parameter from the value before.

    Args:
        game: the game, in the precision of play.
        agents: the agents, held fixed.
        key: ``[E]``, one per episode; all values are played under each.
        parameter: a numeric parameter of the game.
        values: ``[G]``.
        metrics: names as in :meth:`Played.measured`.

    Raises:
        UserError: no such parameter or metric, or no value.
    """
    import pandas as pd

    doses = arrays(values)[0]
    if doses.ndim != 1 or not len(doses):
        raise UserError(f"{parameter}: expected a list of values, found {values!r}")
    played = play_points(game, agents, key, {parameter: doses})
    rows = [
        _row(float(value), metric, played[0], at) for metric in metrics for value, at in zip(doses, played, strict=True)
    ]
    table = pd.DataFrame(rows)
    steps = table.groupby("metric", sort=False)[["value", "mean"]].diff()
    return table.assign(slope=steps["mean"] / steps["value"])


def _row(value: float, metric: str, first: Played, at: Played) -> dict[str, Any]:
    paired = paired_difference(first.measured(metric), at.measured(metric))
    return {
        "value": value,
        "metric": metric,
        "mean": paired.reform,
        "difference": paired.difference,
        "low": paired.low,
        "high": paired.high,
        "interval": paired.method,
    }
