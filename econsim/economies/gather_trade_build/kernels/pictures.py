"""Kernel of the images of the map."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import Constants, Sizes, World
from econsim.economies.gather_trade_build.world import HAS_HOUSE, HAS_STONE, HAS_WOOD, IS_INSIDE
from econsim.kernels.compiling import copy, part, rule

CHANNELS = IS_INSIDE + 3
BITS, OWNERS, WORKERS = range(3)  # layers of the map: what a tile has, labels of house owners and of workers
BLOCK = 16  # tiles that are copied at once: a row of a small image needs one copy
IS_OCCUPIED = IS_INSIDE + 1  # a bit that no image shows
_STONE, _WOOD, _HOUSE, _OCCUPIED = (np.uint8(1 << bit) for bit in (HAS_STONE, HAS_WOOD, HAS_HOUSE, IS_OCCUPIED))


@rule
def survey_map(layers: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Write the layers of the map: every tile's bits, units on sources and workers included, and labels."""
    bits, owners, workers = layers[BITS], layers[OWNERS], layers[WORKERS]
    for tile in range(sizes.tiles):
        owner = world.owner[tile]
        bits[tile] = constants.terrain[tile] | (_HOUSE if owner > 0 else np.uint8(0))
        owners[tile] = owner + (owner > 0)
        workers[tile] = 0
    for source in range(sizes.sources):
        unit = _STONE if source < sizes.stone_sources else _WOOD
        bits[constants.source[source]] |= unit if world.stock[source] else np.uint8(0)
    for n in range(sizes.workers):
        bits[world.position[n]] |= _OCCUPIED
        workers[world.position[n]] = n + 2


@rule
def copy_window(top: int, left: int, height: int, width: int, window: Any, layers: Any, sizes: Sizes) -> None:
    """Copy a window of the map, row after row; blocks that reach beyond a row are overwritten by the next one."""
    for row in range(height):
        corner = (top + row) * sizes.row_length + left
        for column in range(0, width, BLOCK):
            for layer in range(WORKERS + 1):
                target = part(window[layer], row * width + column, BLOCK)
                copy(target, part(layers[layer], corner + column, BLOCK), BLOCK)


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
    sizes: Sizes,
) -> None:
    """Write the image ``[9, height * width]`` of a window with its upper left corner at row ``top``, column ``left``.

    ``viewer`` is the number of the worker that observes it, -1 for planners; ``window`` is scratch memory.
    """
    copy_window(top, left, height, width, window, layers, sizes)
    for channel in range(IS_INSIDE + 1):
        bit, shown = np.uint8(1 << channel), image[channel]
        for pixel in range(height * width):
            shown[pixel] = window[BITS, pixel] & bit != 0
    own_label = np.uint8(viewer + 2 if viewer >= 0 else 1)
    for layer in range(OWNERS, WORKERS + 1):
        labels = image[IS_INSIDE + layer]
        for pixel in range(height * width):
            label = window[layer, pixel]
            labels[pixel] = np.uint8(1) if label == own_label else label


@rule
def own_picture(n: int, row: int, column: int, image: Any, layers: Any, window: Any, sizes: Sizes) -> None:
    """Write the image that a worker observes: its surroundings, or the whole map."""
    top = left = sizes.margin
    if not sizes.whole_map:
        top, left = row - sizes.view_height // 2, column - sizes.view_width // 2
    picture(n, top, left, sizes.view_height, sizes.view_width, image, layers, window, sizes)
