"""Quirks of real servers: the ways in which servers and providers depart from the usual response.

``QUIRKS`` is the table of them; ``serve(Scripted(), quirk="tool_call")`` serves a model with one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from econsim.testing.endpoints.chats import Chat

__all__ = ["QUIRKS", "Quirk", "Refusal"]

_REASONING = "The question is about hours, so I compare what each hour brings."
_LONGEST = 4000  # characters of a question that fit into the small context
_LOADING_CALLS = 3


class Refusal(NamedTuple):
    """A response without an answer: its status, and the content of ``error``."""

    status: int
    error: Any


@dataclass(frozen=True)
class Quirk:
    """One quirk.

    servers: where it was seen.
    does: what the server does, for the documentation.
    choice: the entry of ``choices`` for a reply.
    refusal: the response to a request in its attempt, counted from 0, if it is not answered.
    has_usage: whether the response states the number of tokens.
    """

    servers: str
    does: str
    choice: Callable[[str], dict[str, Any]] = lambda text: _choice(text)
    refusal: Callable[[Chat, int], Refusal | None] = lambda chat, attempt: None
    has_usage: bool = True


def _choice(content: Any, finish_reason: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more}
    return {"index": 0, "message": message, "finish_reason": finish_reason}


def _tool_call(text: str) -> dict[str, Any]:
    call = {"id": "1", "type": "function", "function": {"name": "reply", "arguments": text}}
    return _choice(None, "tool_calls", tool_calls=[call])


def _in_parts(text: str) -> dict[str, Any]:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": _REASONING}]}
    return _choice([thinking, {"type": "text", "text": text}])


def _without_system_role(chat: Chat, attempt: int) -> Refusal | None:
    has_system = any(message["role"] == "system" for message in chat.messages)
    return Refusal(400, {"message": "System role not supported", "code": 400}) if has_system else None


def _without_schema(chat: Chat, attempt: int) -> Refusal | None:
    message = "response_format of type json_schema is not supported by this model"
    return None if chat.schema is None else Refusal(400, {"message": message, "code": 400})


def _small_context(chat: Chat, attempt: int) -> Refusal | None:
    if sum(len(message["content"]) for message in chat.messages) <= _LONGEST:
        return None
    message = "the request exceeds the available context size. try increasing the context size or enable context shift"
    return Refusal(400, {"message": message, "code": 400, "type": "exceed_context_size_error"})


def _loading(chat: Chat, attempt: int) -> Refusal | None:
    error = {"message": "Loading model", "code": 503, "type": "unavailable_error"}
    return Refusal(503, error) if attempt < _LOADING_CALLS else None


def _failing_upstream(chat: Chat, attempt: int) -> Refusal | None:
    return None if attempt else Refusal(200, {"message": "Provider returned error", "code": 502})


QUIRKS = {
    "reasoning_content": Quirk(
        "vLLM, llama.cpp, DeepSeek",
        "the reasoning stands beside the content, in `reasoning_content`",
        lambda text: _choice(text, reasoning_content=_REASONING),
    ),
    "reasoning": Quirk(
        "Ollama, OpenRouter, newer vLLM",
        "the reasoning stands beside the content, in `reasoning`",
        lambda text: _choice(text, reasoning=_REASONING),
    ),
    "think_tags": Quirk(
        "servers without a parser of reasoning",
        "the reasoning stands in the content, between `<think>` and `</think>`",
        lambda text: _choice(f"<think>{_REASONING}</think>\n\n{text}"),
    ),
    "only_reasoning": Quirk(
        "thinking models with too small a `max_tokens`",
        "the reasoning reaches the limit of tokens; the content is null",
        lambda text: _choice(None, "length", reasoning_content=_REASONING),
    ),
    "length": Quirk(
        "all", "the reply is cut at the limit of tokens", lambda text: _choice(text.rstrip("}")[:-1], "length")
    ),
    "tool_call": Quirk(
        "models that take a schema for a tool",
        "the reply is the arguments of a tool call; the content is null",
        _tool_call,
    ),
    "parts": Quirk("Mistral", "the content is a list of parts, of which one holds reasoning", _in_parts),
    "refusal": Quirk(
        "OpenAI",
        "the model declines in `refusal`; the content is null",
        lambda text: _choice(None, refusal="I cannot."),
    ),
    "content_filter": Quirk(
        "Azure, Gemini", "a filter withholds the reply", lambda text: _choice("", "content_filter")
    ),
    "no_usage": Quirk("llama.cpp in old versions, proxies", "the number of tokens is not stated", has_usage=False),
    "no_system_role": Quirk(
        "vLLM and llama.cpp with the template of Gemma", "the role `system` is refused", refusal=_without_system_role
    ),
    "no_schema": Quirk("many hosted models", "`response_format` is refused", refusal=_without_schema),
    "small_context": Quirk(
        "llama.cpp, vLLM", f"questions of more than {_LONGEST:,} characters are refused", refusal=_small_context
    ),
    "loading": Quirk("llama.cpp", "the model is loaded during the first calls of a question (503)", refusal=_loading),
    "error_in_200": Quirk(
        "OpenRouter, proxies", "the first call of a question gets an error with status 200", refusal=_failing_upstream
    ),
}
"""The quirks by name."""
