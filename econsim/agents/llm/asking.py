"""What minds that ask a model share: the service, the seeds of their questions, and what they do without an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Role, TextInterface

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["Asking", "briefing_of", "tax_briefing", "tells_taxes", "tokens_of"]

_POSITIVE = (1 << 30) - 1  # servers read a seed as a signed number of 32 bits; questions put again count up
_CHARACTERS_A_TOKEN = 4
_TAX_ENTRIES = {"unit", "thresholds", "standard_deduction", "tax_years", "steps_per_tax_year", "welfare"}


class Asking:
    """A mind that puts questions to the service that it was connected to.

    ``filled`` counts the actions that no answer gave: ``previous`` and ``rule``.
    """

    def __init__(self, temperature: float | None) -> None:
        self.filled: Counter[str] = Counter()
        self._temperature = temperature
        self._service: Service | None = None

    def connect(self, service: Service) -> None:
        """Take the service that every question goes to."""
        self._service = service

    @property
    def service(self) -> Service:
        """The service; raises ``UserError`` before it is connected."""
        if self._service is None:
            raise UserError(
                "a mind of kind llm has nobody to ask: give llm.model and llm.base_url, such as"
                " llm.base_url=http://localhost:8000/v1"
            )
        return self._service

    def seeds(self, key: Tensor, purpose: str, players: int) -> list[int]:
        """Return one seed a question for ``players`` of each copy, from keys ``[B]``; zeros where nothing is drawn."""
        temperature = self.service.settings.temperature if self._temperature is None else self._temperature
        if temperature == 0.0:
            return [0] * (key.shape[0] * players)
        drawn: list[int] = (random.bits(key, 0, f"llm/{purpose}", (players,)) & _POSITIVE).flatten().tolist()
        return drawn

    def fill(self, has_previous: bool) -> str:
        """Return, and count, what stands in for a missing answer: ``previous`` or ``rule``."""
        by_rule = self.service.settings.on_failure == "rule" or not has_previous
        chosen = "rule" if by_rule else "previous"
        self.filled[chosen] += 1
        return chosen


def briefing_of(game: Game[Any], role: Role) -> Mapping[str, Any]:
    """Return what the game tells for its own wording; nothing where it has none."""
    return game.briefing(role.name) if isinstance(game, TextInterface) else {}


def tax_briefing(game: Game[Any], role: Role, who: str) -> Mapping[str, Any]:
    """Return what the game tells of its tax years; ``who`` needs it, for messages.

    Raises:
        UserError: the game has no wording for taxes.
    """
    briefing = briefing_of(game, role)
    if not tells_taxes(briefing):
        raise UserError(f"{who} needs a game with a wording for tax years, and {type(game).__name__} has none")
    return briefing


def tells_taxes(briefing: Mapping[str, Any]) -> bool:
    """Return whether a briefing is one of hours and tax years, for which agents and planners have templates."""
    return briefing.keys() >= _TAX_ENTRIES


def tokens_of(texts: Iterable[str]) -> int:
    """Return about how many tokens texts are: one for four characters."""
    return sum(map(len, texts)) // _CHARACTERS_A_TOKEN
