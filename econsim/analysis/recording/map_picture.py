"""The map of one moment as pixels: ground, resources, houses, and people on top."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.recording import _sprites
from econsim.analysis.recording._people import groups_of
from econsim.analysis.recording.record import Recording
from econsim.errors import UserError

NEEDED = ("ground", "stock", "owner", "row", "column")
_DISC = 1.25  # a person is a little larger than a tile

Pixels = NDArray[np.uint8]


def check_map(recording: Recording) -> None:
    """Raise an error unless an episode has a map.

    Raises:
        UserError: it has none.
    """
    missing = [name for name in NEEDED if not recording.has(name)]
    if missing:
        raise UserError(f"this episode has no {', '.join(missing)}; a map needs {', '.join(NEEDED)}")


class MapPicture:
    """A renderer of maps of an episode with tiles of ``size`` pixels, and people ``disc`` times as large."""

    def __init__(self, recording: Recording, size: int, disc: float = _DISC) -> None:
        self.recording, self.size = recording, size
        groups = groups_of(recording)
        self._grounds = _sprites.grounds(size)
        self._houses = np.stack([_sprites.house(size, color) for color in groups.colors])
        self._group = groups.of
        side = max(7, round(size * disc))
        self._discs = [_sprites.disc(side, groups.colors[of], str(n)) for n, of in enumerate(groups.of, start=1)]

    def draw(self, time: int) -> Pixels:
        """Return the map at a moment, ``[H size, W size, 3]``."""
        recording = self.recording
        codes = recording.at("ground", time) + 4 * recording.at("stock", time)
        image = _joined(self._grounds[codes])
        for row, column in np.argwhere(recording.at("owner", time) > 0):
            owner = self._group[int(recording.at("owner", time)[row, column]) - 1]
            _paste(image, self._houses[owner], row * self.size, column * self.size)
        side = self._discs[0].shape[0]
        inset = (self.size - side) // 2
        for disc, row, column in zip(self._discs, recording.at("row", time), recording.at("column", time), strict=True):
            _paste(image, disc, int(row) * self.size + inset, int(column) * self.size + inset)
        return image


def _joined(tiles: NDArray[Any]) -> Pixels:
    """Return tiles ``[H, W, s, s, 3]`` as one image ``[H s, W s, 3]``."""
    height, width, size = tiles.shape[:3]
    return np.ascontiguousarray(tiles.swapaxes(1, 2)).reshape(height * size, width * size, 3)


def _paste(image: Pixels, sprite: Pixels, top: int, left: int) -> None:
    """Draw a sprite ``[h, w, 4]`` over a part of the image; a sprite that extends over the edge is moved inside."""
    height, width = sprite.shape[:2]
    top = min(max(top, 0), image.shape[0] - height)
    left = min(max(left, 0), image.shape[1] - width)
    below = image[top : top + height, left : left + width]
    opacity = sprite[..., 3:].astype(np.uint16)
    below[:] = ((sprite[..., :3] * opacity + below * (255 - opacity)) // 255).astype(np.uint8)
