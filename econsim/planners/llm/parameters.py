"""Parameters of the language-model planner."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.agents.llm.memory.parameters import Memory
from econsim.parameters import Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of the language-model planner.

    ``llm``, ``wording``, ``history``, ``reasoning``, ``temperature`` and ``max_tokens`` apply in every game;
    ``memory``, ``order`` and ``names`` in games without tax years; the others apply only in an economy with tax years.
    """

    llm: str = ""
    """Name of the model in ``llm.models``; empty: the model of the section ``llm``."""
    wording: str = "standard"
    """The prompts: ``standard``, ``published`` (for tax years: those of ``llm_economist_published``, which stay as they
    are), or the path of a folder of Jinja templates (``.txt``): ``rules`` and ``question``; for tax years ``rules`` and
    ``rates``."""
    grid: float = Field(0.05, gt=0, le=0.5)
    """Grid of the tax rates: multiples of this number."""
    highest: float = Field(1.0, gt=0, le=1)
    """Highest tax rate that may be announced."""
    largest_move: float | None = Field(None, gt=0, le=1)
    """Largest change of a tax rate from one tax year to the next; none: no limit. The published planner uses 0.2."""
    first: Literal["status_quo", "ask"] = "status_quo"
    """Rates of the first tax year: ``status_quo``: those in force before, if the game defines them; ``ask``: those that
    the model chooses."""
    history: int = Field(50, ge=0, le=10_000)
    """Number of past tax years in the prompt; in other games, number of past actions."""
    order: Literal["given", "reversed"] = "given"
    """Order in which options are listed, in games without prompts for tax years."""
    names: Literal["given", "neutral"] | dict[str, str] = "given"
    """Names of options, roles and things in games without prompts for tax years: as ``given``; ``neutral`` (option_1,
    role_1, and without a story where the payoffs are listed); or new names by old ones."""
    memory: Memory = Memory()
    """Memory beyond the short history, in games without prompts for tax years: ``retrieval`` over a player's own past,
    and ``reflection`` every few turns."""
    best: int = Field(5, ge=0, le=1000)
    """Number of best distinct schedules in the prompt."""
    cue: Literal["timed", "explore", "exploit", "none"] = "timed"
    """``timed``: the prompt asks to explore, but in the last tenth of the tax years it asks for the best schedule;
    ``explore`` and ``exploit``: it always asks for the one or the other; ``none``: it asks for neither."""
    hint: bool = True
    """State in the prompt, for each change of a rate, whether the rate appears to have been too high or too low."""
    histograms: bool = True
    """Include the number of people in each bracket and the distribution of utility in the prompt."""
    reasoning: bool = False
    """Ask for a short line of reasoning before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: ``llm.temperature``."""
    max_tokens: int | None = Field(512, ge=1)
    """Maximum number of tokens of an answer; none: ``llm.max_tokens``."""
