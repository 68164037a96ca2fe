"""Parameters of the planner who asks a language model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.parameters import Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of the planner who asks a language model.

    ``wording``, ``history``, ``reasoning``, ``temperature`` and ``max_tokens`` count in every game; the others are for
    an economy that tells of tax years.
    """

    wording: str = "standard"
    """Which prompts: ``standard``, or the path of a folder of Jinja templates (``.txt``): ``rules`` and ``question``;
    for tax years ``rules`` and ``rates``."""
    grid: float = Field(0.05, gt=0, le=0.5)
    """Rates are multiples of this."""
    highest: float = Field(1.0, gt=0, le=1)
    """The highest rate that may be announced."""
    largest_move: float | None = Field(None, gt=0, le=1)
    """The most that a rate may change from one tax year to the next; none: any change. The published planner: 0.2."""
    first: Literal["status_quo", "ask"] = "status_quo"
    """The first tax year: the rates that are in force already, where the game has any, or those of a first question."""
    history: int = Field(50, ge=0, le=10_000)
    """How many of its last tax years the planner is shown, or of its last actions in any other game."""
    best: int = Field(5, ge=0, le=1000)
    """How many of its best different schedules it is shown."""
    cue: Literal["timed", "explore", "exploit", "none"] = "timed"
    """``timed``: to try something new, but to announce the best in the last tenth of the tax years; ``explore`` and
    ``exploit``: always the one or the other; ``none``: nothing is said."""
    hint: bool = True
    """Say after each change whether it paid, bracket by bracket."""
    histograms: bool = True
    """Show how many people are in each bracket, and how utility is spread."""
    reasoning: bool = False
    """Ask for a short thought before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: that of the section ``llm``."""
    max_tokens: int | None = Field(512, ge=1)
    """Most tokens of an answer; none: those of the section ``llm``."""
