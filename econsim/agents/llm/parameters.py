"""Parameters of players who ask a language model."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of players who ask a language model.

    ``wording``, ``history``, ``reasoning``, ``temperature``, ``max_tokens`` and ``fallback`` count in every game; the
    others are for workers in an economy that tells of hours and tax years.
    """

    wording: str = "standard"
    """Which prompts: ``standard``, ``plain`` (for hours of work: the same facts in other words), or the path of a
    folder of Jinja templates (``.txt``): ``rules`` and ``question``; for hours of work ``rules``, ``opening``,
    ``hours`` and ``satisfaction``."""
    personas: Literal["population", "none"] = "population"
    """Tell everybody who they are, where the population knows it; ``none``: skill alone tells them apart."""
    bounded: bool = False
    """Ask after each step whether the worker is satisfied with its taxes; a step without counts for less."""
    dissatisfied_factor: float = Field(0.5, ge=0, le=1)
    """What the utility of a step is multiplied by where a bounded worker was not satisfied."""
    altruistic_share: float = Field(0.0, ge=0, le=1)
    """Share of workers whose aim is the welfare of all."""
    adversarial_share: float = Field(0.0, ge=0, le=1)
    """Share of workers whose aim is to lower the welfare of all."""
    aims_seed: int = Field(0, ge=0)
    """Seed of the draw of who is altruistic or adversarial."""
    history: int = Field(50, ge=0, le=10_000)
    """How many of its last steps a worker is shown, or of its last actions a player of any other game."""
    best: int = Field(5, ge=0, le=1000)
    """How many of its best different steps a worker is shown."""
    cue: Literal["timed", "exploit", "none"] = "timed"
    """``timed``: to try something new, but to choose the best in the last step of a tax year and the last tenth of the
    episode; ``exploit``: always the best; ``none``: nothing is said."""
    hint: bool = True
    """Say after each change of hours under the same rates whether it paid."""
    reasoning: bool = False
    """Ask for a short thought before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: that of the section ``llm``. At 0 equal questions share one call."""
    max_tokens: int | None = Field(None, ge=1)
    """Most tokens of an answer; none: those of the section ``llm``."""
    fallback: Annotated[Chosen, FromRoom("agents")] = Field("fixed_hours", validate_default=True)
    """What acts where a reply cannot be read and ``llm.on_failure`` is ``rule``, or nothing was done before; in games
    without hours of work the default stands for the first legal option, or the number that is nearest to zero."""

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        if self.altruistic_share + self.adversarial_share > 1.0 + 1e-9:
            raise ValueError("altruistic_share and adversarial_share add up to more than 1")
        return self
