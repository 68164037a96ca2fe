"""The map: water, sources of stone and wood that carry at most one unit each, and houses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GOODS = ("stone", "wood")
Place = tuple[int, int]  # row from the top, column from the left, both from zero
DIRECTIONS: dict[str, Place] = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


@dataclass
class Land:
    """Map of ``height`` x ``width`` tiles."""

    height: int
    width: int
    water: frozenset[Place]
    sources: dict[Place, str]
    """Good of each source; all stone before all wood, row by row."""
    stocked: set[Place] = field(default_factory=set)
    """Sources that carry a unit now."""
    houses: dict[Place, int] = field(default_factory=dict)
    """Number of the worker who owns the house on a tile."""
    taken: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GOODS, 0))
    regrown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GOODS, 0))

    def contains(self, place: Place) -> bool:
        """Return whether a place is on the map."""
        return 0 <= place[0] < self.height and 0 <= place[1] < self.width

    def lets_in(self, place: Place, worker: int) -> bool:
        """Return whether a worker may stand on a tile: no water, and no house of another worker."""
        return self.contains(place) and place not in self.water and self.houses.get(place, worker) == worker

    def take(self, place: Place) -> str | None:
        """Remove the unit on a tile and return its good; ``None`` if there is none."""
        if place not in self.stocked:
            return None
        self.stocked.remove(place)
        good = self.sources[place]
        self.taken[good] += 1
        return good

    def regrow(self, draws: Sequence[float], rate: float, halfwidth: int) -> None:
        """Regrow units on empty sources, each with its own probability, from one uniform draw per source."""
        for draw, (place, good) in zip(draws, self.sources.items(), strict=True):
            if place not in self.stocked and draw < rate * self.share_of_sources(place, halfwidth):
                self.stocked.add(place)
                self.regrown[good] += 1

    def share_of_sources(self, place: Place, halfwidth: int) -> float:
        """Return the share of sources of the same good among the tiles of the square window around a source.

        Tiles beyond the edge of the map count as tiles without a source, so regrowth is slower at the edge.
        """
        reach = range(-halfwidth, halfwidth + 1)
        window = [(place[0] + down, place[1] + right) for down in reach for right in reach]
        return sum(self.sources.get(tile) == self.sources[place] for tile in window) / len(window)
