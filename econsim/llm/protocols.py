"""Protocols of agents that use a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from econsim.game import Game, Role
    from econsim.llm.service import Service

__all__ = ["EstimatesCalls", "UsesLlm"]


@runtime_checkable
class UsesLlm(Protocol):
    """An agent that uses a model. A run connects it before play; a composite agent connects its components."""

    def connect(self, service: Service) -> None:
        """Set the service to which all questions are sent."""


@runtime_checkable
class EstimatesCalls(Protocol):
    """An agent that can estimate its calls in an episode with ``num_envs`` environment copies."""

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens."""
