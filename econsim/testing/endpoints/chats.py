"""Chat requests to an OpenAI-compatible server and the replies to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["Chat", "Said", "chat_of"]

_CHARACTERS_A_TOKEN = 4
_THOUGHT = "thought"


@dataclass(frozen=True)
class Said:
    """A reply; where the numbers of tokens are not given, they are estimated from the number of characters."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Chat:
    """One request: the messages, the sampling settings, and the JSON schema that the reply should meet, if any."""

    model: str
    messages: tuple[Mapping[str, str], ...]
    temperature: float = 1.0
    max_tokens: int = 256
    seed: int = 0
    schema: Mapping[str, Any] | None = None

    @property
    def question(self) -> str:
        """The text of the last message."""
        return self.messages[-1]["content"]

    @property
    def key(self) -> str | None:
        """The key of the reply's value; ``None`` without a schema."""
        names = [name for name in self.properties if name != _THOUGHT]
        return names[0] if names else None

    @property
    def wants_thought(self) -> bool:
        """Whether the reply starts with a line of reasoning."""
        return _THOUGHT in self.properties

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each key; empty without a schema."""
        return {} if self.schema is None else self.schema.get("properties", {})

    @cached_property
    def digest(self) -> bytes:
        """A hash that identifies the request; it is equal for equal messages, model and seed."""
        return hashlib.sha256(json.dumps([self.model, self.seed, *map(dict, self.messages)]).encode()).digest()

    def tokens(self, said: Said) -> tuple[int, int]:
        """Return the numbers of tokens of request and reply, estimated as four characters each if not given."""
        input_estimate = sum(len(message["content"]) for message in self.messages) // _CHARACTERS_A_TOKEN
        output_estimate = len(said.text) // _CHARACTERS_A_TOKEN + 1
        return (
            input_estimate if said.input_tokens is None else said.input_tokens,
            output_estimate if said.output_tokens is None else said.output_tokens,
        )


def chat_of(body: Any) -> Chat:
    """Return the request in a JSON body.

    Raises:
        ValueError: the body is not a valid request; the message describes the mistake.
    """
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
        raise ValueError("expected an object with a list of messages")
    messages = [_message(message) for message in body["messages"]]
    max_tokens = body.get("max_tokens") or body.get("max_completion_tokens") or 256
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if schema is not None and not (isinstance(schema, dict) and isinstance(schema.get("properties", {}), dict)):
        raise ValueError("expected the schema to describe an object")
    return Chat(
        str(body.get("model", "")),
        tuple(messages),
        float(body.get("temperature", 1.0)),
        int(max_tokens),
        int(body.get("seed") or 0),
        schema,
    )


def _message(message: Any) -> dict[str, str]:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        raise ValueError("expected each message to have a role and a text as its content")
    return {"role": str(message.get("role", "user")), "content": message["content"]}
