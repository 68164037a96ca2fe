"""Schemes of mean-field learning: what followers condition on, and what the leader's derivative includes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from econsim.errors import UserError
from econsim.game import Game
from econsim.nn import ActorCritic

__all__ = ["SCHEMES", "Blind", "Scheme", "SchemeName"]

SchemeName = Literal["stackelberg", "alternating", "no_stackelberg", "no_mean_field", "neither", "cloned"]


@dataclass(frozen=True)
class Scheme:
    """A scheme.

    reads_policy: followers observe the leader's action in force.
    reads_aggregates: followers observe aggregates of the population, such as prices.
    total: the leader's derivative includes the followers' response; otherwise it holds their actions fixed.
    clones: followers do not learn, but imitate exact ones under the policy before the leader acts.
    """

    reads_policy: bool
    reads_aggregates: bool
    total: bool
    clones: bool = False


SCHEMES: dict[str, Scheme] = {
    "stackelberg": Scheme(True, True, True),
    "alternating": Scheme(True, True, False),
    "no_stackelberg": Scheme(False, True, False),
    "no_mean_field": Scheme(True, False, False),
    "neither": Scheme(False, False, False),
    "cloned": Scheme(False, False, True, clones=True),
}


class Blind:
    """Keeps the weights of observations that a scheme does not show at zero, so that the network ignores them.

    Raises:
        UserError: followers observe no aggregates, or not the leader's action, so that the scheme is not defined.
    """

    def __init__(self, scheme: Scheme, game: Game[Any], leader: str, role: str) -> None:
        shared, labels = game.roles[role].shared_features, game.roles[leader].action_labels
        policy = [index for index, name in enumerate(shared) if name.removeprefix("announced_") in (*labels, "until")]
        others = [index for index in range(len(shared)) if index not in policy]
        if not policy or not others:
            what = "the leader's action" if not policy else "aggregates of the population"
            raise UserError(f"training: mean_field needs followers who observe {what}; role {role} does not")
        self.columns = ([] if scheme.reads_policy else policy) + ([] if scheme.reads_aggregates else others)

    def begin(self, network: ActorCritic) -> None:
        """Set the weights of hidden observations to zero."""
        with torch.no_grad():
            for weight in self._weights(network):
                weight[:, self.columns] = 0.0

    def keep(self, network: ActorCritic) -> None:
        """Set the gradients of these weights to zero."""
        for weight in self._weights(network):
            if weight.grad is not None:
                weight.grad[:, self.columns] = 0.0

    def _weights(self, network: ActorCritic) -> list[Tensor]:
        towers = (network.policy_tower, network.value_tower)
        layers = [tower.shared for tower in towers if tower is not None and isinstance(tower.shared, nn.Linear)]
        return [layer.weight for layer in layers] if self.columns else []
