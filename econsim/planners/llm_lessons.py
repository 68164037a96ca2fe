"""Planner who asks a language model and has learned lessons: short sentences that its questions begin with.

Nothing of the model is changed. The learner ``prompt_optimisation`` lets the planner practise, shows the model its
better and its worse attempts, and keeps what the model concludes where it helps in episodes that it was not drawn from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Chosen, FromRoom, Model
from econsim.planners import llm

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["LessonPlanner", "Parameters"]

REFERENCES = (
    "@article{cai2025training, title={Training-Free Group Relative Policy Optimization}, author={Cai, Yuzheng and "
    "others}, journal={arXiv:2510.08191}, year={2025}}",
)
LIST = "lessons"


class Parameters(Model):
    """Parameters of the planner with lessons."""

    mind: llm.Parameters = llm.Parameters()
    """How its questions are put; see the kind ``llm``."""
    rounds: int = Field(3, ge=1, le=1000)
    """Rounds of practice; each may change the list once."""
    attempts: int = Field(4, ge=2, le=1000)
    """Episodes of a round, under the same random numbers of the economy; only the model's own draws differ."""
    held_out: int = Field(2, ge=1, le=1000)
    """Episodes that judge each list, and that nothing is learned from."""
    smallest_spread: float = Field(0.002, ge=0)
    """Attempts that are closer together, as a share of their mean return, teach nothing."""
    most_lessons: int = Field(8, ge=1, le=100)
    """Most lessons on the list."""
    longest: int = Field(200, ge=10, le=2000)
    """Most characters of a lesson."""
    workers: Annotated[Chosen, FromRoom("agents")] = Field("best_response", validate_default=True)
    """Who follows in practice; exact workers cost no calls."""


class LessonPlanner:
    """A planner who asks a model, with a list of lessons. ``version`` counts the changes that were kept."""

    default_learner: ClassVar[str] = "prompt_optimisation"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.mind = llm.LanguagePlanner(parameters.mind)
        self.version = 0
        self._is_fitted = False

    @property
    def lessons(self) -> tuple[str, ...]:
        """The list."""
        return self.mind.lessons

    def connect(self, service: Service) -> None:
        """Take the service that every question goes to."""
        self.mind.connect(service)

    def learn(self, lessons: tuple[str, ...], version: int) -> None:
        """Take a list of lessons."""
        self.mind.lessons, self.version, self._is_fitted = lessons, version, True

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        """Return empty memories; raises ``UserError`` before a fit, and what the kind ``llm`` raises."""
        if not self._is_fitted:
            raise UserError("planner: llm_lessons is not fitted; econsim.run or training.prompt_optimisation fits it")
        return self.mind.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        """Return rates ``[B, 1, K]``."""
        return self.mind.act(observation, memory, key)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return calls, input tokens and output tokens of an episode and of all practice, about."""
        chosen = self.parameters
        episodes = num_envs + chosen.rounds * (chosen.attempts + chosen.held_out) + chosen.held_out
        return self.mind.forecast(game, role, episodes)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the list and its version, as JSON in bytes."""
        text = json.dumps({"version": self.version, LIST: self.lessons})
        return {LIST: torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        known = json.loads(bytes(state[LIST].tolist()))
        self.learn(tuple(known[LIST]), known["version"])
