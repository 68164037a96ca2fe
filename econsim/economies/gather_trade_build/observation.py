"""What players see: the map as small pictures, and everything else as named numbers.

A picture has nine channels of small integers: stone, wood, house, water, stone source, wood source and "inside the map"
(0 or 1), then the owner of the house and the worker on each tile (0: none, 1: oneself, ``j + 2``: worker ``j``).
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
    ("", ""),  # houses are told by their owners
    ("", "water"),
    ("", "Stone source"),
    ("", "Wood source"),
    ("outside the map", ""),
    ("", "own house", "house of worker"),
    ("", "you", "worker"),
)
"""What the values of each channel mean, see :attr:`econsim.game.Role.view_labels`."""
MOST_WORKERS = (1 << 15) - 2  # that fit a small integer
_PAIRS = {torch.uint8: torch.int16, torch.int16: torch.int32}  # that hold two small integers


def smallest_integer(workers: int) -> torch.dtype:
    """Return the type of a picture's numbers, the largest of which is ``workers + 1``."""
    return torch.uint8 if workers < 255 else torch.int16


def counts(workers: int) -> tuple[int, ...]:
    """Return how many values each channel of a picture takes."""
    return (2,) * (IS_INSIDE + 1) + (workers + 2,) * 2


def movables(world: World, ground: Ground, is_stone: Tensor) -> Tensor:
    """Return what comes and goes on each tile, ``[B, P]``: the bit of a unit and the number of a worker in one number.

    One number a tile lets a window be fetched in one go. ``is_stone`` ``[S]`` tells sources apart.
    """
    small = world.owner.dtype
    pair, width = _PAIRS[small], torch.iinfo(small).bits
    copies, workers = world.position.shape
    found = torch.zeros_like(world.owner, dtype=pair)
    units = torch.where(is_stone, 1 << HAS_STONE, 1 << HAS_WOOD).to(pair) * world.stock
    found.scatter_add_(1, ground.source.expand(copies, -1), units)
    numbers = torch.arange(1, workers + 1, dtype=pair, device=found.device) << width
    return found.scatter_add_(1, world.position, numbers.expand(copies, -1))


def pictures(
    world: World, ground: Ground, moving: Tensor, tiles: Tensor, shape: tuple[int, int], own: Tensor | None
) -> Tensor:
    """Return the pictures ``[B, n, 9, h, w]`` of tiles ``[B, n, h * w]``, by workers ``own`` ``[n]`` or nobody.

    ``moving`` is what :func:`movables` returns.
    """
    copies, viewers, places = tiles.shape
    small, flat = world.owner.dtype, tiles.flatten(1)
    seen = moving.gather(1, flat).view(small).view(copies, viewers, places, 2)
    stays = ground.terrain.expand(copies, -1).gather(1, flat).view_as(tiles)
    owner, worker = world.owner.gather(1, flat).view_as(tiles), seen[..., 1].contiguous()
    found = torch.empty((copies, viewers, CHANNELS, places), dtype=small, device=tiles.device)
    bit = torch.arange(IS_INSIDE + 1, device=tiles.device).to(small)[:, None]
    flags = found[:, :, : IS_INSIDE + 1]
    flags.copy_((seen[..., 0] + stays.to(small))[:, :, None] >> bit)
    flags.bitwise_and_(1)
    flags[:, :, HAS_HOUSE] = owner.clamp(max=1)
    for channel, number in ((-2, owner), (-1, worker)):
        found[:, :, channel] = _as_seen_by(own, number)
    return found.view(copies, viewers, CHANNELS, *shape)


def _as_seen_by(own: Tensor | None, number: Tensor) -> Tensor:
    """Return ``n + 2`` for worker ``n`` (``n + 1`` in ``number``), one for oneself and zero for nobody.

    By arithmetic: small integers are compared one at a time, but added and cut many at once.
    """
    label = number + number.clamp(max=1)
    if own is None:
        return label
    mine = (own + 2).to(number)[:, None]
    is_own = 1 - (label ^ mine).clamp(max=1)
    return label - is_own * (mine - 1)


def window(radius: int, row_length: int) -> Tensor:
    """Return the tiles of a square window relative to its centre, ``[(2 radius + 1)^2]`` int64."""
    side = torch.arange(-radius, radius + 1)
    return (side[:, None] * row_length + side).flatten()


def whole_map(height: int, width: int, margin: int) -> Tensor:
    """Return the tiles of the map without its border, ``[H * W]`` int64."""
    rows, columns = torch.arange(height) + margin, torch.arange(width) + margin
    return (rows[:, None] * (width + 2 * margin) + columns).flatten()


def units_of(parts: Mapping[str, Tensor], units: Mapping[str, str]) -> tuple[str, ...]:
    """Return the unit of each feature that :func:`flatten` makes of ``parts``."""
    return tuple(units.get(name, "") for name, value in parts.items() for _ in range(value.shape[-1]))


def names_of(parts: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Return the name of each feature that :func:`flatten` makes of ``parts``."""
    widths = {name: value.shape[-1] for name, value in parts.items()}
    every = ([name] if width == 1 else [f"{name}_{i}" for i in range(width)] for name, width in widths.items())
    return tuple(name for names in every for name in names)


def flatten(parts: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """Return features ``[B, n, F]`` in the dtype of ``like`` ``[B, n]``."""
    return torch.cat([value.to(like.dtype).expand(*like.shape, value.shape[-1]) for value in parts.values()], -1)
