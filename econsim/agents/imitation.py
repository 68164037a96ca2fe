"""Imitation: a small network that was fitted to another agent's recorded choices, and plays in its place at any scale.

Above all for minds that ask a language model: a few hundred people are asked under many schedules, and the network then
plays a million. It learns how likely each choice is, given what a worker sees, and draws from that; so it keeps the
spread of the choices, with their heaps at round numbers, and not just their mean. It remembers nothing.

How faithful it is, is measured on episodes, and so under schedules, that it never saw (``fidelity`` after a fit, and in
the metrics): the mean absolute error of its expected choice, beside that of always choosing the mean; the share of the
variance of answers that it explains; how far the distributions of choices and answers are apart; and its bias.
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
    """Whose choices are imitated."""
    shown: Annotated[Chosen, FromRoom("planners")] = Field(
        {"kind": "random_schedule", "taxed_share": 1.0}, validate_default=True
    )
    """The planner under whom the teacher is watched; schedules unlike those shown may be answered otherwise."""
    episodes: int = Field(16, ge=1, le=100_000)
    """Episodes in which the teacher is watched, all at once."""
    held_out_share: float = Field(0.2, gt=0, lt=1)
    """Share of episodes that are kept from the fit, to measure its fidelity; of players where there is one episode."""
    hidden: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (64, 64)
    """Units of the hidden layers."""
    steps: int = Field(1500, ge=1, le=1_000_000)
    """Steps of the fit."""
    batch: int = Field(512, ge=1)
    """Answers in each step."""
    learning_rate: float = Field(3e-3, gt=0, le=1)
    """Step size of Adam; it falls to zero."""
    blur: float = Field(0.01, ge=0, le=1)
    """How alike choices next to each other are taken to be: the width of a kernel, as a share of the choices' range."""
    most_choices: int = Field(256, ge=2, le=10_000)
    """Most different choices; where a teacher made more, they are put together."""


class _ChoiceNetwork(nn.Sequential):
    """Dense layers from features ``[..., F]``, and what players share ``[..., G]``, to the logits of choices."""

    def __init__(self, role: Role, hidden: tuple[int, ...], choices: int, key: Tensor) -> None:
        sizes, entries = (role.observation.size, *hidden), len(role.shared_features)
        super().__init__(dense(sizes, "tanh", key), linear(sizes[-1], choices, 0.01, random.fold(key, "choices")))
        first, drawn = (*hidden, choices)[0], random.fold(key, "shared")
        self.shared = linear(entries, first, HIDDEN_GAIN, drawn, bias=False) if entries else None

    def forward(self, features: Tensor, shared: Tensor | None = None) -> Tensor:
        """Return logits ``[..., C]``."""
        of_shared = self.shared(shared) if self.shared is not None and shared is not None else None
        return with_shared([*self[0].children(), self[1]], features, of_shared)


class Imitation:
    """Plays choices as likely as another agent made them."""

    default_learner: ClassVar[str] = "imitation"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.teacher: Agent = parameters.teacher.build()
        if isinstance(self.teacher, UsesLlm):
            # Only then does a run look for a model, and for what it will cost.
            self.connect = self.teacher.connect
        if isinstance(self.teacher, EstimatesCalls):
            self.forecast = self._forecast
        self._state: dict[str, Tensor] = {}
        self._network: nn.Module | None = None

    @property
    def fidelity(self) -> dict[str, float]:
        """What the last fit measured on answers that it had not seen."""
        return {name.removeprefix(FIDELITY): float(v) for name, v in self._state.items() if name.startswith(FIDELITY)}

    def network(self, role: Role, choices: int, key: Tensor) -> nn.Module:
        """Return a network from what a role sees to the logits of choices, its weights drawn from ``key`` ``[1]``."""
        return _ChoiceNetwork(role, self.parameters.hidden, choices, key)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Role:
        """Return the role; raises ``UserError`` before a fit, or for actions that are not one choice or number."""
        if CHOICES not in self._state:
            raise UserError("agents: imitation is not fitted; econsim.run or econsim.training.imitation does it")
        if not isinstance(role.action, Discrete) and not (isinstance(role.action, Box) and role.action.size == 1):
            raise UserError(f"agents.{role.name}: kind imitation plays one choice or one number, not {role.action}")
        network = self.network(role, len(self._state[CHOICES]), torch.zeros(1, dtype=torch.int64))
        weights = {k: v for k, v in self._state.items() if k != CHOICES and not k.startswith(FIDELITY)}
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(f"agents.{role.name}: the stored imitation does not fit this game") from error
        self._network = network.to(game.device)
        return role

    @torch.no_grad()
    def act(self, observation: Observation, memory: Role, key: Tensor) -> tuple[Tensor, Role]:
        """Return drawn choices, ``[B, N]``."""
        logits = self._logits(observation, memory)
        index = random.categorical(key, 0, f"imitation/{memory.name}", logits)
        choice = self._state[CHOICES].to(index.device)[index]
        return (choice.long() if isinstance(memory.action, Discrete) else choice.to(observation.features)), memory

    @torch.no_grad()
    def policy(self, observation: Observation, memory: Role) -> tuple[Probabilities, Role]:
        """Return the probabilities of actions, ``[B, N, A]``; raises ``UserError`` for real-valued actions."""
        check_discrete(memory, "imitation")
        likely = self._logits(observation, memory).softmax(-1)
        index = self._state[CHOICES].long().to(likely.device).expand_as(likely)
        every = likely.new_zeros((*likely.shape[:-1], memory.action.mask_size))  # type: ignore[union-attr]
        return Probabilities(every.scatter(-1, index, likely)), memory

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
        """Take back what :meth:`state_dict` returned."""
        self._state, self._network = dict(state), None

    def _forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return what the teacher is asked while it is watched; nothing is asked afterwards."""
        assert isinstance(self.teacher, EstimatesCalls)
        return self.teacher.forecast(game, role, self.parameters.episodes)
