"""Groups of people in animations: single people where they are few, otherwise quarters by skill, one colour each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.canvas import SERIES
from econsim.analysis.recording.record import Recording

QUARTERS = ("lowest-paid quarter", "second quarter", "third quarter", "best-paid quarter")


@dataclass(frozen=True)
class Groups:
    """Groups of people: their labels and colours, and the index ``[N]`` of everybody's group."""

    labels: Sequence[str]
    of: NDArray[np.int64]

    @property
    def colors(self) -> tuple[str, ...]:
        """Return one colour per group."""
        return SERIES[: len(self.labels)]

    def means(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return means over the people of each group, ``[..., N]`` to ``[..., groups]``."""
        members = self.of == np.arange(len(self.labels))[:, None]
        found: NDArray[np.float64] = values.astype(np.float64) @ (members / members.sum(1, keepdims=True)).T
        return found

    def described(self, recording: Recording) -> list[str]:
        """Return the labels, with the pay per house where groups are single people."""
        if len(self.labels) < len(self.of) or not recording.has("pay"):
            return list(self.labels)
        unit = recording.stage.get("unit", "")
        return [
            f"{label}: {pay:.1f} {unit} per house"
            for label, pay in zip(self.labels, recording.at("pay", 0), strict=True)
        ]


def groups_of(recording: Recording) -> Groups:
    """Return the groups of a recording's people; people are ranked by ``pay``, ties by number."""
    names = list(recording.stage["workers"])
    if len(names) <= len(SERIES):
        plain = len(set(names)) == 1
        labels = [str(number) if plain else f"{number} {name}" for number, name in enumerate(names, start=1)]
        return Groups(labels, np.arange(len(names)))
    rank = recording.at("pay", 0).argsort(kind="stable").argsort(kind="stable")
    return Groups(QUARTERS, rank * len(QUARTERS) // len(names))
