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
def corner_of(row: int, column: int, sizes: Sizes) -> tuple[int, int]:
    """Return the row and the column of the upper left corner of the image that a worker observes."""
    if sizes.whole_map:
        return sizes.margin, sizes.margin
    return row - sizes.view_height // 2, column - sizes.view_width // 2


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
def draw_bit(bit: Any, bits: Any, shown: Any) -> None:
    """Write which tiles have a bit."""
    for pixel in range(bits.size):
        shown[pixel] = bits[pixel] & bit != 0


@rule
def draw_labels(own_label: Any, labels: Any, shown: Any) -> None:
    """Write labels of workers, with one for the viewer's own."""
    for pixel in range(labels.size):
        label = labels[pixel]
        shown[pixel] = np.uint8(1) if label == own_label else label


@rule
def draw_channel(channel: int, viewer: int, window: Any, shown: Any) -> None:
    """Write one channel of an image to whole blocks of pixels."""
    if channel <= IS_INSIDE:
        draw_bit(np.uint8(1 << channel), part(window[BITS], 0, shown.size), shown)
    else:
        labels = part(window[channel - IS_INSIDE], 0, shown.size)
        draw_labels(np.uint8(viewer + 2 if viewer >= 0 else 1), labels, shown)


@rule
def picture(viewer: int, height: int, width: int, image: Any, window: Any, drawn: Any) -> None:
    """Write the image ``[9 * height * width]`` of a window that :func:`copy_window` has copied.

    ``viewer`` is the number of the worker that observes it, -1 for planners. Whole blocks of pixels are drawn: those
    beyond a channel are overwritten by the next one, and ``drawn`` is scratch memory for channels whose blocks would
    reach beyond the image.
    """
    pixels = height * width
    whole_blocks = (pixels + BLOCK - 1) // BLOCK * BLOCK
    for channel in range(CHANNELS):
        if channel * pixels + whole_blocks <= image.size:
            draw_channel(channel, viewer, window, part(image, channel * pixels, whole_blocks))
        else:
            draw_channel(channel, viewer, window, part(drawn, 0, whole_blocks))
            copy(part(image, channel * pixels, pixels), drawn, pixels)
