"""Starting positions of workers: corners by skill, random tiles, or the two sides of a barrier by skill."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.people import Region
from econsim.parameters import Model

PER_ROW = 4  # workers in a corner start next to each other, four per row


class Corners(Model):
    """Quarters of workers by skill, from the lowest: top right, bottom left, top left, bottom right."""

    kind: Literal["corners"] = "corners"


class Anywhere(Model):
    """Random free tiles of the whole map."""

    kind: Literal["anywhere"] = "anywhere"


class Sides(Model):
    """Random free tiles above a row for some skill ranks, below it for all others."""

    kind: Literal["sides"] = "sides"
    top_ranks: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    """Skill ranks that start above the row; 0 is the highest skill."""
    row: int | None = None
    """Dividing row, on which no worker starts; null: half the height."""


Starts = Corners | Anywhere | Sides


def corner_tiles(count: int, height: int, width: int, margin: int) -> list[int]:
    """Return the tile of each skill rank, in ascending order of skill, on a map with a border of ``margin``."""
    corners = ((0, width - 1, 1, -1), (height - 1, 0, -1, 1), (0, 0, 1, 1), (height - 1, width - 1, -1, -1))
    seats = [0] * len(corners)
    tiles = []
    for rank in range(count):
        group = rank * len(corners) // count
        row, column, down, right = corners[group]
        row, column = row + down * (seats[group] // PER_ROW), column + right * (seats[group] % PER_ROW)
        seats[group] += 1
        tiles.append((row + margin) * (width + 2 * margin) + column + margin)
    return tiles


def random_tiles(key: Tensor, stream: str, free: Tensor, count: int) -> Tensor:
    """Return ``count`` distinct random tiles ``[B, count]`` among the ``free`` ones ``[B, P]``."""
    score = random.uniform(key, 0, stream, (free.shape[1],))
    return torch.where(free, score, -1.0).topk(count, dim=1).indices


def region_mask(region: Region, height: int, width: int, margin: int) -> Tensor:
    """Return the mask of the tiles of a rectangle, ``[P]`` bool."""
    inside = torch.zeros((height + 2 * margin, width + 2 * margin), dtype=torch.bool)
    top, bottom = region.rows or (0, height - 1)
    left, right = region.columns or (0, width - 1)
    inside[top + margin : bottom + margin + 1, left + margin : right + margin + 1] = True
    return inside.flatten()


def side_masks(starts: Sides, height: int, width: int, margin: int) -> tuple[Tensor, Tensor]:
    """Return the masks of the tiles above and below the dividing row, ``[P]`` bool each."""
    row = height // 2 if starts.row is None else starts.row
    above, below = Region(rows=(0, row - 1)), Region(rows=(row + 1, height - 1))
    return region_mask(above, height, width, margin), region_mask(below, height, width, margin)
