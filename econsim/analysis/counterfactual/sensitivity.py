"""Sensitivity analysis: shares of variance (Sobol) and elementary effects (Morris), by SALib."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from econsim.analysis.counterfactual.paired_play import play_points
from econsim.analysis.inequality import Floats
from econsim.errors import UserError
from econsim.game import Agent, Game

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bounds", "Function", "check_bounds", "game_function", "morris_table", "sobol_table"]

Bounds = Mapping[str, tuple[float, float]]
Function = Callable[[Floats], Floats]
"""A function from points ``[M, D]`` to values ``[M]``."""


def game_function(
    game: Game[Any], agents: Mapping[str, Agent], key: Tensor, parameters: Sequence[str], metric: str = "welfare"
) -> Function:
    """Return the function from parameters ``[M, D]`` to the mean of a metric over the same episodes ``key`` ``[E]``."""

    def values(points: Floats) -> Floats:
        played = play_points(game, agents, key, dict(zip(parameters, points.T.copy(), strict=True)))
        return np.array([at.measured(metric).mean() for at in played])

    return values


def sobol_table(function: Function, bounds: Bounds, samples: int = 256, seed: int = 0) -> pd.DataFrame:
    """Return the share of the variance of ``function`` that each parameter explains, parameters uniform within bounds.

    One row per parameter: ``first_order`` alone, ``total`` with all interactions, each with the half-width of its 95 %
    bootstrap interval (``first_order_margin``, ``total_margin``). It takes ``samples * (D + 2)`` points.

    Args:
        function: from points ``[M, D]`` to values ``[M]``, for example :func:`game_function`.
        bounds: by parameter, in the order of the columns of points.
        samples: a power of two.
        seed: seed of the points.

    Raises:
        UserError: wrong bounds, samples that are not a power of two, or SALib is not installed.

    Source: Sobol 2001, estimators of Saltelli et al. 2010.
    """
    check_bounds(bounds)
    if samples < 2 or samples & (samples - 1):
        raise UserError(f"samples: expected a power of two, for example 256, found {samples}")
    _salib()
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    problem = _problem(bounds)
    points = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    values = function(points)
    if np.ptp(values) == 0:
        return _table(bounds, {name: np.zeros(len(bounds)) for name in _SOBOL})
    indices = analysis.analyze(problem, values, calc_second_order=False, seed=seed)
    return _table(bounds, {name: indices[key] for name, key in _SOBOL.items()})


def morris_table(
    function: Function, bounds: Bounds, trajectories: int = 32, seed: int = 0, levels: int = 4
) -> pd.DataFrame:
    """Return elementary effects of each parameter over its range: a cheap screening before :func:`sobol_table`.

    One row per parameter: ``mean_effect``, ``mean_absolute_effect`` (its importance) and ``spread`` (how much the
    effect varies with its value and with the other parameters), in the unit of the function. It takes
    ``trajectories * (D + 1)`` points.

    Args:
        function: as for :func:`sobol_table`.
        bounds: by parameter, in the order of the columns of points.
        trajectories: random paths along which one parameter after another is moved.
        seed: seed of the paths.
        levels: number of values of each parameter.

    Raises:
        UserError: wrong bounds, or SALib is not installed.

    Source: Morris 1991; Campolongo, Cariboni and Saltelli 2007.
    """
    check_bounds(bounds)
    _salib()
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as sampling

    problem = _problem(bounds)
    points = sampling.sample(problem, trajectories, num_levels=levels, seed=seed)
    effects = analysis.analyze(problem, points, function(points), num_levels=levels, seed=seed)
    names = {"mean_effect": "mu", "mean_absolute_effect": "mu_star", "spread": "sigma"}
    return _table(bounds, {name: np.asarray(effects[key], dtype=np.float64) for name, key in names.items()})


_SOBOL = {"first_order": "S1", "first_order_margin": "S1_conf", "total": "ST", "total_margin": "ST_conf"}


def check_bounds(bounds: Bounds) -> None:
    """Raise :class:`UserError` where there is no parameter, or one whose lower bound is not below its upper one."""
    if not bounds:
        raise UserError("bounds: name at least one parameter")
    for name, (low, high) in bounds.items():
        if not low < high:
            raise UserError(f"bounds: {name}: expected (low, high) with low below high, found ({low:g}, {high:g})")


def _problem(bounds: Bounds) -> dict[str, Any]:
    return {"num_vars": len(bounds), "names": list(bounds), "bounds": [list(pair) for pair in bounds.values()]}


def _table(bounds: Bounds, columns: Mapping[str, Floats]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(dict(columns), index=pd.Index(bounds, name="parameter")).reset_index()


def _salib() -> None:
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        raise UserError('sensitivity analysis needs SALib: pip install "econsim[analysis]"')
