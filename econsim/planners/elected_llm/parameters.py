"""Parameters of an election with language-model voters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.planners._candidates import ElectionParameters

__all__ = ["Parameters"]


class Parameters(ElectionParameters):
    """Parameters of an election with language-model voters."""

    llm: str = ""
    """Name of the model in ``llm.models``; empty: the model of the section ``llm``."""
    politicians: Literal["computed", "asked"] = "computed"
    """How own platforms, and the rates that a winner announces if platforms are not binding, are determined:
    ``computed``, as the schedule that is best for the candidate; ``asked``, by the language model."""
    informed: bool = True
    """Whether prompts contain the voter's utility under each platform when all workers play exact best responses."""
    wording: str = "standard"
    """The prompts: ``standard``, or the path of a folder with the Jinja templates (``.txt``) ``rules``, ``vote`` and
    ``rates``."""
    history: int = Field(10, ge=0, le=10_000)
    """Number of earlier elections in the prompts."""
    grid: float = Field(0.05, gt=0, le=0.5)
    """Grid of the tax rates that the model writes: multiples of this number."""
    highest: float = Field(1.0, gt=0, le=1)
    """Highest tax rate that the model may write."""
    reasoning: bool = False
    """Ask for a short line of reasoning before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: ``llm.temperature``."""
    max_tokens: int | None = Field(256, ge=1)
    """Maximum number of tokens of an answer; none: ``llm.max_tokens``."""
