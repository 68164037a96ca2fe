"""Actor-critic network of one role: a policy and a value function, with separate encoders or a common one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Observation, Role
from econsim.nn.architecture import Architecture
from econsim.nn.distributions import Distribution
from econsim.nn.encoders import Encoder, Seen
from econsim.nn.heads import head_of
from econsim.nn.joint_observation import joint_observation
from econsim.nn.layers import linear

__all__ = ["ActorCritic", "Memory"]

POLICY_GAIN, VALUE_GAIN = 0.01, 1.0
SMALLEST_SPREAD = 1e-2

Memory = tuple[Tensor, ...]
"""Recurrent states of the encoders, ``[..., 2 * recurrent]`` each, policy first; empty for networks without memory."""


class ActorCritic(nn.Module):
    """Policy and value function of one role.

    Args:
        role: the role whose observations and actions the network is built for.
        make: the architecture of the encoders.
        initial_log_std: initial log standard deviation of latents (real-valued actions).
        key: random key of the weights, ``[1]``.
        start: the action ``[*shape]`` that the initial policy takes, regardless of the observation.
        joint: the size of the joint observation that a centralised critic reads in addition to the player's own (Yu et
            al. 2022); ``None`` for a critic that reads the player's own observation only.
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
        joint: int | None = None,
    ) -> None:
        super().__init__()
        self.make, self.joint = make, joint
        self.head = head_of(role.action, initial_log_std)
        self.policy_tower = Encoder(role, make, random.fold(key, "policy"))
        self.value_tower = None if make.shared_towers else Encoder(role, make, random.fold(key, "value"), joint)
        width, value_width = self.policy_tower.size, (self.value_tower or self.policy_tower).size
        self.policy_outputs = linear(width, self.head.size, POLICY_GAIN, random.fold(key, "policy outputs"))
        self.value_output = linear(value_width, 1, VALUE_GAIN, random.fold(key, "value output"))
        self.register_buffer("value_mean", torch.zeros(()))
        self.register_buffer("value_spread", torch.ones(()))
        if start is not None:
            with torch.no_grad():
                self.policy_outputs.bias.copy_(self.head.start_at(start))

    @property
    def looks(self) -> bool:
        """Whether the network reads the view."""
        return self.policy_tower.sight is not None

    def sees(self, observation: Observation, everyone: Mapping[str, Observation] | None = None) -> Seen:
        """Return the part of an observation that the network reads.

        Args:
            observation: the observation of the role.
            everyone: the observations of all roles, which only a centralised critic reads; policies do without.
        """
        joint = None if self.joint is None or everyone is None else joint_observation(everyone, self.looks)
        view = observation.view
        if self.policy_tower.sight is None or view is None:
            return Seen.of(observation, joint=joint)
        return Seen.of(observation, self.policy_tower.sight.read(view), joint)

    def use_kernels(self, allowed: bool) -> None:
        """Let kernels compute what they can of the encoders, or torch all of them; the results differ by rounding."""
        for tower in (self.policy_tower, self.value_tower):
            if tower is not None and tower.sight is not None:
                tower.sight.use_kernels(allowed)

    def first_memory(self, copies: int, players: int, device: torch.device | str) -> Memory:
        """Return zero recurrent states ``[B, N, 2 * recurrent]``; an empty tuple for a network without memory."""
        if self.make.recurrent is None:
            return ()
        empty = torch.zeros((copies, players, 2 * self.make.recurrent), device=device)
        return (empty,) if self.value_tower is None else (empty, empty)

    def policy(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Memory]:
        """Return the distribution of choices and the next memory of the policy."""
        with self._precision(seen):
            hidden, state = self.policy_tower(seen, memory[0] if memory else None)
        return self._distribution(hidden, seen), () if state is None else (state, *memory[1:])

    def forward(self, seen: Seen, memory: Memory = ()) -> tuple[Distribution, Tensor, Memory]:
        """Return the distribution of choices, the estimated values ``[...]``, and the next memory."""
        with self._precision(seen):
            hidden, state = self.policy_tower(seen, memory[0] if memory else None)
            value_hidden, value_state = hidden, None
            if self.value_tower is not None:
                value_hidden, value_state = self.value_tower(seen.for_critic, memory[1] if memory else None)
        states = tuple(after for after in (state, value_state) if after is not None)
        return self._distribution(hidden, seen), self._value(value_hidden), states

    def over_time(self, seen: Seen, memory: Memory, starts: Tensor) -> tuple[Distribution, Tensor]:
        """Return distributions and values ``[S, L, ...]`` of sequences; see :meth:`Encoder.over_time`."""
        with self._precision(seen):
            hidden = self.policy_tower.over_time(seen, memory[0], starts)
            value_hidden = hidden
            if self.value_tower is not None:
                value_hidden = self.value_tower.over_time(seen.for_critic, memory[1], starts)
        return self._distribution(hidden, seen), self._value(value_hidden)

    @torch.no_grad()
    def rescale_values(self, mean: Tensor, spread: Tensor) -> None:
        """Change the mean and spread by which values are normalised, preserving all outputs of the network.

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
        value: Tensor = self.value_mean + self.value_spread * self.value_output(hidden.float())[..., 0]
        return value
