"""Sprites of tiles and people, drawn at eight times their size and reduced, so that edges are smooth.

Shapes differ as well as colours, so that colours need not be distinguished: grey stones, green trees, houses with a
roof in their owner's colour, people as discs with a number.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

BARE, WATER, STONE_GROUND, WOOD_GROUND = "#f7f5ef", "#bfdcee", "#e6e4df", "#e6eeda"
SEAM = "#efece4"
STONE, STONE_LIGHT = "#7d848c", "#a9afb6"
TREE, TRUNK = "#4f8f58", "#7a5c3e"
WAVE = "#a6cce4"
WHITE = "#ffffff"
_FINE = 8

Sprite = NDArray[np.uint8]
Shape = tuple[tuple[float, float], ...]

_GEM: Shape = ((0.22, 0.72), (0.16, 0.46), (0.40, 0.24), (0.70, 0.28), (0.85, 0.55), (0.76, 0.76))
_FACET: Shape = ((0.16, 0.46), (0.40, 0.24), (0.70, 0.28), (0.48, 0.50))
_CROWN: Shape = ((0.50, 0.10), (0.84, 0.66), (0.16, 0.66))
_WALLS: Shape = ((0.20, 0.46), (0.80, 0.46), (0.80, 0.90), (0.20, 0.90))
_ROOF: Shape = ((0.50, 0.08), (0.95, 0.50), (0.05, 0.50))


def grounds(size: int) -> NDArray[np.uint8]:
    """Return the sprites of tiles by ``code + 4 * stock``, ``[8, size, size, 3]``."""
    colors = (BARE, WATER, STONE_GROUND, WOOD_GROUND)
    pictures = []
    for stocked in (False, True):
        for code, color in enumerate(colors):
            canvas = Image.new("RGBA", (size * _FINE,) * 2, color)
            _furnish(ImageDraw.Draw(canvas), size * _FINE, code, stocked)
            pictures.append(_shrunk(canvas, size)[..., :3])
    return np.stack(pictures)


def house(size: int, color: str) -> Sprite:
    """Return a house in its owner's colour, ``[size, size, 4]``."""
    canvas = _empty(size)
    draw, side = ImageDraw.Draw(canvas), size * _FINE
    draw.polygon(_scaled(_WALLS, side), fill=_mixed(color, 0.72))
    draw.polygon(_scaled(_ROOF, side), fill=color)
    draw.rectangle([_point(0.42, 0.62, side), _point(0.58, 0.90, side)], fill=WHITE)
    return _shrunk(canvas, size)


def disc(size: int, color: str, label: str) -> Sprite:
    """Return a person: a disc with a white rim and a number, ``[size, size, 4]``."""
    canvas = _empty(size)
    draw, side = ImageDraw.Draw(canvas), size * _FINE
    draw.ellipse((0, 0, side - 1, side - 1), fill=WHITE)
    rim = side * 0.07
    draw.ellipse((rim, rim, side - 1 - rim, side - 1 - rim), fill=color)
    font = _font(int(side * (0.62 if len(label) == 1 else 0.5 if len(label) == 2 else 0.36)))
    draw.text((side / 2, side / 2), label, fill=WHITE, font=font, anchor="mm")
    return _shrunk(canvas, size)


def _furnish(draw: ImageDraw.ImageDraw, side: int, code: int, stocked: bool) -> None:
    if code == 1:
        for height in (0.36, 0.68):
            box = (side * 0.2, side * (height - 0.10), side * 0.8, side * (height + 0.10))
            draw.arc(box, 200, 340, fill=WAVE, width=max(1, side // 16))
        return
    draw.rectangle((0, 0, side - 1, side - 1), outline=SEAM, width=max(1, side // 24))
    if stocked and code == 2:
        draw.polygon(_scaled(_GEM, side), fill=STONE)
        draw.polygon(_scaled(_FACET, side), fill=STONE_LIGHT)
    if stocked and code == 3:
        draw.rectangle([_point(0.44, 0.64, side), _point(0.56, 0.90, side)], fill=TRUNK)
        draw.polygon(_scaled(_CROWN, side), fill=TREE)


def _empty(size: int) -> Image.Image:
    return Image.new("RGBA", (size * _FINE,) * 2, (255, 255, 255, 0))


def _shrunk(canvas: Image.Image, size: int) -> Sprite:
    return np.asarray(canvas.resize((size, size), Image.Resampling.BOX))


def _scaled(shape: Shape, side: int) -> list[tuple[float, float]]:
    return [_point(x, y, side) for x, y in shape]


def _point(x: float, y: float, side: int) -> tuple[float, float]:
    return x * side, y * side


def _mixed(color: str, white: float) -> tuple[int, int, int]:
    """Return ``color`` mixed with a share of white."""
    red, green, blue = (int(part + (255 - part) * white) for part in ImageColor.getrgb(color)[:3])
    return red, green, blue


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf"), size)
