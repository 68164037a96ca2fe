"""Text form of map views: a grid of tiles with one symbol for each object, and the legend of these symbols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_letters

from econsim.game import Role

__all__ = ["ViewText"]

_NOTHING = "."  # symbol of an empty tile
_NO_LETTER = "?"  # symbol of labels for which no letter is left
View = Sequence[Sequence[Sequence[int]]]  # [C][h][w]


class ViewText:
    """The view of one role. ``legend`` explains the symbols, one line each; it is empty for a role without a view."""

    def __init__(self, role: Role) -> None:
        """Assign a symbol to every label of every channel."""
        self._channels = _channels(role)
        self.legend = [line for channel in self._channels for line in channel.legend()]

    def draw(self, view: View) -> str:
        """Return the view ``[C, h, w]`` as text, one line per row of tiles from the top, in columns of equal width."""
        height, width = len(view[0]), len(view[0][0])
        tiles = [[self._tile(view, row, column) for column in range(width)] for row in range(height)]
        widest = max(len(tile) for row in tiles for tile in row)
        return "\n".join(" ".join(tile.ljust(widest) for tile in row).rstrip() for row in tiles)

    def _tile(self, view: View, row: int, column: int) -> str:
        values = (channel[row][column] for channel in view)
        return "".join(channel.sign(value) for channel, value in zip(self._channels, values, strict=True)) or _NOTHING


@dataclass(frozen=True)
class _Channel:
    """Labels and symbols of a channel's values; ``is_open``: more values than labels, so the last label is numbered."""

    labels: tuple[str, ...]
    signs: tuple[str, ...]
    is_open: bool

    def sign(self, value: int) -> str:
        """Return the symbol of a value."""
        last = len(self.signs) - 1
        if value < last or not self.is_open:
            return self.signs[value]
        return f"{self.signs[last]}{value - last}" if self.signs[last] else ""

    def legend(self) -> Iterator[str]:
        """Yield one line per label."""
        for value, (label, sign) in enumerate(zip(self.labels, self.signs, strict=True)):
            if label and self.is_open and value == len(self.labels) - 1:
                yield f"{sign}0, {sign}1, ...: {label} 0, 1, ..."
            elif label:
                yield f"{sign}: {label}"


def _channels(role: Role) -> list[_Channel]:
    """Return the channels of a view, with a letter for each label: one of the label's own letters if still free."""
    counts = role.view_counts or (2,) * (role.view[0] if role.view else 0)
    named = role.view_labels or tuple(_default(number, count) for number, count in enumerate(counts, 1))
    taken = set[str]()
    channels = []
    for labels, count in zip(named, counts, strict=True):
        signs = []
        for label in labels:
            signs.append(_letter(label, taken))
            taken.add(signs[-1])
        channels.append(_Channel(labels, tuple(signs), count > len(labels)))
    return channels


def _default(number: int, count: int) -> tuple[str, ...]:
    name = f"channel {number}"
    return ("", name) if count == 2 else ("", f"{name}, yourself", f"{name}, player")


def _letter(label: str, taken: set[str]) -> str:
    letters = (letter for letter in f"{label}{label.upper()}{ascii_letters}" if letter in ascii_letters)
    return next((letter for letter in letters if letter not in taken), _NO_LETTER) if label else ""
