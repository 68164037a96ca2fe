"""What is asked of a model, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from econsim.llm.replies import Form

__all__ = ["Answer", "Outcome", "Question"]

Outcome = Literal["clean", "repaired", "failed"]


@dataclass(frozen=True)
class Question:
    """One question to a model.

    ``system`` holds the text that stays the same, so that a server can keep its work on it; ``user`` what changes.
    ``form`` is the kind of reply that is wanted. ``purpose`` groups questions in ledgers and failure counts. ``seed``
    is sent to the server; questions that are equal, seed included, share one call. ``temperature`` and ``max_tokens``
    are the service's own where they are ``None``.
    """

    system: str
    user: str
    form: Form
    purpose: str = ""
    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    ``text`` is the reply as it came (empty where there was none), ``value`` what its form read, ``None`` where it
    failed, and ``reason`` why it had to be repaired or failed.
    """

    text: str
    value: Any
    outcome: Outcome
    reason: str = ""
