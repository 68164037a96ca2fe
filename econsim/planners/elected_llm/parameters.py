"""Parameters of an election whose voters ask a language model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.planners._candidates import ElectionParameters

__all__ = ["Parameters"]


class Parameters(ElectionParameters):
    """Parameters of an election whose voters ask a language model."""

    politicians: Literal["computed", "asked"] = "computed"
    """Who writes platforms and what a winner announces that is not bound: ``computed``, what is best for the candidate;
    ``asked``, the model in the candidate's place."""
    informed: bool = True
    """Whether voters are told what each platform would bring them if everybody answered it exactly."""
    wording: str = "standard"
    """Which prompts: ``standard``, or the path of a folder with ``rules``, ``vote`` and ``rates`` (Jinja templates,
    ``.txt``)."""
    history: int = Field(10, ge=0, le=10_000)
    """How many earlier elections voters are reminded of."""
    grid: float = Field(0.05, gt=0, le=0.5)
    """Rates that are asked for are multiples of this."""
    highest: float = Field(1.0, gt=0, le=1)
    """The highest rate that may be asked for."""
    reasoning: bool = False
    """Ask for a short thought before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: that of the section ``llm``."""
    max_tokens: int | None = Field(256, ge=1)
    """Most tokens of an answer; none: those of the section ``llm``."""
