"""Protocols of agents that use a language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from econsim.game import Game, Role
    from econsim.llm.questions import Answer, Question
    from econsim.llm.settings import Settings

__all__ = ["AnswersQuestions", "AsksBeforeFit", "EstimatesCalls", "LetsConverse", "TakesTurns", "UsesLlm", "model_name"]


class AnswersQuestions(Protocol):
    """What an agent sees of the service to which it is connected."""

    @property
    def settings(self) -> Settings:
        """The settings of its model."""

    def ask(self, questions: Sequence[Question], /) -> list[Answer]:
        """Return the answers to questions, in the same order."""


@runtime_checkable
class LetsConverse(AnswersQuestions, Protocol):
    """A service through which players can write to each other before they act or vote."""

    board: Any
    """The messages between players; ``None`` where nobody may write."""

    def converse(self, questions: Sequence[Question], phase: Literal["acting", "voting"] = "acting", /) -> None:
        """Let the addressees of questions, which are asked next, write messages first, where that is allowed."""


@runtime_checkable
class UsesLlm(Protocol):
    """An agent that uses a model. A run connects it before play; a composite agent connects its components."""

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""


@runtime_checkable
class AsksBeforeFit(UsesLlm, Protocol):
    """An agent that asks only after its fit, but can ask a test question of the same form before it."""

    def prepare_test_question(self, game: Game[Any], role: Role) -> None:
        """Load a provisional result in place of that of the fit."""


@runtime_checkable
class EstimatesCalls(Protocol):
    """An agent that can estimate its calls in an episode with ``num_envs`` environment copies."""

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens."""


@runtime_checkable
class TakesTurns(EstimatesCalls, Protocol):
    """An agent whose players may write messages before they act or vote."""

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return the role of those who write, what they do next, and how often in an episode, all players together."""


def model_name(agent: object) -> str:
    """Return the name in ``llm.models`` of the model that an agent asks, its attribute ``model_name``; may be empty."""
    return str(getattr(agent, "model_name", ""))
