"""Observations of Gather-Trade-Build: the map as multi-channel images, everything else as named features.

An image has nine channels of small integers: stone, wood, house, water, stone source, wood source and "inside the map"
(0 or 1); then the owner of the house and the worker on each tile (0: none, 1: the viewer, ``j + 2``: worker ``j``).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.world import HAS_HOUSE, HAS_STONE, HAS_WOOD, IS_INSIDE, Ground, World

CHANNELS = IS_INSIDE + 3
CHANNEL_LABELS: tuple[tuple[str, ...], ...] = (
    ("", "stone"),
    ("", "wood"),
    ("", ""),  # houses are named by their owners
    ("", "water"),
    ("", "Stone source"),
    ("", "Wood source"),
    ("outside the map", ""),
    ("", "own house", "house of worker"),
    ("", "you", "worker"),
)
"""Meaning of the values of each channel; see :attr:`econsim.game.Role.view_labels`."""
MOST_WORKERS = (1 << 15) - 2  # largest number that an int16 image can represent
_PAIRS = {torch.uint8: torch.int16, torch.int16: torch.int32}  # the integer type that holds two of the smaller type


def smallest_integer(workers: int) -> torch.dtype:
    """Return the smallest integer type for images, whose largest value is ``workers + 1``."""
    return torch.uint8 if workers < 255 else torch.int16


def counts(workers: int) -> tuple[int, ...]:
    """Return the number of values of each channel of an image."""
    return (2,) * (IS_INSIDE + 1) + (workers + 2,) * 2


def movables(world: World, ground: Ground, is_stone: Tensor) -> Tensor:
    """Return the movable contents of each tile, ``[B, P]``: the bit of a unit and a worker's number in one integer.

    One integer per tile lets a window be gathered in one operation. ``is_stone`` ``[S]`` marks the stone sources.
    """
    small = world.owner.dtype
    pair, width = _PAIRS[small], torch.iinfo(small).bits
    copies, workers = world.position.shape
    contents = torch.zeros_like(world.owner, dtype=pair)
    units = torch.where(is_stone, 1 << HAS_STONE, 1 << HAS_WOOD).to(pair) * world.stock
    contents.scatter_add_(1, ground.source.expand(copies, -1), units)
    numbers = torch.arange(1, workers + 1, dtype=pair, device=contents.device) << width
    return contents.scatter_add_(1, world.position, numbers.expand(copies, -1))


def images_of(
    world: World, ground: Ground, moving: Tensor, tiles: Tensor, shape: tuple[int, int], own: Tensor | None
) -> Tensor:
    """Return images ``[B, n, 9, h, w]`` of tiles ``[B, n, h * w]``, as seen by workers ``own`` ``[n]`` or by planners.

    ``moving`` is the result of :func:`movables`; ``own`` is ``None`` for planners.
    """
    copies, viewers, places = tiles.shape
    small, flat = world.owner.dtype, tiles.flatten(1)
    seen = moving.gather(1, flat).view(small).view(copies, viewers, places, 2)
    constant = ground.terrain.expand(copies, -1).gather(1, flat).view_as(tiles)
    owner, worker = world.owner.gather(1, flat).view_as(tiles), seen[..., 1].contiguous()
    images = torch.empty((copies, viewers, CHANNELS, places), dtype=small, device=tiles.device)
    bit = torch.arange(IS_INSIDE + 1, device=tiles.device).to(small)[:, None]
    flags = images[:, :, : IS_INSIDE + 1]
    flags.copy_((seen[..., 0] + constant.to(small))[:, :, None] >> bit)
    flags.bitwise_and_(1)
    flags[:, :, HAS_HOUSE] = owner.clamp(max=1)
    for channel, number in ((-2, owner), (-1, worker)):
        images[:, :, channel] = _as_seen_by(own, number)
    return images.view(copies, viewers, CHANNELS, *shape)


def _as_seen_by(own: Tensor | None, number: Tensor) -> Tensor:
    """Return ``n + 2`` for worker ``n`` (``n + 1`` in ``number``), one for the viewer and zero for no worker.

    Arithmetic is used instead of comparisons because only arithmetic on small integers is vectorised on CPUs.
    """
    label = number + number.clamp(max=1)
    if own is None:
        return label
    own_label = (own + 2).to(number)[:, None]
    is_own = 1 - (label ^ own_label).clamp(max=1)
    return label - is_own * (own_label - 1)


def window(radius: int, row_length: int) -> Tensor:
    """Return the tiles of a square window relative to its centre, ``[(2 radius + 1)^2]`` int64."""
    side = torch.arange(-radius, radius + 1)
    return (side[:, None] * row_length + side).flatten()


def whole_map(height: int, width: int, margin: int) -> Tensor:
    """Return the tiles of the map without its border, ``[H * W]`` int64."""
    rows, columns = torch.arange(height) + margin, torch.arange(width) + margin
    return (rows[:, None] * (width + 2 * margin) + columns).flatten()


def units_of(parts: Mapping[str, Tensor], units: Mapping[str, str]) -> tuple[str, ...]:
    """Return the unit of each feature in the result of :func:`flatten` for ``parts``."""
    return tuple(units.get(name, "") for name, value in parts.items() for _ in range(value.shape[-1]))


def names_of(parts: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Return the name of each feature in the result of :func:`flatten` for ``parts``."""
    widths = {name: value.shape[-1] for name, value in parts.items()}
    every = ([name] if width == 1 else [f"{name}_{i}" for i in range(width)] for name, width in widths.items())
    return tuple(name for names in every for name in names)


def flatten(parts: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """Return the concatenated features ``[B, n, F]``, with the dtype of ``like`` ``[B, n]``."""
    return torch.cat([value.to(like.dtype).expand(*like.shape, value.shape[-1]) for value in parts.values()], -1)
