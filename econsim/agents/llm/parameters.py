"""Parameters of language-model agents."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from econsim.agents.llm.memory.parameters import Memory
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of language-model agents.

    ``llm``, ``wording``, ``history``, ``memory``, ``reasoning``, ``temperature``, ``max_tokens`` and ``fallback`` apply
    in every game; ``order``, ``names``, ``characters``, ``skills`` and ``every`` in games without hours of work; the
    others apply only to workers in an economy with hours and tax years.
    """

    llm: str = ""
    """Name of the model in ``llm.models``; empty: the model of the section ``llm``."""
    wording: str = "standard"
    """The prompts: ``standard``, ``plain`` (the same facts in other words), ``published`` (for hours of work: those of
    ``llm_economist_published``, which stay as they are), or the path of a folder of Jinja templates (``.txt``):
    ``rules`` and ``question``; for hours of work ``rules``, ``opening``, ``hours`` and ``satisfaction``."""
    personas: Literal["population", "none"] = "population"
    """``population``: give each worker its persona, if the population has personas; ``none``: workers differ by skill
    only."""
    bounded: bool = False
    """Ask after each step whether the worker is satisfied with its taxes; a step with which it was not is remembered
    with a lower value (``dissatisfied_factor``)."""
    dissatisfied_factor: float = Field(0.5, ge=0, le=1)
    """Factor by which a bounded worker's remembered utility of a step is multiplied if it was not satisfied."""
    altruistic_share: float = Field(0.0, ge=0, le=1)
    """Share of workers whose aim is the welfare of all."""
    adversarial_share: float = Field(0.0, ge=0, le=1)
    """Share of workers whose aim is to lower the welfare of all."""
    aims_seed: int = Field(0, ge=0)
    """Seed of the draw of the altruistic and adversarial workers."""
    history: int = Field(50, ge=0, le=10_000)
    """Number of past steps in the prompt of a worker; in other games, number of past actions."""
    order: Literal["given", "reversed"] = "given"
    """Order in which options are listed, in games without prompts for tax years."""
    names: Literal["given", "neutral"] | dict[str, str] = "given"
    """Names of options, roles and things in games without prompts for tax years: as ``given``; ``neutral`` (option_1,
    role_1, and without a story where the payoffs are listed); or new names by old ones."""
    memory: Memory = Memory()
    """Memory beyond the short history: ``retrieval`` over a player's own past, and ``reflection`` every few turns."""
    best: int = Field(5, ge=0, le=1000)
    """Number of best distinct steps in the prompt of a worker."""
    cue: Literal["timed", "exploit", "none"] = "timed"
    """``timed``: the prompt asks to explore, but in the last step of each tax year and in the last tenth of the episode
    it asks for the best choice; ``exploit``: it always asks for the best choice; ``none``: it asks for neither."""
    hint: bool = True
    """State in the prompt, after each change of hours under the same tax rates, whether hours were too high or low."""
    reasoning: bool = False
    """Ask for a short line of reasoning before the answer."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature; none: ``llm.temperature``. At temperature 0, identical questions share one call."""
    max_tokens: int | None = Field(None, ge=1)
    """Maximum number of tokens of an answer; none: ``llm.max_tokens``."""
    characters: tuple[str, ...] = ()
    """Personas of the players in games without hours of work: texts for the players in turn, from the beginning again
    where there are more players. (For hours of work, personas are those of the population.)"""
    skills: dict[str, Annotated[Chosen, FromRoom("agents")]] = Field(default_factory=dict)
    """Agents by name, for long games without hours of work: the model does not choose single actions but one of these,
    which then acts for ``every`` steps."""
    every: int = Field(1, ge=1)
    """Number of steps for which a skill acts before the model is asked again."""
    fallback: Annotated[Chosen, FromRoom("agents")] = Field("fixed_hours", validate_default=True)
    """The agent that acts if a reply cannot be parsed and either ``llm.on_failure`` is ``rule`` or there is no previous
    action. In games without hours of work, the default is the first legal option, or the number closest to zero."""

    @model_validator(mode="after")
    def _skills_are_several(self) -> Self:
        if len(self.skills) == 1:
            raise ValueError("skills: expected at least two, of which the model chooses")
        if self.every > 1 and not self.skills:
            raise ValueError("every: needs skills, which act between two questions")
        return self

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        if self.altruistic_share + self.adversarial_share > 1.0 + 1e-9:
            raise ValueError("altruistic_share and adversarial_share must not add up to more than 1")
        return self
