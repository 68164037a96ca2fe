"""Maps as text: one character a tile."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.layouts import EMPTY, STONE, WATER, WOOD

SIGNS = {".": EMPTY, " ": EMPTY, "~": WATER, "S": STONE, "W": WOOD}
SMALLEST, LARGEST = 3, 200


class FixedLayout:
    """A map that is the same in every copy: codes ``[H, W]`` uint8."""

    random = False

    def __init__(self, codes: Tensor) -> None:
        self.codes = codes
        self.height, self.width = codes.shape

    def draw(self, key: Tensor) -> Tensor:
        """Return the map, ``[1, H, W]``, whatever the keys."""
        return self.codes[None].to(key.device)


def codes_of(text: str) -> Tensor:
    """Return the tile codes ``[H, W]`` of a map drawn with ``.`` or a space, ``~`` water, ``S`` stone and ``W`` wood.

    Raises:
        ValueError: lines of different length, an unknown sign, a size out of bounds, or water everywhere.
    """
    lines = text.strip("\n").splitlines()
    width = len(lines[0]) if lines else 0
    if not SMALLEST <= len(lines) <= LARGEST or not SMALLEST <= width <= LARGEST:
        raise ValueError(f"a map has {SMALLEST} to {LARGEST} rows and columns, this one {len(lines)} and {width}")
    for number, line in enumerate(lines, start=1):
        if len(line) != width:
            raise ValueError(f"row {number} of the map has {len(line)} tiles, the first {width}")
        wrong = next((place for place, sign in enumerate(line) if sign not in SIGNS), None)
        if wrong is not None:
            raise ValueError(f"row {number}, column {wrong + 1} of the map: {line[wrong]!r} is none of . ~ S W")
    codes = torch.tensor([[SIGNS[sign] for sign in line] for line in lines], dtype=torch.uint8)
    if bool((codes == WATER).all()):
        raise ValueError("the map has no tile to stand on")
    return codes
