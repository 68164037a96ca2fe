"""Figure of a calibration: a profile and the posterior of each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from econsim.analysis.canvas import INK, new_figure, plain_numbers, stroke, styles_of
from econsim.calibration.profiles import CRITICAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.calibration.calibrating import Calibration

__all__ = ["calibration_plot"]

_BINS = 30
_PROFILE, _LIMIT = "profile", "95 % limit"
_ROW = 2.6  # inches
_DECADE = 10.0  # a range from which on a logarithmic scale has several labels
_HIGHEST = 4.0  # multiples of the 95 % limit that are drawn


def calibration_plot(calibration: Calibration) -> Figure:
    """Draw, for each parameter, how far chi-squared rises above its least value, and the posterior."""
    count = len(calibration.free)
    figure, axes = new_figure(2 * count, rows=count, height=_ROW)
    styles = styles_of([_LIMIT, _PROFILE])
    posterior = calibration.posterior
    for number, (one, profile) in enumerate(zip(calibration.free, calibration.profiles, strict=True)):
        left, right = axes[2 * number : 2 * number + 2]
        left.plot(profile.values, profile.chi2 - profile.chi2.min(), **stroke(styles[_PROFILE]))
        left.axhline(CRITICAL, **stroke(styles[_LIMIT]))
        middle = ("axes fraction", "data")
        left.annotate(_LIMIT, (0.5, CRITICAL), (0, 3), middle, "offset points", ha="center", fontsize=9, color=INK)
        shown = profile.values[profile.chi2 - profile.chi2.min() <= _HIGHEST * CRITICAL]
        left.set(xlabel=one.key, ylabel="rise of chi-squared", ylim=(0, _HIGHEST * CRITICAL), xlim=shown[[0, -1]])
        drawn = posterior.values[:, number]
        space = np.geomspace if one.logarithmic else np.linspace
        edges = space(drawn.min(), drawn.max(), _BINS + 1)
        right.hist(drawn, edges.tolist(), weights=posterior.weights, color=stroke(styles[_PROFILE])["color"])
        right.set(xlabel=one.key, ylabel="posterior share")
        for panel in (left, right):
            low, high = panel.get_xlim()
            if one.logarithmic and low > 0 and high > _DECADE * low:
                panel.set_xscale("log")
            else:
                plain_numbers(panel, "x")
    return figure
