"""Scheduled events of a scenario: a message to agents that ask a language model, or a new planner from a step on."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Event"]


class Event(Model):
    """What happens at one step of each episode that scores a policy; nothing of it happens in training."""

    step: int = Field(ge=1)
    """The step of the game, from 1, from which the event holds."""
    message: str | None = Field(None, min_length=1)
    """A text that players read at the beginning of each later question to a language model."""
    to: str | None = None
    """The role that reads the message; none: all roles."""
    planner: Annotated[Chosen, FromRoom("planners")] | None = None
    """The planner that takes over from the scenario's own: its first decision is the next one that is due. It must be
    one that needs no fitting, such as ``flat`` or ``llm``."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.message is None and self.planner is None:
            raise ValueError("expected a message or a planner")
        if self.to is not None and self.message is None:
            raise ValueError("to: there is no message")
        return self
