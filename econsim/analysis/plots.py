"""Plots: functions from tables to matplotlib figures.

Each takes tables as a run writes them (``policy``, ``response``, ... and one column per variable) and the policies to
show, the one under study last. Every line has its own colour and dashes, and a label at its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import (
    INK,
    LEGEND,
    Style,
    in_money,
    label_ends,
    new_figure,
    plain_numbers,
    share_limits,
    stroke,
    styles_of,
    write_title,
)
from econsim.analysis.inequality import by_decile

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "effective_rates",
    "hours_by_skill",
    "houses_by_skill",
    "incomes_by_decile",
    "learning_curve",
    "metrics_over_steps",
    "rate_curves",
    "tax_schedules",
    "welfare_dots",
]

SMOOTHED = 5  # iterations
_MARKS: tuple[Any, ...] = ({"marker": "o"}, {"marker": "D", "markerfacecolor": "none"})


def tax_schedules(schedules: Mapping[str, tuple[Sequence[float], Sequence[float]]], unit: str = "") -> Figure:
    """Draw marginal tax rates by income.

    Args:
        schedules: by policy, bracket thresholds ``[K]`` in money and rates ``[K]``; the policy under study last.
        unit: the unit of money.
    """
    figure, (axes,) = new_figure()
    positive = [value for thresholds, _ in schedules.values() for value in thresholds if value > 0] or [1.0]
    low, high = min(positive) / 4.0, max(positive) * 3.0
    ends = {}
    for label, style in styles_of(schedules).items():
        thresholds, rates = schedules[label]
        edges = np.clip([*thresholds, high], low, None)
        axes.stairs(100.0 * np.asarray(rates), edges, baseline=None, **stroke(style))
        ends[label] = 100.0 * rates[-1]
    lowest = min(0.0, *(min(rates) for _, rates in schedules.values()))
    limits = 100.0 * lowest - 3.0, 103.0
    axes.set(xscale="log", xlim=(low, high), ylim=limits, xlabel=in_money("income before tax", unit))
    axes.set_ylabel("marginal tax rate, %")
    label_ends(axes, ends, styles_of(schedules))
    plain_numbers(axes)
    return figure


def hours_by_skill(accounts: pd.DataFrame, policies: Sequence[str], unit: str = "") -> Figure:
    """Draw weekly hours by income at 40 hours: the first response as lines, the second of the last policy as dots."""
    figure, (axes,) = new_figure()
    styles, ends = styles_of(policies), {}
    for label in policies:
        people = _people(accounts, label)
        axes.plot(people["potential_income"], people["hours"], **stroke(styles[label]))
        ends[label] = float(people["hours"].iloc[-1])
    second = _second_response(accounts)
    if second is not None:
        people = _people(accounts, policies[-1], second)
        name = f"{policies[-1]}, {second} workers"
        color = styles[policies[-1]].color
        axes.plot(people["potential_income"], people["hours"], "o", color=color, markersize=3, alpha=0.7, label=name)
        axes.legend(loc="lower right", **LEGEND)
    axes.set(xscale="log", xlabel=in_money("income at 40 hours per week", unit), ylabel="hours per week")
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, styles)
    plain_numbers(axes)
    return figure


def houses_by_skill(accounts: pd.DataFrame, policies: Sequence[str], unit: str = "") -> Figure:
    """Draw houses of each worker, from the lowest to the highest pay per house, one panel per policy."""
    figure, panels = new_figure(len(policies), -(-len(policies) // 3), 2.5)
    for axes, (label, style) in zip(panels, styles_of(policies).items(), strict=True):
        people = _people(accounts, label, rank_by="build_payment")
        axes.bar(range(1, len(people) + 1), people["houses"], color=style.color, width=0.75)
        if len(people) <= 8:
            axes.set_xticks(range(1, len(people) + 1), [f"{pay:.3g}" for pay in people["build_payment"]])
            axes.set_xlabel(in_money("pay per house", unit))
        else:
            axes.set_xlabel("rank by pay per house")
        write_title(axes, label)
    share_limits(panels, low=0.0)
    panels[0].set_ylabel("houses built")
    return figure


def incomes_by_decile(accounts: pd.DataFrame, policies: Sequence[str], unit: str = "") -> Figure:
    """Draw mean income before tax, and after tax and rebate, by decile of income at 40 hours."""
    figure, panels = new_figure(2)
    shown = {"income": "before tax", "consumption": "after tax and rebate"}
    for axes, (variable, title) in zip(panels, shown.items(), strict=True):
        lines = {label: _by_decile(_people(accounts, label), variable) for label in policies}
        _decile_lines(axes, lines, title)
        axes.set_yscale("log")
    share_limits(panels)
    label_ends(panels[1], {label: line.iloc[-1] for label, line in lines.items()}, styles_of(policies))
    panels[0].set_ylabel(in_money("mean income", unit))
    panels[1].tick_params(labelleft=False)
    for axes in panels:
        plain_numbers(axes, "y")
    return figure


def effective_rates(accounts: pd.DataFrame, policies: Sequence[str]) -> Figure:
    """Draw tax as a share of income, before and after the rebate, by decile of income at 40 hours."""
    figure, panels = new_figure(2)
    lowest = []
    titles = ("tax, % of income", "tax minus rebate, % of income")
    for axes, names, title in zip(panels, (("tax",), ("tax", "rebate")), titles, strict=True):
        lines = {label: 100.0 * _paid_share(_people(accounts, label), *names) for label in policies}
        _decile_lines(axes, lines, title)
        lowest.append(min(float(line.min()) for line in lines.values()))
    # A credit may exceed the income of a decile; below -100 % the scale would hide all others.
    panels[0].set_ylim(max(-100.0, min(0.0, lowest[0])) - 3.0, 103)
    panels[1].set_ylim(-103, 103)
    label_ends(panels[1], {label: line.iloc[-1] for label, line in lines.items()}, styles_of(policies))
    return figure


def rate_curves(
    curve: pd.DataFrame, labels: Mapping[str, str], unit: str = "USD", marked: float | None = None, log: bool = False
) -> Figure:
    """Draw average and marginal tax rates over income before tax.

    Args:
        curve: a table of :func:`econsim.analysis.taxation.rates_by_income`, in ascending order of income.
        labels: the label of each schedule of the table, the one under study last.
        unit: the unit of money.
        marked: an income to mark by a vertical line.
        log: whether the axis of incomes is logarithmic; it then starts at the first income, otherwise at zero.
    """
    figure, panels = new_figure(2)
    styles = styles_of(labels.values())
    kinds = {"average": "default", "marginal": "steps-post"}
    first, last = (float(curve["income"].iloc[index]) for index in (0, -1))
    for axes, (kind, drawing) in zip(panels, kinds.items(), strict=True):
        for name, label in labels.items():
            rates = 100.0 * curve[f"{name}_{kind}_rate"]
            axes.plot(curve["income"], rates, drawstyle=drawing, **stroke(styles[label]))
        if marked is not None:
            axes.axvline(marked, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.set(xlabel=in_money("income before tax", unit), xlim=(first if log else 0.0, last))
        if log:
            axes.set_xscale("log")
        else:
            axes.locator_params(axis="x", nbins=4)
        write_title(axes, f"{kind} tax rate, %")
        plain_numbers(axes)
    lowest = min(float(curve[f"{name}_{kind}_rate"].min()) for name in labels for kind in kinds)
    share_limits(panels, low=0.0 if lowest >= 0 else None)
    ends = {label: 100.0 * float(curve[f"{name}_marginal_rate"].iloc[-1]) for name, label in labels.items()}
    label_ends(panels[1], ends, styles)
    return figure


def welfare_dots(table: pd.DataFrame, policies: Sequence[str]) -> Figure:
    """Draw each policy under several welfare functions, one panel per function.

    Args:
        table: columns ``policy``, ``response`` and one column per welfare function.
        policies: from top to bottom, the policy under study last.
    """
    functions = [name for name in table.columns if name not in ("policy", "response") and table[name].notna().any()]
    figure, panels = new_figure(len(functions), rows=-(-len(functions) // 3), height=0.6 + 0.25 * len(policies))
    responses = list(dict.fromkeys(table["response"]))
    rows = {label: len(policies) - index for index, label in enumerate(policies)}
    for index, (axes, name) in enumerate(zip(panels, functions, strict=True)):
        for response, mark in zip(responses, _MARKS, strict=False):
            _dots(axes, table[table["response"] == response].set_index("policy")[name], rows, mark)
        axes.set_ylim(0.4, len(policies) + 0.6)
        write_title(axes, name.replace("_", " "))
        axes.set_yticks(list(rows.values()), list(rows) if index % 3 == 0 else [""] * len(rows))
        axes.margins(x=0.12)
        axes.locator_params(axis="x", nbins=3)
        plain_numbers(axes)
    if len(responses) > 1:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=INK, linestyle="", label=f"{response} workers", **mark)
            for response, mark in zip(responses, _MARKS, strict=False)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(responses), **LEGEND)
    return figure


def learning_curve(curves: Mapping[str, pd.DataFrame], levels: Mapping[str, float], ylabel: str) -> Figure:
    """Draw a learning curve over training steps, with reference levels.

    Args:
        curves: by name, a table ``step``, ``seed``, ``value``; each seed is a thin line, their mean a thick one.
        levels: by label, values to mark as horizontal lines.
        ylabel: the label of the vertical axis, with its unit.
    """
    figure, (axes,) = new_figure()
    styles, ends = styles_of(reversed(list(curves))), {}
    for name, table in curves.items():
        wide = table.pivot_table(index="step", columns="seed", values="value").sort_index()
        mean = wide.interpolate(limit_area="inside").mean(axis=1)
        if wide.shape[1] > 1:
            axes.plot(wide.index, wide, color=styles[name].color, linewidth=0.6, alpha=0.5)
        axes.plot(mean.index, mean, **stroke(styles[name]))
        ends[name] = float(mean.iloc[-1])
    for value in levels.values():
        axes.axhline(value, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    quiet = {label: Style(INK, "-", 0.9) for label in levels}
    axes.set(xlabel="training step", ylabel=ylabel)
    axes.margins(x=0)
    label_ends(axes, {**ends, **levels}, {**styles, **quiet})
    plain_numbers(axes, "y")
    return figure


def metrics_over_steps(
    curves: Mapping[str, pd.DataFrame], accounts: Mapping[str, str], xlabel: str = "iteration", smoothed: int = SMOOTHED
) -> Figure:
    """Draw metrics over iterations of training, or over the steps of an episode.

    Args:
        curves: by policy, the one under study last, a table ``step``, ``seed``, ``name``, ``value``; means over seeds.
            With columns ``low`` and ``high``, these are the ends of a band.
        accounts: the titles of panels by metric, one panel each.
        xlabel: the name of a step.
        smoothed: number of neighbouring steps over which the mean is taken.
    """
    figure, panels = new_figure(len(accounts), len(accounts), height=2.8)
    styles = styles_of(list(curves))
    for axes, (account, title) in zip(panels, accounts.items(), strict=True):
        ends = {}
        for label, table in curves.items():
            rows = table[table["name"] == account]
            if rows.empty:
                continue
            mean = rows.groupby("step")["value"].mean()
            smooth = mean.rolling(smoothed, min_periods=1, center=True).mean()
            if "low" in rows:
                axes.fill_between(rows["step"], rows["low"], rows["high"], color=styles[label].color, alpha=0.15, lw=0)
            axes.plot(smooth.index, smooth, **stroke(styles[label]))
            ends[label] = float(smooth.iloc[-1])
        axes.set(xlabel=xlabel)
        write_title(axes, title)
        axes.margins(x=0)
        axes.locator_params(axis="x", integer=True)
        label_ends(axes, ends, styles)
        plain_numbers(axes, "y")
    return figure


def _dots(axes: Axes, values: pd.Series[float], rows: Mapping[str, int], mark: Mapping[str, Any]) -> None:
    styles = styles_of(rows)
    for label, value in values.items():
        axes.plot(value, rows[str(label)], color=styles[str(label)].color, linestyle="", **mark)


def _people(
    accounts: pd.DataFrame, policy: str, response: str | None = None, rank_by: str = "potential_income"
) -> pd.DataFrame:
    """Return one row per player in order of income at 40 hours, or of ``rank_by``: means over the seeds."""
    response = response or accounts["response"].iloc[0]
    rows = accounts[(accounts["policy"] == policy) & (accounts["response"] == response)]
    return rows.drop(columns=["policy", "response"]).groupby("player").mean().sort_values(rank_by)


def _second_response(accounts: pd.DataFrame) -> str | None:
    responses = list(dict.fromkeys(accounts["response"]))
    return responses[1] if len(responses) > 1 else None


def _by_decile(people: pd.DataFrame, variable: str) -> pd.Series[float]:
    """Return the mean of ``variable`` per person by decile of income at 40 hours."""
    table = by_decile(people[variable], people["potential_income"], people.get("weight"))
    return table.set_index("decile")["mean"]


def _paid_share(people: pd.DataFrame, paid: str, received: str | None = None) -> pd.Series[float]:
    """Return the payments of each decile minus its receipts, as a share of its income; missing without income."""
    income = _by_decile(people, "income")
    net = _by_decile(people, paid) - (_by_decile(people, received) if received else 0.0)
    return net / income.where(income > 0)


def _decile_lines(axes: Axes, lines: Mapping[str, pd.Series[float]], title: str) -> None:
    for label, style in styles_of(lines).items():
        axes.plot(lines[label].index, lines[label], marker="o", markersize=2.5, **stroke(style))
    axes.set(xlabel="decile of income at 40 hours", xticks=range(1, 11))
    write_title(axes, title)
