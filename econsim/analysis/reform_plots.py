"""Plots of a reform by income group: gains with intervals, and the mechanical and behavioural parts of revenue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import INK, LEGEND, LINES, SERIES, in_money, new_figure, plain_numbers, write_title

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gains_and_shares", "revenue_by_group", "revenue_steps"]

_MECHANICAL, _BEHAVIOURAL, _BETTER, _WORSE = SERIES[0], SERIES[1], SERIES[2], SERIES[6]
_THICK = 0.68  # of a bar, in rows


def gains_and_shares(table: pd.DataFrame, unit: str = "") -> Figure:
    """Draw the gain of each income group with its 95 % interval, and the shares of its winners and losers.

    Gains are in per cent of consumption before the reform where all groups have some, otherwise in money.

    Args:
        table: as :func:`econsim.analysis.counterfactual.reform_by_income`; without ``gain``, only shares are drawn.
        unit: the unit of money.
    """
    has_gain = "gain" in table
    figure, panels = new_figure(2 if has_gain else 1, height=_height(len(table)))
    rows = np.arange(len(table))
    if has_gain:
        _draw_gains(panels[0], table, rows, unit)
    shares = panels[-1]
    shares.barh(rows, 100.0 * table["winners"], height=_THICK, color=_BETTER, label="winners")
    shares.barh(rows, -100.0 * table["losers"], height=_THICK, color=_WORSE, label="losers")
    write_title(shares, "losers (left) and winners (right), % of people")
    _group_rows(panels, [str(name) for name in table["group"]])
    shares.set(xlim=(-110, 110), xticks=[-100, -50, 0, 50, 100], xticklabels=["100", "50", "0", "50", "100"])
    return figure


def revenue_steps(row: Mapping[str, Any], labels: tuple[str, str], written: Sequence[str], unit: str) -> Figure:
    """Draw revenue per person under baseline and reform, and the mechanical and behavioural steps between them.

    Args:
        row: ``baseline``, ``mechanical``, ``behavioural`` and ``reform``, money per person.
        labels: of the baseline and the reform.
        written: the numbers beside the four bars, as text.
        unit: the unit, for example ``USD per person``.
    """
    figure, (axes,) = new_figure(height=2.4)
    baseline, held, reform = row["baseline"], row["baseline"] + row["mechanical"], row["reform"]
    bars = {
        labels[0]: (0.0, baseline, SERIES[5]),
        "mechanical": (baseline, held, _MECHANICAL),
        "behavioural": (held, reform, _BEHAVIOURAL),
        labels[1]: (0.0, reform, SERIES[5]),
    }
    for index, (start, end, color) in enumerate(bars.values()):
        axes.barh(index, end - start, left=start, height=_THICK, color=color)
        beside = (max(start, end), index)
        axes.annotate(
            written[index], beside, (4, 0), textcoords="offset points", va="center", color=INK, fontsize=9
        )  # fmt: skip
    for index, level in enumerate((baseline, held, reform)):
        axes.plot([level, level], [index - 0.5 * _THICK, index + 1 + 0.5 * _THICK], color=INK, linewidth=0.7)
    _group_rows([axes], list(bars), separated=False)
    axes.margins(x=0.12)
    axes.set_xlabel(f"revenue, {unit}")
    return figure


def revenue_by_group(table: pd.DataFrame, unit: str = "") -> Figure:
    """Draw the mechanical and behavioural parts of the change of tax in each income group, and their sum.

    Parts are in per cent of the group's income before the reform where all groups have some, otherwise in money per
    person.

    Args:
        table: as :func:`econsim.analysis.counterfactual.reform_by_income`, with taxes.
        unit: the unit of money.
    """
    figure, (axes,) = new_figure(height=_height(len(table)))
    scale, words = _scaled(table, "income", unit)
    rows = np.arange(len(table))
    parts = {"mechanical": _MECHANICAL, "behavioural": _BEHAVIOURAL}
    for name, color, offset in zip(parts, parts.values(), (-0.25, 0.25), strict=True):
        axes.barh(rows + offset * _THICK, scale * table[f"tax_{name}"], height=0.5 * _THICK, color=color, label=name)
    axes.plot(scale * table["tax_change"], rows, "D", color=INK, markersize=4.5, label="total", linestyle="")
    _group_rows([axes], [str(name) for name in table["group"]])
    axes.set_xlabel(f"change of tax, {words}")
    figure.legend(loc="outside lower center", ncols=3, **LEGEND)
    return figure


def _draw_gains(axes: Axes, table: pd.DataFrame, rows: Any, unit: str) -> None:
    scale, words = _scaled(table, "consumption", unit)
    for row, low, high in zip(rows, scale * table["gain_low"], scale * table["gain_high"], strict=True):
        axes.plot([low, high], [row, row], color=SERIES[0], linewidth=1.6, solid_capstyle="butt")
    axes.plot(scale * table["gain"], rows, "o", color=SERIES[0], linestyle="")
    write_title(axes, f"gain in utility, {words}")
    axes.margins(x=0.08)


def _scaled(table: pd.DataFrame, base: str, unit: str) -> tuple[Any, str]:
    """Return the factor of an amount in the figure, a number or one per row, and the unit in words."""
    if base in table and (table[base] > 0).all():
        return 100.0 / table[base], f"% of {base}"
    return 1.0, in_money("per person", unit)


def _group_rows(panels: Sequence[Axes], names: Sequence[str], separated: bool = True) -> None:
    """Label the rows of all panels, the first at the top; a line separates deciles from the groups below them."""
    labels = [f"decile {name}" if name.isdecimal() else name for name in names]
    deciles = sum(name.isdecimal() for name in names)
    for index, axes in enumerate(panels):
        axes.set_yticks(range(len(labels)), labels if index == 0 else [""] * len(labels))
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.grid(axis="x", color=LINES, linewidth=0.5)
        axes.axvline(0.0, color=INK, linewidth=0.7)
        if separated:
            axes.axhline(deciles - 0.5, color=LINES, linewidth=0.8)
        plain_numbers(axes)


def _height(rows: int) -> float:
    """Return the height of a figure with one row per group, inches."""
    return 0.9 + 0.27 * rows
