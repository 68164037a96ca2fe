"""Grids: moves on a torus and between walls, draws of free cells, planes, and maps as text."""

from __future__ import annotations

import pytest
import torch

from econsim import random
from econsim.games._grid import MOVES, cells_with, free_cell, moved, neighbours, planes, rows_of

ROOM = """
#####
#..##
#...#
#####
"""


def test_moves_wrap_around_a_torus_and_come_back() -> None:
    targets = neighbours(3, 4, torus=True)
    here = torch.arange(12)
    assert targets[:, 0].tolist() == [8, 4, 3, 1]  # up, down, left, right
    for move, back in ((0, 1), (2, 3)):
        assert torch.equal(targets[back][targets[move]], here)
    assert (targets.sort(-1).values == here).all()


def test_moves_stop_at_edges_and_walls() -> None:
    rows = rows_of(ROOM)
    walls = cells_with(rows, "#")
    targets = neighbours(4, 5, torus=False, walls=walls)
    names = list(MOVES)
    position = torch.tensor([[6, 7], [12, 13]])  # row 1, columns 1 and 2; row 2, columns 2 and 3
    after = moved(position, torch.tensor([[names.index("left"), names.index("right")]] * 2), targets)
    assert after.tolist() == [[6, 7], [11, 13]]
    assert not walls[targets[:, ~walls]].any()
    assert neighbours(2, 2, torus=False)[:, 0].tolist() == [0, 2, 0, 1]


def test_free_cells_are_drawn_alike_and_never_a_taken_one() -> None:
    key = random.keys(3, 6000)
    taken = planes(torch.tensor([1, 3]), 5).any(0).expand(6000, -1)
    drawn = free_cell(key, 0, "test", taken)
    counts = torch.bincount(drawn, minlength=5)
    assert counts[[1, 3]].tolist() == [0, 0]
    assert ((counts[[0, 2, 4]] - 2000).abs() < 5 * 2000**0.5).all()
    assert torch.equal(drawn[:7], free_cell(key[:7], 0, "test", taken[:7]))
    almost_full = torch.tensor([[True, True, False]])
    assert free_cell(key[:1], 0, "test", almost_full).tolist() == [2]


def test_planes_are_true_at_the_cell_only() -> None:
    assert planes(torch.tensor([[2, -1]]), 3).tolist() == [[[False, False, True], [False, False, False]]]


@pytest.mark.parametrize(("text", "message"), [("", "found nothing"), ("..\n...\n", "row 2 has 3 cells")])
def test_mistaken_maps_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows_of(text)
