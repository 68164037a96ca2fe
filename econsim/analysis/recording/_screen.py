"""Frames of an animation: the map, its legend and charts beside it; 1,280 x 720 pixels.

Static parts are drawn once. For each frame the moving parts are drawn over a copy of them, which takes a few
milliseconds, whereas a whole figure takes a third of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from econsim.analysis.canvas import INK, quieten
from econsim.analysis.recording import _sprites
from econsim.analysis.recording._charts import Chart, charts_of
from econsim.analysis.recording._people import groups_of
from econsim.analysis.recording.map_picture import MapPicture, check_map
from econsim.analysis.recording.record import Recording

WIDTH, HEIGHT, DOTS = 1280, 720, 100
_MAP_LEFT, _MAP_TOP, _MAP_SIDE = 28, 66, 600
_CHARTS_LEFT, _CHARTS_RIGHT, _CHARTS_TOP, _CHARTS_BOTTOM, _BETWEEN = 680, 1205, 66, 632, 62
_KEY_TOP, _ICON = 679, 20
_KEY = ((6, "stone"), (7, "wood"), (1, "water"))

Pixels = NDArray[np.uint8]


class Screen:
    """A renderer of frames of an episode, with the name of its policy as title."""

    def __init__(self, recording: Recording, title: str) -> None:
        """Draw all static parts.

        Raises:
            UserError: the episode has no map.
        """
        check_map(recording)
        self.recording, self.title = recording, title
        size = max(1, _MAP_SIDE // max(recording.at("ground", 0).shape))
        self._map = MapPicture(recording, size)
        self._figure = Figure(figsize=(WIDTH / DOTS, HEIGHT / DOTS), dpi=DOTS, facecolor="white")
        self._canvas = _canvas(self._figure)
        self._charts = list(self._made_charts())
        self._heading = self._text(_MAP_LEFT, 40, "", fontsize=15)
        self._heading.set_animated(True)
        icons = list(self._key())
        self._canvas.draw()
        for icon, left in icons:
            _lay(np.asarray(self._canvas.buffer_rgba()), icon, _KEY_TOP, left)
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(self, time: int) -> Pixels:
        """Return the frame of a moment, ``[720, 1280, 3]``."""
        self._canvas.restore_region(self._still)
        self._heading.set_text(self._words(time))
        self._figure.draw_artist(self._heading)
        for chart in self._charts:
            chart.show(time)
            for artist in chart.moving:
                chart.axes.draw_artist(artist)
        pixels = np.array(self._canvas.buffer_rgba())[..., :3]
        map_ = self._map.draw(time)
        height, width = map_.shape[:2]
        pixels[_MAP_TOP : _MAP_TOP + height, _MAP_LEFT : _MAP_LEFT + width] = map_
        return pixels

    def _words(self, time: int) -> str:
        words = [self.title, f"step {time:,} of {len(self.recording) - 1:,}"]
        period = self.recording.stage.get("period")
        if period:
            periods = max(1, (len(self.recording) - 1) // period)
            words.append(f"tax period {min(max(time - 1, 0) // period + 1, periods)} of {periods}")
        return "   ·   ".join(words)

    def _made_charts(self) -> Iterator[Chart]:
        kinds = charts_of(self.recording)
        room = (_CHARTS_BOTTOM - _CHARTS_TOP - _BETWEEN * (len(kinds) - 1)) / max(1, len(kinds))
        for number, kind in enumerate(kinds):
            bottom = HEIGHT - _CHARTS_TOP - room * (number + 1) - _BETWEEN * number
            width = (_CHARTS_RIGHT - _CHARTS_LEFT) / WIDTH
            axes = self._figure.add_axes((_CHARTS_LEFT / WIDTH, bottom / HEIGHT, width, room / HEIGHT))
            quieten(axes)
            yield kind(axes, self.recording)

    def _key(self) -> Iterator[tuple[Pixels, int]]:
        """Write the legend and yield its icons with their positions; people have their pay or their group."""
        groups, left = groups_of(self.recording), _MAP_LEFT
        grounds = _sprites.grounds(_ICON)
        signs: list[tuple[Pixels, str]] = [(grounds[code], word) for code, word in _KEY]
        signs.append((_sprites.house(_ICON, groups.colors[0]), "house of 1" if self._few else "house"))
        for number, (color, label) in enumerate(zip(groups.colors, groups.labels, strict=True), start=1):
            word = f"{self.recording.at('pay', 0)[number - 1]:.0f}" if self._few else label
            signs.append((_sprites.disc(_ICON, color, str(number) if self._few else ""), word))
        for icon, word in signs:
            yield icon, left
            written = self._text(left + _ICON + 6, _KEY_TOP + 15, word, fontsize=9)
            left += _ICON + 20 + round(written.get_window_extent().width)
        if self._few:
            self._text(left - 6, _KEY_TOP + 15, f"{self.recording.stage['unit']} per house", fontsize=9)

    @property
    def _few(self) -> bool:
        return len(groups_of(self.recording).labels) == len(self.recording.stage["workers"])

    def _text(self, left: float, baseline: float, words: str, **style: Any) -> Any:
        return self._figure.text(left / WIDTH, 1 - baseline / HEIGHT, words, color=INK, **style)


def _canvas(figure: Figure) -> Any:
    return FigureCanvasAgg(figure)  # whose methods have no types


def _lay(pixels: NDArray[Any], icon: Pixels, top: int, left: int) -> None:
    height, width = icon.shape[:2]
    opacity = icon[..., 3:] / 255.0 if icon.shape[2] == 4 else np.ones((height, width, 1))
    below = pixels[top : top + height, left : left + width, :3]
    below[:] = (icon[..., :3] * opacity + below * (1 - opacity)).astype(np.uint8)
