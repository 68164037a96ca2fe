"""Held-out errors of a model of a time series beside those of two models that know nothing of its mechanism.

A model with enough free parameters fits any series that it was fitted to. It has learned something only if its errors
in periods that were held out are smaller than those of *persistence*, which predicts the last observed value, and of a
*regression* with constant coefficients on the same outside information.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from econsim.errors import UserError

__all__ = ["compared_with_baselines"]

PERSISTENCE, REGRESSION = "persistence", "regression"


def compared_with_baselines(
    observed: Sequence[float],
    covariates: Mapping[str, Sequence[float]],
    predictions: Mapping[str, tuple[Sequence[float], int]],
    held_out: int,
) -> pd.DataFrame:
    """Return root-mean-square errors and numbers of free parameters of models and of both baselines, one row for each.

    The columns are ``free_parameters``, ``fitted_periods``, ``error_in_sample``, ``error_held_out`` and
    ``beats_baselines``, which holds for a model whose held-out error is below those of both baselines. Persistence
    predicts each held-out period by the observation before it, and the regression by the covariates of the period.

    Args:
        observed: ``[T]``, the series by period.
        covariates: ``[T]`` each, what the regression may use, by name; it also has a constant.
        predictions: by name of the model, ``[T]`` predicted values, of which those of the held-out periods were made
            without their observations, and the number of free parameters fitted.
        held_out: number of last periods that are held out.

    Raises:
        UserError: lengths differ, a value is missing, no period is held out, or fewer periods remain than parameters.
    """
    series = _numbers("observed", observed, len(observed))
    fitted = len(series) - held_out
    if held_out < 1 or fitted < 2:
        raise UserError(
            f"held_out is {held_out} of {len(series)} periods; hold out at least one, and leave at least two"
        )
    columns = [_numbers(f"covariates.{name}", values, len(series)) for name, values in covariates.items()]
    design = np.column_stack([np.ones(len(series)), *columns])
    if design.shape[1] >= fitted:
        raise UserError(
            f"the regression has {design.shape[1]} parameters for {fitted} fitted periods; give fewer covariates"
        )
    coefficients = np.linalg.lstsq(design[:fitted], series[:fitted], rcond=None)[0]
    rows = {
        PERSISTENCE: (np.concatenate([series[:1], series[:-1]]), 0),
        REGRESSION: (design @ coefficients, design.shape[1]),
    }
    for name, (values, parameters) in predictions.items():
        if name in rows:
            raise UserError(f"predictions: {name!r} is the name of a baseline; choose another")
        rows[name] = _numbers(f"predictions.{name}", values, len(series)), parameters
    table = pd.DataFrame(
        {
            "free_parameters": {name: parameters for name, (_, parameters) in rows.items()},
            "fitted_periods": fitted,
            # The first period has no observation before it.
            "error_in_sample": {
                name: _error(values[1:fitted] - series[1:fitted]) for name, (values, _) in rows.items()
            },
            "error_held_out": {name: _error(values[fitted:] - series[fitted:]) for name, (values, _) in rows.items()},
        }
    )
    best = table["error_held_out"][[PERSISTENCE, REGRESSION]].min()
    return table.assign(beats_baselines=table["error_held_out"] < best)


def _error(differences: Any) -> float:
    return float(np.sqrt(np.mean(differences**2)))


def _numbers(name: str, values: Sequence[float], periods: int) -> Any:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (periods,):
        raise UserError(f"{name}: expected {periods} periods, one number for each, found the shape {array.shape}")
    if not np.isfinite(array).all():
        raise UserError(f"{name}: the value of period {int(np.flatnonzero(~np.isfinite(array))[0])} is missing")
    return array
