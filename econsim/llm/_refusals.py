"""Error responses of servers: the meaning of an HTTP status, whether to retry, and advice to the user."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from econsim.llm.failures import ContextExceeded, EndpointError, ModelNotListed, SystemRoleRefused, TryAgain
from econsim.llm.key_hosts import how_to_allow
from econsim.llm.model_lists import NO_MODELS, Models
from econsim.llm.secrets import Secret
from econsim.llm.settings import Settings

__all__ = ["check", "wait_asked_for"]

LONGEST_WAIT = 600.0
"""Longest wait in seconds that the header ``Retry-After`` of a server can impose."""
_FOR_NOW = {408, 425, 429}
_OVERLOADED = {408, 429, 503, 504, 524, 529}
_TOO_LONG = ("length", "exceed", "window", "size", "maximum", "too long")
_SYSTEM_ROLE = re.compile(r"system.{0,40}(role|message|prompt|instruction)|roles must alternate|role.{0,20}system")
_LONGEST_MESSAGE = 300


def check(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    settings: Settings,
    secret: Secret,
    models: Models = NO_MODELS,
) -> NoReturn:
    """Raise the error that corresponds to an HTTP status other than 200, or to an error in a response with status 200.

    Args:
        status: the status of the response, or the code of the error in it.
        headers: the headers of the response.
        content: the body of the response.
        settings: the settings of the endpoint.
        secret: the key, which the message must not contain.
        models: the models that the server lists, for advice.

    Raises:
        TryAgain: too many calls, or an error of the server.
        EndpointError: the request itself is refused; the message contains the server's message and advice.
    """
    message = secret.hidden(_message(content))
    words = message.lower()
    if (status in _FOR_NOW and "insufficient_quota" not in message) or status >= 500:
        stated = f": {message}" if message else ""
        raise TryAgain(
            f"the server responded with status {status}{stated}",
            wait_asked_for(headers),
            overloaded=status in _OVERLOADED,
            loading=status == 503 and "loading" in words,
        )
    kind = ModelNotListed if _is_not_listed(status, words, settings, models) else _kind(status, words)
    advice = _advice(status, words, settings, secret, models)
    raise kind(f"{settings.base_url} refused the request (status {status}): {message or 'no reason given'}; {advice}")


def _is_not_listed(status: int, message: str, settings: Settings, models: Models) -> bool:
    return bool(models.names) and settings.model not in models.names and (status == 404 or "model" in message)


def _kind(status: int, message: str) -> type[EndpointError]:
    if status == 413 or ("context" in message and any(word in message for word in _TOO_LONG)):
        return ContextExceeded
    return SystemRoleRefused if status in (400, 422, 500) and _SYSTEM_ROLE.search(message) else EndpointError


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Return the wait in seconds that the header ``Retry-After`` requests; ``None`` without this header."""
    requested = headers.get("Retry-After", "").strip()
    if not requested:
        return None
    try:
        wait = float(requested)
    except ValueError:
        try:
            wait = parsedate_to_datetime(requested).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(wait, 0.0), LONGEST_WAIT) if wait == wait else None


def _message(content: bytes) -> str:
    """Return the message of the server as one short line."""
    text = content.decode("utf-8", "replace")
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        message = text
    for name in ("error", "message", "detail"):
        message = message.get(name, message) if isinstance(message, dict) else message
    if isinstance(message, dict) or (isinstance(message, str) and "insufficient_quota" in text and message != text):
        message = text
    line = " ".join(str(message).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[:_LONGEST_MESSAGE] + "..."


def _advice(status: int, message: str, settings: Settings, secret: Secret, models: Models) -> str:
    if status in (401, 403):
        allowing = "" if secret else f"; no key was sent to this address; {how_to_allow(settings)}"
        return f"set the environment variable {settings.api_key_env} (llm.api_key_env) to a valid key{allowing}"
    if "insufficient_quota" in message:
        return "the account has no credit left"
    if _is_not_listed(status, message, settings, models):
        return f"the server does not list the model {settings.model!r}{models.like(settings.model)}"
    if status == 404:
        return "check llm.base_url (it must end with /v1) and llm.model"
    if any(word in message for word in ("response_format", "json_schema", "guided", "grammar", "structured")):
        return "try llm.structured=false"
    if "max_tokens" in message or "max_completion_tokens" in message:
        return "try a smaller llm.max_tokens, or llm.body.max_tokens=null with llm.body.max_completion_tokens=NUMBER"
    if "context" in message or status == 413:
        context = models.context_of(settings.model)
        length = f" ({context:,} tokens)" if context else ""
        return (
            f"the question is longer than the context of the model{length}: shorten the agents' history, or choose"
            " another model"
        )
    if 300 <= status < 400:
        return "llm.base_url is redirected; set it to the address to which the server redirects"
    return "check llm.model, llm.temperature and llm.body"
