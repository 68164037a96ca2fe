"""Client of all providers supported by litellm, such as Anthropic, Gemini and Bedrock; the import is lazy.

The cache and the retries of litellm are disabled, because econsim has its own, and prices come from the table that the
installed version of litellm contains. Answers are read as those of :class:`econsim.llm.endpoint.Endpoint` are, with the
same limit of size.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from econsim.errors import UserError
from econsim.llm._bodies import check_size
from econsim.llm._refusals import check
from econsim.llm.chat_completions import completion_in, error_of, reply_of, status_of
from econsim.llm.failures import ContextExceeded, EndpointError, TryAgain
from econsim.llm.key_hosts import secret_of
from econsim.llm.requests import Reply, Request
from econsim.llm.settings import Settings

__all__ = ["Hosted", "listed_price"]

_LONGEST_MESSAGE = 300
_NO_KEY = "no-key"
# Entries of ``llm.body`` are arguments of litellm, and others than these choose addresses and credentials.
_SAMPLING = {
    "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "presence_penalty",
    "reasoning_effort", "response_format", "seed", "stop", "temperature", "thinking", "top_k", "top_logprobs", "top_p",
}  # fmt: skip
_FOR_NOW = {408, 425, 429}


class Hosted:
    """A provider used through litellm; ``llm.model`` is litellm's name of the model, such as ``anthropic/...``."""

    def __init__(self, settings: Settings) -> None:
        """Import litellm.

        Raises:
            UserError: litellm is missing, the user did not allow the key to be sent to the provider, or ``llm.body``
                has an entry that is not an option of sampling.
        """
        self._settings, self._litellm = settings, _litellm()
        self._secret = secret_of(settings)
        _check_body(settings)

    async def complete(self, request: Request) -> Reply:
        """Return the answer to a request.

        Raises:
            TryAgain: the call failed and may be repeated, or the answer is too long or not a chat completion.
            EndpointError: the provider refuses the request.
        """
        try:
            answer = await self._litellm.acompletion(**self._body(request))
        except Exception as error:  # litellm passes on the errors of all libraries below it
            raise self._explained(error) from None
        body = self._secret.hidden(_body_of(answer))
        completion = completion_in(body)
        if (reported := error_of(completion)) is not None:
            check(status_of(reported), {}, json.dumps({"error": reported}).encode(), self._settings, self._secret)
        return reply_of(completion, request).with_texts(self._secret.hidden)

    async def check(self) -> None:
        """Do nothing: there is no check that works for every provider, so problems appear at the first call."""

    async def close(self) -> None:
        """Close the connections of litellm."""
        close = getattr(self._litellm, "close_litellm_async_clients", None)
        if close is not None:
            await close()

    def _body(self, request: Request) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": request.model,
            "messages": request.messages(),
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
            "timeout": settings.timeout,
            # Without a key, litellm would send the provider's own to any address.
            "api_key": self._secret.word() or (settings.base_url and _NO_KEY),
            "base_url": settings.base_url,
            "num_retries": 0,
            "max_retries": 0,
            "caching": False,
            "drop_params": True,
        }
        if request.schema is not None:
            json_schema = {"name": "reply", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": json_schema}
        return {name: value for name, value in {**body, **settings.body}.items() if value is not None}

    def _explained(self, error: Exception) -> TryAgain | EndpointError:
        status = getattr(error, "status_code", None)
        message = " ".join(self._secret.hidden(str(error)).split())[:_LONGEST_MESSAGE]
        if status is None or status in _FOR_NOW or status >= 500:
            return TryAgain(f"{type(error).__name__}: {message}", _wait(error))
        if "ContextWindow" in type(error).__name__:
            return ContextExceeded(f"{self._settings.model}: the question exceeds the context of the model: {message}")
        key = f"the key in the environment variable {self._settings.api_key_env} (llm.api_key_env)"
        return EndpointError(
            f"{self._settings.model}: the provider refused the request (status {status}): {message}; check llm.model"
            f" and {key}"
        )


def listed_price(model: str, input_tokens: int, output_tokens: int) -> float | None:
    """Return the price of tokens in US dollars from litellm's table; ``None`` if the model is not listed."""
    try:
        input_price, output_price = _litellm().cost_per_token(
            model=model, prompt_tokens=input_tokens, completion_tokens=output_tokens
        )
    except UserError:
        raise
    except Exception:  # a model that is not in the table; the error type differs between versions
        return None
    return float(input_price + output_price)


def _body_of(answer: Any) -> bytes:
    """Return an answer of litellm as the JSON of a chat completion, which is read as that of a server.

    Raises:
        TryAgain: it is longer than the longest response that is read; litellm itself has no such limit.
    """
    try:
        body = json.dumps(answer.model_dump(warnings=False), default=str).encode()
    except (AttributeError, TypeError, ValueError, RecursionError):
        return b""  # not a chat completion
    check_size(len(body))
    return body


def _check_body(settings: Settings) -> None:
    others = sorted(set(settings.body) - _SAMPLING)
    if others:
        raise UserError(f"llm.body: with litellm, only {', '.join(sorted(_SAMPLING))} can be set; found {others[0]}")


def _wait(error: Exception) -> float | None:
    from econsim.llm._refusals import wait_asked_for

    headers = getattr(getattr(error, "response", None), "headers", None)
    return None if headers is None else wait_asked_for({"Retry-After": headers.get("retry-after", "")})


@cache
def _litellm() -> Any:
    # Otherwise litellm downloads a table of prices when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError:
        raise UserError(
            'llm.provider: litellm is not installed; install it with: pip install "econsim[providers]"'
        ) from None
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm
