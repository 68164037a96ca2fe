"""Charts beside the map: moving parts are drawn anew for every frame, all others once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import INK, LEGEND, SERIES, apart, plain_numbers
from econsim.analysis.recording._people import groups_of
from econsim.analysis.recording._series import gross_income_of_period, prices, rolling_prices
from econsim.analysis.recording.record import Recording

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

GOODS_COLORS = (SERIES[5], SERIES[4])  # grey for stone, brown for wood; people take the other colours first
GOODS_MARKS = ("s", "^")
_LINE = 14  # pixels from label to label
_SMALL: Any = {"fontsize": 9, "annotation_clip": False}


class Chart(ABC):
    """A chart whose static parts are drawn on construction, and whose other parts are moved by :meth:`show`."""

    needed: tuple[str, ...]
    """The frames that it draws."""

    def __init__(self, axes: Axes, recording: Recording) -> None:
        self.axes, self.recording = axes, recording
        self.moving: list[Artist] = []
        self.prepare()
        for artist in self.moving:
            artist.set_animated(True)

    @abstractmethod
    def prepare(self) -> None:
        """Draw the static parts, and create the moving ones (``moving``)."""

    @abstractmethod
    def show(self, time: int) -> None:
        """Move to a moment."""

    def title(self, text: str) -> None:
        """Write a title over the left end."""
        self.axes.set_title(text, loc="left", color=INK, fontsize=10.5, fontweight="bold")

    def clock(self) -> None:
        """Make time the horizontal axis, with a tick per tax period where there are few."""
        self.axes.set_xlim(0, len(self.recording) - 1)
        ends = self.recording.period_ends()
        if 0 < len(ends) <= 12:
            self.axes.set_xticks([0, *ends])
        plain_numbers(self.axes)


class CoinChart(Chart):
    """Coin of each person or group, escrow included."""

    needed = ("coin", "pay")

    def prepare(self) -> None:
        """Draw the axes, and a line and a label for each."""
        groups = groups_of(self.recording)
        self.lines = groups.means(self.recording.over_time("coin"))
        self.clock()
        self.axes.set_ylim(min(0.0, self.lines.min()), max(1.0, self.lines.max()) * 1.06)
        self.title(self.recording.stage["unit"].capitalize())
        plain_numbers(self.axes, "y")
        self.ends = [self._end(label, color) for label, color in zip(groups.labels, groups.colors, strict=True)]
        self.moving = [artist for _, line, label in self.ends for artist in (line, label)]
        self.named = len(groups.labels) == len(groups.of)

    def _end(self, name: str, color: str) -> tuple[str, Line2D, Annotation]:
        (line,) = self.axes.plot([], [], color=color, linewidth=1.8)
        return name, line, self.axes.annotate("", (0, 0), va="center", color=color, fontweight="bold", **_SMALL)

    def show(self, time: int) -> None:
        """Draw the lines up to the moment, with labels to the right of their ends."""
        low, high = self.axes.get_ylim()
        coin = {name: float(value) for (name, _, _), value in zip(self.ends, self.lines[time], strict=True)}
        gap = _LINE / self.axes.get_window_extent().height
        heights = apart({name: (value - low) / (high - low) for name, value in coin.items()}, gap)
        for (name, line, label), values in zip(self.ends, self.lines.T, strict=True):
            line.set_data(np.arange(time + 1), values[: time + 1])
            label.set_text(f" {name}  {coin[name]:,.0f}" if self.named else f" {coin[name]:,.0f}")
            label.set_position((time, low + heights[name] * (high - low)))


class MarketChart(Chart):
    """Prices of trades: a mark for each step with trades, and their mean over the last fifty steps."""

    needed = ("traded", "turnover")

    def prepare(self) -> None:
        """Draw the axes, and marks, a line and a note for each good."""
        self.goods: Sequence[str] = self.recording.stage["goods"]
        self.price, self.mean = prices(self.recording), rolling_prices(self.recording)
        self.time = np.arange(1, len(self.recording))
        self.clock()
        self.axes.set_ylim(-0.3, self.recording.stage["highest_price"] + 0.3)
        self.axes.locator_params(axis="y", integer=True)
        self.title("Prices")
        self.marks, self.lines, self.notes = [], [], []
        for number, (color, mark) in enumerate(zip(GOODS_COLORS, GOODS_MARKS, strict=True)):
            self.marks += self.axes.plot([], [], mark, color=color, markersize=3.2, alpha=0.45, markeredgewidth=0)
            self.lines += self.axes.plot([], [], color=color, linewidth=1.8)
            self.notes.append(self.axes.annotate(
                "", (0.16 + 0.43 * number, 1.055), xycoords="axes fraction", color=color, **_SMALL
            ))  # fmt: skip
        self.moving = [*self.marks, *self.lines, *self.notes]

    def show(self, time: int) -> None:
        """Draw the trades up to the moment and the open offers."""
        for number, good in enumerate(self.goods):
            for line, values in ((self.marks[number], self.price), (self.lines[number], self.mean)):
                line.set_data(self.time[:time], values[:time, number])
            self.notes[number].set_text(
                f"{good} {self.recording.at('traded', time)[number]:,} traded{self._offers(time, number)}"
            )

    def _offers(self, time: int, number: int) -> str:
        if not self.recording.has("best_bid", "best_ask"):
            return ""
        offers = {name: int(self.recording.at(f"best_{name}", time)[number]) for name in ("bid", "ask")}
        return "".join(f", {name} {price}" for name, price in offers.items() if price >= 0)


class TaxChart(Chart):
    """The tax schedule in force, with everybody's income of the period marked on it."""

    needed = ("rates", "coin", "pay", "tax", "rebate")

    def prepare(self) -> None:
        """Draw the axes, one schedule per planner and one dot per person."""
        stage = self.recording.stage
        self.thresholds = np.asarray(stage["thresholds"], dtype=float)
        positive = self.thresholds[self.thresholds > 0]
        low, high = (positive.min() / 4, positive.max() * 1.5) if positive.size else (1.0, 100.0)
        self.edges = np.clip([*self.thresholds, high], low, None)
        lowest = 100.0 * min(0.0, float(self.recording.over_time("rates").min()))
        xlabel = f"income of the period, {stage['unit']}"
        self.axes.set(xscale="log", xlim=(low, high), ylim=(lowest - 4.0, 104.0), xlabel=xlabel)
        self.title("Marginal tax rate, %")
        plain_numbers(self.axes)
        self.incomes = np.clip(gross_income_of_period(self.recording), low, high)
        groups = groups_of(self.recording)
        self.schedules = [
            self.axes.plot([], [], color=INK, linewidth=2.0, linestyle="-" if number == 0 else "--")[0]
            for number, _ in enumerate(stage["planners"])
        ]
        if len(self.schedules) > 1:
            self.axes.legend(self.schedules, stage["planners"], loc="upper left", **LEGEND)
        colors = [groups.colors[group] for group in groups.of]
        self.people = self.axes.scatter(
            self.incomes[0], self.incomes[0], s=46, c=colors, edgecolors="white", linewidths=1.0, zorder=4
        )
        self.moving = [*self.schedules, self.people]

    def show(self, time: int) -> None:
        """Draw the schedules in force and the incomes of the period so far."""
        rates = 100.0 * self.recording.at("rates", time)
        for line, of_planner in zip(self.schedules, rates, strict=True):
            line.set_data(np.repeat(self.edges, 2)[1:-1], np.repeat(of_planner, 2))
        income = self.incomes[time]
        bracket = (income[:, None] >= self.thresholds).sum(1).clip(1) - 1
        self.people.set_offsets(np.stack([income, rates[self.recording.stage["taxed_by"], bracket]], 1))


def charts_of(recording: Recording) -> list[type[Chart]]:
    """Return the charts that this episode has frames for, from top to bottom."""
    kinds: tuple[type[Chart], ...] = (CoinChart, MarketChart, TaxChart)
    return [kind for kind in kinds if recording.has(*kind.needed)]
