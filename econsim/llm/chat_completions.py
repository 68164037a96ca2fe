"""Responses of the protocol "chat completions", as servers of different makes write them.

| where the reply is | servers |
|---|---|
| ``content``, a text or a list of parts | all |
| ``tool_calls`` with ``content: null`` | models that call the schema as a tool |
| ``reasoning_content`` or ``reasoning`` beside the content | vLLM, llama.cpp, DeepSeek; Ollama, OpenRouter |
| ``refusal`` | OpenAI |
| ``error`` in a response with status 200 | OpenRouter, proxies |
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from econsim.llm.characters import whole_characters
from econsim.llm.envelope import Envelope
from econsim.llm.failures import TryAgain
from econsim.llm.requests import Reply, Request

__all__ = ["SIMULATED", "completion_in", "embedding_of", "error_of", "reply_of", "status_of"]

SIMULATED = "x-econsim-simulated"
"""Header in which an endpoint of a scripted model names its kind."""
_MOST_TOKENS = 10**9  # of one call; a larger count is a fault of the server
_CHARACTERS_A_TOKEN = 4
_NOT_READ = "the response of the server is incomplete or is not a chat completion"
_NO_EMBEDDING = "the response of the server is incomplete or is not an embedding"
_FILTERED, _WITHHELD = "content_filter", "the content filter of the provider withheld the reply"


def completion_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body of a response; raises :class:`TryAgain` if there is none."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise TryAgain(_NOT_READ)
    return parsed


def reply_of(content: Mapping[str, Any], request: Request, simulated: str = "") -> Reply:
    """Return the reply in a response; token counts are estimated if the server reports none that can be true.

    Raises:
        TryAgain: the response is not a chat completion.
    """
    try:
        choice = content["choices"][0]
        message = choice["message"]
        text, reasoning = _text_and_reasoning(message)
        arguments = "" if text.strip() else _arguments(message)
        usage = content.get("usage") or {}
        input_tokens, output_tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    except (KeyError, IndexError, TypeError, AttributeError):
        raise TryAgain(_NOT_READ) from None
    finish_reason = _text(choice.get("finish_reason"))
    refusal = _text(message.get("refusal")) or (_WITHHELD if finish_reason == _FILTERED else "")
    if input_tokens is None or output_tokens is None:
        input_tokens = request.tokens - request.max_tokens
        output_tokens = (len(arguments or text) + len(reasoning)) // _CHARACTERS_A_TOKEN
    envelope = Envelope(finish_reason, refusal, reasoning, bool(arguments), _text(simulated))
    return Reply(arguments or text, input_tokens, output_tokens, envelope)


def embedding_of(content: Mapping[str, Any], request: Request, simulated: str = "") -> Reply:
    """Return the vector in a response of ``/v1/embeddings`` as a reply: a JSON list of finite numbers.

    Raises:
        TryAgain: the response is not an embedding.
    """
    try:
        vector = [float(number) for number in content["data"][0]["embedding"]]
        tokens = _count((content.get("usage") or {}).get("prompt_tokens"))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise TryAgain(_NO_EMBEDDING) from None
    if not vector or not all(map(math.isfinite, vector)):
        raise TryAgain(_NO_EMBEDDING)
    text = json.dumps([float(f"{number:.7g}") for number in vector])  # the precision of servers
    return Reply(text, request.tokens if tokens is None else tokens, 0, Envelope(simulated=_text(simulated)))


def error_of(content: Mapping[str, Any]) -> Any:
    """Return the error that a response with status 200 reports; ``None`` if it reports none."""
    if content.get("error"):
        return content["error"]
    choices = content.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first.get("error") if isinstance(first, dict) else None


def status_of(error: Any) -> int:
    """Return the HTTP status that an error in a response with status 200 states; 500 if it states none."""
    code = error.get("code") if isinstance(error, dict) else None
    code = int(code) if isinstance(code, str) and code.isdigit() else code
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def _text_and_reasoning(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text of a message and the reasoning beside it."""
    text, thought = _parts(message.get("content"))
    return text, _text(message.get("reasoning_content") or message.get("reasoning") or thought)


def _parts(content: Any) -> tuple[str, str]:
    """Return text and reasoning of a content, which some servers send in parts."""
    if not isinstance(content, list):
        return _text(content), ""
    texts = [_text(part.get("text")) for part in content]
    thoughts = [_parts(part.get("thinking"))[0] for part in content]
    return "".join(texts), "".join(thoughts)


def _arguments(message: Mapping[str, Any]) -> str:
    """Return the arguments of the first tool call as JSON; empty if there is none."""
    calls = message.get("tool_calls") or [{"function": message.get("function_call") or {}}]
    arguments = calls[0]["function"].get("arguments") or ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def _text(value: Any) -> str:
    return whole_characters(value) if isinstance(value, str) else ""


def _count(number: Any) -> int | None:
    is_count = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _MOST_TOKENS
    return number if is_count else None
