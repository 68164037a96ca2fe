"""Base of language-model agents: the service, the seeds of questions, and the replacement of unreadable answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Role, TextInterface
from econsim.llm.protocols import LetsConverse

if TYPE_CHECKING:
    from econsim.llm.protocols import AnswersQuestions
    from econsim.llm.questions import Question

__all__ = ["Asking", "briefing_of", "tax_briefing", "tells_taxes", "tokens_of"]

_POSITIVE = (1 << 30) - 1  # servers read seeds as signed 32-bit integers; repeated questions increment the seed
_CHARACTERS_A_TOKEN = 4
_TAX_ENTRIES = {"unit", "thresholds", "standard_deduction", "tax_years", "steps_per_tax_year", "welfare"}


class Asking:
    """An agent that sends questions to the service to which it is connected.

    ``model_name`` is the name of its model in ``llm.models``, empty for the model of the section ``llm``. ``filled``
    counts the actions that replaced a missing answer, by source: ``previous`` and ``rule``.
    """

    def __init__(self, temperature: float | None, model_name: str = "") -> None:
        self.model_name = model_name
        self.filled: Counter[str] = Counter()
        self._temperature = temperature
        self._service: AnswersQuestions | None = None

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        self._service = service

    @property
    def service(self) -> AnswersQuestions:
        """The service; raises ``UserError`` before it is connected."""
        if self._service is None:
            raise UserError(
                "an agent of kind llm is not connected to a language model: give llm.model and llm.base_url, for"
                " example llm.base_url=http://localhost:8000/v1"
            )
        return self._service

    @property
    def converses(self) -> bool:
        """Whether players may write to each other before they act."""
        return isinstance(self._service, LetsConverse) and self._service.board is not None

    def converse(self, questions: Sequence[Question], phase: Literal["acting", "voting"] = "acting") -> None:
        """Let the addressees of questions, which are asked next, write messages first, where that is allowed."""
        if isinstance(self._service, LetsConverse):
            self._service.converse(questions, phase)

    def seeds(self, key: Tensor, purpose: str, players: int) -> list[int]:
        """Return ``B * players`` seeds, one per question, from keys ``[B]``; all zero at temperature 0."""
        temperature = self.service.settings.temperature if self._temperature is None else self._temperature
        if temperature == 0.0:
            return [0] * (key.shape[0] * players)
        drawn: list[int] = (random.bits(key, 0, f"llm/{purpose}", (players,)) & _POSITIVE).flatten().tolist()
        return drawn

    def fill(self, has_previous: bool) -> str:
        """Return, and count, what replaces a missing answer: ``previous`` or ``rule``."""
        by_rule = self.service.settings.on_failure == "rule" or not has_previous
        source = "rule" if by_rule else "previous"
        self.filled[source] += 1
        return source


def briefing_of(game: Game[Any], role: Role) -> Mapping[str, Any]:
    """Return the briefing that the game provides for its prompts; empty if it has no text interface."""
    return game.briefing(role.name) if isinstance(game, TextInterface) else {}


def tax_briefing(game: Game[Any], role: Role, who: str) -> Mapping[str, Any]:
    """Return the briefing of a game with tax years; ``who`` names the component that needs it, for error messages.

    Raises:
        UserError: the game has no prompts for tax years.
    """
    briefing = briefing_of(game, role)
    if not tells_taxes(briefing):
        raise UserError(f"{who} needs a game with prompts for tax years; {type(game).__name__} has none")
    return briefing


def tells_taxes(briefing: Mapping[str, Any]) -> bool:
    """Return whether a briefing describes hours and tax years, for which agents and planners have templates."""
    return briefing.keys() >= _TAX_ENTRIES


def tokens_of(texts: Iterable[str]) -> int:
    """Return the approximate number of tokens of texts: one per four characters."""
    return sum(map(len, texts)) // _CHARACTERS_A_TOKEN
