"""The mind of one role: a policy and a value, read off a tower each or off one for both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Observation, Role
from econsim.nn.architecture import Architecture
from econsim.nn.distributions import Distribution
from econsim.nn.encoders import Encoder, Seen
from econsim.nn.heads import head_of
from econsim.nn.layers import linear

__all__ = ["ActorCritic", "Memory"]

POLICY_GAIN, VALUE_GAIN = 0.01, 1.0
SMALLEST_SPREAD = 1e-2

Memory = tuple[Tensor, ...]
"""What towers remember, ``[..., 2 * recurrent]`` each, the policy's first; empty for minds without memory."""


class ActorCritic(nn.Module):
    """Policy and value of one role.

    Args:
        role: whose observations and actions they fit.
        make: sizes of the towers.
        initial_log_std: log standard deviation of a latent at the start (real-valued actions).
        key: ``[1]``, of the weights.
        start: the action ``[*shape]`` that the policy begins with, whatever it sees.
    """

    value_mean: Tensor
    value_spread: Tensor

    def __init__(
        self,
        role: Role,
        make: Architecture,
        initial_log_std: float,
        key: Tensor,
        start: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.make = make
        self.head = head_of(role.action, initial_log_std)
        self.policy_tower = Encoder(role, make, random.fold(key, "policy"))
        self.value_tower = None if make.shared_towers else Encoder(role, make, random.fold(key, "value"))
        width = self.policy_tower.size
        self.policy_outputs = linear(width, self.head.size, POLICY_GAIN, random.fold(key, "policy outputs"))
        self.value_output = linear(width, 1, VALUE_GAIN, random.fold(key, "value output"))
        self.register_buffer("value_mean", torch.zeros(()))
        self.register_buffer("value_spread", torch.ones(()))
        if start is not None:
            with torch.no_grad():
                self.policy_outputs.bias.copy_(self.head.start_at(start))

    @property
    def looks(self) -> bool:
        """Whether it reads the view."""
        return self.policy_tower.sight is not None

    def sees(self, observation: Observation) -> Seen:
        """Return what this mind reads of an observation."""
        return Seen.of(observation, self.looks)

    def first_memory(self, copies: int, players: int, device: torch.device | str) -> Memory:
        """Return empty memories ``[B, N, 2 * recurrent]``; no memory at all for a mind without."""
        if self.make.recurrent is None:
            return ()
        empty = torch.zeros((copies, players, 2 * self.make.recurrent), device=device)
        return (empty,) if self.value_tower is None else (empty, empty)

    def policy(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Memory]:
        """Return the distribution of choices and the policy's next memory."""
        with self._precision(seen):
            hidden, kept = self.policy_tower(seen, memory[0] if memory else None)
        return self._distribution(hidden, seen), () if kept is None else (kept, *memory[1:])

    def forward(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Tensor, Memory]:
        """Return the distribution of choices, the expected return from here ``[...]``, and the next memory."""
        with self._precision(seen):
            hidden, kept = self.policy_tower(seen, memory[0] if memory else None)
            judged, second = hidden, None
            if self.value_tower is not None:
                judged, second = self.value_tower(seen, memory[1] if memory else None)
        return self._distribution(hidden, seen), self._value(judged), tuple(m for m in (kept, second) if m is not None)

    def over_time(self, seen: Seen, memory: Memory, starts: Tensor) -> tuple[Distribution, Tensor]:
        """Return distributions and values ``[S, L, ...]`` of sequences; see :meth:`Encoder.over_time`."""
        with self._precision(seen):
            hidden = self.policy_tower.over_time(seen, memory[0], starts)
            judged = hidden if self.value_tower is None else self.value_tower.over_time(seen, memory[1], starts)
        return self._distribution(hidden, seen), self._value(judged)

    @torch.no_grad()
    def rescale_values(self, mean: Tensor, spread: Tensor) -> None:
        """Measure values in other units from now on; what the network says of any state stays the same.

        Source: van Hasselt et al. (2016), "Learning values across many orders of magnitude", eq. 4.
        """
        spread = spread.clamp(min=SMALLEST_SPREAD)
        ratio = self.value_spread / spread
        self.value_output.weight.mul_(ratio)
        self.value_output.bias.copy_(self.value_output.bias * ratio + (self.value_mean - mean) / spread)
        self.value_mean.copy_(mean)
        self.value_spread.copy_(spread)

    def _precision(self, seen: Seen) -> torch.autocast:
        low = self.make.precision == "bfloat16"
        return torch.autocast(seen.features.device.type, torch.bfloat16, enabled=low)

    def _distribution(self, hidden: Tensor, seen: Seen) -> Distribution:
        return self.head.distribution(self.policy_outputs(hidden.float()), seen.action_mask)

    def _value(self, hidden: Tensor) -> Tensor:
        judged: Tensor = self.value_mean + self.value_spread * self.value_output(hidden.float())[..., 0]
        return judged
