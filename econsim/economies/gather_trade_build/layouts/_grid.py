"""Maps in text form, one character per tile."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.layouts import EMPTY, STONE, WATER, WOOD

SIGNS = {".": EMPTY, " ": EMPTY, "~": WATER, "S": STONE, "W": WOOD}
SMALLEST, LARGEST = 3, 200


class FixedLayout:
    """A map that is the same in every environment copy, with tile codes ``[H, W]`` uint8."""

    random = False

    def __init__(self, codes: Tensor) -> None:
        self.codes = codes
        self.height, self.width = codes.shape

    def draw(self, key: Tensor) -> Tensor:
        """Return the map, ``[1, H, W]``; only the device of ``key`` matters."""
        return self.codes[None].to(key.device)


def codes_of(text: str) -> Tensor:
    """Return the tile codes ``[H, W]`` of a text map: ``.`` or space is free, ``~`` water, ``S`` stone and ``W`` wood.

    Raises:
        ValueError: lines of different length, an unknown character, a size out of bounds, or only water.
    """
    lines = text.strip("\n").splitlines()
    width = len(lines[0]) if lines else 0
    if not SMALLEST <= len(lines) <= LARGEST or not SMALLEST <= width <= LARGEST:
        raise ValueError(f"map: expected {SMALLEST} to {LARGEST} rows and columns, found {len(lines)} by {width}")
    for number, line in enumerate(lines, start=1):
        if len(line) != width:
            raise ValueError(f"map: row {number} has {len(line)} tiles, the first row has {width}")
        wrong = next((column for column, sign in enumerate(line) if sign not in SIGNS), None)
        if wrong is not None:
            raise ValueError(f"map: row {number}, column {wrong + 1}: expected one of . ~ S W, found {line[wrong]!r}")
    codes = torch.tensor([[SIGNS[sign] for sign in line] for line in lines], dtype=torch.uint8)
    if bool((codes == WATER).all()):
        raise ValueError("map: all tiles are water; workers need land")
    return codes
