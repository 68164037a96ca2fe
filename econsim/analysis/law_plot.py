"""Distributions of whole numbers among players beside a law that is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import INK, LEGEND, new_figure, plain_numbers, stroke, styles_of, write_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["distribution_and_law"]

Array = Any
_SHOWN = 1e-3  # the left panel ends where the law has less than this share above


def distribution_and_law(samples: Mapping[str, Array], law: Array, noun: str, unit: str = "") -> Figure:
    """Draw shares of people by a whole number, and the share with at least as much, beside a known law.

    Args:
        samples: by label, whole numbers of people ``[N]``; the one under study last.
        law: the probability of 0, 1, 2 ... ``[K]``.
        noun: what the numbers are, such as "wealth".
        unit: their unit.
    """
    figure, (shares, tails) = new_figure(2)
    above = np.concatenate([[1.0], 1.0 - np.cumsum(law)[:-1]])  # at least so much
    most = max(int((above > _SHOWN).sum()), 2)
    fewest = 0.5 / max(len(sample) for sample in samples.values())
    levels = np.arange(len(law))[above > fewest]
    for label, style in styles_of(samples).items():
        counts = np.bincount(np.asarray(samples[label], np.int64))
        found = counts / counts.sum()
        tail = 1.0 - np.concatenate([[0.0], np.cumsum(found)[:-1]])
        shares.stairs(100.0 * found[:most], np.arange(min(len(found), most) + 1) - 0.5, label=label, **stroke(style))
        tails.step(np.arange(len(found)), tail, where="mid", **stroke(style))
    dots: dict[str, Any] = {"color": INK, "linestyle": "", "marker": "o", "markersize": 3.5}
    every = max(1, most // 25)
    shares.plot(np.arange(0, most, every), 100.0 * law[:most:every], label="exact law", **dots)
    tails.plot(levels[:: max(1, len(levels) // 25)], above[levels][:: max(1, len(levels) // 25)], **dots)
    label = f"{noun}, {unit}" if unit else noun
    shares.set(xlabel=label, xlim=(-0.6, most - 0.4))
    tails.set(xlabel=label, yscale="log", ylim=(fewest, 1.3))
    write_title(shares, "people with this much, %")
    write_title(tails, "share of people with at least this much")
    plain_numbers(shares)
    shares.legend(loc="upper right", **LEGEND)
    return figure
