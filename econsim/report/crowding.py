"""Texts inside of panels where room is short: numbers of cells are turned, labels of points moved, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation, Text
    from matplotlib.transforms import BboxBase

__all__ = ["CELL", "OPTIONAL", "POINT", "fit_texts"]

CELL, POINT, OPTIONAL = "_number of a cell", "_label of a point", "_text that can be left out"
"""The labels (``Artist.set_label``) of texts to fit; all others stay as they are. Legends ignore labels with ``_``."""
_SIDES = ((5, 4, "left", "bottom"), (-5, 4, "right", "bottom"), (5, -4, "left", "top"), (-5, -4, "right", "top"))
"""Where a label may be beside its point: its offset in points, and its alignment."""


def fit_texts(figure: Figure) -> None:
    """Fit the texts inside of each panel, once its layout is settled, so that none overlap.

    Numbers of cells are turned where they are wider than a cell, and all left out where that is not enough. A label of
    a point takes the first free side of its point, and is left out where there is none. An optional text is left out
    where it overlaps any other text of its panel.
    """
    for axes in figure.axes:
        _fit_numbers([text for text in axes.texts if text.get_label() == CELL])
        _fit_labels(axes, [text for text in axes.texts if text.get_label() == POINT])  # type: ignore[misc]
        _leave_out([text for text in axes.texts if text.get_label() == OPTIONAL], axes.texts)


def _fit_numbers(numbers: Sequence[Text]) -> None:
    for rotation in (0, 90):
        for number in numbers:
            number.set(visible=True, rotation=rotation)
        if not _overlap(numbers):
            return
    for number in numbers:
        number.set_visible(False)


def _overlap(texts: Sequence[Text]) -> bool:
    boxes = [text.get_window_extent() for text in texts]
    return any(box.count_overlaps(boxes) > 1 for box in boxes)  # each box overlaps itself


def _fit_labels(axes: Axes, labels: Sequence[Annotation]) -> None:
    taken: list[BboxBase] = []
    panel = axes.get_window_extent()
    for label in labels:
        label.set_visible(True)
        for right, up, horizontal, vertical in _SIDES:
            label.set_position((right, up))
            label.set(ha=horizontal, va=vertical)
            box = label.get_window_extent()
            if panel.x0 <= box.x0 and box.x1 <= panel.x1 and not box.count_overlaps(taken):
                taken.append(box)
                break
        else:
            label.set_visible(False)


def _leave_out(optional: Sequence[Text], texts: Sequence[Text]) -> None:
    taken = [text.get_window_extent() for text in texts if text not in optional]
    for text in optional:
        text.set_visible(True)
        box = text.get_window_extent()
        text.set_visible(not box.count_overlaps(taken))
        taken += [box] if text.get_visible() else []
