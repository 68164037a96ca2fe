"""Parameters of the memory of language-model agents: the kinds that a scenario names, with their settings."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from econsim.parameters import Model

__all__ = ["Memory", "Reflection", "Retrieval"]


class Retrieval(Model):
    """Retrieval of a player's own past: the experiences with the highest scores are in the prompt.

    The score is a weighted sum of recency, relevance and importance, each scaled to [0, 1] over the player's memories
    (Park et al. 2023, section 4.1).
    """

    count: int = Field(5, ge=1, le=100)
    """Number of memories in the prompt."""
    recency: float = Field(1.0, ge=0)
    """Weight of recency: ``decay`` to the power of the steps since the memory was last in the prompt, or was made."""
    relevance: float = Field(1.0, ge=0)
    """Weight of relevance: the similarity of the memory to what the player observes now."""
    importance: float = Field(1.0, ge=0)
    """Weight of importance."""
    decay: float = Field(0.995, gt=0, le=1)
    """Factor of recency per step."""
    importance_by: Literal["novelty", "rating"] = "novelty"
    """``novelty``: one less the similarity to the most similar earlier memory; ``rating``: ask the model for a number
    from 1 to 10 (purpose ``importance``), one question for each memory."""
    embeddings: str = ""
    """Name of an embedding model at the server's ``/v1/embeddings``, whose cosine is the relevance; empty: the cosine
    of TF-IDF vectors of words and pairs of words, which needs no calls."""
    most: int = Field(200, ge=1, le=10_000)
    """Number of memories that a player keeps; beyond it, the oldest is forgotten."""


class Reflection(Model):
    """Reflection: every few turns a player is asked what it concludes, and its last conclusions are in the prompt."""

    every: int = Field(5, ge=1)
    """Number of a player's own turns between two reflections (purpose ``reflection``)."""
    kept: int = Field(3, ge=1, le=100)
    """Number of its last conclusions in the prompt; with retrieval, older ones can be retrieved."""
    longest: int = Field(400, ge=20, le=2000)
    """Largest number of characters of a conclusion; the rest of a longer one is left out."""


class Memory(Model):
    """Memory of players beyond the short history: a mapping of kinds, or the names of kinds with default settings."""

    retrieval: Retrieval | None = None
    """Retrieval over the player's own past."""
    reflection: Reflection | None = None
    """Reflection every few turns."""
    wording: str = "standard"
    """The prompts: ``standard``, or the path of a folder of Jinja templates: ``memories``, ``reflection`` and
    ``importance`` (``.txt``)."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Accept ``retrieval`` and ``[retrieval, reflection]`` for mappings with empty settings."""
        names = [data] if isinstance(data, str) else data
        if not isinstance(names, list | tuple):
            return data
        if unknown := [name for name in names if name not in ("retrieval", "reflection")]:
            raise ValueError(
                f"no kind of memory {unknown[0]!r}; the kinds are retrieval and reflection (the short history is the"
                " key history)"
            )
        return {name: {} for name in names}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the kinds in use."""
        return tuple(name for name in ("retrieval", "reflection") if getattr(self, name) is not None)
