"""OpenAI-compatible servers over one kept-alive aiohttp session: the fast path."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from econsim.errors import UserError
from econsim.llm._refusals import check
from econsim.llm.failures import EndpointError, TryAgain
from econsim.llm.requests import Reply, Request
from econsim.llm.secrets import Secret
from econsim.llm.settings import Settings

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Endpoint"]

_PATH = "/chat/completions"
_KEPT_ALIVE = 60.0  # seconds
_LONGEST_CHECK = 10.0  # seconds
_CHARACTERS_A_TOKEN = 4


class Endpoint:
    """A server, asked from the event loop that calls it first."""

    def __init__(self, settings: Settings) -> None:
        """Raises ``UserError`` where the settings do not say which server and model, or aiohttp is missing."""
        if settings.base_url is None or not settings.model:
            raise UserError("no model to ask: give llm.base_url=http://localhost:8000/v1 and llm.model=NAME")
        try:
            import aiohttp  # noqa: F401
        except ImportError:
            raise UserError('llm: needs aiohttp; install it with: pip install "econsim[llm]"') from None
        self._settings, self._url = settings, settings.base_url + _PATH
        self._secret = Secret.named(settings.api_key_env)
        self._session: aiohttp.ClientSession | None = None

    async def complete(self, request: Request) -> Reply:
        """Return the answer to a request.

        Raises:
            TryAgain: there was none for now.
            EndpointError: the server refuses the request.
        """
        body = self._body(request)
        async with (
            self._speaking() as session,
            session.post(self._url, data=body, allow_redirects=False) as response,
        ):
            content = self._secret.hidden(await response.read())
            if response.status != 200:
                check(response.status, response.headers, content, self._settings, self._secret)
        reply = _reply(content, request)
        return replace(reply, text=self._secret.hidden(reply.text))

    async def check(self) -> None:
        """Raise :class:`EndpointError` where no server listens, or one that does not take the key."""
        try:
            models = f"{self._settings.base_url}/models"
            async with self._speaking() as session, session.get(models, timeout=_soon()) as response:
                if response.status in (401, 403):
                    content = self._secret.hidden(await response.read())
                    check(response.status, response.headers, content, self._settings, self._secret)
        except TryAgain as failure:
            if failure.unreachable:
                raise EndpointError(failure.reason) from None

    @asynccontextmanager
    async def _speaking(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Give the session; what goes wrong with it becomes one of our errors."""
        import aiohttp

        try:
            yield self._session or self._opened()
        except aiohttp.InvalidURL as error:
            raise EndpointError(f"llm.base_url: not an address ({self._secret.hidden(str(error))})") from None
        except aiohttp.ClientSSLError as error:
            raise EndpointError(f"{self._settings.base_url}: {self._secret.hidden(str(error))}") from None
        except aiohttp.ClientConnectorError as error:
            reason = self._secret.hidden(str(error.os_error))
            raise TryAgain(
                f"no server answers at {self._settings.base_url} ({reason}); is it running, and llm.base_url right?",
                unreachable=True,
            ) from None
        except TimeoutError:
            raise TryAgain(f"no answer within {self._settings.timeout:g} seconds") from None
        except aiohttp.ClientError as error:
            raise TryAgain(f"the connection broke ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency, keepalive_timeout=_KEPT_ALIVE),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout),
            headers={"Content-Type": "application/json", **self._secret.header()},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not _is_here(self._url),  # proxies stand between us and other machines only
        )
        return self._session

    def _body(self, request: Request) -> bytes:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": request.messages(),
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
        }
        if request.schema is not None:
            described = {"name": "reply", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        if self._settings.body:
            body = {name: value for name, value in {**body, **self._settings.body}.items() if value is not None}
        return json.dumps(body).encode()


def _reply(content: bytes, request: Request) -> Reply:
    """Return what the body of an answer holds; tokens are guessed where the server does not count them."""
    try:
        answer = json.loads(content)
        text = _text(answer["choices"][0]["message"].get("content"))
        usage = answer.get("usage") or {}
        asked, answered = usage.get("prompt_tokens"), usage.get("completion_tokens")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise TryAgain("the server's answer was cut or is no chat completion") from None
    if not isinstance(asked, int) or not isinstance(answered, int):
        asked, answered = request.tokens - request.max_tokens, len(text) // _CHARACTERS_A_TOKEN
    return Reply(text, asked, answered)


def _text(content: Any) -> str:
    """Return the text of a message, which some servers send in parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return content if isinstance(content, str) else ""


def _soon() -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=_LONGEST_CHECK)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
