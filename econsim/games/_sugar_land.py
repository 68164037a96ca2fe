"""The land of Sugarscape: how much sugar and spice each cell can bear, and the cells that traders see."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.games._grid import rows_of

__all__ = ["capacities", "read_map", "seen_cells", "two_peaks"]

_PEAKS = ((0.27, 0.71), (0.69, 0.29))
_RADII = (0.114, 0.22, 0.323, 0.459)
# Of the two peaks of Epstein and Axtell's map (figure II-1), in shares of the height and the width. They were fitted to
# the map of Mesa's example, which has the same sugar in 82 % of its cells, and one unit more or less in the others.


def two_peaks(height: int, width: int) -> Tensor:
    """Return the sugar that each cell can bear, ``[P]`` float64: 4 units around two peaks, and less further away."""
    cell = torch.arange(height * width)
    row, column = (cell // width + 0.5) / height, (cell % width + 0.5) / width
    distance = torch.stack([(row - down) ** 2 + (column - right) ** 2 for down, right in _PEAKS]).amin(0)
    return sum((distance <= radius**2).double() for radius in _RADII)  # type: ignore[return-value]


def read_map(text: str) -> tuple[int, int, Tensor]:
    """Return the height, the width and the sugar ``[P]`` float64 of a map in which each cell is a digit.

    Raises:
        ValueError: a row is shorter than another, or a cell is not a digit.
    """
    rows = rows_of(text)
    for number, row in enumerate(rows, start=1):
        if wrong := [sign for sign in row if sign not in "0123456789"]:
            raise ValueError(f"row {number}: expected a digit for each cell, found {wrong[0]!r}")
    return len(rows), len(rows[0]), torch.tensor([float(sign) for row in rows for sign in row], dtype=torch.float64)


def capacities(sugar: Tensor, width: int) -> Tensor:
    """Return what cells can bear of both goods, ``[P, 2]``: the map of spice mirrors that of sugar, left and right."""
    return torch.stack([sugar, sugar.reshape(-1, width).flip(1).flatten()], 1)


def seen_cells(height: int, width: int, farthest: int) -> tuple[Tensor, Tensor]:
    """Return the cells that traders see and their squared distances, ``[V, P + 1, M]`` int64, by vision and own cell.

    Those are the cells within ``vision`` steps up, left, right or down, without the own one, in the order in which
    Mesa finds them: those around the first neighbour come first. Cell ``P`` stands for no cell, from which and beyond
    which nothing is seen.
    """
    cells = height * width
    around = [_neighbours(cell, height, width) for cell in range(cells)]
    found = [dict.fromkeys([*near, cell]) for cell, near in enumerate(around)]  # with the own cell, as Mesa does
    longest = 2 * farthest * (farthest + 1)
    tables = []
    for vision in range(farthest):
        if vision:
            found = [dict.fromkeys(other for next_one in near for other in found[next_one]) for near in around]
        seen = [[other for other in row if other != cell] for cell, row in enumerate(found)]
        tables.append([row + [cells] * (longest - len(row)) for row in [*seen, []]])
    near = torch.tensor(tables)
    own = torch.arange(cells + 1)[:, None]
    return near, (near // width - own // width) ** 2 + (near % width - own % width) ** 2


def _neighbours(cell: int, height: int, width: int) -> list[int]:
    row, column = divmod(cell, width)
    places = ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column))
    return [down * width + right for down, right in places if 0 <= down < height and 0 <= right < width]
