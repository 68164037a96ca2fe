"""Models that a server lists at ``/models``, with their context length where it is given.

| key of the context length | servers |
|---|---|
| ``max_model_len`` | vLLM |
| ``context_length`` | OpenRouter, Together |
| ``context_window`` | Groq |
| ``max_context_length`` | Mistral, LM Studio |
| ``meta.n_ctx`` | llama.cpp |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from econsim.errors import did_you_mean, nearest

__all__ = ["NO_MODELS", "Models", "models_of"]

_MOST_SHOWN = 8
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")


@dataclass(frozen=True)
class Models:
    """The names of the models, and the context length in tokens of those for which the server gives it."""

    names: tuple[str, ...] = ()
    context: Mapping[str, int] = field(default_factory=dict)

    def like(self, name: str) -> str:
        """Return ``" (did you mean ...?)"`` with near names, or the first of those that the server lists."""
        return did_you_mean(name, self.names if nearest(name, self.names) else self.names[:_MOST_SHOWN])

    def context_of(self, name: str) -> int | None:
        """Return the context length of a model; that of the only model for another name, which such servers ignore."""
        return self.context.get(self.names[0] if len(self.names) == 1 else name)


NO_MODELS = Models()
"""The list of a server that gives none."""


def models_of(content: bytes) -> Models:
    """Return the models in a response; none if it is not a list of models."""
    try:
        entries = json.loads(content)["data"]
        listed = [(entry["id"], _context(entry)) for entry in entries if isinstance(entry["id"], str)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return NO_MODELS
    return Models(tuple(name for name, _ in listed), {name: length for name, length in listed if length})


def _context(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    stated = {**entry, **meta} if isinstance(meta, dict) else entry
    lengths = (stated.get(key) for key in _CONTEXT)
    return next((length for length in lengths if isinstance(length, int) and length > 0), None)
