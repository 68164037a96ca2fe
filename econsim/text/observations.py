"""Observations of acting players as plain numbers, from which prompts are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from econsim.game import Observation

__all__ = ["Seen", "acting_players", "seen_by"]


class Seen(NamedTuple):
    """One player's observation: features ``[F]``, shared ``[G]``, mask ``[A]``, view ``[C, h, w]`` and named facts."""

    features: list[float]
    shared: list[float]
    mask: list[bool] | None
    view: list[list[list[int]]] | None
    facts: Mapping[str, Any]

    @property
    def numbers(self) -> list[float]:
        """The player's features, followed by those that all players of its role share."""
        return [*self.features, *self.shared]


def acting_players(observation: Observation) -> Tensor:
    """Return which players act and are alive, ``[B, N]`` bool."""
    return observation.acting & observation.alive


def seen_by(observation: Observation, players: Tensor) -> list[Seen]:
    """Return the observations of ``players`` ``[B, N]`` (bool), in the order of environment copies and players."""
    columns = (_shared(observation), observation.action_mask, observation.view)
    shared, masks, views = (None if column is None else column[players].tolist() for column in columns)
    facts = {name: fact[players].tolist() for name, fact in (observation.facts or {}).items()}
    return [
        Seen(
            features,
            shared[player] if shared else [],
            masks[player] if masks else None,
            views[player] if views else None,
            {name: values[player] for name, values in facts.items()},
        )
        for player, features in enumerate(observation.features[players].tolist())
    ]


def _shared(observation: Observation) -> Tensor | None:
    """Return the features that all players of the role share, ``[B, N, G]``; ``None`` if there are none."""
    shared = observation.shared
    return None if shared is None else shared[:, None].expand(*observation.alive.shape, -1)
