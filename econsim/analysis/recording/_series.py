"""Time series of an episode: prices, and incomes of the tax period."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.recording.record import Recording

__all__ = ["gross_income_of_period", "prices", "rolling_prices"]

WINDOW = 50


def prices(recording: Recording) -> NDArray[np.float64]:
    """Return the mean price of the trades of each step, ``[T - 1, G]``; NaN where nothing was traded."""
    return _ratio(*(np.diff(recording.over_time(name), axis=0) for name in ("turnover", "traded")))


def rolling_prices(recording: Recording, window: int = WINDOW) -> NDArray[np.float64]:
    """Return the mean price of the trades of the last ``window`` steps, ``[T - 1, G]``; NaN where there were none."""
    start = np.arange(1, len(recording)) - window
    totals = (recording.over_time(name) for name in ("turnover", "traded"))
    return _ratio(*(total[1:] - total[start.clip(0)] for total in totals))


def gross_income_of_period(recording: Recording) -> NDArray[np.float64]:
    """Return everybody's income before tax since the tax period began, ``[T, N]``.

    At the end of a period it is the taxed income; taxes and rebates of past periods are added back to coin.
    """
    coin, tax, rebate = (recording.over_time(name).astype(np.float64) for name in ("coin", "tax", "rebate"))
    gross = coin + tax - rebate
    period = int(recording.stage["period"])
    began = (np.arange(len(recording)) - 1).clip(0) // period * period
    income: NDArray[np.float64] = gross - gross[began]
    return income


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    prices = np.full(above.shape, np.nan)
    np.divide(above, below, out=prices, where=below > 0)
    return prices
