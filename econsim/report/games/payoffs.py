"""Payoffs of games of one round: a table of two players, a heat map of many options, a row per profile of more players.

Best responses and pure equilibria are marked in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.canvas import INK, new_figure, write_title
from econsim.analysis.equilibrium.best_responses import best_options
from econsim.analysis.equilibrium.symmetric import against_all, by_count, is_symmetric
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block, Cell, Part
from econsim.report.games.words import number
from econsim.report.heat_map import draw_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MARKED", "payoff_block", "payoff_cells"]

Floats = NDArray[np.float64]
MARKED = "Payoffs of best responses are underlined; framed cells are equilibria in pure strategies."
MOST_OPTIONS, MOST_COUNTS, MOST_IN_MAP, MOST_PROFILES = 8, 16, 60, 64
_MOST_TICKS = 12


def payoff_block(payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]], unit: str = "") -> Block:
    """Return the block of a game's payoffs; a game too large for it is left out, which a note says.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
        players: the name of each player.
        options: the names of each player's options.
        unit: the unit of the options, if they have one.
    """
    title, shape = "Payoffs", payoffs.shape[1:]
    if len(players) == 2 and max(shape) <= MOST_OPTIONS:
        return _bimatrix(title, payoffs, players, options)
    if len(players) == 2 and max(shape) <= MOST_IN_MAP:
        return Block(title, figure=_maps(payoffs, players, options, unit))
    if len(players) > 2 and len(set(map(tuple, options))) == 1 and shape[0] <= MOST_OPTIONS and is_symmetric(payoffs):
        if shape[0] > 2:
            return _symmetric(title, against_all(payoffs), options[0])
        if len(players) <= MOST_COUNTS:
            return _by_count(title, by_count(payoffs), options[0])
    if len(players) > 2 and np.prod(shape) <= MOST_PROFILES:
        return _profiles(title, payoffs, players, options)
    size = " by ".join(map(str, shape)) if len(shape) <= 4 else f"{int(np.prod(shape)):,} profiles of"
    return Block(title, notes=(f"The payoffs of {size} options are too many to be shown.",))


def payoff_cells(payoffs: Floats) -> list[list[Cell]]:
    """Return the cells ``[R][C]`` of the payoffs ``[2, R, C]`` of two players."""
    best = best_options(payoffs)
    return [
        [_cell(payoffs[:, row, column], best[:, row, column]) for column in range(payoffs.shape[2])]
        for row in range(payoffs.shape[1])
    ]


def _cell(payoffs: Floats, best: NDArray[np.bool_]) -> Cell:
    parts = tuple(Part(number(float(paid)), bool(is_best)) for paid, is_best in zip(payoffs, best, strict=True))
    return Cell(parts, bool(best.all()))


def _bimatrix(title: str, payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]]) -> Block:
    first, second = players
    rows = tuple(zip(options[0], map(tuple, payoff_cells(payoffs)), strict=True))
    note = f"Rows are the options of {first}, columns those of {second}; cells give the payoff of {first}, then that "
    header = (f"{first} \\ {second}", *options[1])
    return Block(title, header, rows, (f"{note}of {second}. {MARKED}",), style="matrix")


def _symmetric(title: str, payoffs: Floats, options: Sequence[str]) -> Block:
    """Return the payoffs of one player where all others choose the same option."""
    best = best_options(np.stack([payoffs, payoffs.T]))[0]
    rows = tuple(
        (name, tuple(Cell((Part(number(payoffs[own, other]), bool(best[own, other])),), own == other and bool(
            best[own, other])) for other in range(len(options))))
        for own, name in enumerate(options)
    )  # fmt: skip
    note = "The game is symmetric. Rows are the own option, columns the one option that all others choose; cells give "
    return Block(title, ("own \\ others", *options), rows, (f"{note}the own payoff. {MARKED}",), style="matrix")


def _by_count(title: str, payoffs: Floats, options: Sequence[str]) -> Block:
    """Return the payoffs ``[2, N]`` of one player by how many of the others choose the second option."""
    best = payoffs >= payoffs.max(0) - 1e-9 * (payoffs.max() - payoffs.min())
    rows = tuple(
        (name, tuple(Cell((Part(number(paid), bool(is_best)),)) for paid, is_best in zip(of, marks, strict=True)))
        for name, of, marks in zip(options, payoffs.tolist(), best, strict=True)
    )
    note = f"The game is symmetric. Columns are the number of the others who choose {options[1]}; cells give the own "
    header = (f"others who choose {options[1]}", *map(str, range(payoffs.shape[1])))
    return Block(title, header, rows, (f"{note}payoff. Payoffs of best responses are underlined.",))


def _profiles(title: str, payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]]) -> Block:
    best = best_options(payoffs)
    rows = []
    for profile in product(*map(range, payoffs.shape[1:])):
        paid, is_best = (np.moveaxis(table, 0, -1)[profile] for table in (payoffs, best))
        cell = _cell(paid, is_best)
        names = ", ".join(own[option] for own, option in zip(options, profile, strict=True))
        rows.append((names, tuple(Cell((part,), cell.equilibrium) for part in cell.parts)))
    return Block(title, (", ".join(players), *players), tuple(rows), (MARKED,))


def _maps(payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]], unit: str) -> Captioned:
    title = "Payoffs"
    caption = (
        f"The payoff of each player by the options of {players[0]} (rows) and {players[1]} (columns). Dots are best"
        " responses of the player whose payoff is shown; rings are equilibria in pure strategies."
    )
    figure = _draw(payoffs, players, options, unit)
    return Captioned("payoffs", title, figure, caption, f"Heat maps of the payoffs of {' and '.join(players)}.")


def _draw(payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]], unit: str) -> Figure:
    figure, panels = new_figure(2, 1, 3.6)
    best = best_options(payoffs)
    rings = np.argwhere(best.all(0)) + 0.5
    for player, axes in enumerate(panels):
        mesh = draw_cells(axes, payoffs[player], float(payoffs[player].min()), float(payoffs[player].max()))
        dots = np.argwhere(best[player]) + 0.5
        axes.plot(dots[:, 1], dots[:, 0], linestyle="", marker="o", markersize=3, color=INK)
        axes.plot(rings[:, 1], rings[:, 0], linestyle="", marker="o", markersize=9, markerfacecolor="none", color=INK)
        for axis, names in ((axes.xaxis, options[1]), (axes.yaxis, options[0])):
            every = -(-len(names) // _MOST_TICKS)
            axis.set_ticks([place + 0.5 for place in range(0, len(names), every)], list(names[::every]))
        axes.tick_params(axis="x", labelrotation=90)
        axes.set_xlabel(f"{players[1]}, {unit}" if unit else players[1])
        axes.set_ylabel(f"{players[0]}, {unit}" if unit else players[0])
        write_title(axes, f"payoff of {players[player]}")
        bar = figure.colorbar(mesh, ax=axes)
        bar.ax.tick_params(labelcolor=INK, labelsize=8)
        bar.outline.set_visible(False)
    return figure
