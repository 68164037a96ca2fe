"""Questions to a model, and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from econsim.llm.envelope import NO_ENVELOPE, Envelope
from econsim.llm.replies import Form

__all__ = ["BEFORE_ACTION", "FACTS", "NOBODY", "Addressee", "Answer", "Outcome", "Question"]

FACTS = "FACTS: "
"""Prefix of the line that repeats the numbers of a question as one JSON object."""

BEFORE_ACTION = ("importance", "message", "reflection")
"""Purposes of questions to a player that precede the one for its action in the same step."""

Outcome = Literal["clean", "repaired", "failed"]


class Addressee(NamedTuple):
    """Whom a question addresses, for transcripts; nothing of it is sent.

    ``player``: the index in the agent's role, from 0. ``copy``: the environment copy, from 0. ``step``: the step of the
    game, from 1. ``persona``: the player's persona. ``role``: the role of the player, if it is not that of the agent.
    """

    player: int | None = None
    copy: int = 0
    step: int | None = None
    persona: str = ""
    role: str = ""


NOBODY = Addressee()
"""The addressee of a question to no player in particular."""


@dataclass(frozen=True)
class Question:
    """One question to a model.

    ``system`` is the constant part of the text, which a server can cache; ``user`` is the part that changes. ``form``
    is the form of the expected reply. ``purpose`` groups questions in call logs and failure counts. ``seed`` is sent to
    the server; identical questions with the same seed share one call. If ``temperature`` or ``max_tokens`` is ``None``,
    the setting of the service applies. ``facts`` repeats the numbers of the question as JSON; they are sent only to
    scripted models, which compute with them (:attr:`econsim.llm.settings.Settings.is_scripted`). ``history`` holds the
    lines of ``user`` that describe the past, the oldest first, or other entries with ``separator`` between them: the
    older ones are left out where the question exceeds the context of the model. ``addressee``: whom it addresses.
    ``embeds``: the name of an embedding model, whose vector of ``user`` is requested instead of a reply in words.
    """

    system: str
    user: str
    form: Form
    purpose: str = ""
    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    facts: str = ""
    history: tuple[str, ...] = ()
    separator: str = "\n"
    addressee: Addressee = NOBODY
    embeds: str = ""

    def text(self, scripted: bool = False) -> str:
        """Return the text that is sent as the user's message; for a ``scripted`` model it ends with the facts."""
        return f"{self.user}\n{FACTS}{self.facts}" if scripted and self.facts else self.user


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    ``text`` is the raw reply, empty if there was none; ``value`` is the value that the form parsed from it, ``None`` if
    it failed; ``reason`` explains why the reply had to be repaired, or why it failed; ``envelope`` holds what the
    server states about the reply.
    """

    text: str
    value: Any
    outcome: Outcome
    reason: str = ""
    envelope: Envelope = NO_ENVELOPE
