"""Plots of whole episodes: coin, prices and trades over time, taxes and schedules by period.

Each takes recordings by policy, the policy under study last, or one recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import (
    INK,
    LEGEND,
    SERIES,
    in_money,
    label_ends,
    new_figure,
    plain_numbers,
    share_limits,
    stroke,
    styles_of,
    write_title,
)
from econsim.analysis.recording._people import Groups, groups_of
from econsim.analysis.recording._series import rolling_prices
from econsim.analysis.recording.record import Recording
from econsim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["coin_over_time", "prices_and_trades", "schedules_by_period", "taxes_by_period"]

_COLUMNS = 3
_SMALL_HEIGHT = 2.5
_CENTRED: Any = {"ha": "center", "va": "center", "color": INK}
_FAINTEST, _STRONGEST = 0.06, 0.55  # opacity of rates 0 and 1, so that ink stays legible on it


def coin_over_time(recordings: Mapping[str, Recording]) -> Figure:
    """Draw coin of each person, or of quarters by pay, including escrow, one panel per policy."""
    figure, panels = new_figure(len(recordings), -(-len(recordings) // _COLUMNS), _SMALL_HEIGHT)
    for axes, (policy, recording) in zip(panels, recordings.items(), strict=True):
        groups = groups_of(recording)
        for color, line in zip(groups.colors, groups.means(recording.over_time("coin")).T, strict=True):
            axes.plot(line, color=color, linewidth=1.6)
        write_title(axes, policy)
        _number_axes(axes, recording)
        plain_numbers(axes, "y")
    share_limits(panels, low=0.0)
    panels[0].set_ylabel(recording.stage["unit"])
    _write_key(figure, recording, groups)
    return figure


def prices_and_trades(recordings: Mapping[str, Recording]) -> Figure:
    """Draw the mean price of the trades of the last fifty steps, and units traded so far, for each good."""
    goods = next(iter(recordings.values())).stage["goods"]
    figure, panels = new_figure(2 * len(goods), 2, _SMALL_HEIGHT)
    styles = styles_of(recordings)
    for policy, recording in recordings.items():
        price, traded = rolling_prices(recording), recording.over_time("traded")
        for number, good in enumerate(goods):
            above, below = panels[number], panels[number + len(goods)]
            above.plot(np.arange(1, len(recording)), price[:, number], **stroke(styles[policy]))
            below.plot(traded[:, number], **stroke(styles[policy]))
            write_title(above, good)
            _number_axes(below, recording)
            _number_axes(above, recording, labelled=False)
    for row in (panels[: len(goods)], panels[len(goods) :]):
        share_limits(row, low=0.0)
    panels[0].set_ylabel(in_money("price", recording.stage["unit"]))
    panels[len(goods)].set_ylabel("units traded so far")
    label_ends(
        panels[-1], {policy: float(recording.at("traded", -1)[-1]) for policy, recording in recordings.items()}, styles
    )
    return figure


def taxes_by_period(recording: Recording) -> Figure:
    """Draw income before tax, tax and rebate of each person, or means of quarters by pay, by tax period."""
    names = {"taxed_income": "income before tax", "tax": "tax", "rebate": "rebate"}
    _need_periods(recording)
    figure, panels = new_figure(len(names), 1, 2.8)
    groups = groups_of(recording)
    for axes, (name, title) in zip(panels, names.items(), strict=True):
        for color, line in zip(groups.colors, groups.means(recording.by_period(name)).T, strict=True):
            axes.plot(np.arange(1, len(line) + 1), line, color=color, linewidth=1.4, marker="o", markersize=3)
        write_title(axes, title)
        axes.set_xlabel("tax period")
        axes.locator_params(axis="x", integer=True, nbins=6)
        plain_numbers(axes, "y")
    share_limits(panels[1:])
    panels[0].set_ylabel(recording.stage["unit"])
    _write_key(figure, recording, groups)
    return figure


def schedules_by_period(recording: Recording) -> Figure:
    """Draw the marginal tax rate of each bracket in each tax period, in per cent, one panel per planner."""
    _need_periods(recording)
    planners = recording.stage["planners"]
    figure, panels = new_figure(len(planners), len(planners), 3.2)
    rates = recording.over_time("rates")[recording.period_ends()]
    for number, (axes, planner) in enumerate(zip(panels, planners, strict=True)):
        _draw_table(axes, rates[:, number].T, np.asarray(recording.stage["thresholds"]))
        axes.set_ylabel(in_money("income from", recording.stage["unit"]))
        axes.set_xlabel("tax period")
        if len(planners) > 1:
            write_title(axes, planner)
    return figure


def _draw_table(axes: Axes, rates: Any, thresholds: Any) -> None:
    """Draw rates ``[K, Y]`` as cells, darker for higher rates, each with its percentage; subsidies in orange."""
    from matplotlib.patches import Rectangle

    brackets, periods = rates.shape
    size = 8.5 if periods <= 12 else 6.5
    for (bracket, period), rate in np.ndenumerate(rates):
        opacity = _FAINTEST + (_STRONGEST - _FAINTEST) * abs(rate)
        corner, color = (period + 0.54, bracket + 0.05), SERIES[0] if rate >= 0 else SERIES[1]
        axes.add_patch(Rectangle(corner, 0.92, 0.9, facecolor=color, alpha=opacity, edgecolor="none"))
        if periods <= 24:
            axes.text(period + 1, bracket + 0.5, f"{100 * rate:.0f}", fontsize=size, **_CENTRED)
    axes.set(xlim=(0.5, periods + 0.5), ylim=(0, brackets))
    axes.set_yticks(np.arange(brackets) + 0.5, [f"{value:,.4g}" for value in thresholds])
    axes.locator_params(axis="x", integer=True, nbins=12)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)


def _number_axes(axes: Axes, recording: Recording, labelled: bool = True) -> None:
    axes.set_xlim(0, len(recording) - 1)
    axes.locator_params(axis="x", nbins=4)
    plain_numbers(axes)
    if labelled:
        axes.set_xlabel("step")


def _write_key(figure: Figure, recording: Recording, groups: Groups) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=color, linewidth=2.0, label=label)
        for color, label in zip(groups.colors, groups.described(recording), strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), **LEGEND)


def _need_periods(recording: Recording) -> None:
    if not recording.period_ends() or not recording.has("rates", "taxed_income", "tax", "rebate"):
        raise UserError("no tax period ended in this episode")
