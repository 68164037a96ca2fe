"""One palette for a whole recording, so that static parts keep their bytes from frame to frame.

Pillow's own look-up confuses similar colours: white becomes light grey where both are in a palette.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_SIZE = 200
_BITS = 6  # of each channel distinguish colours
_CHUNK = 1 << 15


class Palette:
    """The most frequent colours of some frames, one per box of four shades; others are mapped to the nearest."""

    def __init__(self, pictures: list[Pixels]) -> None:
        """Choose from frames ``[h, w, 3]``."""
        pixels = np.concatenate([picture.reshape(-1, 3) for picture in pictures])
        packed, counts = np.unique(pixels.astype(np.int32) @ (1 << 16, 1 << 8, 1), return_counts=True)
        colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], 1)[np.argsort(-counts, kind="stable")]
        _, first = np.unique(_boxes(colors), return_index=True)
        self.colors = colors[np.sort(first)[:_SIZE]].astype(np.uint8)
        self._index = _nearest(self.colors)
        self._index[_boxes(self.colors)] = np.arange(len(self.colors))

    def applied(self, picture: Pixels) -> Image.Image:
        """Return an image ``[h, w, 3]`` in these colours."""
        image = Image.fromarray(self._index[_boxes(picture)])
        image.putpalette(self.colors.tobytes())
        return image


def _boxes(colors: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the index of the box of each colour, ``[..., 3]`` to ``[...]``."""
    red, green, blue = (colors[..., channel].astype(np.int32) >> 8 - _BITS for channel in range(3))
    numbers: NDArray[np.int32] = (red << 2 * _BITS) + (green << _BITS) + blue
    return numbers


def _nearest(colors: Pixels) -> Pixels:
    """Return the index of the colour nearest to the centre of each box."""
    boxes = np.arange(1 << 3 * _BITS)
    sides = np.stack([boxes >> 2 * _BITS, boxes >> _BITS & (1 << _BITS) - 1, boxes & (1 << _BITS) - 1], 1)
    middle = ((sides + 0.5) * (1 << 8 - _BITS)).astype(np.float32)
    palette = colors.astype(np.float32)
    parts = [
        ((palette**2).sum(1) - 2 * middle[start : start + _CHUNK] @ palette.T).argmin(1)
        for start in range(0, len(boxes), _CHUNK)
    ]
    return np.concatenate(parts).astype(np.uint8)
