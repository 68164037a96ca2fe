"""Declared accounts: what a game reports about an episode, along which axes and in which unit.

Tables, captions, figures, counterfactuals and documentation are made from these declarations; the meaning of an account
is never guessed from its shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "FOLLOWERS",
    "MONEY",
    "Account",
    "Format",
    "Metric",
    "Show",
    "Statistic",
    "account_rows",
    "is_player_axis",
    "metrics_of",
]

FOLLOWERS = "followers"
"""The axis of the players of all following roles, in the order of ``Game.roles``."""
MONEY = "money"
"""The unit that stands for the game's own unit of money, ``Game.unit``."""

Format = Literal["amount", "share", "hours", "index"]
"""How a number is printed: whole where it is large, as a percentage, with one decimal, with three decimals."""
Show = Literal["never", "detail", "table", "headline"]
"""Where a metric is shown unasked: nowhere; in counterfactuals and exported tables; in the report's table of policies
too; and there under every set of workers, as in the summary on the console."""


@dataclass(frozen=True)
class Metric:
    """One number per episode, by its name everywhere: in tables, reports, sweeps and code."""

    name: str
    title: str
    unit: str = ""
    format: Format = "amount"
    show: Show = "never"


@dataclass(frozen=True)
class Statistic:
    """One number that is read off an account of players: its weighted mean, its total over people, or its Gini index.

    ``name`` and ``title`` of the metric follow from the account where they are not given.
    """

    kind: Literal["mean", "total", "gini"] = "mean"
    show: Show = "never"
    name: str = ""
    title: str = ""

    def metric(self, account: Account) -> Metric:
        """Return the metric that this statistic of ``account`` is."""
        name = {"mean": f"mean_{account.name}", "total": f"total_{account.name}", "gini": f"{account.name}_gini"}
        title = {"mean": f"Mean {account.noun}", "total": f"Total {account.noun}", "gini": f"Gini of {account.noun}"}
        unit, form = ("", "index") if self.kind == "gini" else (account.unit, account.format)
        return Metric(self.name or name[self.kind], self.title or title[self.kind], unit, form, self.show)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Account:
    """One entry of ``Game.accounts``: a tensor ``[B, *axes]``.

    Attributes:
        name: its key.
        axes: what the axes after ``B`` are: none for one number per episode; ``role:worker`` for the players of a role,
            ``followers`` for those of all following roles; any other word (``bracket``, ``period``, ``node``) for an
            axis of the game's own. Axes of one name have one length.
        unit: of its numbers; ``money`` is the game's own.
        title: for tables and captions; the name in words where it is not given.
        format: how its numbers are printed.
        show: where it is shown unasked, for an account with one number per episode.
        statistics: the metrics that are read off an account of players.
        weight: it counts how many people each player stands for; all statistics of the same axis are weighted by it.
        flow: it is what one step brought, so that an episode reports its mean over the steps after ``Game.burn_in``
            and keeps its time series; otherwise it is a stock, read at the end.
    """

    name: str
    axes: tuple[str, ...] = ()
    unit: str = ""
    title: str = ""
    format: Format = "amount"
    show: Show = "never"
    statistics: tuple[Statistic, ...] = field(default=(Statistic(),))
    weight: bool = False
    flow: bool = False

    @property
    def noun(self) -> str:
        """The title within a sentence."""
        title = self.title or self.name.replace("_", " ")
        return title if title[:2].isupper() else title[:1].lower() + title[1:]

    @property
    def is_of_players(self) -> bool:
        """Whether it holds one number per player, ``[B, N]``."""
        return len(self.axes) == 1 and is_player_axis(self.axes[0])

    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics that an episode gives of it."""
        if not self.axes:
            title = self.title or self.name.replace("_", " ").capitalize()
            return (Metric(self.name, title, self.unit, self.format, self.show),)
        if not self.is_of_players or self.weight:
            return ()
        return tuple(statistic.metric(self) for statistic in self.statistics)


def is_player_axis(axis: str) -> bool:
    """Return whether an axis counts players."""
    return axis == FOLLOWERS or axis.startswith("role:")


def metrics_of(accounts: Iterable[Account], unit: str = "") -> Mapping[str, Metric]:
    """Return the metrics of all accounts by name; ``unit`` is the game's unit of money."""
    every = (metric for account in accounts for metric in account.metrics())
    return {metric.name: _in_unit(metric, unit) for metric in every}


def account_rows(accounts: Iterable[Account], unit: str = "") -> list[tuple[str, str, str, str, str]]:
    """Return a row of text for each account: its name, axes, unit, title, and the names of its metrics.

    Flows and weights are marked as such.
    """
    rows = []
    for account in accounts:
        kind = ", a flow" if account.flow else ", a weight" if account.weight else ""
        title = (account.title or account.name.replace("_", " ").capitalize()) + kind
        names = ", ".join(metric.name for metric in account.metrics())
        rows.append((account.name, ", ".join(account.axes), _worded(account.unit, unit), title, names))
    return rows


def _worded(unit: str, money: str) -> str:
    """Return a unit with the game's unit of money in its place."""
    return " ".join(money if word == MONEY else word for word in unit.split(" ")).strip()


def _in_unit(metric: Metric, unit: str) -> Metric:
    return Metric(metric.name, metric.title, _worded(metric.unit, unit), metric.format, metric.show)
