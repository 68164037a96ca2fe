"""Language-model planner with learned lessons, which are short sentences at the beginning of its prompts.

The language model itself is not trained. The learning algorithm ``prompt_optimisation`` lets the planner practise,
shows the model its better and worse attempts, and keeps the lessons that the model proposes if they improve the return
in held-out episodes.
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
    from econsim.llm.protocols import AnswersQuestions

__all__ = ["LessonPlanner", "Parameters"]

REFERENCES = (
    "@article{cai2025training, title={Training-Free Group Relative Policy Optimization}, author={Cai, Yuzheng and "
    "others}, journal={arXiv:2510.08191}, year={2025}}",
)
LIST = "lessons"


class Parameters(Model):
    """Parameters of the language-model planner with lessons."""

    mind: llm.Parameters = llm.Parameters()
    """Parameters of the language-model planner; see the kind ``llm``."""
    rounds: int = Field(3, ge=1, le=1000)
    """Number of rounds of practice; each can change the list of lessons once."""
    attempts: int = Field(4, ge=2, le=1000)
    """Number of episodes per round, with common random numbers of the economy; only the model's own draws differ."""
    held_out: int = Field(2, ge=1, le=1000)
    """Number of held-out episodes in which each list is evaluated."""
    smallest_spread: float = Field(0.002, ge=0)
    """Smallest standard deviation of the attempts' returns, relative to their mean, for which lessons are proposed."""
    most_lessons: int = Field(8, ge=1, le=100)
    """Maximum number of lessons on the list."""
    longest: int = Field(200, ge=10, le=2000)
    """Maximum number of characters of a lesson."""
    workers: Annotated[Chosen, FromRoom("agents")] = Field("best_response", validate_default=True)
    """The workers in practice; exact best responses need no calls of the model."""


class LessonPlanner:
    """A language-model planner with a list of lessons. ``version`` counts the changes that were kept."""

    default_learner: ClassVar[str] = "prompt_optimisation"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.mind = llm.LanguagePlanner(parameters.mind)
        self.version = 0
        self._is_fitted = False

    @property
    def lessons(self) -> tuple[str, ...]:
        """The list of lessons."""
        return self.mind.lessons

    @property
    def model_name(self) -> str:
        """The name of its model in ``llm.models``."""
        return self.mind.model_name

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        self.mind.connect(service)

    def learn(self, lessons: tuple[str, ...], version: int) -> None:
        """Replace the list of lessons."""
        self.mind.lessons, self.version, self._is_fitted = lessons, version, True

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        """Return empty memories; raises ``UserError`` before a fit, and under the conditions of the kind ``llm``."""
        if not self._is_fitted:
            raise UserError(
                "planner: the planner of kind llm_lessons has not been fitted; fit it with econsim.run or"
                " training.prompt_optimisation"
            )
        return self.mind.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        """Return rates ``[B, 1, K]``."""
        return self.mind.act(observation, memory, key)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode and of all practice."""
        parameters = self.parameters
        held_out = (1 + parameters.rounds) * parameters.held_out
        return self.mind.forecast(game, role, num_envs + parameters.rounds * parameters.attempts + held_out)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the list and its version, encoded as JSON in a tensor of bytes."""
        text = json.dumps({"version": self.version, LIST: self.lessons})
        return {LIST: torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned."""
        stored = json.loads(bytes(state[LIST].tolist()))
        self.learn(tuple(stored[LIST]), stored["version"])
