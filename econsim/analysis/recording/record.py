"""Recordings of episodes: every moment of the first environment copy, and series derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Recordable

__all__ = ["LONGEST", "FrameCollector", "Recording"]

LONGEST = 10_000
"""Steps of the longest episode that runs record: some 15 MB on a map of 25 x 25."""


@dataclass(frozen=True)
class Recording:
    """An episode: the game's stage, and its frames ``{name: [T, ...]}``, ``[1, ...]`` where a frame never changes."""

    stage: Mapping[str, Any]
    frames: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        """The number of moments, including the first one."""
        return max(len(rows) for rows in self.frames.values())

    def has(self, *names: str) -> bool:
        """Return whether there are frames of all these names."""
        return all(name in self.frames for name in names)

    def at(self, name: str, time: int) -> NDArray[Any]:
        """Return one moment of a frame."""
        rows = self.frames[name]
        row: NDArray[Any] = rows[time if len(rows) > 1 else 0]
        return row

    def over_time(self, name: str) -> NDArray[Any]:
        """Return a frame at all moments, ``[T, ...]``.

        Raises:
            UserError: the recording has no such frame.
        """
        if name not in self.frames:
            raise UserError(f"this episode has no frame {name}; its frames are {', '.join(sorted(self.frames))}")
        rows = self.frames[name]
        return np.broadcast_to(rows, (len(self), *rows.shape[1:]))

    def period_ends(self) -> list[int]:
        """Return the moments at which a tax period has ended, ascending; empty where there are no taxes."""
        period = self.stage.get("period")
        return list(range(period, len(self), period)) if period else []

    def by_period(self, name: str) -> NDArray[Any]:
        """Return the increase in each ended period of a running total ``[T, ...]``, as ``[Y, ...]``."""
        ends = [0, *self.period_ends()]
        return np.diff(self.over_time(name)[ends], axis=0)


class FrameCollector:
    """A recorder of each moment of the first copy of an episode."""

    def __init__(self, game: Recordable) -> None:
        self._game = game
        self._moments: list[dict[str, Tensor]] = []

    def __call__(self, state: Any, over: Tensor) -> None:
        """Record this moment, whether or not the first copy was ``over`` before it."""
        self._moments.append({name: value[0] for name, value in self._game.frame(state).items()})

    def recording(self) -> Recording:
        """Return the recording; frames that never change are stored once."""
        columns = {name: torch.stack([moment[name] for moment in self._moments]).cpu() for name in self._moments[0]}
        return Recording(self._game.stage(), {name: _once(rows).numpy() for name, rows in columns.items()})


def _once(rows: Tensor) -> Tensor:
    return rows[:1] if bool((rows == rows[:1]).all()) else rows
