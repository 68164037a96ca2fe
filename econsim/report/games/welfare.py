"""Welfare in equilibrium: the sums of payoffs of all kinds of equilibria, with the prices of anarchy and stability."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.canvas import INK, LINES, SERIES, new_figure, plain_numbers
from econsim.errors import UserError
from econsim.learning import TotalPayoffs
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block, plain
from econsim.report.games.words import number
from econsim.solvers.correlated import total_payoffs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

__all__ = ["welfare_block"]

Floats = NDArray[np.float64]
MOST_TERMS = 300_000
"""The largest number of coefficients of the linear programs in a report, which is written after every run: a second."""
_TITLE = "Welfare in equilibrium"
_PRICES = (
    "Price of anarchy and price of stability: the highest total of any profile over the lowest and the highest total in"
    " equilibrium; where payoffs are costs, the cost in equilibrium over the lowest cost."
)
_NO_PRICES = "Totals have different signs, so that there are no prices of anarchy and stability."


def welfare_block(payoffs: Floats, nash: Sequence[float], complete: bool, played: Mapping[str, float]) -> Block:
    """Return the block of total payoffs.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
        nash: the total payoff of each Nash equilibrium that is known.
        complete: whether these are all Nash equilibria, up to mixtures within a component.
        played: the expected total payoff of the players whose play is shown, by their label, where it is known.
    """
    total = payoffs.sum(0)
    optimum = float(total.max())
    if optimum - float(total.min()) <= 1e-9 * max(1.0, float(np.abs(payoffs).max())):
        return Block(_TITLE, notes=(f"Payoffs add up to {number(optimum)} in every profile: welfare is constant.",))
    ranges, notes = _correlated(payoffs)
    if nash:
        name = "Nash equilibria" if complete else "pure Nash equilibria"
        ranges = {name: TotalPayoffs(min(nash), max(nash), optimum), **ranges}
    rows = [["highest of any profile", number(optimum), number(optimum), "", ""]]
    rows += [[name, number(each.lowest), number(each.highest), *_prices(each)] for name, each in ranges.items()]
    rows += [[label, number(total), number(total), "", ""] for label, total in played.items()]
    has_prices = any(each.prices for each in ranges.values())
    notes = [*notes, *([_PRICES if has_prices else _NO_PRICES] if ranges else [])]
    header = ("", "lowest total", "highest total", "price of anarchy", "price of stability")
    return Block(_TITLE, header, plain(rows), tuple(notes), _figure(ranges, optimum, played))


def _correlated(payoffs: Floats) -> tuple[dict[str, TotalPayoffs], list[str]]:
    shape, ranges, notes = payoffs.shape[1:], dict[str, TotalPayoffs](), list[str]()
    if prod(shape) * sum(shape) > MOST_TERMS:
        return ranges, [f"Correlated equilibria of {prod(shape):,} profiles are left out: use --solver correlated."]
    for concept, name in (("ce", "correlated equilibria"), ("cce", "coarse correlated equilibria")):
        try:
            found = total_payoffs(payoffs, concept)  # type: ignore[arg-type]
        except UserError as error:
            notes.append(str(error))
            continue
        assert found is not None  # there is no time limit
        ranges[name] = found
    return ranges, notes


def _prices(totals: TotalPayoffs) -> list[str]:
    return ["", ""] if totals.prices is None else [f"{price:.4g}" for price in totals.prices]


def _figure(ranges: Mapping[str, TotalPayoffs], optimum: float, played: Mapping[str, float]) -> Captioned:
    caption = (
        "Sums of payoffs over all players: the range in each set of equilibria; every Nash equilibrium is a correlated"
        " one, and every correlated one is coarse. The dashed line is the highest total of any profile."
    )
    figure = _draw(ranges, optimum, played)
    return Captioned("equilibrium_welfare", _TITLE, figure, caption, f"Ranges of total payoffs. {caption}")


def _draw(ranges: Mapping[str, TotalPayoffs], optimum: float, played: Mapping[str, float]) -> Figure:
    rows = {name: (each.lowest, each.highest) for name, each in ranges.items()}
    rows |= {label: (total, total) for label, total in played.items()}
    figure, (axes,) = new_figure(height=0.8 + 0.34 * len(rows))
    for place, (name, ends) in enumerate(rows.items()):
        color = SERIES[1] if name in played else SERIES[0]
        axes.plot(ends, (place, place), color=color, linewidth=2.4, marker="o", markersize=6, solid_capstyle="butt")
    axes.axvline(optimum, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="total payoff")
    axes.grid(axis="x", color=LINES, linewidth=0.5)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    plain_numbers(axes)
    return figure
