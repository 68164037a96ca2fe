"""Answers that are none: what a server's status means, whether to ask again, and what a user can do about it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from econsim.llm.failures import EndpointError, TryAgain
from econsim.llm.secrets import Secret
from econsim.llm.settings import Settings

__all__ = ["check", "wait_asked_for"]

LONGEST_WAIT = 600.0
"""Seconds that a server's ``Retry-After`` is honoured for, before it is asked again all the same."""
_FOR_NOW = {408, 425, 429}
_LONGEST_MESSAGE = 300


def check(status: int, headers: Mapping[str, str], content: bytes, settings: Settings, secret: Secret) -> NoReturn:
    """Raise what a status other than 200 means.

    Raises:
        TryAgain: too many calls, or a fault of the server.
        EndpointError: the request itself is refused; the message says what the server said and what to try.
    """
    said = secret.hidden(_message(content))
    if (status in _FOR_NOW and "insufficient_quota" not in said) or status >= 500:
        raise TryAgain(f"the server answered {status}", wait_asked_for(headers))
    advice = _advice(status, said.lower(), settings)
    raise EndpointError(f"{settings.base_url} refused the request ({status}): {said or 'no reason given'}; {advice}")


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the header ``Retry-After`` asks to wait; ``None`` where it does not."""
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        wait = float(said)
    except ValueError:
        try:
            wait = parsedate_to_datetime(said).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(wait, 0.0), LONGEST_WAIT) if wait == wait else None


def _message(content: bytes) -> str:
    """Return what the server said, in one short line."""
    text = content.decode("utf-8", "replace")
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        said = text
    for name in ("error", "message", "detail"):
        said = said.get(name, said) if isinstance(said, dict) else said
    if isinstance(said, dict) or (isinstance(said, str) and "insufficient_quota" in text and said != text):
        said = text
    line = " ".join(str(said).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[:_LONGEST_MESSAGE] + "..."


def _advice(status: int, said: str, settings: Settings) -> str:
    if status in (401, 403):
        return f"put a valid key into the environment variable {settings.api_key_env} (llm.api_key_env names it)"
    if "insufficient_quota" in said:
        return "the account has no credit left"
    if status == 404:
        return "check llm.base_url (it ends with /v1) and llm.model"
    if any(word in said for word in ("response_format", "json_schema", "guided", "grammar", "structured")):
        return "try llm.structured=false"
    if "max_tokens" in said or "max_completion_tokens" in said:
        return "try llm.max_tokens=SMALLER, or llm.body.max_tokens=null with llm.body.max_completion_tokens=NUMBER"
    if "context" in said or status == 413:
        return "the question is longer than the model reads: shorten the agents' history, or choose another model"
    if 300 <= status < 400:
        return "llm.base_url is redirected; give the address that it leads to"
    return "check llm.model, llm.temperature and llm.body"
