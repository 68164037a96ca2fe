"""Posterior predictive figure: what the model with its posterior says about the observations, beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econsim import random
from econsim.analysis.canvas import INK, LEGEND, new_figure, plain_numbers, stroke, styles_of, write_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from econsim.calibration.calibrating import Calibration
    from econsim.calibration.observations import Observation

__all__ = ["predicted", "predictive_plot"]

Floats = NDArray[np.float64]
_LEVELS = (0.95, 0.5)
_MODEL, _COLUMNS = "model", 3


def predicted(calibration: Calibration, level: float, seed: int = 0) -> Floats:
    """Return the central interval of a new observation of each metric, ``[O, 2]``, with its error of observation."""
    posterior = calibration.posterior
    errors = np.array([one.error for one in calibration.observed])
    keys = random.keys(seed, len(posterior.metrics))
    normal = random.normal(keys, 0, "calibration/predictive", (len(errors),)).double().numpy()
    return posterior.interval(posterior.metrics + errors * normal, level)


def predictive_plot(calibration: Calibration) -> Figure:
    """Draw each observed metric with its standard error beside the 50 % and 95 % posterior predictive intervals.

    Time series are lines over their dates, or over the steps of an episode; other metrics are single points.
    """
    panels: dict[tuple[str, bool], list[int]] = {}
    for number, one in enumerate(calibration.observed):
        panels.setdefault((one.metric, one.step is not None), []).append(number)
    rows = -(-len(panels) // _COLUMNS)
    figure, all_axes = new_figure(len(panels), rows=rows, height=2.8)
    bands = [predicted(calibration, level) for level in _LEVELS]
    for axes, ((metric, _), numbers) in zip(all_axes, panels.items(), strict=False):
        _draw(axes, [calibration.observed[number] for number in numbers], [band[numbers] for band in bands])
        write_title(axes, metric)
        plain_numbers(axes, "y")
    all_axes[0].legend(loc="best", **LEGEND)
    return figure


def _draw(axes: Axes, observed: Sequence[Observation], bands: Sequence[Floats]) -> None:
    colour = stroke(styles_of([_MODEL])[_MODEL])["color"]
    along = [one.date or one.step or 0 for one in observed]
    for level, band, alpha in zip(_LEVELS, bands, (0.2, 0.4), strict=True):
        label = f"model, {level:.0%}"
        if len(observed) > 1:
            axes.fill_between(along, band[:, 0], band[:, 1], color=colour, alpha=alpha, linewidth=0, label=label)  # type: ignore[arg-type]
        else:
            axes.plot([0, 0], band[0], color=colour, alpha=alpha, linewidth=9, solid_capstyle="butt", label=label)
    values, errors = [one.value for one in observed], [one.error for one in observed]
    places = along if len(observed) > 1 else [0.1]
    look = {"color": INK, "fmt": "o", "markersize": 3.5, "elinewidth": 0.9}
    axes.errorbar(places, values, yerr=errors, label="observed", **look)  # type: ignore[arg-type]
    if len(observed) == 1:
        axes.set(xlim=(-0.6, 0.7), xticks=[])
    elif observed[0].date is None:
        axes.set_xlabel("step")
    else:
        axes.tick_params(axis="x", rotation=30)
