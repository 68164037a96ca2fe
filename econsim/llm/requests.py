"""Requests as they are sent, and the keys under which they are stored.

The key is the SHA-256 hash of everything on which an answer may depend: model, texts, schema, sampling parameters and
seed. It does not depend on the address of the server, so that answers recorded with one server can be replayed with
another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from econsim.llm.characters import whole_characters
from econsim.llm.envelope import NO_ENVELOPE, Envelope
from econsim.llm.questions import Question
from econsim.llm.replies import Form
from econsim.llm.settings import Settings

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Reply", "Request", "request_of"]

_FORMAT = b"econsim request 1"
_CHARACTERS_A_TOKEN = 4
_EMBEDDING = "embedding"  # in place of the sampling parameters, which embeddings do not have


@dataclass(frozen=True, slots=True)
class Request:
    """A question with all settings on which its answer depends; ``key`` (32 bytes) identifies it.

    ``embeds``: the answer is the embedding of ``user``, not a reply in words.
    """

    key: bytes
    model: str
    system: str
    user: str
    schema: dict[str, Any] | None
    temperature: float
    max_tokens: int
    seed: int
    history: tuple[str, ...] = ()
    separator: str = "\n"
    embeds: bool = False

    def with_history(self, lines: int) -> Request | None:
        """Return the request with the last ``lines`` entries of the history only; ``None`` if it has no history."""
        whole, kept = (self.separator.join(self.history[first:]) for first in (0, len(self.history) - lines))
        has_history = bool(whole) and whole in self.user
        return replace(self, user=self.user.replace(whole, kept, 1)) if has_history else None

    @property
    def tokens(self) -> int:
        """Estimate of the tokens of question and answer, at four characters per token and the longest answer."""
        return (len(self.system) + len(self.user)) // _CHARACTERS_A_TOKEN + self.max_tokens

    def messages(self) -> list[dict[str, str]]:
        """Return the chat messages; there is no system message if its text is empty."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.user}]

    def merged_messages(self) -> list[dict[str, str]]:
        """Return the chat messages without a system message; its text is the beginning of the user's message."""
        text = f"{self.system}\n\n{self.user}" if self.system else self.user
        return [{"role": "user", "content": text}]


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of a model: its text, the tokens of question and answer as counted by the provider, its envelope."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    envelope: Envelope = NO_ENVELOPE

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", whole_characters(self.text))

    def with_texts(self, changed: Callable[[str], str]) -> Reply:
        """Return the reply with its text and those of its envelope changed by a function."""
        return replace(self, text=changed(self.text), envelope=self.envelope.with_texts(changed))


def request_of(question: Question, settings: Settings) -> Request:
    """Return the request for a question under the given settings."""
    temperature = settings.temperature if question.temperature is None else question.temperature
    max_tokens = settings.max_tokens if question.max_tokens is None else question.max_tokens
    schema, model = _schema(question.form), question.embeds or settings.model
    sampling = json.dumps([settings.structured, temperature, max_tokens, settings.body], sort_keys=True)
    if question.embeds:
        max_tokens, sampling = 0, _EMBEDDING
    hashed = _hashed(model, question.system, schema, sampling).copy()
    hashed.update(b"%d\0" % question.seed)
    user = question.text(settings.is_scripted)
    hashed.update(user.encode("utf-8", "surrogatepass"))
    return Request(
        hashed.digest(),
        model,
        question.system,
        user,
        _parsed(schema) if settings.structured and not question.embeds else None,
        temperature,
        max_tokens,
        question.seed,
        question.history,
        question.separator,
        bool(question.embeds),
    )


@lru_cache(maxsize=1024)
def _hashed(model: str, system: str, schema: str, sampling: str) -> _Hash:
    """Return the hash of the part that many questions have in common, so that it is computed only once."""
    head = json.dumps([model, system, schema, sampling])
    return hashlib.sha256(b"%s\0%d\0%s" % (_FORMAT, len(head), head.encode()))


@lru_cache(maxsize=1024)
def _schema(form: Form) -> str:
    return json.dumps(form.schema(), sort_keys=True)


@lru_cache(maxsize=1024)
def _parsed(schema: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(schema)
    return parsed
