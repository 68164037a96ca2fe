"""Declared accounts: the quantities that a game reports about an episode, with their axes and units.

Tables, captions, figures, counterfactuals and documentation follow from these declarations; the meaning of an account
is never inferred from its shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    "unit_in_words",
]

FOLLOWERS = "followers"
"""The axis of the players of all following roles, in the order of ``Game.roles``."""
MONEY = "money"
"""The unit that stands for the game's own unit of money, ``Game.unit``."""

Format = Literal["amount", "share", "hours", "index"]
"""The format of a number: an amount, rounded to whole numbers where it is large; a percentage; hours with one decimal;
an index with three decimals."""
Show = Literal["never", "detail", "table", "headline"]
"""Where a metric is shown by default: ``never``; ``detail``, in counterfactuals and exported tables; ``table``, also in
the report's table of policies; ``headline``, also in the summary on the console and, in the report, under every set of
evaluation workers."""


@dataclass(frozen=True)
class Metric:
    """One number per episode. Tables, reports, sweeps and code refer to it by its name."""

    name: str
    title: str
    unit: str = ""
    format: Format = "amount"
    show: Show = "never"
    definition: str = ""
    """Which of several definitions it has, for example the social welfare function, where settings select one; metrics
    of one name with different definitions are never compared."""


@dataclass(frozen=True)
class Statistic:
    """A statistic of an account of players: its weighted mean, its total over people, or its Gini index.

    Where ``name`` and ``title`` of the metric are empty, they follow from the account.
    """

    kind: Literal["mean", "total", "gini"] = "mean"
    show: Show = "never"
    name: str = ""
    title: str = ""

    def metric(self, account: Account) -> Metric:
        """Return the declaration of this statistic of ``account`` as a metric."""
        name = {"mean": f"mean_{account.name}", "total": f"total_{account.name}", "gini": f"{account.name}_gini"}
        title = {"mean": f"Mean {account.noun}", "total": f"Total {account.noun}", "gini": f"Gini of {account.noun}"}
        unit, form = ("", "index") if self.kind == "gini" else (account.unit, account.format)
        return Metric(self.name or name[self.kind], self.title or title[self.kind], unit, form, self.show)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Account:
    """One entry of ``Game.accounts``: a tensor ``[B, *axes]``.

    Attributes:
        name: its key.
        axes: the axes after ``B``: none for one number per episode; ``role:worker`` for the players of a role,
            ``followers`` for those of all following roles; any other word (``bracket``, ``period``, ``node``) for an
            axis that the game defines. Axes of the same name have the same length.
        unit: the unit of its numbers; ``money`` is the game's unit of money.
        title: the title in tables and captions; by default, the name in words.
        format: the format of its numbers.
        show: where it is shown by default; for an account with one number per episode.
        statistics: the metrics that are computed from an account of players.
        weight: whether it is the number of people that each player represents; all statistics of the same axis are
            weighted by it.
        ranks: whether the players of a role are ranked by it where results are shown by rank: a property that each of
            them has throughout an episode, such as a skill.
        flow: whether it is a flow of one step, so that an episode reports its mean over the steps after
            ``Game.burn_in`` and stores its time series; otherwise it is a stock, read at the end of the episode.
        definition: which of several definitions an account with one number per episode has; see
            :attr:`Metric.definition`.
    """

    name: str
    axes: tuple[str, ...] = ()
    unit: str = ""
    title: str = ""
    format: Format = "amount"
    show: Show = "never"
    statistics: tuple[Statistic, ...] = field(default=(Statistic(),))
    weight: bool = False
    ranks: bool = False
    flow: bool = False
    definition: str = ""

    def __post_init__(self) -> None:
        """Refuse a bare string for ``axes``, which would be read as one axis per letter."""
        axes: object = self.axes
        if isinstance(axes, str):
            raise TypeError(f"account {self.name!r}: axes is a tuple of names; write ({axes!r},)")

    @property
    def noun(self) -> str:
        """The title as it is written within a sentence."""
        title = self.title or self.name.replace("_", " ")
        return title if title[:2].isupper() else title[:1].lower() + title[1:]

    @property
    def is_of_players(self) -> bool:
        """Whether it holds one number per player, ``[B, N]``."""
        return len(self.axes) == 1 and is_player_axis(self.axes[0])

    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics that are computed from this account at the end of an episode."""
        if not self.axes:
            title = self.title or self.name.replace("_", " ").capitalize()
            return (Metric(self.name, title, self.unit, self.format, self.show, self.definition),)
        if not self.is_of_players or self.weight:
            return ()
        return tuple(statistic.metric(self) for statistic in self.statistics)


def is_player_axis(axis: str) -> bool:
    """Return whether an axis counts players."""
    return axis == FOLLOWERS or axis.startswith("role:")


def metrics_of(accounts: Iterable[Account], unit: str = "") -> Mapping[str, Metric]:
    """Return the metrics of all accounts by name; ``unit`` is the game's unit of money."""
    metrics = (metric for account in accounts for metric in account.metrics())
    return {metric.name: _in_unit(metric, unit) for metric in metrics}


def account_rows(accounts: Iterable[Account], unit: str = "") -> list[tuple[str, str, str, str, str]]:
    """Return a row of text for each account: its name, axes, unit, title, and the names of its metrics.

    The titles of flows and weights say that they are flows and weights.
    """
    rows = []
    for account in accounts:
        kind = " (flow)" if account.flow else " (weight)" if account.weight else ""
        title = (account.title or account.name.replace("_", " ").capitalize()) + kind
        names = ", ".join(metric.name for metric in account.metrics())
        rows.append((account.name, ", ".join(account.axes), unit_in_words(account.unit, unit), title, names))
    return rows


def unit_in_words(unit: str, money: str) -> str:
    """Return a unit in which the word ``money`` is replaced by the game's unit of money."""
    return " ".join(money if word == MONEY else word for word in unit.split(" ")).strip()


def _in_unit(metric: Metric, unit: str) -> Metric:
    return replace(metric, unit=unit_in_words(metric.unit, unit))
