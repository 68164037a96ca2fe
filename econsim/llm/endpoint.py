"""Client of OpenAI-compatible servers, over one keep-alive aiohttp session."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from econsim.errors import UserError
from econsim.llm._bodies import UNCOMPRESSED, body_of
from econsim.llm._refusals import check
from econsim.llm.chat_completions import SIMULATED, completion_in, embedding_of, error_of, reply_of, status_of
from econsim.llm.failures import EndpointError, SystemRoleRefused, TryAgain
from econsim.llm.key_hosts import is_local, secret_of
from econsim.llm.model_lists import NO_MODELS, Models, models_of
from econsim.llm.patience import Patience
from econsim.llm.requests import Reply, Request
from econsim.llm.settings import Settings

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Endpoint"]

_PATH, _EMBEDDINGS = "/chat/completions", "/embeddings"
_KEPT_ALIVE = 60.0  # seconds
_LONGEST_CHECK = 10.0  # seconds


class Endpoint:
    """A server; its session belongs to the event loop of the first call."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings.

        Raises:
            UserError: they name no server or model, the user did not allow the key to be sent to the server, or
                aiohttp is missing.
        """
        if settings.base_url is None or not settings.model:
            raise UserError(
                "llm: no language model is configured; give llm.base_url=http://localhost:8000/v1 and llm.model=NAME"
            )
        try:
            import aiohttp  # noqa: F401
        except ImportError:
            raise UserError('llm: aiohttp is required; install it with: pip install "econsim[llm]"') from None
        self._settings, self._base = settings, settings.base_url
        self._secret = secret_of(settings)
        self._patience = Patience(settings.timeout)
        self._session: aiohttp.ClientSession | None = None
        self._models: Models | None = None
        self._has_system_role = True

    async def complete(self, request: Request) -> Reply:
        """Return the answer to a request; the system text becomes part of the user's if the server has no such role.

        Raises:
            TryAgain: the call failed and may be repeated.
            EndpointError: the server refuses the request.
        """
        try:
            return await self._completed(request)
        except SystemRoleRefused:
            if not self._has_system_role or not request.system:
                raise
            self._has_system_role = False
        return await self._completed(request)

    async def check(self) -> None:
        """Raise :class:`EndpointError` if no server responds, or if the server rejects the key."""
        try:
            await self._listed()
        except TryAgain as failure:
            if failure.unreachable:
                raise EndpointError(failure.reason) from None

    async def _completed(self, request: Request) -> Reply:
        body, path = self._body(request), _EMBEDDINGS if request.embeds else _PATH
        async with (
            self._errors_translated() as session,
            self._patience.limited(),
            session.post(self._base + path, data=body, allow_redirects=False) as response,
        ):
            content = self._secret.hidden(await body_of(response))
            simulated = response.headers.get(SIMULATED, "")
            if response.status != 200:
                await self._refused(response.status, response.headers, content)
            answer = completion_in(content)
            if (error := error_of(answer)) is not None:
                await self._refused(status_of(error), response.headers, json.dumps({"error": error}).encode())
        reply = (embedding_of if request.embeds else reply_of)(answer, request, simulated)
        return reply.with_texts(self._secret.hidden) if self._secret else reply

    async def _refused(self, status: int, headers: Mapping[str, str], content: bytes) -> NoReturn:
        """Raise the error of a response; a refusal names the models that the server lists."""
        try:
            check(status, headers, content, self._settings, self._secret, self._models or NO_MODELS)
        except EndpointError:
            if self._models is not None or status in (401, 403):
                raise
        with suppress(TryAgain):
            await self._listed()
        check(status, headers, content, self._settings, self._secret, self._models or NO_MODELS)

    async def _listed(self) -> None:
        """Read the models that the server lists; few servers have no such list."""
        models = f"{self._settings.base_url}/models"
        async with (
            self._errors_translated() as session,
            session.get(models, timeout=_short_timeout(), allow_redirects=False) as response,
        ):
            content = self._secret.hidden(await body_of(response))
            if response.status in (401, 403):
                check(response.status, response.headers, content, self._settings, self._secret)
            self._models = models_of(content) if response.status == 200 else NO_MODELS

    @asynccontextmanager
    async def _errors_translated(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Yield the session; errors of aiohttp are raised as :class:`TryAgain` or :class:`EndpointError`."""
        import aiohttp

        try:
            yield self._session or self._opened()
        except aiohttp.InvalidURL as error:
            raise EndpointError(f"llm.base_url: not a valid address ({self._secret.hidden(str(error))})") from None
        except aiohttp.ClientSSLError as error:
            raise EndpointError(f"{self._settings.base_url}: {self._secret.hidden(str(error))}") from None
        except aiohttp.ClientConnectorError as error:
            reason = self._secret.hidden(str(error.os_error))
            raise TryAgain(
                f"no server responds at {self._settings.base_url} ({reason}); check that it is running and that"
                " llm.base_url is correct",
                unreachable=True,
            ) from None
        except TimeoutError:
            raise TryAgain(f"no answer within {self._settings.timeout:g} seconds", overloaded=True) from None
        except aiohttp.ClientError as error:
            raise TryAgain(f"the connection was interrupted ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency, keepalive_timeout=_KEPT_ALIVE),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._settings.timeout),
            headers={"Content-Type": "application/json", **UNCOMPRESSED, **self._secret.header()},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not is_local(self._base),  # proxies are used only for other machines
        )
        return self._session

    def _body(self, request: Request) -> bytes:
        if request.embeds:
            return json.dumps({"model": request.model, "input": request.user}).encode()
        body: dict[str, Any] = {
            "model": request.model,
            "messages": request.messages() if self._has_system_role else request.merged_messages(),
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
        }
        if request.schema is not None:
            json_schema = {"name": "reply", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": json_schema}
        if self._settings.body:
            body = {name: value for name, value in {**body, **self._settings.body}.items() if value is not None}
        return json.dumps(body).encode()


def _short_timeout() -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=_LONGEST_CHECK)
