"""Robustness of policies to uncertain parameters: mean, worst case and largest regret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim import random
from econsim.analysis.counterfactual.sensitivity import Bounds, Function, check_bounds
from econsim.analysis.inequality import Floats
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["robustness_table"]

_FEWEST = 8


def robustness_table(
    policies: Mapping[str, Function], bounds: Bounds, samples: int = 64, generations: int = 20, seed: int = 0
) -> pd.DataFrame:
    """Return the performance of each policy over a box of parameters.

    The worst case is searched for by differential evolution (Storn and Price 1997) from points that all policies share,
    each generation is one call of the function. One row per policy: ``mean`` and ``lowest`` over the shared points,
    ``worst`` and the parameters where it was found, and ``largest_regret``, the largest advantage of another policy
    at any evaluated point. The policy with the highest ``worst`` is the cautious choice, the one with the lowest
    ``largest_regret`` that of minimax regret (Savage 1951).

    Args:
        policies: functions by label, from points ``[M, D]`` to values ``[M]``, higher is better (see
            :func:`game_function`).
        bounds: by parameter, in the order of the columns of points.
        samples: number of shared points, drawn uniformly.
        generations: number of generations of the search; with zero the lowest shared point is taken.
        seed: seed of points and search.

    Raises:
        UserError: no policy, wrong bounds or fewer than eight samples.
    """
    import pandas as pd

    check_bounds(bounds)
    if not policies or samples < _FEWEST:
        raise UserError(f"robustness_table: expected at least one policy and {_FEWEST} samples, found {samples}")
    box = np.array(list(bounds.values()), dtype=np.float64)
    drawn = random.uniform(random.keys(seed, samples), 0, "robustness", (len(box),)).double().numpy()
    points = box[:, 0] + drawn * np.diff(box).T
    shared = {label: np.asarray(function(points), dtype=np.float64) for label, function in policies.items()}
    worst = {
        label: _worst(function, box, points, shared[label], generations, seed) for label, function in policies.items()
    }
    corners = np.stack(list(worst.values()))
    at_corners = {label: np.asarray(function(corners), dtype=np.float64) for label, function in policies.items()}
    everywhere = np.stack([np.append(shared[label], at_corners[label]) for label in policies])
    regret = (everywhere.max(0) - everywhere).max(1)
    rows = {
        label: {
            "mean": shared[label].mean(),
            "lowest": shared[label].min(),
            "worst": at_corners[label][index],
            **{f"worst_{name}": value for name, value in zip(bounds, worst[label], strict=True)},
            "largest_regret": regret[index],
        }
        for index, label in enumerate(policies)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("policy")


def _worst(function: Function, box: Floats, points: Floats, values: Floats, generations: int, seed: int) -> Floats:
    """Return the point ``[D]`` with the lowest value found."""
    from scipy.optimize import Bounds as Box
    from scipy.optimize import differential_evolution

    lowest: Floats = points[values.argmin()]
    if not generations:
        return lowest

    def below(across: Floats) -> Any:
        return function(across.T.copy())

    minimum = differential_evolution(
        below,
        Box(box[:, 0], box[:, 1]),
        init=points,
        maxiter=generations,
        rng=seed,
        polish=False,
        updating="deferred",
        vectorized=True,
    )
    return np.asarray(minimum.x if minimum.fun < values.min() else lowest)
