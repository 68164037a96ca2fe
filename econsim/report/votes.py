"""Figure of elections over tax years: the candidates' shares of first choices, and who won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from econsim.analysis.canvas import label_ends, new_figure, stroke, styles_of, write_title
from econsim.mechanisms.voting import Election

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["shares_of_votes"]

_MOST = 8


def shares_of_votes(elections: Mapping[str, Sequence[Election]]) -> Figure:
    """Draw one panel per set of followers: a line per candidate, and a disc where it was elected.

    Args:
        elections: the elections, one per tax year, by the name of the followers. Sets with the same elections share a
            panel. Of many candidates, the eight with most first choices over all years are drawn.
    """
    alike: dict[tuple[Election, ...], list[str]] = {}
    for followers, held in elections.items():
        alike.setdefault(tuple(held), []).append(followers)
    figure, panels = new_figure(len(alike), len(alike), height=2.8)
    for axes, (held, names) in zip(panels, alike.items(), strict=True):
        _draw(axes, held)
        write_title(axes, f"workers: {' and '.join(names)}")
    return figure


def _draw(axes: Axes, held: Sequence[Election]) -> None:
    years = range(1, len(held) + 1)
    total: Counter[str] = Counter()
    for election in held:
        total.update(dict(zip(election.names, election.support, strict=True)))
    names = [name for name, _ in total.most_common(_MOST)][::-1]
    styles, ends = styles_of(names), {}
    for name in names:
        shares = [dict(zip(election.names, election.support, strict=True)).get(name, 0.0) for election in held]
        won = [year for year, election in zip(years, held, strict=True) if election.names[election.winner] == name]
        axes.plot(years, shares, **stroke(styles[name]))
        axes.plot(won, [shares[year - 1] for year in won], "o", color=styles[name].color, markersize=6)
        ends[name] = shares[-1]
    axes.set(xlabel="tax year", ylabel="share of first choices")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.locator_params(axis="x", integer=True)
    label_ends(axes, ends, styles)
