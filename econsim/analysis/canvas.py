"""Shared style of plots: colours, dashes, plain axes, and labels at the ends of lines instead of a legend.

The report turns :data:`SERIES`, :data:`INK` and :data:`LINES` into CSS variables, so that one figure is legible
on a white and on a black background.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1d2733"
LINES = "#c9d0d8"
SERIES = ("#0068a8", "#c8500a", "#007f5c", "#9a4c95", "#8f6500", "#5d6774", "#b3304f", "#2f7f8c")
"""Eight colours that colour-blind readers can distinguish, with a contrast of at least 4.5 to 1 against white; the
first marks the scenario's own policy."""
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (8, 3, 2, 3)), (0, (1, 1)))
LEGEND: Any = {"frameon": False, "labelcolor": INK, "fontsize": 9}
_WIDTH, _HEIGHT = 7.6, 3.9


@dataclass(frozen=True)
class Style:
    """How a policy is drawn: its colour, the dashes and the width of its line."""

    color: str
    dashes: Any
    width: float


def new_figure(panels: int = 1, rows: int = 1, height: float = _HEIGHT) -> tuple[Figure, list[Axes]]:
    """Return a figure without background and its panels; ``height`` in inches of each row."""
    from econsim.analysis.notebook_figure import NotebookFigure

    figure = NotebookFigure(figsize=(_WIDTH, rows * height), layout="constrained")
    figure.patch.set_alpha(0)
    all_axes = [figure.add_subplot(rows, -(-panels // rows), index + 1) for index in range(panels)]
    for axes in all_axes:
        quieten(axes)
    return figure, all_axes


def quieten(axes: Axes) -> None:
    """Remove everything that is not data: background, frame, dark lines."""
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINES)
    axes.tick_params(which="both", color=LINES, labelcolor=INK, labelsize=9)
    axes.grid(axis="y", color=LINES, linewidth=0.5)
    axes.set_axisbelow(True)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=INK, fontsize=9.5)


def write_title(axes: Axes, text: str) -> None:
    """Write ``text`` above the axes."""
    # At a given height, since otherwise each layout measures all ticks again to keep the title clear of them.
    axes.set_title(text, y=1.0, color=INK, fontsize=9.5)


def styles_of(policies: Iterable[str]) -> dict[str, Style]:
    """Return a style by policy; the last policy, the one under study, has the widest line and the first colour."""
    labels = list(policies)
    styles = {
        label: Style(SERIES[1 + index % (len(SERIES) - 1)], _DASHES[1 + index % (len(_DASHES) - 1)], 1.5)
        for index, label in enumerate(labels[:-1])
    }
    return {**styles, labels[-1]: Style(SERIES[0], "-", 2.6)}


def stroke(style: Style) -> dict[str, Any]:
    """Return the keywords of a matplotlib line."""
    return {"color": style.color, "linestyle": style.dashes, "linewidth": style.width}


def label_ends(axes: Axes, ends: Mapping[str, float], styles: Mapping[str, Style]) -> None:
    """Write each label right of the axes at the height where its line ends; labels that would overlap are moved."""
    anchor, _ = axes.get_xlim()[1], axes.get_ylim()  # both settle limits that follow from the data
    to_share = axes.transData + axes.transAxes.inverted()
    wanted = {label: float(to_share.transform((anchor, value))[1]) for label, value in ends.items()}
    gap = 11.5 / (axes.get_window_extent().height * 72.0 / axes.figure.dpi)
    for label, height in apart({label: min(max(h, 0.0), 1.0) for label, h in wanted.items()}, gap).items():
        axes.annotate(
            label, (1.015, height), xycoords="axes fraction", va="center", color=styles[label].color, fontsize=9,
            fontweight="bold" if styles[label].width > 2 else "normal", annotation_clip=False,
        )  # fmt: skip


def share_limits(panels: Sequence[Axes], low: float | None = None) -> None:
    """Give all panels the same vertical limits, wide enough for each of them; ``low`` sets the lower limit."""
    low = min(axes.get_ylim()[0] for axes in panels) if low is None else low
    high = max(axes.get_ylim()[1] for axes in panels)
    for axes in panels:
        axes.set_ylim(low, high)


def in_money(name: str, unit: str) -> str:
    """Return the label of an axis of money."""
    return f"{name}, {unit}" if unit else name


def plain_numbers(axes: Axes, which: str = "x") -> None:
    """Write the numbers of the ``x`` or ``y`` axis in full, with commas."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def apart(heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """Return heights at least ``gap`` apart, in the same order and none above one."""
    order = sorted(heights, key=lambda label: heights[label])
    placed: list[float] = []
    for label in order:
        placed.append(max(heights[label], placed[-1] + gap) if placed else heights[label])
    ceiling = 1.0
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return dict(zip(order, placed, strict=True))
