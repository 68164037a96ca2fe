"""One request as it is sent, and the key that it is stored under.

The key is the SHA-256 of everything that an answer may depend on: model, texts, schema, sampling and seed. Where the
model is served is no part of it, so that what was recorded from one server replays beside any other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from econsim.llm.questions import Question
from econsim.llm.replies import Form
from econsim.llm.settings import Settings

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Reply", "Request", "request_of"]

_FORMAT = b"econsim request 1"
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A question with everything of the settings that its answer depends on; ``key`` identifies it, 32 bytes."""

    key: bytes
    model: str
    system: str
    user: str
    schema: dict[str, Any] | None
    temperature: float
    max_tokens: int
    seed: int

    @property
    def tokens(self) -> int:
        """A rough number of tokens that it may cost, before that is known: four characters are about one token."""
        return (len(self.system) + len(self.user)) // _CHARACTERS_A_TOKEN + self.max_tokens

    def messages(self) -> list[dict[str, str]]:
        """Return the chat messages; none for the system where it has nothing to say."""
        first = [{"role": "system", "content": self.system}] if self.system else []
        return [*first, {"role": "user", "content": self.user}]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered: the text, and the tokens of question and answer as the provider counted them."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0

    def __post_init__(self) -> None:
        # Half a character, as models cut them, is text for JSON and for no file.
        if not self.text.isascii():
            object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode("utf-8"))


def request_of(question: Question, settings: Settings) -> Request:
    """Return the request that a question becomes under settings."""
    temperature = settings.temperature if question.temperature is None else question.temperature
    max_tokens = settings.max_tokens if question.max_tokens is None else question.max_tokens
    schema = _schema(question.form)
    sampling = json.dumps([settings.structured, temperature, max_tokens, settings.body], sort_keys=True)
    hashed = _hashed(settings.model, question.system, schema, sampling).copy()
    hashed.update(b"%d\0" % question.seed)
    hashed.update(question.user.encode("utf-8", "surrogatepass"))
    return Request(
        hashed.digest(),
        settings.model,
        question.system,
        question.user,
        _parsed(schema) if settings.structured else None,
        temperature,
        max_tokens,
        question.seed,
    )


@lru_cache(maxsize=1024)
def _hashed(model: str, system: str, schema: str, sampling: str) -> _Hash:
    """Return the hash of what many questions share; text that stays the same is hashed once."""
    head = json.dumps([model, system, schema, sampling])
    return hashlib.sha256(b"%s\0%d\0%s" % (_FORMAT, len(head), head.encode()))


@lru_cache(maxsize=1024)
def _schema(form: Form) -> str:
    return json.dumps(form.schema(), sort_keys=True)


@lru_cache(maxsize=1024)
def _parsed(schema: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(schema)
    return parsed
