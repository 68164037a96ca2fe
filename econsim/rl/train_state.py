"""A neural mind in training: its network, its optimiser and its settings, as one thing to update and to store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim.acceleration import Mode, fused
from econsim.errors import RunError
from econsim.nn import ActorCritic
from econsim.rl.batch import batch_of, joined
from econsim.rl.buffer import Trajectory
from econsim.rl.distributed import summed
from econsim.rl.settings import Settings
from econsim.rl.update import STATISTICS, Loss, loss_of, optimiser_of, update

ADVICE = (
    "lower its learning_rate or max_gradient_norm, raise its entropy_weight, set normalise_values, or look for rewards"
    " or features that are not finite; the last good checkpoint is kept"
)


@dataclass(frozen=True)
class TrainState:
    """One role that learns."""

    role: str
    network: ActorCritic
    optimiser: torch.optim.Adam
    settings: Settings
    loss: Loss = loss_of

    @classmethod
    def of(cls, role: str, network: ActorCritic, settings: Settings, mode: Mode = "eager") -> TrainState:
        """Return a student with a fresh optimiser, whose loss is made fast as ``mode`` says."""
        return cls(role, network, optimiser_of(network), settings, fused(loss_of, mode))

    def learn(
        self, trajectories: Mapping[str, Trajectory], share_done: float, key: Tensor
    ) -> dict[str, dict[str, float]]:
        """Update from what the roles that share this mind went through; return statistics of each.

        Where nobody acted there are none; those of the update stand under the role that the mind belongs to.

        Args:
            trajectories: by role.
            share_done: share of the training that is done, in [0, 1].
            key: ``[1]``, of the shuffles.

        Raises:
            RunError: a loss is not finite any more.
        """
        acted = torch.stack([each.row.acting.sum().float() for each in trajectories.values()])
        if not float(summed(acted)[0].sum()):
            return {}
        batch = joined([batch_of(each, self.settings, self.network) for each in trajectories.values()])
        found = update(self.network, self.optimiser, batch, self.settings, share_done, key, self.loss).double()
        returns = torch.stack([each.episode_return for each in trajectories.values()])
        weight = torch.stack([weight.detach().abs().max() for weight in self.network.parameters()]).max()
        largest_weight, *numbers = torch.cat([weight[None].double(), found, returns]).tolist()  # one look for all
        stats = dict(zip(STATISTICS, numbers, strict=False))
        _check(self.role, stats, largest_weight)
        means = dict(zip(trajectories, numbers[len(STATISTICS) :], strict=True))
        known = {role: {"return": mean} for role, mean in means.items() if math.isfinite(mean)}
        return {**known, self.role: stats | known.get(self.role, {})}

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


def _check(role: str, stats: Mapping[str, float], largest_weight: float) -> None:
    broken = [name for name, value in stats.items() if not math.isfinite(value)]
    if broken or not math.isfinite(largest_weight):
        what = ", ".join(broken or ["weights"])
        raise RunError(f"training of {role} broke down ({what} not finite): {ADVICE}")
