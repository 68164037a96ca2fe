"""Language-model planner with learned lessons, which are short sentences at the beginning of its prompts.

The language model itself is not trained. The learning algorithm ``prompt_optimisation`` lets the planner practise,
shows the model its better and worse attempts, and keeps the lessons that the model proposes if they improve the return
in held-out episodes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import inf, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
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

    mind: llm.Parameters = Field(default_factory=llm.Parameters)
    """Parameters of the language-model planner; see the kind ``llm``."""
    rounds: int = Field(3, ge=1, le=1000)
    """Number of rounds of practice; each can change the list of lessons once."""
    attempts: int = Field(4, ge=2, le=1000)
    """Number of episodes per round, with common random numbers of the economy; only the model's own draws differ."""
    credit: Literal["episode", "step"] = "episode"
    """What the model is shown: whole attempts (``episode``), or also the decisions at which attempts with the same past
    split, with what followed each (``step``); ``attempts`` is then a power of two."""
    held_out: int = Field(2, ge=1, le=1000)
    """Number of held-out episodes, each with a seed of its own, in which each list is evaluated."""
    tested: int = Field(5, ge=0, le=1000)
    """Number of further episodes in which the final list is compared with none, for an interval of the gain: they have
    no part in the choice of the list. With 0, nothing is known about the gain."""
    smallest_spread: float = Field(0.002, ge=0)
    """Smallest standard deviation of the attempts' returns, relative to their mean, for which lessons are proposed."""
    most_lessons: int = Field(8, ge=1, le=100)
    """Maximum number of lessons on the list."""
    longest: int = Field(200, ge=10, le=2000)
    """Maximum number of characters of a lesson."""
    workers: Annotated[Chosen, FromRoom("agents")] = Field("best_response", validate_default=True)
    """The workers in practice; exact best responses need no calls of the model."""

    @model_validator(mode="after")
    def _attempts_form_a_tree(self) -> Self:
        if self.credit == "step" and self.attempts.bit_count() != 1:
            raise ValueError(
                f"attempts: expected a power of two (2, 4, 8, ...) with credit step, found {self.attempts}"
            )
        return self


class LessonPlanner:
    """A language-model planner with a list of lessons. ``version`` counts the changes that were kept."""

    default_learner: ClassVar[str] = "prompt_optimisation"

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.mind = llm.LanguagePlanner(parameters.mind)
        self.version = 0
        self.gains: tuple[float, ...] = ()
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

    def explanation(self, game: Game[Any]) -> str:
        """Return what practice has brought: the gain of the list in test episodes, or that nothing improved."""
        if not self.lessons:
            return "practice improved nothing: no list of lessons did better in held-out episodes than none"
        kept = f"{len(self.lessons)} lessons were kept (version {self.version})"
        if not self.gains:
            return f"{kept}; their gain is not known, since planner.tested is 0"
        mean, low, high = _student(self.gains)
        ends = f", 95 % interval {low:,.5g} to {high:,.5g}" if len(self.gains) > 1 else ""
        verdict = "practice improved the return" if low > 0 else "no improvement is established"
        return f"{kept}; in {len(self.gains)} test episodes their gain over none is {mean:,.5g}{ends}: {verdict}"

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
        judged = (1 + parameters.rounds) * parameters.held_out + 2 * parameters.tested
        return self.mind.forecast(game, role, num_envs + parameters.rounds * parameters.attempts + judged)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the list, its version and its gains in test episodes, encoded as JSON in a tensor of bytes."""
        text = json.dumps({"version": self.version, LIST: self.lessons, "gains": self.gains})
        return {LIST: torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned."""
        stored = json.loads(bytes(state[LIST].tolist()))
        self.learn(tuple(stored[LIST]), stored["version"])
        self.gains = tuple(stored.get("gains", ()))  # earlier versions did not measure them


def _student(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean with Student's 95 % interval; of a single value there is none, and its ends are infinite."""
    from scipy import stats

    count, mean = len(values), fmean(values)
    if count == 1:
        return mean, -inf, inf
    margin = float(stats.t.ppf(0.975, count - 1)) * stdev(values) / sqrt(count)
    return mean, mean - margin, mean + margin
