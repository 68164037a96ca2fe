"""Grids of cells: moves on a torus or between walls, draws of free cells, planes for neural networks, maps as text.

Cells are numbered row by row: cell ``row * width + column``; ``P`` is their number. Positions are int64 ``[B, ...]``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random

__all__ = ["MOVES", "cells_with", "check_signs", "free_cell", "free_cells", "moved", "neighbours", "planes", "rows_of"]

MOVES: dict[str, tuple[int, int]] = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
"""Change of row and column of each move."""


def neighbours(height: int, width: int, torus: bool, walls: Tensor | None = None) -> Tensor:
    """Return the cell to which each move leads from each cell, ``[4, P]`` int64, moves in the order of ``MOVES``.

    A move beyond the edge leads to the opposite edge of a torus and is otherwise blocked; so is a move into a wall.

    Args:
        height: number of rows.
        width: number of columns.
        torus: whether opposite edges are joined.
        walls: ``[P]`` bool, cells that cannot be entered; None: there are none.
    """
    cell = torch.arange(height * width)
    row, column = cell // width, cell % width
    targets = []
    for down, right in MOVES.values():
        new_row, new_column = row + down, column + right
        inside = (new_row >= 0) & (new_row < height) & (new_column >= 0) & (new_column < width)
        target = new_row % height * width + new_column % width
        blocked = ~inside & (not torus)
        if walls is not None:
            blocked = blocked | walls[target]
        targets.append(torch.where(blocked, cell, target))
    return torch.stack(targets)


def moved(position: Tensor, move: Tensor, targets: Tensor) -> Tensor:
    """Return the cells ``[B, N]`` to which moves ``[B, N]``, rows of :func:`neighbours`, lead from ``position``."""
    return targets[move, position]


def free_cell(key: Tensor, step: int | Tensor, stream: str, taken: Tensor) -> Tensor:
    """Return a cell of each copy, ``[B]``, drawn with equal probabilities from those not ``taken`` (``[B, P]`` bool).

    At least one cell of each copy has to be free.
    """
    counted = (~taken).long().cumsum(-1)
    share = random.uniform(key, step, stream, (), torch.float64)
    number = (share * counted[:, -1]).long()  # of the free cells before the drawn one
    return (counted <= number[:, None]).sum(-1)


def free_cells(key: Tensor, step: int | Tensor, stream: str, taken: Tensor, count: int) -> Tensor:
    """Return different cells ``[B, count]``, drawn with equal probabilities from those not ``taken``."""
    score = random.uniform(key, step, stream, (taken.shape[1],), torch.float64) + taken
    return score.topk(count, largest=False).indices


def planes(cells: Tensor, count: int) -> Tensor:
    """Return for cells ``[B, ...]`` a plane each, ``[B, ..., P]`` bool: True at the cell; -1 stands for no cell."""
    return cells[..., None] == torch.arange(count, device=cells.device)


def rows_of(text: str) -> tuple[str, ...]:
    """Return the rows of a map, in which every cell is one character; blank lines around it are left out.

    Raises:
        ValueError: the map is empty, or its rows differ in length.
    """
    rows = tuple(line.strip() for line in text.strip().splitlines())
    if not rows or not rows[0]:
        raise ValueError("expected a map with one line for each row of cells, found nothing")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {len(row)} cells, and the first row has {len(rows[0])}")
    return rows


def cells_with(rows: tuple[str, ...], sign: str) -> Tensor:
    """Return which cells of a map have a sign, ``[P]`` bool."""
    return torch.tensor([found == sign for row in rows for found in row])


def check_signs(rows: tuple[str, ...], signs: str) -> None:
    """Raise ``ValueError`` if a map has a sign that is not one of ``signs``."""
    for number, row in enumerate(rows, start=1):
        if unknown := set(row) - set(signs):
            raise ValueError(f"row {number}: expected the signs {' '.join(signs)}, found {sorted(unknown)[0]!r}")
