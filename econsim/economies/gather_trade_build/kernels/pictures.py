"""Kernel of the images of the map."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import Constants, Sizes, World, row_of
from econsim.economies.gather_trade_build.world import HAS_HOUSE, HAS_STONE, HAS_WOOD, IS_INSIDE
from econsim.kernels.compiling import rule

CHANNELS = IS_INSIDE + 3
OWNERS, WORKERS = IS_INSIDE + 1, IS_INSIDE + 2  # channels of labels
_STONE, _WOOD = 1 << HAS_STONE, 1 << HAS_WOOD


@rule
def survey_map(b: int, tiles: Any, sizes: Sizes, constants: Constants, world: World) -> None:
    """Write the bits of every tile, units on sources included."""
    row, source_row = row_of(constants.terrain, b), row_of(constants.source, b)
    for tile in range(sizes.tiles):
        tiles[tile] = constants.terrain[row, tile]
    for source in range(sizes.sources):
        if world.stock[b, source]:
            tiles[constants.source[source_row, source]] |= _STONE if source < sizes.stone_sources else _WOOD


@rule
def picture(
    b: int,
    viewer: int,
    top: int,
    left: int,
    height: int,
    width: int,
    image: Any,
    tiles: Any,
    window: Any,
    sizes: Sizes,
    world: World,
) -> None:
    """Write the image ``[9, height * width]`` of a window with its upper left corner at row ``top``, column ``left``.

    ``viewer`` is the number of the worker that observes it, -1 for planners; ``window`` is scratch memory.
    """
    pixels = height * width
    for row in range(height):
        corner = (top + row) * sizes.row_length + left
        for column in range(width):
            window[0, row * width + column] = tiles[corner + column]
            window[1, row * width + column] = world.owner[b, corner + column]
    for channel in range(IS_INSIDE + 1):
        for pixel in range(pixels):
            image[channel, pixel] = window[0, pixel] >> channel & 1
    own_label = viewer + 2 if viewer >= 0 else -1
    for pixel in range(pixels):
        label = window[1, pixel] + (window[1, pixel] > 0)
        image[HAS_HOUSE, pixel] = window[1, pixel] > 0
        image[OWNERS, pixel] = 1 if label == own_label else label
        image[WORKERS, pixel] = 0
    for n in range(sizes.workers):
        row = world.position[b, n] // sizes.row_length - top
        column = world.position[b, n] % sizes.row_length - left
        if 0 <= row < height and 0 <= column < width:
            image[WORKERS, row * width + column] = 1 if n == viewer else n + 2


@rule
def own_picture(b: int, n: int, image: Any, tiles: Any, window: Any, sizes: Sizes, world: World) -> None:
    """Write the image that a worker observes: its surroundings, or the whole map."""
    if sizes.whole_map:
        top = left = sizes.margin
    else:
        radius = sizes.view_height // 2
        top = world.position[b, n] // sizes.row_length - radius
        left = world.position[b, n] % sizes.row_length - radius
    picture(b, n, top, left, sizes.view_height, sizes.view_width, image, tiles, window, sizes, world)
