"""Kernel of the images of the map."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import Constants, Sizes, World
from econsim.economies.gather_trade_build.world import HAS_HOUSE, HAS_STONE, HAS_WOOD, IS_INSIDE
from econsim.kernels.compiling import copy, part, rule

CHANNELS = IS_INSIDE + 3
NOBODY: Any = np.int64(-1)  # of numpy, so that rules are not compiled once more for a constant
BITS, OWNERS, WORKERS = range(3)  # layers of the map: what a tile has, labels of house owners and of workers
ROW = 16  # tiles that are copied at once: a row of a small image needs one copy
BLOCK = 128  # pixels that are drawn at once; scratch memory has room for as many beyond a map and an image
IS_OCCUPIED = IS_INSIDE + 1  # a bit that no image shows
_STONE, _WOOD, _HOUSE, _OCCUPIED = (np.uint8(1 << bit) for bit in (HAS_STONE, HAS_WOOD, HAS_HOUSE, IS_OCCUPIED))


@rule
def survey_map(layers: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Write the layers of the map: every tile's bits, units on sources and workers included, and labels."""
    bits, owners, workers = (
        part(layers[BITS], 0, sizes.tiles),
        part(layers[OWNERS], 0, sizes.tiles),
        part(layers[WORKERS], 0, sizes.tiles),
    )
    for tile in range(sizes.tiles):
        owner = world.owner[tile]
        bits[tile] = constants.stocked[tile] | (_HOUSE if owner > 0 else np.uint8(0))
        owners[tile] = owner + (owner > 0)
        workers[tile] = 0
    for source in range(sizes.sources):
        if not world.stock[source]:
            bits[constants.source[source]] ^= _STONE if source < sizes.stone_sources else _WOOD
    for n in range(sizes.workers):
        bits[world.position[n]] |= _OCCUPIED
        workers[world.position[n]] = n + 2


@rule
def copy_window(top: int, left: int, height: int, width: int, window: Any, layers: Any, sizes: Sizes) -> None:
    """Copy a window of the map, row after row; blocks that reach beyond a row are overwritten by the next one."""
    for row in range(height):
        corner = (top + row) * sizes.row_length + left
        for column in range(0, width, ROW):
            for layer in range(WORKERS + 1):
                target = part(window[layer], row * width + column, ROW)
                copy(target, part(layers[layer], corner + column, ROW), ROW)


@rule
def picture(
    viewer: int,
    top: int,
    left: int,
    height: int,
    width: int,
    image: Any,
    layers: Any,
    window: Any,
    drawn: Any,
    sizes: Sizes,
) -> None:
    """Write the image ``[9 * height * width]`` of a window with its upper left corner at row ``top``, column ``left``.

    ``viewer`` is the number of the worker that observes it, -1 for planners; ``window`` and ``drawn`` are scratch
    memory, since whole blocks of pixels are drawn: those beyond a channel are overwritten by the next one.
    """
    pixels = height * width
    copy_window(top, left, height, width, window, layers, sizes)
    whole_blocks = (pixels + BLOCK - 1) // BLOCK * BLOCK
    bits = part(window[BITS], 0, whole_blocks)
    for channel in range(IS_INSIDE + 1):
        bit, shown = np.uint8(1 << channel), part(drawn, channel * pixels, whole_blocks)
        for pixel in range(whole_blocks):
            shown[pixel] = bits[pixel] & bit != 0
    own_label = np.uint8(viewer + 2 if viewer >= 0 else 1)
    for layer in range(OWNERS, WORKERS + 1):
        labels = part(window[layer], 0, whole_blocks)
        shown = part(drawn, (IS_INSIDE + layer) * pixels, whole_blocks)
        for pixel in range(whole_blocks):
            label = labels[pixel]
            shown[pixel] = np.uint8(1) if label == own_label else label
    copy(image, drawn, CHANNELS * pixels)


@rule
def own_picture(n: int, row: int, column: int, image: Any, layers: Any, window: Any, drawn: Any, sizes: Sizes) -> None:
    """Write the image that a worker observes: its surroundings, or the whole map."""
    top = left = sizes.margin
    if not sizes.whole_map:
        top, left = row - sizes.view_height // 2, column - sizes.view_width // 2
    picture(n, top, left, sizes.view_height, sizes.view_width, image, layers, window, drawn, sizes)
