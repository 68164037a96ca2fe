"""A neural mind in training: its network, its optimiser and its settings, as one thing to update and to store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim.errors import RunError
from econsim.networks import ActorCritic
from econsim.training._rollout import Trajectory
from econsim.training._update import Settings, batch_of, optimiser_of, update


@dataclass(frozen=True)
class Student:
    """One role that learns."""

    role: str
    network: ActorCritic
    optimiser: torch.optim.Adam
    settings: Settings

    @classmethod
    def of(cls, role: str, network: ActorCritic, settings: Settings) -> Student:
        """Return a student with a fresh optimiser."""
        return cls(role, network, optimiser_of(network, settings), settings)

    def learn(self, trajectory: Trajectory, share_done: float, key: Tensor) -> dict[str, float]:
        """Update from what the role went through; return statistics, none where nobody acted.

        Args:
            trajectory: of this role.
            share_done: share of the training that is done, in [0, 1].
            key: ``[1]``, of the shuffles.

        Raises:
            RunError: a loss is not finite any more.
        """
        batch = batch_of(trajectory, self.settings)
        if not batch.acting.any():
            return {}
        rate = self.settings.learning_rate_at(share_done)
        stats = update(self.network, self.optimiser, batch, self.settings, rate, key)
        self._check(stats)
        if math.isfinite(trajectory.episode_return):
            stats["return"] = trajectory.episode_return
        return stats

    def stored(self) -> dict[str, Any]:
        """Return weights and moments by name, for a checkpoint."""
        moments = self.optimiser.state_dict()["state"]
        return {
            "weights": dict(self.network.state_dict()),
            "moments": {str(place): dict(values) for place, values in moments.items()},
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take back what :meth:`stored` returned."""
        self.network.load_state_dict(stored["weights"])
        moments = {int(place): values for place, values in stored["moments"].items()}
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})

    def _check(self, stats: Mapping[str, float]) -> None:
        broken = [name for name, value in stats.items() if not math.isfinite(value)]
        if broken:
            raise RunError(
                f"training of {self.role} broke down ({', '.join(broken)} not finite); lower its learning_rate or"
                f" max_gradient_norm, or look for rewards or features that are not finite"
            )
