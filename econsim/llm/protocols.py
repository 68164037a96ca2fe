"""Agents that ask a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from econsim.game import Game, Role
    from econsim.llm.service import Service

__all__ = ["EstimatesCalls", "UsesLlm"]


@runtime_checkable
class UsesLlm(Protocol):
    """An agent that asks a model; a run connects it before it plays. An agent made of others connects them."""

    def connect(self, service: Service) -> None:
        """Take the service that every question goes to."""


@runtime_checkable
class EstimatesCalls(Protocol):
    """A speaking agent that can say beforehand how much it will ask in an episode of ``num_envs`` copies."""

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return how many calls, input tokens and output tokens."""
