"""Imitation: a small network, fitted to the recorded choices of another agent, that replaces it at any scale.

Its main use is to replace language-model agents: the model is queried for a few hundred people under many tax
schedules, and the network then plays for a million. The network learns the probability of each choice given a worker's
observation and draws from that distribution, so that it reproduces the whole distribution of choices, with its heaping
at round numbers, and not only the mean. It has no memory.

Its fidelity is measured on held-out episodes, and therefore under schedules that the fit did not use (``fidelity``
after a fit, and in the metrics): the mean absolute error of the expected choice, next to that of always choosing the
mean; the share of the variance of the answers that it explains; the distance between the distributions of choices and
answers; and the bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from econsim import random
from econsim.actions import check_discrete
from econsim.errors import UserError
from econsim.game import Agent, Box, Discrete, Game, Observation, Role
from econsim.llm.protocols import EstimatesCalls, UsesLlm
from econsim.nn import Probabilities
from econsim.nn.layers import HIDDEN_GAIN, dense, linear, with_shared
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Imitation", "Parameters"]

REFERENCES = (
    "@article{pomerleau1991efficient, title={Efficient Training of Artificial Neural Networks for Autonomous "
    "Navigation}, author={Pomerleau, Dean A.}, journal={Neural Computation}, volume={3}, number={1}, pages={88--97}, "
    "year={1991}}",
)
CHOICES, FIDELITY = "choices", "fidelity/"


class Parameters(Model):
    """Parameters of imitation."""

    teacher: Annotated[Chosen, FromRoom("agents")] = Field("llm", validate_default=True)
    """The agent whose choices are imitated."""
    shown: Annotated[Chosen, FromRoom("planners")] = Field(
        {"kind": "random_schedule", "taxed_share": 1.0}, validate_default=True
    )
    """The planner under which the teacher is recorded; the fit may be poor under schedules that it never announces."""
    episodes: int = Field(16, ge=1, le=100_000)
    """Number of episodes in which the teacher is recorded; they are played as one batch."""
    held_out_share: float = Field(0.2, gt=0, lt=1)
    """Share of the episodes held out from the fit to measure its fidelity; share of the players if there is only one
    episode."""
    hidden: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (64, 64)
    """Numbers of units of the hidden layers."""
    steps: int = Field(1500, ge=1, le=1_000_000)
    """Number of gradient steps of the fit."""
    batch: int = Field(512, ge=1)
    """Number of answers in each gradient step."""
    learning_rate: float = Field(3e-3, gt=0, le=1)
    """Initial step size of Adam; it decreases linearly to zero."""
    blur: float = Field(0.01, ge=0, le=1)
    """Width of the kernel that smooths the target distribution over neighbouring choices, as a share of the range of
    choices."""
    most_choices: int = Field(256, ge=2, le=10_000)
    """Maximum number of distinct choices; if the teacher made more, they are grouped."""


class _ChoiceNetwork(nn.Sequential):
    """Dense layers from features ``[..., F]`` and shared features ``[..., G]`` to the logits of choices."""

    def __init__(self, role: Role, hidden: tuple[int, ...], choices: int, key: Tensor) -> None:
        sizes, entries = (role.observation.size, *hidden), len(role.shared_features)
        super().__init__(dense(sizes, "tanh", key), linear(sizes[-1], choices, 0.01, random.fold(key, "choices")))
        first, shared_key = (*hidden, choices)[0], random.fold(key, "shared")
        self.shared = linear(entries, first, HIDDEN_GAIN, shared_key, bias=False) if entries else None

    def forward(self, features: Tensor, shared: Tensor | None = None) -> Tensor:
        """Return logits ``[..., C]``."""
        of_shared = self.shared(shared) if self.shared is not None and shared is not None else None
        return with_shared([*self[0].children(), self[1]], features, of_shared)


class Imitation:
    """Draws each choice with the probability with which another agent made it."""

    default_learner: ClassVar[str] = "imitation"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.teacher: Agent = parameters.teacher.build()
        if isinstance(self.teacher, UsesLlm):
            # A run looks for a language model, and estimates its cost, only if these methods exist.
            self.connect = self.teacher.connect
        if isinstance(self.teacher, EstimatesCalls):
            self.forecast = self._forecast
        self._state: dict[str, Tensor] = {}
        self._network: nn.Module | None = None

    @property
    def fidelity(self) -> dict[str, float]:
        """Measures of the last fit on held-out answers."""
        return {name.removeprefix(FIDELITY): float(v) for name, v in self._state.items() if name.startswith(FIDELITY)}

    def network(self, role: Role, choices: int, key: Tensor) -> nn.Module:
        """Return a network from a role's observation to the logits of choices; ``key`` ``[1]`` draws its weights."""
        return _ChoiceNetwork(role, self.parameters.hidden, choices, key)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Role:
        """Return the role; raises ``UserError`` before a fit, or for actions that are not one option or number."""
        if CHOICES not in self._state:
            raise UserError(
                "agents: the agent of kind imitation has not been fitted; fit it with econsim.run or"
                " econsim.training.imitation"
            )
        if not isinstance(role.action, Discrete) and not (isinstance(role.action, Box) and role.action.size == 1):
            raise UserError(
                f"agents.{role.name}: kind imitation supports actions that are one option or one number, found"
                f" {role.action}"
            )
        network = self.network(role, len(self._state[CHOICES]), torch.zeros(1, dtype=torch.int64))
        weights = {k: v for k, v in self._state.items() if k != CHOICES and not k.startswith(FIDELITY)}
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(
                f"agents.{role.name}: the stored weights of the imitation do not match this game; fit it again"
            ) from error
        self._network = network.to(game.device)
        return role

    @torch.no_grad()
    def act(self, observation: Observation, memory: Role, key: Tensor) -> tuple[Tensor, Role]:
        """Draw choices ``[B, N]``."""
        logits = self._logits(observation, memory)
        index = random.categorical(key, 0, f"imitation/{memory.name}", logits)
        choice = self._state[CHOICES].to(index.device)[index]
        return (choice.long() if isinstance(memory.action, Discrete) else choice.to(observation.features)), memory

    @torch.no_grad()
    def policy(self, observation: Observation, memory: Role) -> tuple[Probabilities, Role]:
        """Return the probabilities of actions, ``[B, N, A]``; raises ``UserError`` for real-valued actions."""
        check_discrete(memory, "imitation")
        of_choices = self._logits(observation, memory).softmax(-1)
        index = self._state[CHOICES].long().to(of_choices.device).expand_as(of_choices)
        zeros = of_choices.new_zeros((*of_choices.shape[:-1], memory.action.mask_size))  # type: ignore[union-attr]
        return Probabilities(zeros.scatter(-1, index, of_choices)), memory

    def _logits(self, observation: Observation, role: Role) -> Tensor:
        """Return the logits of the choices that the teacher made, ``[B, N, C]``."""
        assert self._network is not None
        shared = None if observation.shared is None else observation.shared[:, None].float()
        logits: Tensor = self._network(observation.features.flatten(2).float(), shared)
        if observation.action_mask is not None and isinstance(role.action, Discrete):
            legal = observation.action_mask[..., self._state[CHOICES].long().to(logits.device)]
            logits = logits.masked_fill(~legal, -torch.inf)
        return logits

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights, the values of the choices and the fidelity."""
        return dict(self._state)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned."""
        self._state, self._network = dict(state), None

    def _forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated calls and tokens while the teacher is recorded; there are no calls afterwards."""
        assert isinstance(self.teacher, EstimatesCalls)
        return self.teacher.forecast(game, role, self.parameters.episodes)
