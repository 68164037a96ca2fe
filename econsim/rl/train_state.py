"""Training state of one policy: network, optimiser and settings, which are updated and stored together."""

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
from econsim.rl.adam import Adam
from econsim.rl.batch import batch_of, joined
from econsim.rl.buffer import Trajectory
from econsim.rl.distributed import summed
from econsim.rl.settings import Settings
from econsim.rl.update import STATISTICS, Loss, loss_of, optimiser_of, update

ADVICE = (
    "lower its learning_rate or max_gradient_norm, raise its entropy_weight, set normalise_values, or look for rewards"
    " or features that are not finite; the last checkpoint before this is kept"
)


@dataclass(frozen=True)
class TrainState:
    """Training state of one learning role."""

    role: str
    network: ActorCritic
    optimiser: Adam
    settings: Settings
    loss: Loss = loss_of

    @classmethod
    def of(cls, role: str, network: ActorCritic, settings: Settings, mode: Mode = "eager") -> TrainState:
        """Return a training state with a new optimiser, and a loss that is accelerated according to ``mode``."""
        return cls(role, network, optimiser_of(network), settings, fused(loss_of, mode))

    def learn(
        self, trajectories: Mapping[str, Trajectory], share_done: float, key: Tensor
    ) -> dict[str, dict[str, float]]:
        """Update the network from the trajectories of all roles that share it, and return statistics by role.

        They are empty if no player acted. The statistics of the update are reported for the role that owns the network.

        Args:
            trajectories: by role.
            share_done: share of training done, in [0, 1].
            key: random key of the minibatches, ``[1]``.

        Raises:
            RunError: a loss or a weight is no longer finite.
        """
        acted = torch.stack([trajectory.row.acting.sum().float() for trajectory in trajectories.values()])
        if not float(summed(acted)[0].sum()):
            return {}
        batch = joined([batch_of(trajectory, self.settings, self.network) for trajectory in trajectories.values()])
        of_update = update(self.network, self.optimiser, batch, self.settings, share_done, key, self.loss).double()
        returns = torch.stack([trajectory.episode_return for trajectory in trajectories.values()])
        weight = torch.stack([weight.detach().abs().max() for weight in self.network.parameters()]).max()
        # A single transfer from the device for all numbers.
        largest_weight, *numbers = torch.cat([weight[None].double(), of_update, returns]).tolist()
        stats = dict(zip(STATISTICS, numbers, strict=False))
        _check(self.role, stats, largest_weight)
        means = dict(zip(trajectories, numbers[len(STATISTICS) :], strict=True))
        by_role = {role: {"return": mean} for role, mean in means.items() if math.isfinite(mean)}
        return {**by_role, self.role: stats | by_role.get(self.role, {})}

    def stored(self) -> dict[str, Any]:
        """Return the weights by name and the moments of the optimiser, for a checkpoint."""
        return {"weights": dict(self.network.state_dict()), "moments": self.optimiser.stored()}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Load what :meth:`stored` returned."""
        self.network.load_state_dict(stored["weights"])
        self.optimiser.restore(stored["moments"])


def _check(role: str, stats: Mapping[str, float], largest_weight: float) -> None:
    not_finite = [name for name, value in stats.items() if not math.isfinite(value)]
    if not_finite or not math.isfinite(largest_weight):
        names = ", ".join(not_finite or ["weights"])
        raise RunError(f"training of {role} diverged ({names} not finite): {ADVICE}")
